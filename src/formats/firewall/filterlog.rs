//! pfSense and OPNsense `filterlog`: one packet that met a rule, as CSV by position. It says who talks to whom and carries
//! no byte count of the connection, so it is blind.

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Event, Role};
use crate::formats::envelope::Opened;
use crate::formats::fields::{Fields, transport};
use crate::formats::one_line::{self, Settings, sniff_most};
use crate::formats::{Kind, Scratch, Sight};

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "filterlog",
    about: "pfSense and OPNsense filterlog (packets: no byte counts)",
    roles: &[Role::Flow],
    compile: |spec, context| one_line::compile(spec, context, read, SIGHT),
    sniff: |lines, _| {
        sniff_most(lines, is_filterlog, "the lines are filterlog's, an IP version in the ninth column")
    },
    is_header: None,
};

const SIGHT: Sight = Sight {
    role: Role::Flow,
    source_bytes: false,
    destination_bytes: false,
    remedy: "filterlog writes single packets: export NetFlow (pfSense: package softflowd; OPNsense: Reporting > NetFlow)",
};

/// The columns of both IP versions as far as they are the same, then each version's.
const ACTION: usize = 6;
const DIRECTION: usize = 7;
const VERSION: usize = 8;
const PROTOCOL: usize = 16;
const PROTOCOL6: usize = 12;
const SRC: usize = 18;
const SRC6: usize = 15;
const SLOTS: usize = 22;

fn columns<'a>(line: &'a [u8], text: &'a [u8]) -> Fields<'a, SLOTS> {
    let mut f = Fields::new(line);
    for (place, cell) in text.split(|&byte| byte == b',').take(SLOTS).enumerate() {
        f.set(place, cell);
    }
    f
}

fn is_filterlog(line: &[u8]) -> bool {
    let opened = Opened { inner: line, ..Opened::default() }.without_syslog();
    let f = columns(line, opened.inner);
    matches!(f.text(VERSION), Some(b"4" | b"6"))
        && matches!(f.text(DIRECTION), Some(b"in" | b"out"))
        && f.text(ACTION).is_some_and(|action| action.iter().all(u8::is_ascii_lowercase))
}

fn read<'a>(
    settings: &Settings,
    opened: &Opened<'a>,
    _scratch: &'a Scratch,
) -> Result<Option<Event<'a>>, Reject> {
    let line = opened.inner;
    let opened = opened.without_syslog();
    // The same syslog carries other daemons of the firewall.
    if !matches!(opened.tag, b"" | b"filterlog" | b"pf") {
        return Ok(None);
    }
    let f = columns(line, opened.inner);
    let (protocol, src) = match f.text(VERSION) {
        Some(b"4") => (PROTOCOL, SRC),
        Some(b"6") => (PROTOCOL6, SRC6),
        Some(other) => return Err(f.wrong(Reason::Malformed, other)),
        None => return Err(Reject::line(Reason::Malformed)),
    };
    let mut event = Event { dataset: "filterlog", role: settings.role, ..Event::default() };
    event.timestamp = opened.time(&settings.local)?;
    let protocol = f.text(protocol);
    // Other protocols have no ports, and have other columns there.
    let has_ports =
        protocol.is_some_and(|name| name.eq_ignore_ascii_case(b"tcp") || name.eq_ignore_ascii_case(b"udp"));
    let (source_port, destination_port) = if has_ports { (src + 2, src + 3) } else { (SLOTS, SLOTS) };
    event.source = f.end(src, source_port, SLOTS)?;
    event.destination = f.end(src + 1, destination_port, SLOTS)?;
    event.transport = protocol.map(transport);
    event.observer = opened.host;
    event.aside = matches!(f.text(ACTION), Some(b"block" | b"reject")).then_some(Aside::Refused);
    Ok(Some(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const V4: &str = "<134>Mar 29 01:02:03 fw-1 filterlog[77]: 5,,,1000000103,igb1,match,pass,out,4,0x0,,64,4711,0,DF,6,tcp,60,10.1.2.3,203.0.113.9,50123,443,0,S,1,,64240,,mss";
    const V6: &str = "<134>1 2023-03-29T01:02:03Z fw-1 filterlog 77 - - 5,,,1000000103,igb1,match,block,in,6,0x00,0x00000,64,UDP,17,60,2001:db8::3,2001:db8::9,50123,53,12";

    #[test]
    fn packets_are_blind() {
        let expected = Event {
            dataset: "filterlog",
            role: Role::Flow,
            timestamp: AT,
            source: end("10.1.2.3", 50123, None),
            destination: end("203.0.113.9", 443, None),
            transport: Some(b"tcp"),
            observer: Some(b"fw-1"),
            ..Event::default()
        };
        assert_eq!(one(&KIND, V4), expected);
        let v6 = Event {
            source: end("2001:db8::3", 50123, None),
            destination: end("2001:db8::9", 53, None),
            transport: Some(b"udp"),
            aside: Some(Aside::Refused),
            ..expected.clone()
        };
        assert_eq!(one(&KIND, V6), v6);
        let icmp = V4.replace(",6,tcp,", ",1,icmp,").replace(",50123,443,", ",request,7,");
        assert_eq!(one(&KIND, &icmp).source.port, None);
        nothing(&KIND, &["<30>Mar 29 01:02:03 fw-1 dhcpd[7]: DHCPDISCOVER from 00:00:5e:00:53:01 via igb1"]);
        // pfSense's own file names no host.
        assert_eq!(
            one(&KIND, &V4.replace(" fw-1", "").replace("<134>", "")),
            Event { observer: None, ..expected }
        );
        assert!((KIND.compile)("", &context()).unwrap().sight().blind().unwrap().contains("NetFlow"));
    }

    #[test]
    fn hostile_lines() {
        rejected(&KIND, V4, ",10.1.2.3,", ",10.1.2.x,", Reason::BadAddress);
        rejected(&KIND, V4, ",50123,", ",65536,", Reason::BadNumber);
        rejected(&KIND, V4, ",out,4,", ",out,5,", Reason::Malformed);
        for line in ["", "hello", "Mar 29 01:02:03 filterlog: 1,2,3", &V4.replace("Mar 29 ", "")] {
            assert!(crate::formats::tests_support::read(&KIND, line).is_err(), "{line}");
        }
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[V4, V6]), "filterlog");
    }

    proptest! {
        #[test]
        fn broken_lines(
            edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut: prop::sample::Index,
            other in proptest::collection::vec(any::<u8>(), 0..60),
            newer: bool,
        ) {
            torture(&KIND, "", if newer { V6 } else { V4 }, &edits, cut, &other);
        }
    }
}
