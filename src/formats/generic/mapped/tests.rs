//! Descriptions as operators write them, and lines read by them.

use super::*;
use crate::config;
use crate::event::reject::Reason;
use crate::formats::format_string::tests::shown_by;
use crate::formats::tests_support::context;
use proptest::prelude::*;
use std::path::Path;

/// The format that `text` describes below its name.
fn described(text: &str) -> Arc<dyn Format> {
    let text = format!("[format.x]\n{text}");
    let config = config::read(&text, Path::new("")).unwrap_or_else(|error| panic!("{error}\n{text}"));
    config.formats[0].compile(&context())
}

/// What is read of each line, in short; header lines leave nothing.
fn told(text: &str, lines: &[&str]) -> Vec<String> {
    let mut format = described(text);
    let mut told = Vec::new();
    for line in lines {
        match format.header(line.as_bytes()) {
            Some(next) => format = next.unwrap(),
            None => told.push(shown_by(&*format, line.as_bytes())),
        }
    }
    told
}

const JSON: &str =
    "lines = \"json\"\nrole = \"proxy\"\ntime = \"at\"\nsource.ip = \"client.ip\"\nsource.bytes = \"n\"\n";
const CSV: &str = "lines = \"csv\"\nrole = \"proxy\"\ntime = \"at\"\nsource.ip = \"ip\"\nsource.bytes = \"n\"\nuser.name = \"who\"\n";

#[test]
fn json_nested_flat_and_escaped() {
    let user = format!("{JSON}user.name = \"client.user\"\nurl.original = \"u\"\n");
    let lines = [
        r#"{"at":"2023-03-29T01:02:03Z","client":{"ip":"10.1.2.3","user":"J\u00f6rg \"J\""},"n":5,"u":"https:\/\/files.example\/a"}"#,
        r#"{"at":"2023-03-29T01:02:03Z","client.ip":"10.1.2.3","client.user":"a\\b","n":"5"}"#,
        r#"{"n":null,"client":{"ip":"10.1.2.3"},"at":1680051723.5,"list":[{"n":9}]}"#,
    ];
    assert_eq!(
        told(&user, &lines),
        [
            "2023-03-29T01:02:03Z | src 10.1.2.3 =5 | dst files.example :443 | user Jörg \"J\" | https://files.example/a",
            "2023-03-29T01:02:03Z | src 10.1.2.3 =5 | dst  | user a\\b",
            "2023-03-29T01:02:03.500Z | src 10.1.2.3 | dst ",
        ]
    );
}

#[test]
fn columns_by_name_wherever_they_stand() {
    let read = |lines: &[&str]| told(CSV, lines);
    let expected = "2023-03-29T01:02:03Z | src 10.1.2.3 =5 | dst  | user a, \"b\"";
    let row = r#"2023-03-29T01:02:03Z,10.1.2.3,5,"a, ""b""""#;
    assert_eq!(read(&["at,ip,n,who", row]), [expected]);
    assert_eq!(read(&["at, ip ,\"n\",who", row]), [expected]);
    let other = r#""a, ""b""",x,5,10.1.2.3,2023-03-29T01:02:03Z"#;
    assert_eq!(read(&["at,ip,n,who", row, "\"who\",\"more\",n,ip,at", other]), [expected, expected]);
}

#[test]
fn rows_without_their_columns_are_rejected() {
    assert_eq!(told(CSV, &["2023-03-29T01:02:03Z,10.1.2.3,5,a"]), ["no_header at 0"]);
    let lines = [
        "at,ip,n,who",
        "2023-03-29T01:02:03Z,10.1.2.3,5",
        "2023-03-29T01:02:03Z,10.1.2.3,5,a,b",
        "2023-03-29T01:02:03Z,10.1.2.3,-,",
    ];
    assert_eq!(
        told(CSV, &lines),
        ["malformed at 0", "malformed at 0", "2023-03-29T01:02:03Z | src 10.1.2.3 | dst "]
    );
    // The header of another layout in the same file: what stands below it is not read as if it were the first.
    assert_eq!(
        told(CSV, &["at,ip,n,who", "at,n,ip,user", "2023-03-29T01:02:03Z,5,10.1.2.3,a"]),
        ["bad_header at 0"]
    );
    // A client that names itself after columns makes no header.
    let hostile =
        format!("{CSV}url.original = \"url\"\nuser_agent.original = \"agent\"\nnetwork.protocol = \"app\"\n");
    let named = "2023-03-29T01:02:03Z,10.1.2.3,5,url,who,agent,app";
    let read = told(&hostile, &["at,ip,n,who,url,agent,app", named]);
    assert_eq!(read, ["2023-03-29T01:02:03Z | src 10.1.2.3 =5 | dst  | user url | who | agent agent"]);
}

#[test]
fn columns_by_number() {
    let tsv = "lines = \"tsv\"\nrole = \"proxy\"\ntime = 1\nsource.ip = 3\nsource.bytes = 5\n";
    let lines = ["2023-03-29T01:02:03Z\tx\t10.1.2.3\t\t5\tmore", "2023-03-29T01:02:03Z\tx\t10.1.2.3\t5"];
    assert_eq!(told(tsv, &lines), ["2023-03-29T01:02:03Z | src 10.1.2.3 =5 | dst ", "malformed at 0"]);
    let semicolons = tsv.replace("\"tsv\"", "\"csv\"\nseparator = \";\"");
    assert_eq!(
        told(&semicolons, &["\"2023-03-29T01:02:03Z\";a;10.1.2.3;\"x;y\";5"]),
        ["2023-03-29T01:02:03Z | src 10.1.2.3 =5 | dst "]
    );
}

#[test]
fn pairs_with_other_marks() {
    let pairs = JSON.replace("\"json\"", "\"key-value\"").replace("client.ip", "ip");
    let expected = ["2023-03-29T01:02:03Z | src 10.1.2.3 =5 | dst "];
    assert_eq!(told(&pairs, &["at=2023-03-29T01:02:03Z level=info ip=\"10.1.2.3\" n=5"]), expected);
    let others = pairs.replace("\"key-value\"", "\"key-value\"\nseparator = \";\"\nmark = \"~\"");
    assert_eq!(told(&others, &["at~2023-03-29T01:02:03Z;ip~10.1.2.3;n~5"]), expected);
}

#[test]
fn units_and_lengths() {
    let with = |field: &str, value: &str| {
        let text = JSON.replace("source.bytes = \"n\"\n", &format!("{field}\n"));
        let line = format!(r#"{{"at":"2023-03-29T01:02:03Z","client":{{"ip":"10.1.2.3"}},"n":{value}}}"#);
        told(&text, &[&line]).remove(0).split(" | ").skip(1).collect::<Vec<_>>().join(" | ")
    };
    for (unit, value, bytes) in [
        ("B", "7", "7"),
        ("kB", "7", "7000"),
        ("KB", "1.5", "1500"),
        ("MB", "\"2\"", "2000000"),
        ("GB", "1e-3", "1000000"),
        ("TB", "1", "1000000000000"),
        ("KiB", "0.5", "512"),
        ("MiB", "1", "1048576"),
        ("GiB", "1", "1073741824"),
        ("TiB", "1", "1099511627776"),
        ("bit", "9", "2"),
        ("written", "\"1.5 MB\"", "1500000"),
        ("written", "\"12KiB\"", "12288"),
    ] {
        let field = format!("source.bytes = {{ from = \"n\", unit = \"{unit}\" }}");
        assert_eq!(with(&field, value), format!("src 10.1.2.3 ={bytes} | dst "), "{value} {unit}");
    }
    for (unit, value) in
        [("B", "-1"), ("B", "\"x\""), ("TB", "99999999999"), ("MB", "1e300"), ("B", "\"inf\"")]
    {
        let field = format!("source.bytes = {{ from = \"n\", unit = \"{unit}\" }}");
        let text = JSON.replace("source.bytes = \"n\"\n", &format!("{field}\n"));
        let line = format!(r#"{{"at":"2023-03-29T01:02:03Z","client":{{"ip":"10.1.2.3"}},"n":{value}}}"#);
        assert!(
            told(&text, &[&line])[0].starts_with("bad_number"),
            "{value} {unit}: {:?}",
            told(&text, &[&line])
        );
    }
    for (unit, value, micros) in [
        ("ns", "2500", "2"),
        ("us", "7", "7"),
        ("ms", "7", "7000"),
        ("s", "1.5", "1500000"),
        ("min", "2", "120000000"),
        ("h", "1", "3600000000"),
        ("written", "\"1m2.5s\"", "62500000"),
    ] {
        let field = format!("event.duration = {{ from = \"n\", unit = \"{unit}\" }}");
        assert_eq!(with(&field, value), format!("src 10.1.2.3 | dst  | {micros}us"), "{value} {unit}");
    }
}

#[test]
fn time_layouts() {
    let read = |layout: &str, stamp: &str| {
        let text = JSON.replace("time = \"at\"", &format!("time = {{ from = \"at\", {layout} }}"));
        let line = format!(r#"{{"at":{stamp},"client":{{"ip":"10.1.2.3"}}}}"#);
        told(&text, &[&line]).remove(0)
    };
    for (layout, stamp) in [
        ("layout = \"any\"", "\"2023-03-29 01:02:03\""),
        ("layout = \"epoch\"", "1680051723"),
        ("layout = \"epoch\"", "\"1680051723.000\""),
        ("layout = \"epoch-ms\"", "1680051723000"),
        ("layout = \"epoch-us\"", "1680051723000000"),
        ("layout = \"epoch-ns\"", "1680051723000000000"),
        ("layout = \"rfc3339\"", "\"2023-03-29T03:02:03+02:00\""),
        ("layout = \"clf\"", "\"29/Mar/2023:01:02:03 +0000\""),
        ("layout = \"syslog\"", "\"Mar 29 01:02:03\""),
        ("layout = \"%d.%m.%Y %H:%M:%S\"", "\"29.03.2023 01:02:03\""),
        ("layout = \"%Y%m%d%H%M%S %z\"", "\"20230329030203 +0200\""),
        ("layout = \"%d.%m.%Y %H:%M:%S\", zone = \"Europe/Berlin\"", "\"29.03.2023 03:02:03\""),
    ] {
        assert_eq!(read(layout, stamp), "2023-03-29T01:02:03Z | src 10.1.2.3 | dst ", "{layout} {stamp}");
    }
    let start = read("marks = \"start\"", "\"2023-03-29T01:02:03Z\"");
    assert!(start.starts_with("from 2023-03-29T01:02:03Z"), "{start}");
    for (layout, stamp) in [
        ("layout = \"epoch\"", "\"yesterday\""),
        ("layout = \"rfc3339\"", "1680051723"),
        ("layout = \"%d.%m.%Y %H:%M\"", "\"29.03.2023 01:02:03\""),
        ("layout = \"epoch-ns\"", "99999999999999999999999"),
    ] {
        assert!(
            read(layout, stamp).starts_with("bad_timestamp"),
            "{layout} {stamp}: {}",
            read(layout, stamp)
        );
    }
}

#[test]
fn lines_of_no_transfer_and_without_a_time() {
    let lines = [r#"{"level":"info","msg":"up"}"#, r#"{"client":{"ip":"10.1.2.3"},"n":5}"#];
    assert_eq!(told(JSON, &lines), ["", "bad_timestamp at 0"]);
    let wrong = r#"{"at":"2023-03-29T01:02:03Z","client":{"ip":"10.1.2"},"n":5}"#;
    assert!(told(JSON, &[wrong])[0].starts_with("bad_address"));
    let reject = described(JSON).parse(b"no json", &Scratch::new(), &mut Vec::new()).unwrap_err();
    assert_eq!(reject.reason, Reason::BadJson);
}

#[test]
fn only_a_proxy_went_where_the_url_says() {
    let line =
        r#"{"at":"2023-03-29T01:02:03Z","client":{"ip":"192.0.2.7"},"n":5,"u":"http://files.example/"}"#;
    let url = format!("{JSON}url.original = \"u\"\n");
    assert!(told(&url, &[line])[0].contains("dst files.example :80"));
    assert!(!told(&url.replace("proxy", "server"), &[line])[0].contains("dst files.example"));
}

#[test]
fn what_is_blind_says_what_to_map() {
    let blind = |text: &str| described(text).sight().blind();
    assert_eq!(blind(JSON), None);
    assert_eq!(blind(&JSON.replace("source.bytes", "network.bytes")), None);
    let server = JSON.replace("proxy", "server");
    assert_eq!(blind(&server).unwrap(), "no response bytes: have it logged, and map destination.bytes");
    let own = format!("{server}remedy = \"set log_bytes = true\"\n");
    assert_eq!(blind(&own).unwrap(), "no response bytes: set log_bytes = true");
}

#[test]
fn a_description_that_cannot_be_meant_is_refused() {
    let misfit = |text: &str, lines: &[&str]| {
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        described(text).misfit(&lines)
    };
    let right = r#"{"at":"2023-03-29T01:02:03Z","client":{"ip":"10.1.2.3"},"n":5}"#;
    assert_eq!(misfit(JSON, &[r#"{"msg":"up"}"#, right]), None);
    let cases: [(&str, &[&str], &str); 6] = [
        (JSON, &[&right.replace("\"at\"", "\"att\"")], "no line has \"at\"; did you mean \"att\"?"),
        (JSON, &[&right.replace("2023-03", "2023-33")], "no time reads in its layout"),
        (JSON, &["a b c"], "no JSON objects"),
        (CSV, &["at,ip,m,who", "1,2,3,4"], "the header has no column \"n\""),
        ("lines = \"tsv\"\nrole = \"proxy\"\ntime = 1\nuser.name = 9\n", &["a\tb"], "the first has 2"),
        (CSV, &["1.2.3.4,x"], "if the log has no header, map columns by their numbers"),
    ];
    for (text, lines, words) in cases {
        let said = misfit(text, lines).unwrap_or_default();
        assert!(said.contains(words), "{words}: {said}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(
        lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..4),
        text in "(at|ip|n|who|[,\t;=\" {}:0-9.-]){0,40}",
    ) {
        let tsv = CSV.replace("\"csv\"", "\"tsv\"");
        for description in [JSON, CSV, &tsv, &CSV.replace("\"csv\"", "\"logfmt\"")] {
            let mut format = described(description);
            let all: Vec<&[u8]> = lines.iter().map(Vec::as_slice).chain([text.as_bytes(), b"at,ip,n,who"]).collect();
            for line in &all {
                match format.header(line) {
                    Some(Ok(next)) => format = next,
                    Some(Err(_)) => {}
                    None => _ = format.parse(line, &Scratch::new(), &mut Vec::new()),
                }
            }
            format.misfit(&all);
        }
    }
}
