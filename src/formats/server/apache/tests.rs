use super::*;
use crate::formats::Detail;
use crate::formats::format_string::tests::{shown, shown_by, shown_in};
use proptest::prelude::*;

const STAMP: &str = "[29/Mar/2023:01:02:03 +0100]";

fn combined(line: &str) -> String {
    shown(&KIND, "", &line.replace("[]", STAMP))
}

#[test]
fn combined_lines() {
    for (line, expected) in [
        (
            r#"192.0.2.7 - jdoe [] "GET /a?b=c HTTP/1.1" 200 2326 "https://www.example/" "curl/8.1""#,
            "src 192.0.2.7 | dst =2326 | user jdoe | GET | /a?b=c | 200 | agent curl/8.1",
        ),
        (
            r#"2001:db8::7 - - [] "HEAD / HTTP/1.1" 304 - "-" "-""#,
            "src 2001:db8::7 | dst =0 | HEAD | / | 304",
        ),
        (
            r#"pc1.example - "" [] "GET /\"x\" HTTP/1.1" 200 5 "-" "say \"hi\", \\o/ \x22""#,
            "src pc1.example | dst =5 | GET | /\"x\" | 200 | agent say \"hi\", \\o/ \"",
        ),
        (r#"192.0.2.7 - - [] "-" 408 - "-" "-""#, "src 192.0.2.7 | dst =0 | 408"),
        (r#"192.0.2.7 - - [] "\x16\x03\x01" 400 226 "-" "-""#, "src 192.0.2.7 | dst =226 | 400"),
        (r#"192.0.2.7 - - [] "GET /a" 200 9 "-" "-""#, "src 192.0.2.7 | dst =9 | GET | /a | 200"),
        (
            r#"192.0.2.7 - - [] "GET /a b HTTP/1.1" 200 9 "-" "old "unescaped" quotes""#,
            "src 192.0.2.7 | dst =9 | GET | /a b | 200 | agent old \"unescaped\" quotes",
        ),
        (
            r#"192.0.2.7 - a [b [] "GET / HTTP/1.1" 401 9 "-" "-""#,
            "src 192.0.2.7 | dst =9 | user a [b | GET | / | 401",
        ),
        (
            r#"192.0.2.7 - x [01/Jan/1999:00:00:00 +0000] \"GET / HTTP/1.1\" 200 0 [] "GET / HTTP/1.1" 401 9 "-" "-""#,
            "src 192.0.2.7 | dst =9 | user x [01/Jan/1999:00:00:00 +0000] \"GET / HTTP/1.1\" 200 0 | GET | / | 401",
        ),
        (r#"192.0.2.7 - - [] "GET / HTTP/1.1" 99999 5 "-" "-""#, "src 192.0.2.7 | dst =5 | GET | /"),
    ] {
        assert_eq!(combined(line), format!("from 2023-03-29T00:02:03Z | Server | {expected}"), "{line}");
    }
}

#[test]
fn combined_lines_that_do_not_read() {
    for (line, expected) in [
        (r#"192.0.2.7 - - [] "GET / HTTP/1.1" 200 99999999999999999999 "-" "-""#, "bad_number"),
        (r#"192.0.2.7 - - [] "GET / HTTP/1.1" 200 -5 "-" "-""#, "bad_number"),
        (r#"192.0.2.7 - - [29/Foo/2023:01:02:03 +0100] "GET / HTTP/1.1" 200 5 "-" "-""#, "bad_timestamp"),
        (r#"192.0.2.7 - - [] "GET / HTTP/1.1" 200 5 "-" "-"#, "malformed"),
        (r#"192.0.2.7 - - [] "GET / HTTP/1.1" 200 5 "-" "-" 100 200"#, "malformed"),
        (r#"192.0.2.7 - - [] "GET / HTTP/1.1" 200"#, "malformed"),
        ("nonsense", "malformed"),
    ] {
        assert!(combined(line).starts_with(expected), "{line}: {}", combined(line));
    }
    assert_eq!(combined(""), "");
    assert_eq!(
        shown(&KIND, "%h %b %t", &format!("h 5 {STAMP}  ")),
        "from 2023-03-29T00:02:03Z | Server | src h | dst =5"
    );
    assert!(shown(&KIND, "%h %b %t", &format!("h 5 {STAMP} 6")).starts_with("malformed"));
    assert!(shown(&KIND, "%h %b %{%F %T}t", "h 5 2023-03-29 01:02:03 6").starts_with("bad_timestamp"));
    assert!(
        shown(&KIND, "common", &format!("h - - {STAMP} \"GET / HTTP/1.1\" 200 ")).starts_with("bad_number")
    );
}

#[test]
fn layouts_by_name() {
    let line = format!(r#"192.0.2.7 - - {STAMP} "POST /up HTTP/1.1" 201 5"#);
    let rest = "| POST | /up | 201";
    assert_eq!(
        shown(&KIND, "common", &line),
        format!("from 2023-03-29T00:02:03Z | Server | src 192.0.2.7 | dst =5 {rest}")
    );
    assert_eq!(
        shown(&KIND, "combinedio", &format!("{line} \"-\" \"-\" 1000 200")),
        format!("from 2023-03-29T00:02:03Z | Server | src 192.0.2.7 =1000 | dst =200 {rest}")
    );
    assert_eq!(
        shown(&KIND, "vhost_combined", &format!("www.example:443 {line} \"-\" \"-\"")),
        format!("from 2023-03-29T00:02:03Z | Server | src 192.0.2.7 | dst www.example :443 =5 {rest}")
    );
}

#[test]
fn strings_of_every_sort() {
    for (spec, line, expected) in [
        (
            r#"%{X-Forwarded-For}i %h %l %u %t \"%r\" %>s %O %I %D"#,
            "203.0.113.5, 10.0.0.1 192.0.2.7 - - [] \"GET / HTTP/1.1\" 200 7 8 1500",
            "from 2023-03-29T00:02:03Z | Server | src 203.0.113.5 =8 | dst =7 | 1500us | GET | / | 200",
        ),
        (
            r#"%{X-Forwarded-For}i %h %t %O"#,
            "- 192.0.2.7 [] 7",
            "from 2023-03-29T00:02:03Z | Server | src 192.0.2.7 | dst =7",
        ),
        (
            "%a\\t%{remote}p\\t%A\\t%p\\t%v\\t%m\\t%U%q\\t%s\\t%>s\\t%B\\t%T\\t%t",
            "192.0.2.7\t50123\t198.51.100.2\t443\twww.example\tGET\t/a b?c\t302\t200\t9\t2\t[]",
            "from 2023-03-29T00:02:03Z | Server | src 192.0.2.7 :50123 | dst 198.51.100.2 www.example :443 =9 | 2000000us | GET | /a b?c | 200",
        ),
        (
            "%h %{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t %b %O %S %I",
            "192.0.2.7 29/Mar/2023 01:02:03.456 +0100 5 6 99 7",
            "from 2023-03-29T00:02:03.456Z | Server | src 192.0.2.7 =7 | dst =6",
        ),
        (
            "%{end:%s}t.%{end:usec_frac}t %h %O",
            "1680051723.000456 192.0.2.7 6",
            "2023-03-29T01:02:03.000456Z | Server | src 192.0.2.7 | dst =6",
        ),
        (
            "%{usec}t %h %O",
            "1680051723000456 192.0.2.7 6",
            "from 2023-03-29T01:02:03.000456Z | Server | src 192.0.2.7 | dst =6",
        ),
        (
            "%{%Y-%m-%d %H:%M:%S}t %h %b %{ms}T %T \"%400,501{User-agent}i\" \"%!200,304{Referer}i\"",
            "2023-03-29 01:02:03 192.0.2.7 - 1500 1 \"curl/8\" \"-\"",
            "from 2023-03-29T01:02:03Z | Server | src 192.0.2.7 | dst =0 | 1500000us | agent curl/8",
        ),
        (
            "%t %h %b %{Foo}i",
            "[] 192.0.2.7 5 anything at all",
            "from 2023-03-29T00:02:03Z | Server | src 192.0.2.7 | dst =5",
        ),
        (
            "%t %h %{Host}i %b",
            "[] 192.0.2.7 www.example:8080 5",
            "from 2023-03-29T00:02:03Z | Server | src 192.0.2.7 | dst www.example :8080 =5",
        ),
    ] {
        assert_eq!(shown(&KIND, spec, &line.replace("[]", STAMP)), expected, "{spec}");
    }
}

#[test]
fn as_a_forward_proxy() {
    let context = Context { role: Some(Role::Proxy), ..Context::default() };
    let line = format!(r#"10.1.2.3 - - {STAMP} "CONNECT files.example:443 HTTP/1.1" 200 5 "-" "-" 1000 200"#);
    assert_eq!(
        shown_in(&KIND, "combinedio", &line, &context),
        "from 2023-03-29T00:02:03Z | src 10.1.2.3 =1000 | dst files.example :443 =200 | CONNECT | files.example:443 | 200"
    );
    let sums = Context { detail: Detail::Sums, ..context.clone() };
    assert_eq!(
        shown_in(&KIND, "combinedio", &line, &sums),
        "from 2023-03-29T00:02:03Z | src 10.1.2.3 =1000 | dst files.example :443 =200"
    );
    let blind = compile("combined", &context).unwrap().sight().blind();
    assert_eq!(blind, Some(format!("no upload bytes: {UPLOAD}")));
}

#[test]
fn without_response_bytes_it_is_blind() {
    let sight = compile("%h %t %r %S", &Context::default()).unwrap().sight();
    assert_eq!(sight.blind(), Some(format!("no response bytes: {RESPONSE}")));
    // What is to be written is what is then read.
    let (_, line) = UPLOAD.split_once("LogFormat \"").unwrap();
    let (line, _) = line.split_once("\" outflow").unwrap();
    for role in [Role::Server, Role::Proxy] {
        let context = Context { role: Some(role), ..Context::default() };
        assert_eq!(compile(&line.replace("\\\"", "\""), &context).unwrap().sight().blind(), None);
    }
    assert_eq!(compile("common", &Context::default()).unwrap().sight().blind(), None);
}

fn sniffed(lines: &[String]) -> Sniffed {
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    sniff(&lines, &Context::default())
}

#[test]
fn recognised_by_shape() {
    let row = |tail: &str| vec![format!("192.0.2.7 - - {STAMP} \"GET / HTTP/1.1\" 200 5{tail}")];
    let spec = |lines: &[String]| match sniffed(lines) {
        Sniffed::Yes { spec, .. } => spec,
        other => format!("{other:?}"),
    };
    assert_eq!(spec(&row("")), "common");
    assert_eq!(spec(&row(" \"-\" \"curl\"")), "combined");
    assert_eq!(spec(&[format!("www.example:443 {}", row(" \"-\" \"curl\"")[0])]), "vhost_combined");
    assert_eq!(spec(&[format!("www.example {}", row("")[0])]), "vhost_common");
    let Sniffed::Unsure { say } = sniffed(&row(" \"-\" \"curl\" 100 200")) else { panic!() };
    assert!(say.contains("%I %O'") && say.contains("$request_length $bytes_sent'"), "{say}");
    assert!(
        matches!(sniffed(&row(" \"-\" \"curl\" 0.003")), Sniffed::Unsure { say } if say.contains("$request_time'"))
    );
    assert!(matches!(sniffed(&row(" 100")), Sniffed::Unsure { .. }));
    let whole = row(" \"-\" \"curl\"")[0].replace("GET /", "GET http://files.example/");
    assert!(matches!(sniffed(&[whole]), Sniffed::Unsure { say } if say.contains("--role proxy")));
    assert!(matches!(sniffed(&["192.0.2.7 hello".into()]), Sniffed::No));
    // A site that is called by its address is at that address.
    let by_address = format!("203.0.113.9:443 {}", row(" \"-\" \"curl\"")[0]);
    assert!(shown(&KIND, "vhost_combined", &by_address).contains("dst 203.0.113.9 :443"));
}

proptest! {
    #[test]
    fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        for spec in ["common", "combined", "vhost_combined", "combinedio", "%{%c}t %U%q \\\"%u\\\" %b", "%v%U [%{%F %T}t]"] {
            let format = compile(spec, &Context::default()).unwrap();
            let _ = shown_by(&*format, &line);
        }
        let _ = sniff(&[&line], &Context::default());
    }

    #[test]
    fn no_damaged_line_panics(cut in 0usize..140, insert in proptest::collection::vec(any::<u8>(), 0..9)) {
        let line = format!("192.0.2.7 - jdoe {STAMP} \"GET /a?b=c HTTP/1.1\" 200 2326 \"https://www.example/\" \"curl/8.1\"");
        let (front, back) = line.as_bytes().split_at(cut.min(line.len()));
        let line = [front, &insert, back].concat();
        let format = compile("", &Context::default()).unwrap();
        let _ = shown_by(&*format, &line);
        let _ = sniff(&[&line], &Context::default());
    }
}
