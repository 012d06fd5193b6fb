use super::*;
use crate::formats::tests_support::*;
use crate::units::Timestamp;
use proptest::prelude::*;

const TEARDOWN: &str = "<166>Mar 29 2023 01:02:03 asa-1 : %ASA-6-302014: Teardown TCP connection 77 for outside:203.0.113.9/443 to inside:10.1.2.3/50123 duration 0:00:30 bytes 10000408 TCP FINs from inside";
const BUILT: &str = "<166>Mar 29 2023 01:01:33 asa-1 : %ASA-6-302013: Built outbound TCP connection 77 for outside:203.0.113.9/443 (203.0.113.9/443) to inside:10.1.2.3/50123 (198.51.100.1/40001)";
const EVENT: &str = "<113>2023-03-29T01:02:33Z ftd-1 : %FTD-1-430003: EventPriority: Low, DeviceUUID: 0-0, InstanceID: 2, FirstPacketSecond: 2023-03-29T01:02:03Z, ConnectionID: 77, AccessControlRuleAction: Allow, SrcIP: 10.1.2.3, DstIP: 203.0.113.9, SrcPort: 50123, DstPort: 443, Protocol: tcp, IngressInterface: inside, ACPolicy: Out, any, User: jdoe, ApplicationProtocol: HTTPS, ConnectionDuration: 30, InitiatorPackets: 8000, ResponderPackets: 12, InitiatorBytes: 10000184, ResponderBytes: 224, URL: https://files.example/a";

#[test]
fn a_teardown_has_one_total() {
    let expected = Event {
        dataset: "cisco-asa",
        role: Role::Flow,
        timestamp: AT,
        duration: Some(Span::SECOND.times(30)),
        source: end("10.1.2.3", 50123, None),
        destination: end("203.0.113.9", 443, None),
        total: Some(10_000_408),
        session: Some(Session { id: b"77", telling: Telling::Whole }),
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
    let user = one(&KIND, &TEARDOWN.replace("/50123 ", r"/50123(LOCAL\jdoe, 7:guests) "));
    assert_eq!((user.source, user.user), (expected.source, Some(&br"LOCAL\jdoe"[..])));
    let tagged = one(&KIND, &TEARDOWN.replace("/50123 ", "/50123(7:guests) "));
    assert_eq!((tagged.source, tagged.user), (expected.source, None));
    let named = one(&KIND, &format!("{TEARDOWN} (jdoe)"));
    assert_eq!(named.user, Some(&b"jdoe"[..]));
    // Whoever stands behind "for": a client has a high port and a server a low one.
    let inbound =
        TEARDOWN.replace("203.0.113.9/443", "203.0.113.9/50123").replace("10.1.2.3/50123", "10.1.2.3/443");
    let inbound = one(&KIND, &inbound);
    assert_eq!(
        (inbound.source, inbound.destination),
        (end("203.0.113.9", 50123, None), end("10.1.2.3", 443, None))
    );
    let zoned =
        TEARDOWN.replace("Mar 29 2023 01:02:03 asa-1 :", "Mar 29 03:02:03 asa-1 : Mar 28 2023 21:02:03 EDT:");
    assert_eq!(one(&KIND, &zoned), expected);
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
        timestamp: AT + Span::SECOND.times(30),
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
    let by_address = EVENT.replace("URL:", "ReferencedHost: 203.0.113.9:443, URL:");
    assert_eq!(one(&KIND, &by_address).destination, end("203.0.113.9", 443, Some(224)));
    let by_name = EVENT.replace("URL:", "ReferencedHost: www.example:443, URL:");
    assert_eq!(one(&KIND, &by_name).destination.domain, Some(&b"www.example"[..]));
    // A header without a year leaves it to the first packet's time.
    let old = one(&KIND, &EVENT.replace("2023-03-29T01:02:33Z ftd-1 :", "Mar 29 03:02:33 ftd-1"));
    assert_eq!((old.stamped, old.timestamp), (Stamped::Start, AT));
}

#[test]
fn a_built_line_says_who_opened() {
    let outbound = one(&KIND, BUILT);
    let session = Some(Session { id: b"77", telling: Telling::Opening });
    assert_eq!((outbound.source.port, outbound.session, outbound.total), (Some(50123), session, None));
    assert_eq!(outbound.aside, Some(Aside::Unfinished));
    assert_eq!(outbound.timestamp, AT - Span::SECOND.times(30));
    let inbound = one(&KIND, &BUILT.replace("outbound", "inbound"));
    assert_eq!(inbound.source, end("203.0.113.9", 443, None));
    assert_eq!((inbound.user, one(&KIND, &format!("{BUILT} (jdoe)")).user), (None, Some(&b"jdoe"[..])));
    let user = one(&KIND, &format!("{BUILT} (jdoe)").replace("TCP", "UDP").replace("302013", "302015"));
    assert_eq!(user.destination, end("203.0.113.9", 443, None));
    nothing(&KIND, &[&BUILT.replace("outside:203.0.113.9", "x"), &BUILT.replace(" to ", " and ")]);
}

#[test]
fn other_messages_stand_aside() {
    nothing(&KIND, &["<166>Mar 29 2023 01:02:03: %ASA-6-605005: Login permitted from 10.1.2.3/50123"]);
    assert_eq!(one(&KIND, &EVENT.replace("430003", "430002")).aside, Some(Aside::Unfinished));
    assert_eq!(one(&KIND, &EVENT.replace("430003", "430005")).aside, Some(Aside::Repeated));
    let (client, server) = (end("10.1.2.3", 50123, None), end("203.0.113.9", 443, None));
    let bare = |end: Endpoint<'static>| Endpoint { port: None, ..end };
    for (message, aside, ends) in [
        (
            "4-106023: Deny tcp src in:10.1.2.3/50123 dst out:203.0.113.9/443 by access-group \"out\" [0x0, 0x0]",
            Aside::Refused,
            (client, server),
        ),
        (
            "4-106023: Deny icmp src in:10.1.2.3 dst out:203.0.113.9 (type 8, code 0) by access-group \"out\"",
            Aside::Refused,
            (bare(client), bare(server)),
        ),
        (
            "4-106023: Deny udp src in:10.1.2.3/50123(LOCAL\\jdoe) dst out:203.0.113.9/443 by access-group \"out\"",
            Aside::Refused,
            (client, server),
        ),
        (
            "2-106001: Inbound TCP connection denied from 10.1.2.3/50123 to 203.0.113.9/443 flags SYN  on interface out",
            Aside::Refused,
            (client, server),
        ),
        (
            "6-106015: Deny TCP (no connection) from 10.1.2.3/50123 to 203.0.113.9/443 flags RST  on interface out",
            Aside::Refused,
            (client, server),
        ),
        (
            "2-106016: Deny IP spoof from (10.1.2.3) to 203.0.113.9 on interface out",
            Aside::Refused,
            (bare(client), bare(server)),
        ),
        (
            "6-106100: access-list in permitted tcp in/10.1.2.3(50123) -> out/203.0.113.9(443) hit-cnt 1 first hit",
            Aside::Repeated,
            (client, server),
        ),
        (
            "5-106100: access-list in denied tcp in/10.1.2.3(50123)(LOCAL\\jdoe) -> out/203.0.113.9(443) hit-cnt 1",
            Aside::Refused,
            (client, server),
        ),
        (
            "4-313004: Denied ICMP type=0, from laddr 10.1.2.3 on interface in to 203.0.113.9: no matching session",
            Aside::Refused,
            (bare(client), bare(server)),
        ),
        (
            "4-313005: No matching connection for ICMP error message: icmp src in:10.1.2.3 dst out:203.0.113.9 (type 3, code 3) on in interface. Original IP payload: udp src 192.0.2.1/53 dst 192.0.2.2/10872.",
            Aside::Refused,
            (bare(client), bare(server)),
        ),
        (
            "4-338002: Dynamic Filter permitted black listed TCP traffic from in:10.1.2.3/50123 (192.0.2.1/7890) to out:203.0.113.9/443 (203.0.113.9/443), destination",
            Aside::Repeated,
            (client, server),
        ),
        (
            "7-710005: UDP request discarded from 10.1.2.3/50123 to out:203.0.113.9/443",
            Aside::Refused,
            (client, server),
        ),
        (
            "2-106017: Deny IP due to Land Attack from 10.1.2.3 to 203.0.113.9",
            Aside::Refused,
            (bare(client), bare(server)),
        ),
        (
            "6-302020: Built outbound ICMP connection for faddr 203.0.113.9/0 gaddr 198.51.100.1/7 laddr 10.1.2.3/7 type 8 code 0",
            Aside::Unfinished,
            (bare(client), bare(server)),
        ),
        (
            "6-302020: Built inbound ICMP connection for faddr 10.1.2.3/7(7:guests) gaddr 198.51.100.1/0 laddr 203.0.113.9/0",
            Aside::Unfinished,
            (bare(client), bare(server)),
        ),
        (
            "6-302021: Teardown ICMP connection for faddr 203.0.113.9/0 gaddr 198.51.100.1/7 laddr 10.1.2.3/7",
            Aside::Attempt,
            (bare(client), bare(server)),
        ),
        (
            "5-304001: 10.1.2.3 Accessed URL 203.0.113.9:http://files.example/a",
            Aside::Repeated,
            (bare(client), bare(server)),
        ),
        (
            "5-304002: Access denied URL http://files.example/a SRC 10.1.2.3 DEST 203.0.113.9 on interface in",
            Aside::Refused,
            (bare(client), bare(server)),
        ),
    ] {
        let event = one(&KIND, &format!("<166>Mar 29 2023 01:02:03 asa-1 : %ASA-{message}"));
        assert_eq!((event.aside, event.timestamp), (Some(aside), AT), "{message}");
        assert_eq!((event.source, event.destination), ends, "{message}");
    }
    let url = one(
        &KIND,
        "<166>Mar 29 2023 01:02:03: %ASA-5-304001: jdoe@10.1.2.3(LOCAL\\jdoe) Accessed JAVA URL x@203.0.113.9:http://files.example/a[0]",
    );
    assert_eq!((url.user, url.url), (Some(&b"jdoe"[..]), Some(&b"http://files.example/a[0]"[..])));
    for message in [
        "3-106102: access-list in permitted udp for user jdoe in/10.1.2.3(50123) -> out/203.0.113.9(53) hit-cnt 1",
        "4-106103: access-list in denied udp for user 'jdoe' in/10.1.2.3(50123) -> out/203.0.113.9(53) hit-cnt 1",
    ] {
        let event = one(&KIND, &format!("<166>Mar 29 2023 01:02:03: %ASA-{message}"));
        assert_eq!((event.user, event.source), (Some(&b"jdoe"[..]), client), "{message}");
    }
    let v6 = one(
        &KIND,
        "<166>Mar 29 2023 01:02:03: %ASA-4-106023: Deny icmp src in:2001:db8::3 dst out:2001:db8::9 (type 128, code 0) by access-group \"x\"",
    );
    assert_eq!(v6.source.ip, Some("2001:db8::3".parse().unwrap()));
    let old = one(&KIND, &TEARDOWN.replace("302014:", "302014"));
    assert_eq!(old.source.port, Some(50123));
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
