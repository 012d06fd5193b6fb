//! Juniper SRX: `RT_FLOW_SESSION_CLOSE`, as structured data and as text. Both directions are counted in each.
//!
//! `bytes-from-client` is what the side that opened the session sent. Creation and denial carry no bytes; the lines of
//! AppTrack, web filtering and intrusion detection are of sessions whose bytes the flow log tells.

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Endpoint, Event, Role, address, number};
use crate::formats::envelope::Opened;
use crate::formats::fields::{Fields, transport};
use crate::formats::one_line::{self, Settings, holds, sniff_most};
use crate::formats::{Kind, Scratch, Sight, key_value};
use crate::units::Span;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "juniper-srx",
    about: "Juniper SRX RT_FLOW sessions, structured or not",
    roles: &[Role::Flow],
    compile: |spec, context| one_line::compile(spec, context, read, SIGHT),
    sniff: |lines, _| {
        let is_srx = |line: &[u8]| {
            [&b"RT_FLOW"[..], b"RT_UTM", b"RT_IDP", b"RT_IDS", b"RT_AAMW"]
                .iter()
                .any(|tag| holds(line, &[tag]))
        };
        sniff_most(lines, is_srx, "the lines are RT_FLOW messages and their kin")
    },
    is_header: None,
};

const SIGHT: Sight = Sight {
    role: Role::Flow,
    source_bytes: true,
    destination_bytes: true,
    remedy: "set security policies from-zone ZONE to-zone ZONE policy NAME then log session-close",
};

const SRC: usize = 0;
const DST: usize = 1;
const SPORT: usize = 2;
const DPORT: usize = 3;
const PROTO: usize = 4;
const SENT: usize = 5;
const RECEIVED: usize = 6;
const ELAPSED: usize = 7;
const USER: usize = 8;
const SERVICE: usize = 9;
const URL: usize = 10;
const HOST: usize = 11;
const PATH: usize = 12;
const SLOTS: usize = 13;

fn slot(key: &[u8]) -> usize {
    match key {
        b"source-address" => SRC,
        b"destination-address" => DST,
        b"source-port" => SPORT,
        b"destination-port" => DPORT,
        b"protocol-id" | b"protocol" | b"protocol-name" => PROTO,
        b"bytes-from-client" => SENT,
        b"bytes-from-server" => RECEIVED,
        b"elapsed-time" => ELAPSED,
        b"username" => USER,
        b"service-name" | b"application-name" => SERVICE,
        b"url" | b"hostname" => HOST,
        b"obj" => PATH,
        b"http-url" | b"resource" => URL,
        _ => SLOTS,
    }
}

fn read<'a>(
    settings: &Settings,
    opened: &Opened<'a>,
    scratch: &'a Scratch,
) -> Result<Option<Event<'a>>, Reject> {
    let line = opened.inner;
    let header = if opened.structured.is_empty() { opened.without_syslog() } else { *opened };
    let (name, text_of) = name(&header).ok_or_else(|| Reject::line(Reason::Malformed))?;
    let closed = name.starts_with(b"RT_FLOW_SESSION_CLOSE");
    let mut event = Event { dataset: "juniper-srx", role: settings.role, ..Event::default() };
    let structured = if header.structured.is_empty() { text_of } else { header.structured };
    if holds(structured, &[b"source-address=\""]) {
        let mut f = Fields::<SLOTS>::new(line);
        for pair in key_value::pairs(structured, key_value::LOGFMT) {
            f.set(slot(pair.key), pair.decode(scratch));
        }
        if !closed && f.text(DST).is_none() {
            return Ok(None);
        }
        event.source = f.end(SRC, SPORT, SENT)?;
        event.destination = f.end(DST, DPORT, RECEIVED)?;
        event.duration = f.number::<u32>(ELAPSED)?.map(|seconds| Span::SECOND.times(seconds.into()));
        event.transport = f.text(PROTO).map(transport);
        event.protocol = f.text(SERVICE);
        event.user = f.text(USER);
        event.destination.domain = f.text(HOST).filter(|name| address(name).is_none());
        event.url = f.first(&[URL, PATH]);
    } else if text(&mut event, line, text_of, closed)? == Told::Nothing {
        return Ok(None);
    }
    event.timestamp = header.time(&settings.local)?;
    event.observer = header.host;
    event.aside = (!closed).then(|| match () {
        () if name.starts_with(b"RT_FLOW_SESSION_CREATE") => Aside::Unfinished,
        () if name.starts_with(b"RT_FLOW_SESSION_DENY") => Aside::Refused,
        () => Aside::Repeated,
    });
    Ok(Some(event))
}

/// The name of a message and what follows it: in the header (MSGID, or the tag of `RT_FLOW_SESSION_CLOSE: …`), or first in
/// the text behind the tag `RT_FLOW`.
fn name<'a>(header: &Opened<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let of_flow = |name: &[u8]| {
        [
            &b"RT_"[..],
            b"APPTRACK_",
            b"WEBFILTER_",
            b"IDP_",
            b"AV_",
            b"CONTENT_FILTERING_",
            b"AAMW_",
            b"SECINTEL_",
        ]
        .iter()
        .any(|prefix| name.starts_with(prefix))
    };
    if of_flow(header.message) {
        return Some((header.message, header.inner));
    }
    let word = header.inner.split(|&byte| byte == b' ' || byte == b':').next()?;
    if of_flow(word) {
        return Some((word, header.inner.get(word.len()..)?));
    }
    of_flow(header.tag).then_some((header.tag, header.inner))
}

/// What a line of text tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Ends,
    Nothing,
}

/// `… session closed TCP FIN: 10.1.2.3/50123->203.0.113.9/443 0x0 junos-https … 6 policy trust untrust 77 8000(10000184)
/// 12(224) 30 …`: words differ from release to release, but the arrow and the two counts stand in all.
fn text<'a>(event: &mut Event<'a>, line: &[u8], text: &'a [u8], closed: bool) -> Result<Told, Reject> {
    let wrong = |part: &[u8]| Reject::of(Reason::Malformed, line, part);
    let mut words = text.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let arrow = |word: &&[u8]| memchr::memmem::find(word, b"->").is_some();
    let Some(ends) = words.by_ref().find(arrow) else {
        return if closed { Err(wrong(text)) } else { Ok(Told::Nothing) };
    };
    let at = memchr::memmem::find(ends, b"->").unwrap_or_default();
    let (client, server) = (ends.get(..at).unwrap_or_default(), ends.get(at + 2..).unwrap_or_default());
    let end = |part: &[u8]| host(part).ok_or_else(|| Reject::of(Reason::BadAddress, line, part));
    (event.source, event.destination) = (end(client)?, end(server)?);
    if !closed {
        return Ok(Told::Ends);
    }
    let mut before: [&[u8]; 5] = [b""; 5];
    let mut sent = None;
    for word in words.by_ref() {
        if let Some(bytes) = count(word) {
            sent = Some(bytes);
            break;
        }
        before.rotate_left(1);
        let [.., last] = &mut before;
        *last = word;
    }
    let received = words.next().and_then(count);
    let (Some(sent), Some(received)) = (sent, received) else { return Err(wrong(text)) };
    (event.source.bytes, event.destination.bytes) = (Some(sent), Some(received));
    // Protocol, policy, two zones and the session's number stand before the counts.
    let [protocol, ..] = before;
    event.transport =
        protocol.iter().all(u8::is_ascii_digit).then(|| transport(protocol)).filter(|name| !name.is_empty());
    event.duration = words.next().and_then(number::<u32>).map(|seconds| Span::SECOND.times(seconds.into()));
    Ok(Told::Ends)
}

/// `10.1.2.3/50123`.
fn host(text: &[u8]) -> Option<Endpoint<'static>> {
    let slash = memchr::memrchr(b'/', text)?;
    let (ip, port) = (address(text.get(..slash)?)?, number(text.get(slash + 1..)?)?);
    Some(Endpoint { ip: Some(ip), port: Some(port), ..Endpoint::default() })
}

/// The bytes of `packets(bytes)`.
fn count(word: &[u8]) -> Option<u64> {
    let open = memchr::memchr(b'(', word)?;
    let _packets: u64 = number(word.get(..open)?)?;
    number(word.get(open + 1..)?.strip_suffix(b")")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const DATA: &str = r#"<14>1 2023-03-29T01:02:03.000Z srx-1 RT_FLOW - RT_FLOW_SESSION_CLOSE [junos@2636.1.1.1.2.40 reason="TCP FIN" source-address="10.1.2.3" source-port="50123" destination-address="203.0.113.9" destination-port="443" service-name="junos-https" nat-source-address="198.51.100.1" protocol-id="6" policy-name="out" session-id-32="77" packets-from-client="8000" bytes-from-client="10000184" packets-from-server="12" bytes-from-server="224" elapsed-time="30" username="jdoe" roles="N/A"]"#;
    const TEXT: &str = "<14>Mar 29 01:02:03 srx-1 RT_FLOW: RT_FLOW_SESSION_CLOSE: session closed TCP FIN: 10.1.2.3/50123->203.0.113.9/443 0x0 junos-https 198.51.100.1/40001->203.0.113.9/443 0x0 source rule out N/A N/A 6 out trust untrust 77 8000(10000184) 12(224) 30 UNKNOWN UNKNOWN jdoe(N/A) reth0.0 UNKNOWN";

    fn expected() -> Event<'static> {
        Event {
            dataset: "juniper-srx",
            role: Role::Flow,
            timestamp: AT,
            duration: Some(Span::SECOND.times(30)),
            source: end("10.1.2.3", 50123, Some(10_000_184)),
            destination: end("203.0.113.9", 443, Some(224)),
            transport: Some(b"tcp"),
            observer: Some(b"srx-1"),
            ..Event::default()
        }
    }

    #[test]
    fn a_session_in_both_forms() {
        let data = Event { protocol: Some(b"junos-https"), user: Some(b"jdoe"), ..expected() };
        assert_eq!(one(&KIND, DATA), data);
        // The text of the message may be repeated behind the data.
        assert_eq!(one(&KIND, &format!("{DATA} session closed TCP FIN: x")), data);
        assert_eq!(one(&KIND, TEXT), expected());
        assert_eq!(one(&KIND, &TEXT.replace(" RT_FLOW:", "")), expected());
        let v6 = one(&KIND, &TEXT.replace("10.1.2.3/", "2001:db8::3/"));
        assert_eq!(v6.source.ip, Some("2001:db8::3".parse().unwrap()));
    }

    #[test]
    fn other_messages_stand_aside() {
        for line in [DATA, TEXT] {
            let aside = |name: &str| one(&KIND, &line.replace("RT_FLOW_SESSION_CLOSE", name)).aside;
            assert_eq!(aside("RT_FLOW_SESSION_CREATE"), Some(Aside::Unfinished));
            assert_eq!(aside("RT_FLOW_SESSION_DENY_LS"), Some(Aside::Refused));
            assert_eq!(aside("APPTRACK_SESSION_CLOSE"), Some(Aside::Repeated));
        }
        nothing(&KIND, &["<14>Mar 29 01:02:03 srx-1 RT_FLOW: RT_SCREEN_TCP: No TCP flag!"]);
    }

    #[test]
    fn hostile_lines() {
        rejected(&KIND, DATA, "source-address=\"10.1.2.3", "source-address=\"10.1.2.x", Reason::BadAddress);
        rejected(&KIND, DATA, "bytes-from-client=\"10000184", "bytes-from-client=\"lots", Reason::BadNumber);
        rejected(&KIND, TEXT, "10.1.2.3/50123->", "10.1.2.3->", Reason::BadAddress);
        for line in ["", "hello", &TEXT.replace("8000(10000184)", "8000"), &TEXT.replace("->", ">")] {
            assert!(crate::formats::tests_support::read(&KIND, line).is_err(), "{line}");
        }
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[DATA, TEXT]), "juniper-srx");
    }

    proptest! {
        #[test]
        fn broken_lines(
            edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut: prop::sample::Index,
            other in proptest::collection::vec(any::<u8>(), 0..60),
            data: bool,
        ) {
            torture(&KIND, "", if data { DATA } else { TEXT }, &edits, cut, &other);
        }
    }
}
