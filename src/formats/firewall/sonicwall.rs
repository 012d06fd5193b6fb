//! SonicWall's default syslog: `id=firewall … m=537 … src=10.1.2.3:50123:X0 dst=… sent=… rcvd=…`.
//!
//! Message 537 is written when a connection closes; a direction that carried nothing is left out of it. Message 97 (a web
//! site was visited) repeats its connection's bytes, 98 is of its beginning, and others carry none.

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Endpoint, Event, Role, address, number};
use crate::formats::envelope::Opened;
use crate::formats::fields::{Fields, transport};
use crate::formats::one_line::{self, Settings, holds, sniff_most};
use crate::formats::{Kind, Scratch, Sight, key_value};
use crate::units::Span;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "sonicwall",
    about: "SonicWall syslog (SonicOS), key=value",
    roles: &[Role::Flow],
    compile: |spec, context| one_line::compile(spec, context, read, SIGHT),
    sniff: |lines, _| {
        sniff_most(
            lines,
            |line| holds(line, &[b"sn=", b" fw=", b" m="]),
            "the lines have SonicWall's sn=, fw= and m=",
        )
    },
    is_header: None,
};

const SIGHT: Sight = Sight {
    role: Role::Flow,
    source_bytes: true,
    destination_bytes: true,
    remedy: "switch on \"Connection Closed\" (message 537) for syslog in Log > Settings > Network > Network Access",
};

const TIME: usize = 0;
const MESSAGE: usize = 1;
const SRC: usize = 2;
const DST: usize = 3;
const SRC6: usize = 4;
const DST6: usize = 5;
const SENT: usize = 6;
const RECEIVED: usize = 7;
const PROTO: usize = 8;
const MILLIS: usize = 9;
const USER: usize = 10;
const SERIAL: usize = 11;
const NAME: usize = 12;
const PATH: usize = 13;
const OPERATION: usize = 14;
const TEXT: usize = 15;
const VERDICT: usize = 16;
const SLOTS: usize = 17;

fn slot(key: &[u8]) -> usize {
    match key {
        b"time" => TIME,
        b"m" => MESSAGE,
        b"src" => SRC,
        b"dst" => DST,
        b"srcV6" => SRC6,
        b"dstV6" => DST6,
        b"sent" => SENT,
        b"rcvd" => RECEIVED,
        b"proto" => PROTO,
        b"cdur" => MILLIS,
        b"usr" | b"user" => USER,
        b"sn" => SERIAL,
        b"dstname" => NAME,
        b"arg" => PATH,
        b"op" => OPERATION,
        b"msg" => TEXT,
        b"fw_action" => VERDICT,
        _ => SLOTS,
    }
}

fn read<'a>(
    settings: &Settings,
    opened: &Opened<'a>,
    scratch: &'a Scratch,
) -> Result<Option<Event<'a>>, Reject> {
    let line = opened.inner;
    let opened = opened.without_syslog();
    let mut f = Fields::<SLOTS>::new(line);
    for pair in key_value::pairs(opened.inner, key_value::LOGFMT) {
        f.set(slot(pair.key), pair.decode(scratch));
    }
    let message = f.text(MESSAGE).ok_or_else(|| Reject::line(Reason::Malformed))?;
    let closed = message == b"537";
    let both = f.first(&[SRC, SRC6]).is_some() && f.first(&[DST, DST6]).is_some();
    if !closed && !both {
        return Ok(None);
    }
    let mut event = Event { dataset: "sonicwall", role: settings.role, ..Event::default() };
    event.timestamp = match f.stamp(TIME, |text| settings.local.any(text))? {
        Some(stamp) => stamp,
        None => opened.time(&settings.local)?,
    };
    event.source = party(&f, SRC, SRC6)?;
    event.destination = party(&f, DST, DST6)?;
    event.source.bytes = f.number(SENT)?;
    event.destination.bytes = f.number(RECEIVED)?;
    event.destination.domain = f.text(NAME).filter(|name| address(name).is_none());
    event.duration = f.number::<u32>(MILLIS)?.map(|millis| Span(i64::from(millis) * 1_000));
    if let Some(proto) = f.text(PROTO) {
        let mut parts = proto.splitn(2, |&byte| byte == b'/');
        event.transport = parts.next().map(transport);
        event.protocol = parts.next();
    }
    event.user = f.text(USER).filter(|user| !user.starts_with(b"Unknown"));
    event.url = f.text(PATH);
    event.method = match f.text(OPERATION) {
        Some(b"1") => Some(b"GET"),
        Some(b"2") => Some(b"POST"),
        Some(b"3") => Some(b"HEAD"),
        _ => None,
    };
    event.observer = opened.host.or(f.text(SERIAL));
    let refused = f.text(VERDICT) == Some(b"drop")
        || f.text(TEXT).is_some_and(|text| holds(text, &[b"dropped"]) || holds(text, &[b"denied"]));
    event.aside = match message {
        b"537" if event.source.bytes.or(event.destination.bytes).is_none() => Some(Aside::Attempt),
        b"537" => None,
        b"98" => Some(Aside::Unfinished),
        _ if refused => Some(Aside::Refused),
        _ => Some(Aside::Repeated),
    };
    Ok(Some(event))
}

/// `10.1.2.3:50123:X0:name`, or the address of `srcV6` with the port of `src`.
fn party<'a>(f: &Fields<'a, SLOTS>, v4: usize, v6: usize) -> Result<Endpoint<'a>, Reject> {
    let text = f.first(&[v4, v6]).ok_or_else(|| Reject::line(Reason::Malformed))?;
    let mut parts = text.splitn(4, |&byte| byte == b':');
    let ip = match f
        .text(v6)
        .map(|text| text.strip_prefix(b"[").map_or(text, |t| t.strip_suffix(b"]").unwrap_or(t)))
    {
        Some(v6) => {
            parts.next();
            address(v6)
        }
        None => parts.next().and_then(address),
    };
    let ip = ip.ok_or_else(|| f.wrong(Reason::BadAddress, text))?;
    let port = parts.next().filter(|_| f.text(v4).is_some()).and_then(number);
    Ok(Endpoint { ip: Some(ip), port, ..Endpoint::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const LINE: &str = r#"<134>id=firewall sn=0017C5000001 time="2023-03-29 01:02:03 UTC" fw=198.51.100.1 pri=6 c=1024 m=537 msg="Connection Closed" f=2 n=77 src=10.1.2.3:50123:X0:pc-1 dst=203.0.113.9:443:X1:files.example proto=tcp/https sent=10000184 rcvd=224 spkt=8000 rpkt=12 cdur=30000 usr="jdoe" rule="1 (LAN->WAN)""#;

    fn expected() -> Event<'static> {
        Event {
            dataset: "sonicwall",
            role: Role::Flow,
            timestamp: AT,
            duration: Some(Span::SECOND.times(30)),
            source: end("10.1.2.3", 50123, Some(10_000_184)),
            destination: end("203.0.113.9", 443, Some(224)),
            transport: Some(b"tcp"),
            protocol: Some(b"https"),
            user: Some(b"jdoe"),
            observer: Some(b"0017C5000001"),
            ..Event::default()
        }
    }

    #[test]
    fn a_closed_connection() {
        assert_eq!(one(&KIND, LINE), expected());
        assert_eq!(one(&KIND, &LINE.replace(" UTC\"", "\"").replace("<134>", "")), expected());
        let header = LINE
            .replace("time=\"2023-03-29 01:02:03 UTC\" ", "")
            .replace("<134>", "<134>Mar 29 01:02:03 gw ");
        assert_eq!(one(&KIND, &header), Event { observer: Some(b"gw"), ..expected() });
        let v6 = LINE.replace("src=10.1.2.3:50123:X0:pc-1", "srcV6=2001:db8::3 src=::50123:X0");
        assert_eq!(one(&KIND, &v6).source.ip, Some("2001:db8::3".parse().unwrap()));
    }

    #[test]
    fn other_messages_stand_aside() {
        let aside = |from: &str, to: &str| one(&KIND, &LINE.replace(from, to)).aside;
        assert_eq!(aside("m=537", "m=97"), Some(Aside::Repeated));
        assert_eq!(aside("m=537", "m=98"), Some(Aside::Unfinished));
        assert_eq!(
            aside("m=537 msg=\"Connection Closed\"", "m=38 msg=\"ICMP packet dropped\""),
            Some(Aside::Refused)
        );
        assert_eq!(aside("sent=10000184 rcvd=224", ""), Some(Aside::Attempt));
        nothing(&KIND, &["id=firewall sn=0017C5000001 fw=198.51.100.1 m=1388 src=10.1.2.3"]);
    }

    #[test]
    fn hostile_lines() {
        rejected(&KIND, LINE, "src=10.1.2.3:", "src=10.1.2.x:", Reason::BadAddress);
        rejected(&KIND, LINE, "sent=10000184", "sent=-1", Reason::BadNumber);
        rejected(&KIND, LINE, "time=\"2023-03-29", "time=\"2023-02-30", Reason::BadTimestamp);
        for line in ["", "hello", &LINE.replace("dst=203.0.113.9:443:X1:files.example ", "")] {
            assert!(crate::formats::tests_support::read(&KIND, line).is_err(), "{line}");
        }
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[LINE]), "sonicwall");
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
