//! iptables and nftables `LOG`: one packet in the kernel's log, `IN=… SRC=… DST=… LEN=…`. `LEN` is that packet's and says
//! nothing about the connection, so it is blind.

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Event, Role};
use crate::formats::envelope::Opened;
use crate::formats::fields::{Fields, transport};
use crate::formats::one_line::{self, Settings, holds, sniff_most};
use crate::formats::{Kind, Scratch, Sight, key_value};

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "iptables",
    about: "iptables and nftables LOG lines of the kernel (packets: no byte counts)",
    roles: &[Role::Flow],
    compile: |spec, context| one_line::compile(spec, context, read, SIGHT),
    sniff: |lines, _| {
        sniff_most(
            lines,
            |line| holds(line, &[b"IN=", b"OUT=", b" SRC=", b" DST=", b" LEN="]),
            "the lines have the kernel's IN=, SRC= and LEN=",
        )
    },
    is_header: None,
};

const SIGHT: Sight = Sight {
    role: Role::Flow,
    source_bytes: false,
    destination_bytes: false,
    remedy: "the LOG target writes single packets: account for connections with conntrack (net.netfilter.nf_conntrack_acct=1 \
             and ulogd2's NFCT input) or export NetFlow (softflowd)",
};

const SRC: usize = 0;
const DST: usize = 1;
const SPORT: usize = 2;
const DPORT: usize = 3;
const PROTO: usize = 4;
const SLOTS: usize = 5;

fn slot(key: &[u8]) -> usize {
    match key {
        b"SRC" => SRC,
        b"DST" => DST,
        b"SPT" => SPORT,
        b"DPT" => DPORT,
        b"PROTO" => PROTO,
        _ => SLOTS,
    }
}

fn read<'a>(
    settings: &Settings,
    opened: &Opened<'a>,
    _scratch: &'a Scratch,
) -> Result<Option<Event<'a>>, Reject> {
    let line = opened.inner;
    let opened = opened.without_syslog();
    // The kernel's log holds much else.
    let Some(start) = memchr::memmem::find(opened.inner, b"IN=") else {
        let spoken = opened.tag == b"kernel" || opened.inner.starts_with(b"[");
        return if spoken { Ok(None) } else { Err(Reject::line(Reason::Malformed)) };
    };
    // An ICMP error quotes the packet that it answers in brackets; its ends are not this packet's.
    let text = opened.inner.get(start..).unwrap_or_default();
    let text = memchr::memmem::find(text, b" [SRC=").and_then(|end| text.get(..end)).unwrap_or(text);
    let mut f = Fields::<SLOTS>::new(line);
    for pair in key_value::pairs(text, key_value::LOGFMT) {
        f.set(slot(pair.key), pair.raw);
    }
    let mut event = Event { dataset: "iptables", role: settings.role, ..Event::default() };
    event.timestamp = opened.time(&settings.local)?;
    event.source = f.end(SRC, SPORT, SLOTS)?;
    event.destination = f.end(DST, DPORT, SLOTS)?;
    event.transport = f.text(PROTO).map(transport);
    event.observer = opened.host;
    event.aside = opened.inner.get(..start).is_some_and(says_refused).then_some(Aside::Refused);
    Ok(Some(event))
}

/// Whether the text that a rule puts in front says what became of the packet: ufw's `[UFW BLOCK]`, the usual words of
/// others, and EdgeOS's `[WAN_IN-default-D]` (and `-R]`).
fn says_refused(prefix: &[u8]) -> bool {
    let says = |word: &[u8]| prefix.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    [&b"block"[..], b"drop", b"reject", b"deny", b"denied", b"-d]", b"-r]"].iter().any(|word| says(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const LINE: &str = "Mar 29 01:02:03 gw-1 kernel: [12345.678901] OUT-LOG: IN=eth1 OUT=eth0 MAC=00:00:5e:00:53:01 SRC=10.1.2.3 DST=203.0.113.9 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=4711 DF PROTO=TCP SPT=50123 DPT=443 WINDOW=64240 RES=0x00 SYN URGP=0";

    #[test]
    fn packets_are_blind() {
        let expected = Event {
            dataset: "iptables",
            role: Role::Flow,
            timestamp: AT,
            source: end("10.1.2.3", 50123, None),
            destination: end("203.0.113.9", 443, None),
            transport: Some(b"tcp"),
            observer: Some(b"gw-1"),
            ..Event::default()
        };
        assert_eq!(one(&KIND, LINE), expected);
        assert_eq!(one(&KIND, &LINE.replace("Mar 29 01:02:03", "2023-03-29T01:02:03+00:00")), expected);
        let answer = "PROTO=ICMP TYPE=3 CODE=3 [SRC=203.0.113.9 DST=10.1.2.3 LEN=40 PROTO=UDP SPT=1 DPT=2 ]";
        let icmp = one(&KIND, &format!("{} {answer}", LINE.split(" PROTO").next().unwrap()));
        assert_eq!((icmp.source.ip, icmp.source.port), (expected.source.ip, None));
        nothing(&KIND, &["Mar 29 01:02:03 gw-1 kernel: [1.0] usb 1-1: new device"]);
        assert!((KIND.compile)("", &context()).unwrap().sight().blind().unwrap().contains("conntrack"));
    }

    #[test]
    fn hostile_lines() {
        rejected(&KIND, LINE, "SRC=10.1.2.3", "SRC=10.1.2.x", Reason::BadAddress);
        rejected(&KIND, LINE, "SPT=50123", "SPT=65536", Reason::BadNumber);
        for line in ["", "hello", "IN= OUT= SRC=10.1.2.3 DST=203.0.113.9", "Mar 29 01:02:03 gw-1 kernel: IN="]
        {
            assert!(crate::formats::tests_support::read(&KIND, line).is_err(), "{line}");
        }
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[LINE]), "iptables");
    }

    proptest! {
        #[test]
        fn broken_lines(
            edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut: prop::sample::Index,
            other in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            torture(&KIND, "", LINE, &edits, cut, &other);
        }
    }
}
