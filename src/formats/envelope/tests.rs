//! Each envelope in every spelling, with what must come out of it.

use super::*;
use crate::event::reject::Reason;
use crate::formats::Context;
use crate::formats::detect;
use proptest::prelude::*;

const SQUID: &str = "1680051723.456    120 10.1.2.3 TCP_MISS/201 224 PUT http://files.example/plain jdoe HIER_DIRECT/203.0.113.9 text/plain";

fn opened(envelope: Envelope, line: &str) -> Result<(String, String, String), Reason> {
    let scratch = Scratch::new();
    let opened = envelope.open(line.as_bytes(), &scratch).map_err(|reject| reject.reason)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let near = Timestamp::from_seconds(1_680_051_723);
    let stamp = opened.stamp.read(&TimeZone::UTC, near).map_or("-".into(), |stamp| stamp.to_string());
    Ok((text(opened.inner), text(opened.host.unwrap_or(b"-")), stamp))
}

fn expect(envelope: Envelope, line: &str, inner: &str, host: &str, stamp: &str) {
    assert_eq!(opened(envelope, line), Ok((inner.to_owned(), host.to_owned(), stamp.to_owned())), "{line}");
}

#[test]
fn syslog_in_every_spelling() {
    const AT: &str = "2023-03-29T01:02:03Z";
    for line in [
        "<134>Mar 29 01:02:03 gw-1 squid[77]: the text",
        "Mar 29 01:02:03 gw-1 squid: the text",
        "<134>Mar 29 2023 01:02:03 gw-1 : the text",
        "<134>*Mar 29 01:02:03.000 gw-1 (squid-1): the text",
        "2023-03-29T01:02:03.000+00:00 gw-1 squid[77]: the text",
        "<134>2023-03-29T02:02:03+01:00 gw-1 squid: the text",
        "<134>1 2023-03-29T01:02:03Z gw-1 squid 77 - - the text",
        "<134>1 2023-03-29T01:02:03Z gw-1 squid 77 - -  the text", // of a line that came as RFC 3164
        "<134>1 2023-03-29T01:02:03Z gw-1 squid - m1 - \u{feff}the text",
        r#"<134>1 2023-03-29T01:02:03Z gw-1 squid - m1 [a@1 b="c \"] d" e="f"][g@2] the text"#,
        "93 <134>1 2023-03-29T01:02:03Z gw-1 squid - - - the text",
    ] {
        expect(Envelope::Syslog, line, "the text", "gw-1", AT);
    }
    expect(Envelope::Syslog, "<134>Mar 29 01:02:03 squid: the text", "the text", "-", AT);
    expect(
        Envelope::Syslog,
        "<166>Mar 29 2023 01:02:03: %ASA-6-302014: Teardown",
        "%ASA-6-302014: Teardown",
        "-",
        AT,
    );
    expect(
        Envelope::Syslog,
        "<166>Mar 29 01:02:03 asa %ASA-6-302014: Teardown",
        "%ASA-6-302014: Teardown",
        "asa",
        AT,
    );
    expect(Envelope::Syslog, "<189>date=2023-03-29 time=01:02:03", "date=2023-03-29 time=01:02:03", "-", "-");
    expect(Envelope::Syslog, "<14>1 - - - - - - x", "x", "-", "-");
    expect(Envelope::Syslog, "Mar 29 01:02:03 fw CEF: 0|Vendor|x", "CEF: 0|Vendor|x", "fw", AT);
    expect(Envelope::Syslog, "Mar 29 01:02:03 2001:db8::1 {\"ts\": 1}", "{\"ts\": 1}", "2001:db8::1", AT);
    // Brackets that are no structured data belong to the text.
    let check_point = r#"<134>1 2023-03-29T01:02:03Z gw CheckPoint 7 - [action:"Accept"; src:"10.1.2.3"; ]"#;
    expect(Envelope::Syslog, check_point, r#"[action:"Accept"; src:"10.1.2.3"; ]"#, "gw", AT);
    for wrong in ["", "the text", "<192>x", "<>x", "<1", "Mar 29", "2023-03-29T99:02:03Z gw x", SQUID] {
        assert_eq!(opened(Envelope::Syslog, wrong), Err(Reason::Malformed), "{wrong}");
    }
}

#[test]
fn containers() {
    let docker = r#"{"log":"say \"hi\"\r\n","stream":"stdout","time":"2023-03-29T01:02:03.456789123Z"}"#;
    expect(Envelope::Docker, docker, "say \"hi\"", "-", "2023-03-29T01:02:03.456789Z");
    assert_eq!(opened(Envelope::Docker, &docker.replace("\\r\\n", "")), Err(Reason::Truncated));
    assert_eq!(opened(Envelope::Docker, r#"{"log":"x\n"}"#), Err(Reason::Malformed));
    assert_eq!(opened(Envelope::Docker, "{"), Err(Reason::BadJson));
    let cri = "2023-03-29T01:02:03.456789123+00:00 stdout F a  line";
    expect(Envelope::Cri, cri, "a  line", "-", "2023-03-29T01:02:03.456789Z");
    expect(Envelope::Cri, &cri.replace(" F ", " F:x "), "a  line", "-", "2023-03-29T01:02:03.456789Z");
    assert_eq!(opened(Envelope::Cri, &cri.replace(" F ", " P ")), Err(Reason::Truncated));
    for wrong in ["", "2023-03-29T01:02:03Z", "2023-03-29T01:02:03Z stdout", "2023-03-29T01:02:03Z stdin F x"]
    {
        assert_eq!(opened(Envelope::Cri, wrong), Err(Reason::Malformed), "{wrong}");
    }
}

#[test]
fn journald() {
    let line =
        r#"{"MESSAGE":"a line","_HOSTNAME":"gw-1","__REALTIME_TIMESTAMP":"1680051723456789","PRIORITY":"6"}"#;
    expect(Envelope::Journald, line, "a line", "gw-1", "2023-03-29T01:02:03.456789Z");
    expect(
        Envelope::Journald,
        &line.replace("\"a line\"", "[97,255,98]"),
        "a\u{fffd}b",
        "gw-1",
        "2023-03-29T01:02:03.456789Z",
    );
    assert_eq!(opened(Envelope::Journald, &line.replace("\"a line\"", "null")), Err(Reason::Truncated));
    assert_eq!(opened(Envelope::Journald, &line.replace("\"a line\"", "[256]")), Err(Reason::Malformed));
    assert_eq!(opened(Envelope::Journald, r#"{"MESSAGE":"x"}"#), Err(Reason::Malformed));
}

#[test]
fn json_of_agents() {
    const AT: &str = "2023-03-29T01:02:03Z";
    for line in [
        r#"{"@timestamp":"2023-03-29T01:02:03Z","message":"a \"line\"","host":{"name":"gw-1"},"log":{"file":{"path":"/x"}}}"#,
        r#"{"time":"2023-03-29T01:02:03Z","log":"a \"line\"\n","hostname":"gw-1","stream":"stdout"}"#,
        r#"{"timestamp":"2023-03-29T01:02:03Z","message":"parsed","event":{"original":"a \"line\""},"host":"gw-1"}"#,
    ] {
        expect(Envelope::Json, line, "a \"line\"", "gw-1", AT);
    }
    expect(Envelope::Json, r#"{"line":"x","log":7}"#, "x", "-", "-");
    for line in [
        r#"{"preview":false,"result":{"_time":"2023-03-29T01:02:03Z","host":"gw-1","_raw":"a \"line\"","linecount":"1"}}"#,
        r#"{"_raw":"a \"line\"","_time":"1680051723","host":"gw-1"}"#,
        r#"{"time":1680051723.000,"host":"gw-1","sourcetype":"proxy","event":"a \"line\""}"#,
        r#"{"id":"38","timestamp":1680051723000,"message":"a \"line\"","host":"gw-1"}"#,
        r#"{"message":{"data":"YSAibGluZSI=","messageId":"7","publishTime":"2023-03-29T01:02:03Z"},"host":"gw-1"}"#,
    ] {
        expect(Envelope::Json, line, "a \"line\"", "gw-1", AT);
    }
    assert_eq!(opened(Envelope::Json, r#"{"log":7}"#), Err(Reason::Malformed));
    assert_eq!(opened(Envelope::Json, "{"), Err(Reason::BadJson));
}

fn carried(envelope: Envelope, line: &str) -> String {
    match envelope {
        Envelope::Syslog => format!("<134>Mar 29 01:02:03 gw-1 squid[77]: {line}"),
        Envelope::Docker => {
            let text = serde_json::to_string(&format!("{line}\n")).unwrap();
            format!("{{\"log\":{text},\"stream\":\"stdout\",\"time\":\"2023-03-29T01:02:03Z\"}}")
        }
        Envelope::Cri => format!("2023-03-29T01:02:03Z stdout F {line}"),
        Envelope::Json => {
            let text = serde_json::to_string(line).unwrap();
            format!(
                "{{\"@timestamp\":\"2023-03-29T01:02:03Z\",\"message\":{text},\"host\":{{\"name\":\"gw-1\"}}}}"
            )
        }
        Envelope::Journald => {
            let text = serde_json::to_string(line).unwrap();
            format!(
                "{{\"MESSAGE\":{text},\"_HOSTNAME\":\"gw-1\",\"__REALTIME_TIMESTAMP\":\"1680051723000000\"}}"
            )
        }
    }
}

#[test]
fn any_format_in_any_envelope() {
    let context = Context::default();
    let scratch = Scratch::new();
    let mut events = Vec::new();
    for envelope in Envelope::ALL {
        let line: &'static str = carried(envelope, SQUID).leak();
        let found = detect::detect(&[line.as_bytes()], &context).unwrap();
        assert_eq!(found.kind.name, "squid");
        assert!(found.why.contains(envelope.name()), "{}", found.why);
        found.format.parse(line.as_bytes(), &scratch, &mut events).unwrap();
        let (kind, format) = detect::named(&format!("{}+squid", envelope.name()), &context).unwrap();
        assert_eq!(kind.name, "squid");
        format.parse(line.as_bytes(), &scratch, &mut events).unwrap();
    }
    // Twice in each, and all the same but for the sender, whom not all of them name.
    assert_eq!(events.len(), 2 * Envelope::ALL.len());
    for event in &events {
        assert_eq!(event.source.ip, Some("10.1.2.3".parse().unwrap()));
        assert_eq!(event.destination.bytes, Some(224));
        assert!(matches!(event.observer, None | Some(b"gw-1")));
    }
    let (_, twice) = detect::named("docker+syslog+squid", &context).unwrap();
    let line: &'static str = carried(Envelope::Docker, &carried(Envelope::Syslog, SQUID)).leak();
    events.clear();
    twice.parse(line.as_bytes(), &scratch, &mut events).unwrap();
    assert_eq!((events.len(), events[0].observer), (1, Some(&b"gw-1"[..])));
    let more = carried(Envelope::Syslog, &format!("{SQUID} 10000184"));
    let advice = detect::detect(&[more.as_bytes()], &context).unwrap_err().expected;
    assert!(advice.contains("put syslog+ before") && advice.contains("%>st'"), "{advice}");
    assert!(detect::named("sylog+squid", &context).is_err());
    assert_eq!(detect::named("syslog+squid:%ts %>a%>st", &context).unwrap_err().position, 20);
}

#[test]
fn headers_are_found_inside() {
    let context = Context::default();
    let (kind, format) = detect::named("syslog+w3c", &context).unwrap();
    let header = carried(Envelope::Syslog, "#Fields: date time c-ip s-ip s-port sc-bytes");
    let scratch = Scratch::new();
    assert!(kind.is_header.unwrap()(format.bare(header.as_bytes(), &scratch)));
    let format = format.header(header.as_bytes()).unwrap().unwrap();
    let mut events = Vec::new();
    let row = carried(Envelope::Syslog, "2023-03-29 01:02:03 203.0.113.9 10.1.2.3 443 512");
    format.parse(row.as_bytes(), &scratch, &mut events).unwrap();
    assert_eq!((events[0].destination.bytes, events[0].observer), (Some(512), Some(&b"gw-1"[..])));
}

#[test]
fn rejects_point_into_the_line() {
    let (_, format) = detect::named("syslog+squid", &Context::default()).unwrap();
    let line = carried(Envelope::Syslog, &SQUID.replace(" 224 ", " 22x "));
    let reject = format.parse(line.as_bytes(), &Scratch::new(), &mut Vec::new()).unwrap_err();
    assert_eq!(reject.column as usize, line.find("22x").unwrap() + 1);
}

proptest! {
    #[test]
    fn no_bytes_panic(
        line in proptest::collection::vec(any::<u8>(), 0..80),
        text in "[<>0-9 :\\[\\]\"=\\\\a-cT.-]{0,60}",
        cut in any::<prop::sample::Index>(),
    ) {
        for envelope in Envelope::ALL {
            let whole = carried(envelope, SQUID).into_bytes();
            let cut = &whole[..cut.index(whole.len())];
            let prefixed = [b"<134>1 2023-03-29T01:02:03Z h a p m ", &line[..]].concat();
            for line in [&line[..], text.as_bytes(), cut, &prefixed, &[cut, &line[..]].concat()] {
                let scratch = Scratch::new();
                if let Ok(opened) = envelope.open(line, &scratch) {
                    _ = opened.stamp.read(&TimeZone::UTC, Some(Timestamp(0)));
                }
            }
        }
    }
}
