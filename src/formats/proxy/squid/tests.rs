use super::*;
use crate::formats::format_string::tests::{shown, shown_by, shown_in};
use crate::formats::{Detail, Scratch};
use proptest::prelude::*;

const WITH_UPLOAD: &str = "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt %>st";

fn native(line: &str) -> String {
    shown(&KIND, "", line)
}

#[test]
fn native_lines() {
    for (line, expected) in [
        (
            "1680051723.456    120 10.1.2.3 TCP_MISS/201 224 PUT http://files.example/plain jdoe HIER_DIRECT/203.0.113.9 -",
            "2023-03-29T01:02:03.456Z | src 10.1.2.3 | dst 203.0.113.9 files.example :80 =224 | 120000us | user jdoe | PUT | \
             http://files.example/plain | 201",
        ),
        (
            "1680051723.456 1234567 2001:db8::7 TCP_TUNNEL/200 2096 CONNECT files.example:443 j%20doe HIER_DIRECT/203.0.113.9 -",
            "2023-03-29T01:02:03.456Z | src 2001:db8::7 | dst 203.0.113.9 files.example :443 =2096 | 1234567000us | \
             user j doe | CONNECT | files.example:443 | 200",
        ),
        (
            "1680051723.456      0 10.1.2.3 NONE_NONE/400 3901 - error:invalid-request - HIER_NONE/- text/html",
            "2023-03-29T01:02:03.456Z | src 10.1.2.3 | dst =3901 | 0us | error:invalid-request | 400",
        ),
        (
            "1680051723.456     -1 10.1.2.3 NONE/000 0 NONE error:transaction-end-before-headers - HIER_NONE/- -",
            "2023-03-29T01:02:03.456Z | src 10.1.2.3 | dst =0 | NONE | error:transaction-end-before-headers",
        ),
        (
            "1680051723.456     12 10.1.2.3 TCP_MISS/200 10 GET http://files.example:8080/a - FIRSTUP_PARENT/10.0.0.9 text/html",
            "2023-03-29T01:02:03.456Z | src 10.1.2.3 | dst files.example :8080 =10 | 12000us | GET | \
             http://files.example:8080/a | 200",
        ),
        (
            "1680051723.456     12 10.1.2.3 TCP_TUNNEL/200 10 CONNECT [2001:db8::9]:443 - HIER_DIRECT/2001:db8::9 -",
            "2023-03-29T01:02:03.456Z | src 10.1.2.3 | dst 2001:db8::9 :443 =10 | 12000us | CONNECT | \
             [2001:db8::9]:443 | 200",
        ),
    ] {
        assert_eq!(native(line), expected, "{line}");
    }
}

#[test]
fn native_lines_that_do_not_read() {
    let line = "1680051723.456    120 10.1.2.3 TCP_MISS/201 224 PUT http://files.example/plain jdoe HIER_DIRECT/203.0.113.9 -";
    for (from, to, expected) in [
        ("224", "99999999999999999999", "bad_number"),
        ("224", "-1", "bad_number"),
        ("224", "1e308", "bad_number"),
        ("1680051723.456", "99999999999999.456", "bad_timestamp"),
        (" jdoe HIER_DIRECT/203.0.113.9 -", "", "malformed"),
        ("1680051723.456", "", "bad_timestamp"),
    ] {
        let broken = line.replacen(from, to, 1);
        assert!(native(&broken).starts_with(expected), "{broken}: {}", native(&broken));
    }
    assert_eq!(native(""), "");
    assert_eq!(native("  \t "), "");
    assert_eq!(
        native(&line.replace("224", "18446744073709551615")).matches("=18446744073709551615").count(),
        1
    );
}

#[test]
fn upload_is_what_the_client_sent() {
    let put = "1680051723.456    120 10.1.2.3 TCP_MISS/201 224 PUT http://files.example/plain - HIER_DIRECT/203.0.113.9 - 10000184";
    assert!(
        shown(&KIND, WITH_UPLOAD, put)
            .contains("src 10.1.2.3 =10000184 | dst 203.0.113.9 files.example :80 =224 |")
    );
    let format = compile(WITH_UPLOAD, &Context::default()).unwrap();
    assert_eq!(format.sight().blind(), None);
    let blind = compile("", &Context::default()).unwrap().sight().blind().unwrap();
    assert!(blind.starts_with("no upload bytes: add %>st to logformat"), "{blind}");
    // Both ways together is not an upload.
    assert!(compile("%ts %>a %st %ru", &Context::default()).unwrap().sight().blind().is_some());
    assert!(compile("%ts %>a %icap::>st %ru", &Context::default()).unwrap().sight().blind().is_some());
}

#[test]
fn built_in_layouts() {
    let stamp = "29/Mar/2023:01:02:03 +0100";
    let common = format!(
        "10.1.2.3 - jdoe [{stamp}] \"GET http://files.example/a HTTP/1.1\" 200 512 TCP_MISS:HIER_DIRECT"
    );
    assert_eq!(
        shown(&KIND, "common", &common),
        "2023-03-29T00:02:03Z | src 10.1.2.3 | dst files.example :80 =512 | user jdoe | GET | http://files.example/a | 200"
    );
    let combined = format!(
        "10.1.2.3 - - [{stamp}] \"CONNECT files.example:443 HTTP/1.1\" 200 512 \"-\" \"rclone/\\\"v1\\\"\" TCP_TUNNEL:HIER_DIRECT"
    );
    assert_eq!(
        shown(&KIND, "combined", &combined),
        "2023-03-29T00:02:03Z | src 10.1.2.3 | dst files.example :443 =512 | CONNECT | files.example:443 | 200 | agent rclone/\"v1\""
    );
    assert_eq!(
        shown(&KIND, "referrer", "1680051723.456 10.1.2.3 - http://files.example/a"),
        "2023-03-29T01:02:03.456Z | src 10.1.2.3 | dst files.example :80 | http://files.example/a"
    );
    assert_eq!(
        shown(&KIND, "useragent", &format!("10.1.2.3 [{stamp}] \"curl/8\"")),
        "2023-03-29T00:02:03Z | src 10.1.2.3 | dst  | agent curl/8"
    );
}

#[test]
fn strings_of_every_sort() {
    for (spec, line, expected) in [
        (
            "%{%Y-%m-%dT%H:%M:%S}tg %>a:%>p %>st/%<st %ssl::>sni %ru",
            "2023-03-29T01:02:03 10.1.2.3:50123 5/6 files.example 203.0.113.9:443",
            "2023-03-29T01:02:03Z | src 10.1.2.3 :50123 =5 | dst 203.0.113.9 files.example :443 =6 | 203.0.113.9:443",
        ),
        (
            "%{%d.%m.%Y %H:%M:%S %z}tl|%>a|%http::>st|%>ru",
            "29.03.2023 01:02:03 +0100|10.1.2.3|5|http://files.example/a b",
            "2023-03-29T00:02:03Z | src 10.1.2.3 =5 | dst files.example :80 | http://files.example/a b",
        ),
        (
            "%ts.%tu %-15>a|%-6tr %>st",
            "1680051723.7 10.1.2.3       |12     5",
            "2023-03-29T01:02:03.007Z | src 10.1.2.3 =5 | dst  | 12000us",
        ),
        (
            "%ts.%06.6tu %>a %>st",
            "1680051723.000007 10.1.2.3 5",
            "2023-03-29T01:02:03.000007Z | src 10.1.2.3 =5 | dst ",
        ),
        (
            "%tS %>a %>st %>rs://%>rd:%>rP%>rp",
            "1680051723.456 10.1.2.3 5 https://files.example:8443/a",
            "from 2023-03-29T01:02:03.456Z | src 10.1.2.3 =5 | dst files.example :8443 | /a",
        ),
        (
            "%ts %>a %/un %>st",
            "1680051723 10.1.2.3 \"j \\\"d\\\" doe\" 5",
            "2023-03-29T01:02:03Z | src 10.1.2.3 =5 | dst  | user j \"d\" doe",
        ),
        (
            "%ts %>a %/un %>st",
            "1680051723 10.1.2.3 jdoe 5",
            "2023-03-29T01:02:03Z | src 10.1.2.3 =5 | dst  | user jdoe",
        ),
        (
            "%ts %>a %>A %>st %{User-Agent}>h",
            "1680051723 10.1.2.3 pc1.example - curl/8%20x",
            "2023-03-29T01:02:03Z | src 10.1.2.3 pc1.example | dst  | agent curl/8 x",
        ),
        (
            "ts=%ts src=%>a up=%>st end",
            "ts=1680051723 src=10.1.2.3 up=7 end",
            "2023-03-29T01:02:03Z | src 10.1.2.3 =7 | dst ",
        ),
        (
            "%ts %>a %<A %<p %>st",
            "1680051723 10.1.2.3 files.example 443 7",
            "2023-03-29T01:02:03Z | src 10.1.2.3 =7 | dst files.example :443",
        ),
    ] {
        assert_eq!(shown(&KIND, spec, line), expected, "{spec}");
    }
}

#[test]
fn a_user_with_a_blank_does_not_hide_the_bytes() {
    let line = "1680051723.456    120 10.1.2.3 TCP_MISS/201 224 PUT http://files.example/ a b/c d HIER_DIRECT/203.0.113.9 x y 77";
    assert!(
        shown(&KIND, WITH_UPLOAD, line).contains("src 10.1.2.3 =77 |"),
        "{}",
        shown(&KIND, WITH_UPLOAD, line)
    );
}

#[test]
fn sums_leave_out_what_only_parse_prints() {
    let line = "1680051723.456    120 10.1.2.3 TCP_MISS/201 224 PUT http://files.example/plain jdoe HIER_DIRECT/203.0.113.9 - 9";
    let context = Context { detail: Detail::Sums, ..Context::default() };
    assert_eq!(
        shown_in(&KIND, WITH_UPLOAD, line, &context),
        "2023-03-29T01:02:03.456Z | src 10.1.2.3 =9 | dst 203.0.113.9 files.example :80 =224 | 120000us"
    );
}

#[test]
fn strings_that_do_not_compile() {
    for (spec, position, part) in [
        ("%>a%>st %ts", 3, "side by side"),
        ("%>a %>st", 0, "time stamp"),
        ("%{%H:%M}tl %>a %>st", 0, "time stamp"),
        ("nonsense", 0, "built-in"),
        ("%ts %>a %", 8, "no code"),
    ] {
        let error = compile(spec, &Context::default()).map(|_| ()).unwrap_err();
        assert_eq!(error.position, position, "{spec}: {error}");
        assert!(error.message.contains(part), "{spec}: {error}");
    }
}

fn sniffed(lines: &[&str]) -> Sniffed {
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    sniff(&lines, &Context::default())
}

#[test]
fn recognised_only_when_the_columns_are_known() {
    let native = "1680051723.456    120 10.1.2.3 TCP_MISS/201 224 PUT http://files.example/plain - HIER_DIRECT/203.0.113.9 -";
    assert!(matches!(sniffed(&[native; 5]), Sniffed::Yes { spec, .. } if spec.is_empty()));
    assert!(matches!(sniffed(&[native, native, native, native, "damaged", ""]), Sniffed::Yes { .. }));
    assert!(matches!(sniffed(&[native, "damaged"]), Sniffed::No));
    let more = format!("{native} 10000184");
    let Sniffed::Unsure { say } = sniffed(&[&more]) else { panic!() };
    assert!(say.contains(&format!("--format 'squid:{WITH_UPLOAD}'")), "{say}");
    let headers = format!("{native} [User-Agent: curl/8] [-]");
    assert!(matches!(sniffed(&[&headers]), Sniffed::Yes { .. }));
    let common = "10.1.2.3 - - [29/Mar/2023:01:02:03 +0100] \"GET http://files.example/a HTTP/1.1\" 200 512 TCP_MISS:HIER_DIRECT";
    assert!(matches!(sniffed(&[common]), Sniffed::Yes { spec, .. } if spec == "common"));
    assert!(matches!(sniffed(&[]), Sniffed::No));
}

#[test]
fn traffic_server_has_a_remedy_of_its_own() {
    let line =
        "1680051723.456 120 10.1.2.3 TCP_MISS/201 224 PUT http://files.example/plain - DIRECT/203.0.113.9 -";
    let spec = |line: &str| match sniff(&[line.as_bytes()], &Context::default()) {
        Sniffed::Yes { spec, .. } => spec,
        other => format!("{other:?}"),
    };
    assert_eq!(spec(line), TRAFFIC_SERVER);
    assert_eq!(spec(&line.replace(" DIRECT", " HIER_DIRECT")), "");
    let remedy = |spec: &str| compile(spec, &Context::default()).unwrap().sight().blind().unwrap();
    assert!(remedy(TRAFFIC_SERVER).contains("%<cqql>') and pass"), "{}", remedy(TRAFFIC_SERVER));
    assert!(!remedy("").contains("cqql"));
    assert_eq!(shown(&KIND, TRAFFIC_SERVER, line), native(line));
}

proptest! {
    #[test]
    fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        for spec in ["", WITH_UPLOAD, "common", "combined", "%ts %/un %-9>A %>st", "%{%c}tl %>rd%>rp x"] {
            let format = compile(spec, &Context::default()).unwrap();
            let _ = shown_by(&*format, &line);
        }
        let _ = sniff(&[&line], &Context::default());
    }

    #[test]
    fn no_damaged_line_panics(cut in 0usize..140, insert in proptest::collection::vec(any::<u8>(), 0..9)) {
        let line = b"1680051723.456    120 10.1.2.3 TCP_MISS/201 224 PUT http://files.example/plain jdoe HIER_DIRECT/203.0.113.9 - 7";
        let (front, back) = line.split_at(cut.min(line.len()));
        let line = [front, &insert, back].concat();
        let format = compile(WITH_UPLOAD, &Context::default()).unwrap();
        let scratch = Scratch::new();
        let _ = format.parse(&line, &scratch, &mut Vec::new());
        let _ = sniff(&[&line], &Context::default());
    }
}
