//! The query log of BIND 9 (`querylog yes`, category `queries`), whatever its channel prints in front: local time, ISO 8601,
//! UTC or syslog's stamp; category and severity or neither; `client @0x…` or, before 9.11, `client`; with or without a view.
//!
//! Names stand escaped (`\032`), so blanks separate. Other lines of the same file (errors, transfers, `responselog`) are
//! left out. A channel without `print-time` has no stamps and cannot be used.

use super::head::{Clock, SIGHT, after, query};
use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, Event, Role, address, number};
use crate::formats::envelope::Opened;
use crate::formats::time::Local;
use crate::formats::{Context, Detail, Format, Kind, Scratch, Sight, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "bind-query",
    about: "BIND 9 query log (category queries), any print-time",
    roles: &[Role::Dns],
    compile,
    sniff,
    is_header: None,
};

#[derive(Debug)]
struct BindQuery {
    local: Local,
    detail: Detail,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    if !spec.trim().is_empty() {
        let message = "the query log of BIND has one layout: write bind-query alone".to_owned();
        return Err(SpecError { message, position: 0 });
    }
    Ok(Arc::new(BindQuery { local: Local::of(context), detail: context.detail }))
}

impl Format for BindQuery {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        _scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        if !line.is_empty() {
            events.extend(event(line, Clock::Line(&self.local), self.detail)?);
        }
        Ok(())
    }

    fn parse_within<'a>(
        &self,
        opened: &Opened<'a>,
        _scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        events.extend(event(opened.inner, Clock::Envelope(&self.local, opened), self.detail)?);
        Ok(())
    }

    fn sight(&self) -> Sight {
        SIGHT
    }
}

/// The query that a line tells of; `None` for a line of another kind.
fn event<'a>(line: &'a [u8], clock: Clock<'_>, detail: Detail) -> Result<Option<Event<'a>>, Reject> {
    let (timestamp, rest) = clock.split(line)?;
    // A name cannot forge the mark: its blanks are escaped.
    let (Some(client), Some(asked)) = (after(rest, b"client "), after(rest, b": query: ")) else {
        return Ok(None);
    };
    let mut words = client.split(|&byte| byte == b' ');
    let mut word = words.next().unwrap_or_default();
    if word.starts_with(b"@") {
        word = words.next().unwrap_or_default();
    }
    // `10.1.2.3#53124`, with a colon where no name in brackets follows (before 9.9).
    let word = word.strip_suffix(b":").unwrap_or(word);
    let (host, port) = word.split_at(memchr::memchr(b'#', word).unwrap_or(word.len()));
    let ip = address(host).ok_or_else(|| Reject::of(Reason::BadAddress, line, host))?;
    let port = port.get(1..).and_then(number);

    let mut words = asked.split(|&byte| byte == b' ');
    let (Some(name), Some(_class), Some(record_type)) = (words.next(), words.next(), words.next()) else {
        return Err(Reject::of(Reason::Malformed, line, asked));
    };
    let client = Endpoint { ip: Some(ip), port, ..Endpoint::default() };
    let mut event = query("bind.query", timestamp, client, Some(name), record_type);
    // `+E(0)TK`: recursion wanted, EDNS version 0, over TCP, cookie.
    let flags = words.next().unwrap_or_default();
    if detail == Detail::Full {
        let tcp = flags.iter().skip(1).any(|flag| *flag == b'T');
        event.transport = (!flags.is_empty()).then_some(if tcp { &b"tcp"[..] } else { b"udp" });
    }
    let server = words.next().and_then(|word| word.strip_prefix(b"(")?.strip_suffix(b")"));
    event.destination.ip = server.and_then(address);
    Ok(Some(event))
}

/// Lines most of which are queries.
fn sniff(lines: &[&[u8]], _context: &Context) -> Sniffed {
    let queries = lines.iter().filter(|line| matches!(event(line, Clock::Any, Detail::Sums), Ok(Some(_))));
    if queries.count() * 2 > lines.len() {
        let why = "lines with BIND's \"client 10.1.2.3#53124 …: query: …\"";
        return Sniffed::Yes { spec: String::new(), why: why.into() };
    }
    Sniffed::No
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Question;
    use crate::formats::tests_support::{
        damaged, details_agree, detected, found, one, read_lines, read_lines_with, rejected_lines, sniffed,
        survives,
    };
    use crate::units::Timestamp;
    use proptest::prelude::*;

    const LINE: &str = "29-Mar-2023 01:02:03.456 queries: info: client @0x7f2f9a557098 10.1.2.3#53124 (aGVsbG8.tunnel.example): query: aGVsbG8.tunnel.example IN TXT +E(0)K (10.0.0.53)";
    const ERROR: &str = "29-Mar-2023 01:02:03.456 query-errors: info: client @0x7f2f9a557098 10.1.2.3#53124 (a.example): query failed (REFUSED) for a.example/IN/A at query.c:5549";

    fn expected() -> Event<'static> {
        let end = |ip: &str, port| Endpoint { ip: Some(ip.parse().unwrap()), port, ..Endpoint::default() };
        Event {
            dataset: "bind.query",
            role: Role::Dns,
            timestamp: Timestamp(1_680_051_723_456_000),
            source: end("10.1.2.3", Some(53124)),
            destination: end("10.0.0.53", None),
            transport: Some(b"udp"),
            protocol: Some(b"dns"),
            question: Some(Question { name: b"aGVsbG8.tunnel.example", record_type: Some(b"TXT") }),
            ..Event::default()
        }
    }

    #[test]
    fn every_channel_and_version() {
        for line in [
            LINE.to_owned(),
            LINE.replace("queries: info: ", ""),
            LINE.replace("29-Mar-2023 01:02:03.456", "2023-03-29T01:02:03.456"),
            LINE.replace("29-Mar-2023 01:02:03.456", "2023-03-29T01:02:03.456Z"),
            LINE.replace("29-Mar-2023 01:02:03.456", "2023-03-29T02:02:03.456+01:00 ns1 named[812]:"),
            LINE.replace("@0x7f2f9a557098 ", ""),
            LINE.replace(": query:", ": view internal: query:"),
            LINE.replace("@0x7f2f9a557098 ", "").replace(" (aGVsbG8.tunnel.example):", ":"),
        ] {
            assert_eq!(one(&KIND, &line), expected(), "{line}");
        }
        let hint = Context { near: Some(Timestamp(1_680_100_000_000_000)), ..Context::default() };
        let syslog = LINE.replace("29-Mar-2023 01:02:03.456", "Mar 29 01:02:03 ns1 named[812]:");
        let event = &read_lines_with(&KIND, "", &hint, &[&syslog]).0[0];
        assert_eq!(
            (event.timestamp, event.question),
            (Timestamp(1_680_051_723_000_000), expected().question)
        );
    }

    #[test]
    fn in_envelopes() {
        let syslog = LINE.replace("29-Mar-2023 01:02:03.456", "<30>Mar 29 01:02:03 ns1 named[812]:");
        let event = &found(&KIND, &[&syslog])[0];
        let (at, by) = (Timestamp(1_680_051_723_000_000), Some(&b"ns1"[..]));
        assert_eq!((event.timestamp, event.observer, event.question), (at, by, expected().question));
    }

    #[test]
    fn odd_names_and_flags() {
        let tcp = one(&KIND, &LINE.replace("+E(0)K", "-E(0)TDK").replace("10.1.2.3", "2001:db8::3"));
        assert_eq!((tcp.transport, tcp.source.ip), (Some(&b"tcp"[..]), Some("2001:db8::3".parse().unwrap())));
        let escaped = r#"a\032b\"\(x\)\\.tunnel.example"#;
        let event = one(&KIND, &LINE.replace("aGVsbG8.tunnel.example", escaped));
        assert_eq!(event.question.unwrap().name, escaped.as_bytes());
        assert_eq!(one(&KIND, &LINE.replace("aGVsbG8.tunnel.example", ".")).question.unwrap().name, b".");
        assert_eq!(read_lines(&KIND, &[ERROR, ""]), (vec![], vec![]));
    }

    #[test]
    fn hostile_lines() {
        rejected_lines(
            &KIND,
            &[
                (LINE.get(25..).unwrap(), Reason::BadTimestamp),
                (&LINE.replace("29-Mar", "30-Feb"), Reason::BadTimestamp),
                (&LINE.replace("29-Mar-2023 01", "Mar 29 01"), Reason::BadTimestamp),
                (&LINE.replace("10.1.2.3", "10.1.2.300"), Reason::BadAddress),
                (LINE.split(" IN TXT").next().unwrap(), Reason::Malformed),
            ],
        );
        assert!(compile("x", &Context::default()).is_err());
    }

    #[test]
    fn sniffing() {
        detected(&KIND, &[LINE, LINE, ERROR]);
        detected(&KIND, &[&LINE.replace("29-Mar-2023 01:02:03.456", "Mar 29 01:02:03 ns1 named[812]:")]);
        assert_eq!(sniffed(&KIND, &[]), "no");
        assert_eq!(sniffed(&KIND, &[ERROR]), "no");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4)) {
            survives(&KIND, &lines);
        }

        #[test]
        fn damage_is_read_or_rejected_alike_in_both_details(
            edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
            cut in prop_oneof![Just(0), any::<usize>()],
        ) {
            let lines = damaged(&[LINE, ERROR], &edits, cut);
            survives(&KIND, &lines);
            details_agree(&KIND, "", &lines);
        }
    }
}
