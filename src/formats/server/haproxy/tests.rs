use super::*;
use crate::formats::format_string::tests::{shown, shown_by, shown_in};
use proptest::prelude::*;

const FRONT: &str = "192.0.2.7:50123 [29/Mar/2023:01:02:03.456] web~ pool/srv1";

#[test]
fn built_in_layouts() {
    for (line, expected) in [
        (
            r#"> 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {www.example|curl/8} {} "GET /a?b=c HTTP/1.1""#,
            "=2750 | 109000us | GET | /a?b=c | 200",
        ),
        (
            r#"haproxy[123]: > 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {a (b; c)} "PUT /up HTTP/2.0""#,
            "=2750 | 109000us | PUT | /up | 200",
        ),
        (
            r#"haproxy: > 10/0/30/69/+109 200 +2750 - - ---- 1/1/1/1/0 0/0 "GET /say#22hi#22 HTTP/1.1""#,
            "=2750 | 109000us | GET | /say\"hi\" | 200",
        ),
        (r#"> -1/-1/-1/-1/3 400 187 - - PR-- 2/2/0/0/0 0/0 "<BADREQ>""#, "=187 | 3000us | 400"),
        (r#"> 0/-1/-1/-1/-1 -1 0 - - CR-- 2/2/0/0/3 0/0 "GET / HTTP/1.1""#, "=0 | GET | /"),
        (
            r#"> 1/0/0/5/6 200 99 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1" 0/0000000000000000/0/0/0 www.example/TLSv1.3/TLS_AES_128_GCM_SHA256"#,
            "www.example =99 | 6000us | GET | / | 200",
        ),
        (
            r#"> 1/0/0/5/6 200 99 - - ---- 1/1/0/0/0 0/0 {x} {y} "GET / HTTP/1.1" 0/0/0/0/1 -/TLSv1.3/TLS_AES_128_GCM_SHA256"#,
            "=99 | 6000us | GET | / | 200",
        ),
        ("> 0/0/5007 212 -- 0/0/0/0/3 0/0", "=212 | 5007000us"),
        // Cut at the length that HAProxy keeps to.
        (
            r#"> 1/0/0/5/6 200 99 - - ---- 1/1/0/0/0 0/0 "GET /very/long"#,
            "=99 | 6000us | GET | /very/long | 200",
        ),
    ] {
        let line = line.replace("> ", &format!("{FRONT} "));
        assert_eq!(
            shown(&KIND, "", &line),
            format!("from 2023-03-29T01:02:03.456Z | Server | src 192.0.2.7 :50123 | dst {expected}"),
            "{line}"
        );
    }
}

#[test]
fn the_extended_common_log() {
    let line = r#"192.0.2.7 - - [29/Mar/2023:01:02:03 +0000] "GET /a HTTP/1.1" 200 2750 "" "" 50123 456 "web~" "pool" "srv1" 10 0 30 69 109 ---- 1 1 1 1 0 0 0 "-" "-" "www.example""#;
    let expected = "from 2023-03-29T01:02:03.456Z | Server | src 192.0.2.7 :50123 | dst =2750 | 109000us | GET | /a | 200";
    assert_eq!(shown(&KIND, "clf", line), expected);
    let Sniffed::Yes { spec, .. } = sniff(&[line.as_bytes()], &Context::default()) else { panic!() };
    assert_eq!(spec, "clf");
}

#[test]
fn strings_of_every_sort() {
    for (spec, line, expected) in [
        (
            "%ci:%cp [%t] %fi:%fp %U %B %Tt %{+Q}HM %{+Q}HU %{+Q}[req.hdr(User-Agent)] %{+Q}[req.hdr(host)]",
            r#"2001:db8::7:50123 [29/Mar/2023:01:02:03.456] 2001:db8::2:443 800 900 5 "POST" "/up#23" "say "hi"!#2" "www.example:8443""#,
            "src 2001:db8::7 :50123 =800 | dst 2001:db8::2 www.example :443 =900 | 5000us | POST | /up# | agent say \"hi\"!#2",
        ),
        (
            r#"{"t":"%Ts.%ms","c":"%ci","up":%U,"down":%B,"host":"%[ssl_fc_sni]","n":"%H","r":"%{+E}r"}"#,
            r#"{"t":"1680051723.456","c":"192.0.2.7","up":800,"down":900,"host":"www.example","n":"lb-1","r":"GET /\"x\" HTTP/1.1"}"#,
            "src 192.0.2.7 =800 | dst www.example =900 | GET | /\"x\" | by lb-1",
        ),
        (
            "%[src]:%[src_port]\\ [%tr]\\ %B\\ %[var(txn.x)]\\ %{+Q,+E}r",
            r#"192.0.2.7:50123 [29/Mar/2023:01:02:03.456] 900 what "GET /\"x\" HTTP/1.1""#,
            "src 192.0.2.7 :50123 | dst =900 | GET | /\"x\"",
        ),
        ("%ci %tr %B %hr %hs", "192.0.2.7 29/Mar/2023:01:02:03.456 900 {a|b}", "src 192.0.2.7 | dst =900"),
        ("%ci %tr %B %hr %hs", "192.0.2.7 29/Mar/2023:01:02:03.456 900", "src 192.0.2.7 | dst =900"),
        (
            "%ci %tr %B %{+Q}r %[req.hdr(x-forwarded-for)]",
            r#"10.0.0.1 29/Mar/2023:01:02:03.456 900 "-" 203.0.113.5, 10.0.0.9"#,
            "src 203.0.113.5 | dst =900",
        ),
    ] {
        assert_eq!(
            shown(&KIND, spec, line),
            format!("from 2023-03-29T01:02:03.456Z | Server | {expected}"),
            "{spec}"
        );
    }
}

#[test]
fn stamps_without_a_zone_are_read_in_the_given_one() {
    let context = Context { zone: jiff::tz::TimeZone::get("Europe/London").unwrap(), ..Context::default() };
    let line = format!("{FRONT} 0/0/5007 212 -- 0/0/0/0/3 0/0");
    assert!(shown_in(&KIND, "tcp", &line, &context).starts_with("from 2023-03-29T00:02:03.456Z"));
}

#[test]
fn lines_that_do_not_read() {
    for (tail, expected) in [
        (" 10/0/30/69/109 200 x - - ---- 1/1/1/1/0 0/0 \"GET / HTTP/1.1\"", "bad_number"),
        (" 10/0/30/69/109 200 99999999999999999999 - - ---- 1/1/1/1/0 0/0 \"GET /\"", "bad_number"),
        (" 0/0/5007", "malformed"),
        ("", "malformed"),
    ] {
        let read = shown(&KIND, "", &format!("haproxy[1]: {FRONT}{tail}"));
        assert!(read.starts_with(expected), "{tail}: {read}");
    }
    assert_eq!(shown(&KIND, "", ""), "");
    let enveloped =
        shown(&KIND, "", &format!("Mar 29 01:02:03 lb haproxy[1]: {FRONT} 0/0/5007 212 -- 0/0/0/0/3 0/0"));
    assert!(enveloped.starts_with("malformed"), "{enveloped}");
}

#[test]
fn notices_give_no_event() {
    for notice in [
        "Proxy web started.",
        "Proxy web stopped (cumulated conns: FE: 17, BE: 0).",
        "Server web/web-01 is DOWN, reason: Layer4 connection problem, check duration: 0ms.",
        "Server web/web-01 is UP, reason: Layer4 check passed, check duration: 0ms.",
        "backend web has no server available!",
    ] {
        assert_eq!(shown(&KIND, "", &format!("haproxy[1]: {notice}")), "", "{notice}");
        assert!(matches!(sniff(&[notice.as_bytes()], &Context::default()), Sniffed::No), "{notice}");
    }
}

#[test]
fn strings_of_the_operator_are_asked_for() {
    let line = format!("{FRONT} 10/0/30/69/109 200 2750 91 ---- \"GET / HTTP/1.1\"");
    let Sniffed::Unsure { say } = sniff(&[line.as_bytes()], &Context::default()) else { panic!() };
    assert!(say.contains("--format-from haproxy.cfg") && say.contains("--format 'haproxy:%ci"), "{say}");
    for other in
        ["192.0.2.7 [29/Mar/2023:01:02:03 +0000] \"GET / HTTP/1.1\" 200 5", "[", "[29/Mar/2023:01:02:03.45"]
    {
        assert!(matches!(sniff(&[other.as_bytes()], &Context::default()), Sniffed::No), "{other}");
    }
}

#[test]
fn what_each_string_can_show() {
    let sight =
        |spec: &str, role| compile(spec, &Context { role, ..Context::default() }).unwrap().sight().blind();
    assert_eq!(sight("", None), None);
    assert_eq!(sight("%ci %t %U", None), Some(format!("no response bytes: {RESPONSE}")));
    assert_eq!(sight("tcplog", Some(Role::Proxy)), Some(format!("no upload bytes: {UPLOAD}")));
    // What is to be written is what is then read.
    for line in UPLOAD.split('"').skip(1).step_by(2) {
        assert_eq!((sight(line, None), sight(line, Some(Role::Proxy))), (None, None), "{line}");
    }
    assert!(compile("main", &Context::default()).is_err());
}

#[test]
fn recognised_by_its_slashes() {
    let tcp = format!("haproxy[1]: {FRONT} 0/0/5007 212 -- 0/0/0/0/3 0/0");
    let http = format!("{FRONT} 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 \"GET / HTTP/1.1\"");
    let lines = [tcp.as_bytes(), http.as_bytes()];
    assert!(matches!(sniff(&lines, &Context::default()), Sniffed::Yes { spec, .. } if spec.is_empty()));
    assert!(matches!(sniff(&[b"192.0.2.7 hello"], &Context::default()), Sniffed::No));
}

proptest! {
    #[test]
    fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        for spec in ["", "clf", "%ci:%cp|%t|%hr|%{+Q,+E}r|%B", "%Ts %hr %{+Q}r"] {
            let format = compile(spec, &Context::default()).unwrap();
            let _ = shown_by(&*format, &line);
        }
        let _ = sniff(&[&line], &Context::default());
    }

    #[test]
    fn no_damaged_line_panics(cut in 0usize..140, insert in proptest::collection::vec(any::<u8>(), 0..9)) {
        let line = format!("haproxy[1]: {FRONT} 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {{a}} \"GET / HTTP/1.1\"");
        let (front, back) = line.as_bytes().split_at(cut.min(line.len()));
        let _ = shown_by(&*compile("", &Context::default()).unwrap(), &[front, &insert, back].concat());
    }
}
