//! CoreDNS's `log` plugin in its default form: `[INFO] 10.1.2.3:53124 - 7 "TXT IN name. udp 60 false 4096" NOERROR …`.
//!
//! CoreDNS itself writes no stamps: one has to stand in front (as earlier versions put it) or on the envelope (a container
//! runtime, the journal), or the line is rejected. Other lines are left out.

use super::head::{Clock, SIGHT, after, query};
use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, Event, Role};
use crate::formats::envelope::Opened;
use crate::formats::time::Local;
use crate::formats::{Context, Detail, Format, Kind, Scratch, Sight, Sniffed, SpecError, transport};
use memchr::memmem;
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "coredns",
    about: "CoreDNS's log plugin, with a stamp in front of [INFO]",
    roles: &[Role::Dns],
    compile,
    sniff,
    is_header: None,
};

#[derive(Debug)]
struct Coredns {
    local: Local,
    detail: Detail,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    if !spec.trim().is_empty() {
        let message = "only the default form of CoreDNS's log is read: write coredns alone".to_owned();
        return Err(SpecError { message, position: 0 });
    }
    Ok(Arc::new(Coredns { local: Local::of(context), detail: context.detail }))
}

impl Format for Coredns {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        _scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        self.event(line, Clock::Line(&self.local), events)
    }

    fn parse_within<'a>(
        &self,
        opened: &Opened<'a>,
        _scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        self.event(opened.inner, Clock::Envelope(&self.local, opened), events)
    }

    fn sight(&self) -> Sight {
        SIGHT
    }
}

impl Coredns {
    fn event<'a>(&self, line: &'a [u8], clock: Clock<'_>, events: &mut Vec<Event<'a>>) -> Result<(), Reject> {
        let Some(asked) = asked(line) else { return Ok(()) };
        let (timestamp, _) = clock.split(line)?;
        let mut client = Endpoint::default();
        client.set_authority(asked.client);
        if client.ip.is_none() {
            return Err(Reject::of(Reason::BadAddress, line, asked.client));
        }
        let mut event = query("coredns", timestamp, client, Some(asked.name), asked.record_type);
        event.transport = (self.detail == Detail::Full).then(|| transport::name(asked.transport));
        events.push(event);
        Ok(())
    }
}

/// The parts of a query's line.
struct Asked<'a> {
    client: &'a [u8],
    record_type: &'a [u8],
    name: &'a [u8],
    transport: &'a [u8],
}

/// `None` for a line of another kind. A name may hold blanks and quotes (escaped), so what is around it is read from both
/// ends.
fn asked(line: &[u8]) -> Option<Asked<'_>> {
    let begins = line.first().filter(|byte| **byte == b'[' || byte.is_ascii_digit());
    let text = begins.and(after(line, b"[INFO] "))?;
    let (client, rest) = text.split_at(memmem::find(text, b" - ")?);
    let quoted = after(rest, b" \"")?;
    let quoted = quoted.get(..memmem::rfind(quoted, b"\" ")?)?;
    let mut front = quoted.splitn(3, |&byte| byte == b' ');
    let (record_type, _class, rest) = (front.next()?, front.next()?, front.next()?);
    let mut back = rest.rsplitn(5, |&byte| byte == b' ');
    let (_buffer, _dnssec, _size, transport) = (back.next()?, back.next()?, back.next()?, back.next()?);
    Some(Asked { client, record_type, name: back.next()?, transport })
}

/// Lines most of which are queries.
fn sniff(lines: &[&[u8]], _context: &Context) -> Sniffed {
    // Lines without a stamp are its own too: the envelope that they may come in has one.
    let queries = lines.iter().filter(|line| asked(line).is_some());
    if queries.count() * 2 > lines.len() {
        return Sniffed::Yes { spec: String::new(), why: "lines of CoreDNS's log plugin".into() };
    }
    Sniffed::No
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Question;
    use crate::formats::tests_support::{
        damaged, details_agree, detected, found, one, read_lines, rejected_lines, sniffed, survives,
    };
    use crate::units::Timestamp;
    use proptest::prelude::*;

    const LINE: &str = "2023-03-29T01:02:03.456Z [INFO] 10.1.2.3:53124 - 7 \"TXT IN aGVsbG8.tunnel.example. udp 60 false 4096\" NOERROR qr,rd 100 0.002s";

    fn expected() -> Event<'static> {
        Event {
            dataset: "coredns",
            role: Role::Dns,
            timestamp: Timestamp(1_680_051_723_456_000),
            source: Endpoint {
                ip: Some("10.1.2.3".parse().unwrap()),
                port: Some(53124),
                ..Endpoint::default()
            },
            transport: Some(b"udp"),
            protocol: Some(b"dns"),
            question: Some(Question { name: b"aGVsbG8.tunnel.example", record_type: Some(b"TXT") }),
            ..Event::default()
        }
    }

    #[test]
    fn queries() {
        assert_eq!(one(&KIND, LINE), expected());
        assert_eq!(one(&KIND, &LINE.replace(" [INFO]", " stdout F [INFO]")), expected());
        let docker = format!(
            r#"{{"log":"{}\n","stream":"stdout","time":"2023-03-29T01:02:03.456Z"}}"#,
            LINE[25..].replace('"', "\\\"")
        );
        assert_eq!(found(&KIND, &[&docker]), [expected()]);
        let v6 = one(&KIND, &LINE.replace("10.1.2.3", "[2001:db8::3]"));
        assert_eq!(v6.source.ip, Some("2001:db8::3".parse().unwrap()));
        let odd = r#"a\"\ \" b.tunnel.example"#;
        let event = one(&KIND, &LINE.replace("aGVsbG8.tunnel.example", odd));
        assert_eq!(event.question.unwrap().name, odd.as_bytes());
        let other = "2023-03-29T01:02:03Z [ERROR] plugin/errors: 2 a.example. A: read udp: i/o timeout";
        assert_eq!(read_lines(&KIND, &[other, "[INFO] plugin/reload: Running", ""]), (vec![], vec![]));
    }

    #[test]
    fn hostile_lines() {
        rejected_lines(
            &KIND,
            &[
                (LINE.get(25..).unwrap(), Reason::BadTimestamp),
                (&LINE.replace("2023-03-29T", "2023-02-30T"), Reason::BadTimestamp),
                (&LINE.replace("10.1.2.3:53124", "nobody:1"), Reason::BadAddress),
            ],
        );
        assert!(compile("x", &Context::default()).is_err());
    }

    #[test]
    fn sniffing() {
        detected(&KIND, &[LINE]);
        assert_eq!(sniffed(&KIND, &[LINE.get(25..).unwrap()]), "yes");
        assert_eq!(sniffed(&KIND, &[]), "no");
        assert_eq!(sniffed(&KIND, &["[INFO] plugin/reload: Running"]), "no");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4),
            edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
            cut in any::<usize>(),
        ) {
            survives(&KIND, &lines);
            let lines = damaged(&[LINE], &edits, cut);
            survives(&KIND, &lines);
            details_agree(&KIND, "", &lines);
        }
    }
}
