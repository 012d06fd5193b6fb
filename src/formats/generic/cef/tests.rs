use super::*;
use crate::event::Aside;
use crate::event::Endpoint;
use crate::formats::tests_support::*;
use crate::units::Span;
use proptest::prelude::*;

const LINE: &str = r"CEF:0|Example|Wall \| Co|1.0|77|Session, closed|3|rt=1680051723000 src=10.1.2.3 spt=50123 dst=203.0.113.9 dpt=443 proto=TCP in=10000184 out=224 suser=J Doe request=https://files.example/a?b\=c&d=e requestMethod=PUT requestClientApplication=rclone/v1.60.1 msg=a \\ b";

fn expected() -> Event<'static> {
    Event {
        dataset: "cef",
        role: Role::Flow,
        timestamp: AT,
        source: end("10.1.2.3", 50123, Some(10_000_184)),
        destination: Endpoint { domain: Some(b"files.example"), ..end("203.0.113.9", 443, Some(224)) },
        user: Some(b"J Doe"),
        method: Some(b"PUT"),
        url: Some(b"https://files.example/a?b=c&d=e"),
        user_agent: Some(b"rclone/v1.60.1"),
        transport: Some(b"tcp"),
        ..Event::default()
    }
}

#[test]
fn the_specification() {
    assert_eq!(one(&KIND, LINE), expected());
    assert_eq!(one(&KIND, &LINE.replace("CEF:0", "CEF: 0")), expected());
    let in_syslog = Event { observer: Some(b"gw-1"), ..expected() };
    assert_eq!(one(&KIND, &format!("<134>Mar 29 01:02:03 gw-1 {LINE}")), in_syslog);
    for stamp in ["Mar 29 2023 01:02:03", "Mar 29 01:02:03", "Mar 29 2023 01:02:03.000 UTC"] {
        assert_eq!(one(&KIND, &LINE.replace("1680051723000", stamp)), expected(), "{stamp}");
    }
    let spans = one(&KIND, &LINE.replace("rt=1680051723000", "start=1680051693000 end=1680051723000"));
    assert_eq!(spans, Event { duration: Some(Span::SECOND.times(30)), ..expected() });
    // The header's stamp serves where there is no other.
    let bare = one(&KIND, &format!("Mar 29 01:02:03 gw-1 {}", LINE.replace("rt=1680051723000 ", "")));
    assert_eq!(bare.timestamp, AT);
    // A collector's stamp is the last resort.
    let collected = LINE.replace("rt=", "art=");
    assert_eq!(one(&KIND, &collected), expected());
    assert_eq!(one(&KIND, &format!("Mar 29 01:02:04 gw-1 {collected}")).timestamp - AT, Span::SECOND);
    let long = LINE
        .replace("rt=", "deviceReceiptTime=")
        .replace("spt=", "sourcePort=")
        .replace("dpt=", "destinationPort=");
    assert_eq!(one(&KIND, &long), expected());
}

#[test]
fn bytes_by_vendor() {
    let by = |vendor: &str, product: &str| {
        let line = LINE.replacen("Example", vendor, 1).replacen(r"Wall \| Co", product, 1);
        let event = one(&KIND, &line.replace("77|Session, closed", "TRAFFIC|end"));
        (event.source.bytes, event.destination.bytes, event.role)
    };
    let (upload, other) = (Some(10_000_184), Some(224));
    assert_eq!(by("Palo Alto Networks", "PAN-OS"), (upload, other, Role::Flow));
    for vendor in ["Fortinet", "Check Point", "SonicWall"] {
        assert_eq!(by(vendor, "x"), (other, upload, Role::Flow), "{vendor}");
    }
    for vendor in ["Zscaler", "Forcepoint", "Websense"] {
        assert_eq!(by(vendor, "x"), (other, upload, Role::Proxy), "{vendor}");
    }
    let told = crate::formats::Context { role: Some(Role::Server), ..context() };
    assert_eq!(read_with(&KIND, "", &told, LINE).unwrap()[0].role, Role::Server);
}

#[test]
fn a_session_is_told_once() {
    let fortinet = LINE.replacen("Example", "Fortinet", 1);
    let aside = |line: &str| one(&KIND, line).aside;
    assert_eq!(aside(&format!("{fortinet} cat=utm:webfilter")), Some(Aside::Repeated));
    assert_eq!(aside(&format!("{fortinet} FTNTFGTlogid=0000000020")), Some(Aside::Unfinished));
    let delta = one(
        &KIND,
        &format!(
            "{fortinet} cat=traffic:forward FTNTFGTlogid=0000000020 FTNTFGTsentdelta=7 FTNTFGTrcvddelta=8"
        ),
    );
    assert_eq!((delta.source.bytes, delta.destination.bytes), (Some(7), Some(8)));
    let pan = LINE.replacen("Example", "Palo Alto Networks", 1).replacen(r"Wall \| Co", "PAN-OS", 1);
    assert_eq!(aside(&pan.replace("77|Session, closed", "start|TRAFFIC")), Some(Aside::Unfinished));
    assert_eq!(aside(&pan.replace("77|Session, closed", "url|THREAT")), Some(Aside::Repeated));
    let silent = LINE.replace("in=10000184", "x=1").replace("out=224", "y=1");
    assert_eq!(aside(&format!("{silent} act=Drop")), Some(Aside::Refused));
    assert_eq!(aside(&silent.replacen("Example", "Check Point", 1)), Some(Aside::Repeated));
    assert_eq!(aside(&silent), None);
    let packet = one(&KIND, &silent.replacen("Example", "Trend Micro", 1).replace("y=1", "out=1019"));
    assert_eq!((packet.source.bytes, packet.destination.bytes), (Some(1019), None));
    // No transfer: nobody, or nowhere.
    nothing(&KIND, &["CEF:0|a|b|c|d|e|f|msg=up", "CEF:0|a|b|c|d|e|f|", "CEF:0|a|b|c|d|e|f|src=10.1.2.3"]);
}

#[test]
fn hostile_lines() {
    rejected(&KIND, LINE, "src=10.1.2.3", "src=10.1.2.x", Reason::BadAddress);
    rejected(&KIND, LINE, "in=10000184", "in=-1", Reason::BadNumber);
    rejected(&KIND, LINE, "rt=1680051723000", "rt=late", Reason::BadTimestamp);
    for line in ["", "hello", "CEF:0|a|b", "CEF:", "CEF:0|a|b|c|d|e\\|f|", "CEF:abcde|a|b|c|d|e|f|"] {
        assert!(crate::formats::tests_support::read(&KIND, line).is_err(), "{line}");
    }
}

#[test]
fn marks_cannot_make_it_slow() {
    for piece in ["=", "a=", " =", "a= ", "\\", "a b=\\"] {
        let line = format!("CEF:0|a|b|c|d|e|f|{}", piece.repeat((1 << 20) / piece.len()));
        let start = std::time::Instant::now();
        _ = crate::formats::tests_support::read(&KIND, &line);
        assert!(start.elapsed().as_secs() < 5, "{piece}");
    }
}

#[test]
fn detection() {
    assert_eq!(chosen(&[LINE]), "cef");
    assert_eq!(chosen(&[&format!("<134>Mar 29 01:02:03 gw-1 {LINE}")]), "syslog+cef");
    assert_eq!(chosen(&[&format!("<134>1 2023-03-29T01:02:03Z gw-1 a - - - {LINE}")]), "syslog+cef");
}

proptest! {
    #[test]
    fn broken_lines(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut: prop::sample::Index,
        other in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        torture(&KIND, "", LINE, &edits, cut, &other);
        torture(&KIND, "", &format!("<134>{LINE}"), &edits, cut, &other);
    }
}
