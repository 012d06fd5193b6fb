use super::*;
use crate::formats::format_string::tests::{shown, shown_by, shown_in};
use proptest::prelude::*;

#[test]
fn the_default_format() {
    for (line, expected) in [
        (
            r#"[2023-03-29T01:02:03.456Z] "POST /up?x=1 HTTP/2" 204 - 10000 224 26 25 "203.0.113.5,10.0.0.9" "rclone/v1.60.1" "7f5e" "www.example:8443" "10.0.0.3:9080""#,
            "src 203.0.113.5 =10000 | dst www.example :8443 =224 | 26000us | POST | /up?x=1 | 204 | agent rclone/v1.60.1",
        ),
        // TCP: no request, no status.
        (
            r#"[2023-03-29T01:02:03.456Z] "- - -" 0 - 1 2 3 - "-" "-" "-" "-" "10.0.0.3:443""#,
            "src =1 | dst =2 | 3000us",
        ),
        (
            r#"[2023-03-29T01:02:03.456Z] "GET / HTTP/1.1" 503 UF,URX 0 91 0 - "2001:db8::7" "say "hi"" "-" "[2001:db8::1]:80" "-""#,
            "src 2001:db8::7 =0 | dst 2001:db8::1 :80 =91 | 0us | GET | / | 503 | agent say \"hi\"",
        ),
    ] {
        assert_eq!(
            shown(&KIND, "", line),
            format!("from 2023-03-29T01:02:03.456Z | Server | {expected}"),
            "{line}"
        );
    }
}

const ISTIO_LINE: &str = r#"[2023-03-29T01:02:03.456Z] "GET /a HTTP/1.1" 200 - via_upstream - "-" 7 2750 5 4 "-" "curl/8.1" "7f5e" "www.example" "10.0.0.3:9080" outbound|80||www 10.0.0.2:4000 10.0.0.2:8080 203.0.113.5:50123 - default"#;

#[test]
fn istio() {
    let expected = "from 2023-03-29T01:02:03.456Z | Server | src 203.0.113.5 :50123 =7 | dst 10.0.0.2 www.example :8080 =2750 | 5000us | GET | /a | 200 | agent curl/8.1";
    assert_eq!(shown(&KIND, "istio", ISTIO_LINE), expected);
    let old = ISTIO_LINE.replace("via_upstream - \"-\" 7", "\"-\" \"-\" 7");
    assert_eq!(shown(&KIND, "istio-1.8", &old), expected);
}

#[test]
fn as_a_way_out() {
    let context = Context { role: Some(Role::Proxy), ..Context::default() };
    assert_eq!(
        shown_in(&KIND, "istio", ISTIO_LINE, &context),
        "from 2023-03-29T01:02:03.456Z | src 203.0.113.5 :50123 =7 | dst 10.0.0.3 www.example :9080 =2750 | 5000us | GET | /a | 200 | agent curl/8.1"
    );
}

/// Envoy writes headers as they are: no agent moves the values behind it.
#[test]
fn quotes_in_an_agent() {
    let expected = shown(&KIND, "istio", ISTIO_LINE);
    for agent in [r#"a" "b"#, r#"say "hello""#, r#"a\" 1 "b" "#, r#"" "" "#] {
        let line = ISTIO_LINE.replace("curl/8.1", agent);
        assert_eq!(shown(&KIND, "istio", &line), expected.replace("curl/8.1", agent), "{line}");
    }
}

/// The same event as text and as JSON.
#[test]
fn json() {
    let line = r#"{"authority":"www.example","bytes_received":7,"bytes_sent":2750,"downstream_local_address":"10.0.0.2:8080","downstream_remote_address":"203.0.113.5:50123","duration":5,"method":"GET","path":"/a","protocol":"HTTP/1.1","requested_server_name":null,"response_code":200,"response_flags":"-","start_time":"2023-03-29T01:02:03.456Z","upstream_host":"10.0.0.3:9080","user_agent":"curl/8.1","x_forwarded_for":null}"#;
    assert_eq!(shown(&KIND, "json", line), shown(&KIND, "istio", ISTIO_LINE));
    let gateway = r#"{":authority":"www.example","bytes_received":7,"bytes_sent":2750,"downstream_remote_address":"[2001:db8::7]:50123","duration":5,"method":"GET","x-envoy-origin-path":"/a","response_code":200,"start_time":"2023-03-29T01:02:03.456Z","user-agent":"curl/8.1","x-forwarded-for":"2001:db8::7"}"#;
    assert_eq!(
        shown(&KIND, "json", gateway),
        "from 2023-03-29T01:02:03.456Z | Server | src 2001:db8::7 :50123 =7 | dst www.example =2750 | 5000us | GET | /a | 200 | agent curl/8.1"
    );
}

#[test]
fn strings_of_every_sort() {
    for (spec, line, expected) in [
        (
            r#"%START_TIME(%s.%3f)% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %BYTES_RECEIVED% %BYTES_SENT% \"%REQ(:METHOD)%\"\n"#,
            r#"1680051723.456 192.0.2.7 8 9 "GET""#,
            "src 192.0.2.7 =8 | dst =9 | GET",
        ),
        (
            "%START_TIME(%Y/%m/%d %H:%M:%S.%3fZ)%|%DOWNSTREAM_REMOTE_ADDRESS%|%DOWNSTREAM_WIRE_BYTES_SENT%|%BYTES_SENT%|%REQ_WITHOUT_QUERY(:PATH)%|%HOSTNAME%",
            "2023/03/29 01:02:03.456Z|[2001:db8::7]:50123|999|9|/a|edge-1",
            "src 2001:db8::7 :50123 | dst =9 | /a | by edge-1",
        ),
    ] {
        let expected = format!("from 2023-03-29T01:02:03.456Z | Server | {expected}");
        assert_eq!(shown(&KIND, spec, line), expected, "{spec}");
    }
}

#[test]
fn blind_and_wrong_strings() {
    let sight = |spec: &str, role| {
        compile(spec, &Context { role, ..Context::default() }).map(|format| format.sight().blind())
    };
    assert_eq!(sight("", Some(Role::Proxy)), Ok(None));
    let blind = Ok(Some(format!("no response bytes: {RESPONSE}")));
    assert_eq!(sight("%START_TIME% %BYTES_RECEIVED%", None), blind);
    assert_eq!(sight("json start_time bytes_received", None), blind);
    assert!(sight("main", None).is_err());
}

#[test]
fn recognised() {
    let spec = |line: &str| match sniff(&[line.as_bytes()], &Context::default()) {
        Sniffed::Yes { spec, .. } => spec,
        other => format!("{other:?}"),
    };
    assert_eq!(spec(ISTIO_LINE), "istio");
    assert_eq!(
        spec(
            r#"{"start_time":"2023-03-29T01:02:03.456Z","bytes_sent":1,"response_code":200,"upstream_host":"-"}"#
        ),
        "json start_time bytes_sent response_code upstream_host"
    );
    assert_eq!(spec(r#"{"start_time":"2023-03-29T01:02:03.456Z","bytes_sent":1}"#), "No");
    assert_eq!(spec("192.0.2.7 hello"), "No");
}

proptest! {
    #[test]
    fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        for spec in ["", "istio", "json", "%START_TIME(%s.%3f)%%REQ(:PATH)%"] {
            if let Ok(format) = compile(spec, &Context::default()) {
                let _ = shown_by(&*format, &line);
            }
        }
        let _ = sniff(&[&line], &Context::default());
    }

    #[test]
    fn no_damaged_line_panics(cut in 0usize..300, insert in proptest::collection::vec(any::<u8>(), 0..9)) {
        let (front, back) = ISTIO_LINE.as_bytes().split_at(cut.min(ISTIO_LINE.len()));
        let _ = shown_by(&*compile("istio", &Context::default()).unwrap(), &[front, &insert, back].concat());
    }
}
