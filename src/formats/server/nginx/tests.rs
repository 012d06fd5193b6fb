use super::*;
use crate::formats::format_string::tests::{shown, shown_by, shown_in};
use proptest::prelude::*;

const STAMP: &str = "[29/Mar/2023:01:02:03 +0100]";

#[test]
fn combined_lines() {
    for (line, expected) in [
        (
            r#"192.0.2.7 - jdoe [] "GET /a?b=c HTTP/2.0" 200 2326 "https://www.example/" "curl/8.1""#,
            "src 192.0.2.7 | dst =2326 | user jdoe | GET | /a?b=c | 200 | agent curl/8.1",
        ),
        (
            r#"2001:db8::7 - - [] "GET /\x22x\x22 HTTP/1.1" 304 0 "-" "say \x22hi\x22 \x5Co/""#,
            "src 2001:db8::7 | dst =0 | GET | /\"x\" | 304 | agent say \"hi\" \\o/",
        ),
        (r#"192.0.2.7 - - [] "" 400 0 "-" "-""#, "src 192.0.2.7 | dst =0 | 400"),
        (r#"192.0.2.7 - - [] "\x16\x03\x01\x00" 400 157 "-" "-""#, "src 192.0.2.7 | dst =157 | 400"),
        (
            r#"gw.example:50123 - - [] "GET / HTTP/1.1" 200 1 "" """#,
            "src gw.example :50123 | dst =1 | GET | / | 200",
        ),
        (r#"unix: - - [] "GET / HTTP/1.1" 200 1 "" """#, "src unix: | dst =1 | GET | / | 200"),
    ] {
        let line = line.replace("[]", STAMP);
        assert_eq!(shown(&KIND, "", &line), format!("2023-03-29T00:02:03Z | Server | {expected}"), "{line}");
    }
}

#[test]
fn strings_of_every_sort() {
    for (spec, line, expected) in [
        (
            "$remote_addr $remote_port $msec $request_length $bytes_sent $body_bytes_sent $request_time $server_name $host",
            "192.0.2.7 50123 1680051723.456 800 900 700 0.250 www.example other.example",
            "2023-03-29T01:02:03.456Z | Server | src 192.0.2.7 :50123 =800 | dst www.example =900 | 250000us",
        ),
        (
            "$time_iso8601|${remote_addr}|$server_name|$http_host|$server_addr|$server_port|$hostname|$bytes_sent",
            "2023-03-29T01:02:03+01:00|192.0.2.7|_|files.example:8443|198.51.100.2|443|web-01|9",
            "2023-03-29T00:02:03Z | Server | src 192.0.2.7 | dst 198.51.100.2 files.example :443 =9 | by web-01",
        ),
        (
            "$remote_addr [$time_local] $request_method $scheme://$host$request_uri $status $bytes_sent",
            "192.0.2.7 [29/Mar/2023:01:02:03 +0100] GET https://files.example/a?b 200 9",
            "2023-03-29T00:02:03Z | Server | src 192.0.2.7 | dst files.example =9 | GET | /a?b | 200",
        ),
        (
            "$remote_addr $msec $uri$is_args$args $bytes_sent $upstream_response_time $upstream_addr",
            "192.0.2.7 1680051723.456 /a?b 9 0.001, 0.002 10.0.0.1:80, 10.0.0.2:80",
            "2023-03-29T01:02:03.456Z | Server | src 192.0.2.7 | dst =9 | /a?b",
        ),
        (
            "$msec $upstream_addr $upstream_response_time $remote_addr $http_x_forwarded_for $bytes_sent",
            "1680051723.456 10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80 0.001, - : 0.002 10.0.0.9 203.0.113.5, 10.0.0.9 9",
            "2023-03-29T01:02:03.456Z | Server | src 203.0.113.5 | dst =9",
        ),
        (
            "$msec $remote_addr \"$http_x_forwarded_for\" $bytes_sent",
            "1680051723.456 10.0.0.1 \"203.0.113.5, 10.0.0.9\" 9",
            "2023-03-29T01:02:03.456Z | Server | src 203.0.113.5 | dst =9",
        ),
        (
            r#"escape=json {"t":"$time_iso8601","c":"$remote_addr","u":"$request_uri","a":"$http_user_agent","s":$status,"b":$bytes_sent,"l":"$request_length"}"#,
            r#"{"t":"2023-03-29T01:02:03+01:00","c":"192.0.2.7","u":"/a","a":"say \"hi\" \u20ac","s":200,"b":9,"l":"10"}"#,
            "2023-03-29T00:02:03Z | Server | src 192.0.2.7 =10 | dst =9 | /a | 200 | agent say \"hi\" €",
        ),
        (
            "escape=none $msec $remote_addr $bytes_sent $http_user_agent",
            r"1680051723.456 192.0.2.7 9 a\x22b",
            r"2023-03-29T01:02:03.456Z | Server | src 192.0.2.7 | dst =9 | agent a\x22b",
        ),
    ] {
        assert_eq!(shown(&KIND, spec, line), expected, "{spec}");
    }
}

#[test]
fn the_ingress_of_kubernetes() {
    let line = format!(
        r#"192.0.2.7 - - {STAMP} "POST /up HTTP/1.1" 201 5 "-" "curl/8.1" 10190 0.250 [shop-web-80] [] 10.0.0.3:8080, 10.0.0.4:8080 0, 5 0.001, 0.249 502, 201 7f5e"#
    );
    let expected = "2023-03-29T00:02:03Z | Server | src 192.0.2.7 =10190 | dst =5 | 250000us | POST | /up | 201 | agent curl/8.1";
    assert_eq!(shown(&KIND, "ingress", &line), expected);
    let Sniffed::Yes { spec, .. } = sniff(&[line.as_bytes()], &Context::default()) else { panic!() };
    assert_eq!(spec, "ingress");
    let line = line.replace("10.0.0.3:8080, 10.0.0.4:8080 0, 5 0.001, 0.249 502, 201", "- - - -");
    assert_eq!(shown(&KIND, "ingress", &line), expected);
}

#[test]
fn blind_without_the_side_that_counts() {
    let context = Context::default();
    let sight = compile("$msec $remote_addr $request_length", &context).unwrap().sight();
    assert_eq!(sight.blind(), Some(format!("no response bytes: {RESPONSE}")));
    let proxy = Context { role: Some(Role::Proxy), ..context };
    let sight = compile("combined", &proxy).unwrap().sight();
    assert_eq!(sight.blind(), Some(format!("no upload bytes: {UPLOAD}")));
    // What is to be written is what is then read.
    let (_, line) = UPLOAD.split_once("outflow '").unwrap();
    let (line, _) = line.split_once("';").unwrap();
    for role in [Role::Server, Role::Proxy] {
        let context = Context { role: Some(role), ..Context::default() };
        assert_eq!(compile(line, &context).unwrap().sight().blind(), None);
    }
    let line = format!("10.1.2.3 - - {STAMP} \"GET http://files.example/a HTTP/1.1\" 200 9 \"-\" \"-\"");
    assert_eq!(
        shown_in(&KIND, "", &line, &proxy),
        "2023-03-29T00:02:03Z | src 10.1.2.3 | dst files.example :80 =9 | GET | http://files.example/a | 200"
    );
}

#[test]
fn strings_that_do_not_compile() {
    for (spec, position) in
        [("$msec$remote_addr", 5), ("$remote_addr $bytes_sent", 0), ("main", 0), ("$msec $", 6)]
    {
        let error = compile(spec, &Context::default()).map(|_| ()).unwrap_err();
        assert_eq!(error.position, position, "{spec}: {error}");
    }
}

#[test]
fn recognised_when_apache_is_excluded_or_agrees() {
    let spec = |line: &str| match sniff(&[line.replace("[]", STAMP).as_bytes()], &Context::default()) {
        Sniffed::Yes { spec, .. } => spec,
        other => format!("{other:?}"),
    };
    assert_eq!(spec(r#"192.0.2.7 - - [] "GET / HTTP/1.1" 200 5 "-" "-""#), "combined");
    assert_eq!(spec(r#"192.0.2.7 - - [] "GET / HTTP/1.1" 304 0 "-" "-""#), "combined");
    assert_eq!(spec(r#"192.0.2.7 - - [] "GET / HTTP/1.1" 304 - "-" "-""#), "No");
    assert!(
        spec(r#"192.0.2.7 - - [] "GET / HTTP/1.1" 200 5 "-" "-" "203.0.113.5, 10.0.0.1""#)
            .ends_with("_for\"")
    );
    assert_eq!(spec(r#"192.0.2.7 - - [] "GET / HTTP/1.1" 200 5 "-" "-" "who knows""#), "No");
}

proptest! {
    #[test]
    fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        for spec in ["", "$time_iso8601|$host$request_uri|$bytes_sent", "\"$time_local\" $request $status"] {
            let format = compile(spec, &Context::default()).unwrap();
            let _ = shown_by(&*format, &line);
        }
        let _ = sniff(&[&line], &Context::default());
    }
}
