use super::*;
use crate::formats::tests_support::*;
use crate::units::Timestamp;
use proptest::prelude::*;

const TEARDOWN: &str = "<166>Mar 29 2023 01:02:03 asa-1 : %ASA-6-302014: Teardown TCP connection 77 for outside:203.0.113.9/443 to inside:10.1.2.3/50123 duration 0:00:30 bytes 10000408 TCP FINs from inside";
const BUILT: &str = "<166>Mar 29 2023 01:01:33 asa-1 : %ASA-6-302013: Built outbound TCP connection 77 for outside:203.0.113.9/443 (203.0.113.9/443) to inside:10.1.2.3/50123 (198.51.100.1/40001)";
const EVENT: &str = "<113>2023-03-29T01:02:33Z ftd-1 : %FTD-1-430003: EventPriority: Low, DeviceUUID: 0-0, InstanceID: 2, FirstPacketSecond: 2023-03-29T01:02:03Z, ConnectionID: 77, AccessControlRuleAction: Allow, SrcIP: 10.1.2.3, DstIP: 203.0.113.9, SrcPort: 50123, DstPort: 443, Protocol: tcp, IngressInterface: inside, ACPolicy: Out, any, User: jdoe, ApplicationProtocol: HTTPS, ConnectionDuration: 30, InitiatorPackets: 8000, ResponderPackets: 12, InitiatorBytes: 10000184, ResponderBytes: 224, URL: https://files.example/a";

#[test]
fn a_teardown_is_blind() {
    let expected = Event {
        dataset: "cisco-asa",
        role: Role::Flow,
        timestamp: AT,
        duration: Some(Span::SECOND.times(30)),
        source: end("10.1.2.3", 50123, None),
        destination: end("203.0.113.9", 443, None),
        transport: Some(b"tcp"),
        observer: Some(b"asa-1"),
        ..Event::default()
    };
    assert_eq!(one(&KIND, TEARDOWN), expected);
    let nameless = Event { observer: None, ..expected.clone() };
    assert_eq!(one(&KIND, &TEARDOWN.replace(" asa-1 :", ":")), nameless);
    assert_eq!(one(&KIND, &TEARDOWN.replace(" asa-1 :", ":").replace("<166>", "")), nameless);
    assert_eq!(
        one(&KIND, &TEARDOWN.replace("29 2023 01", "29 01").replace("%ASA-6", "%FTD-session-6")),
        expected
    );
    let udp =
        TEARDOWN.replace("302014", "302016").replace("TCP conn", "UDP conn").replace("0:00:30", "26:00:01");
    let udp = one(&KIND, &udp);
    assert_eq!((udp.transport, udp.duration), (Some(&b"udp"[..]), Some(Span::SECOND.times(93_601))));
    let user = one(&KIND, &TEARDOWN.replace("/50123 ", r"/50123(LOCAL\jdoe) "));
    assert_eq!(user.source, expected.source);
    let named = one(&KIND, &TEARDOWN.replace("203.0.113.9", "files.example"));
    assert_eq!(named.destination.domain, Some(&b"files.example"[..]));
    let remedy = (KIND.compile)("", &context()).unwrap().sight().remedy;
    assert!(remedy.contains("NSEL"), "{remedy}");
}

#[test]
fn a_connection_event_is_exact() {
    let event = one(&KIND, EVENT);
    let expected = Event {
        dataset: "cisco-asa",
        role: Role::Flow,
        timestamp: AT,
        stamped: Stamped::Start,
        duration: Some(Span::SECOND.times(30)),
        source: end("10.1.2.3", 50123, Some(10_000_184)),
        destination: Endpoint { domain: Some(b"files.example"), ..end("203.0.113.9", 443, Some(224)) },
        transport: Some(b"tcp"),
        protocol: Some(b"HTTPS"),
        user: Some(b"jdoe"),
        url: Some(b"https://files.example/a"),
        observer: Some(b"ftd-1"),
        ..Event::default()
    };
    assert_eq!(event, expected);
    // An old release without the first packet's time has the header's.
    let old = one(&KIND, &EVENT.replace("FirstPacketSecond", "Other"));
    assert_eq!((old.stamped, old.timestamp), (Stamped::End, AT + Span::SECOND.times(30)));
}

#[test]
fn other_messages_tell_of_no_transfer() {
    nothing(
        &KIND,
        &[BUILT, &EVENT.replace("430003", "430002"), "<166>Mar 29 2023 01:02:03: %ASA-4-106023: Deny tcp"],
    );
}

#[test]
fn hostile_lines() {
    rejected(&KIND, TEARDOWN, "bytes 10000408", "bytes many", Reason::BadNumber);
    rejected(&KIND, TEARDOWN, "duration 0:00:30", "duration 30", Reason::BadNumber);
    rejected(&KIND, TEARDOWN, "outside:203.0.113.9/443", "outside", Reason::Malformed);
    rejected(&KIND, EVENT, "SrcIP: 10.1.2.3", "SrcIP: 10.1.2.x", Reason::BadAddress);
    rejected(&KIND, EVENT, "InitiatorBytes: 10000184", "InitiatorBytes: -1", Reason::BadNumber);
    for line in ["", "hello", "%ASA-6-30201: x", "%ASA-6-302014:", "%ASA-6-302014: Teardown TCP"] {
        assert!(crate::formats::tests_support::read(&KIND, line).is_err(), "{line}");
    }
    // Without a stamp anywhere nothing can be said about when.
    let reject =
        crate::formats::tests_support::read(&KIND, TEARDOWN.split_once(" : ").unwrap().1).unwrap_err();
    assert_eq!(reject.reason, Reason::BadTimestamp);
}

#[test]
fn the_envelope_has_the_stamp() {
    let (_, format) = crate::formats::detect::named("cri+cisco-asa", &context()).unwrap();
    let line = format!("2023-03-29T01:02:03Z stdout F {}", TEARDOWN.split_once(" : ").unwrap().1);
    let (scratch, mut events) = (Scratch::new(), Vec::new());
    format.parse(line.as_bytes(), &scratch, &mut events).unwrap();
    assert_eq!(events[0].timestamp, Timestamp(AT.0));
}

#[test]
fn detection() {
    assert_eq!(chosen(&[TEARDOWN, BUILT, EVENT]), "cisco-asa");
}

proptest! {
    #[test]
    fn broken_lines(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut: prop::sample::Index,
        other in proptest::collection::vec(any::<u8>(), 0..60),
        exact: bool,
    ) {
        torture(&KIND, "", if exact { EVENT } else { TEARDOWN }, &edits, cut, &other);
    }
}
