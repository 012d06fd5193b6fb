//! Unbound's log: `log-queries` lines, or `log-replies` lines where only those are written.
//!
//! Stamps are seconds in brackets, local time (`log-time-ascii`), ISO 8601 (`log-time-iso`) or syslog's. With both options
//! each query has two lines; those of queries count, and those of replies only as `unbound:replies`, which detection
//! chooses for logs that have no others. Unbound writes `?` for every byte of a name that is no letter, digit, `-` or `_`:
//! their number is right. `log-local-actions` lines repeat queries and are left out.

use super::head::{Clock, SIGHT, after, query};
use crate::event::reject::Reject;
use crate::event::{Endpoint, Event, Role, address};
use crate::formats::envelope::Opened;
use crate::formats::time::Local;
use crate::formats::{Context, Format, Kind, Scratch, Sight, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "unbound",
    about: "Unbound with log-queries (or, as 'unbound:replies', log-replies)",
    roles: &[Role::Dns],
    compile,
    sniff,
    is_header: None,
};

/// The two lines of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Query,
    Reply,
}

#[derive(Debug)]
struct Unbound {
    local: Local,
    counted: Line,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let counted = match spec.trim() {
        "" | "queries" => Line::Query,
        "replies" => Line::Reply,
        other => {
            let message =
                format!("\"{other}\" is no line of a query: write unbound:queries or unbound:replies");
            return Err(SpecError { message, position: 0 });
        }
    };
    Ok(Arc::new(Unbound { local: Local::of(context), counted }))
}

impl Format for Unbound {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        _scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        if !line.is_empty()
            && let Some((kind, event)) = event(line, Clock::Line(&self.local))?
            && kind == self.counted
        {
            events.push(event);
        }
        Ok(())
    }

    fn parse_within<'a>(
        &self,
        opened: &Opened<'a>,
        _scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let clock = Clock::Envelope(&self.local, opened);
        events.extend(
            event(opened.inner, clock)?.filter(|(kind, _)| *kind == self.counted).map(|(_, event)| event),
        );
        Ok(())
    }

    fn sight(&self) -> Sight {
        SIGHT
    }
}

/// The query or reply that a line tells of; `None` for a line of another kind.
fn event<'a>(line: &'a [u8], clock: Clock<'_>) -> Result<Option<(Line, Event<'a>)>, Reject> {
    let (timestamp, rest) = clock.split(line)?;
    Ok(message(rest).map(|(kind, client, name, record_type)| {
        (kind, query("unbound", timestamp, client, Some(name), record_type))
    }))
}

type Message<'a> = (Line, Endpoint<'a>, &'a [u8], &'a [u8]);

/// `unbound[17441:0] info: 10.1.2.3 name. TXT IN`, a reply going on with its code, time, cache and size.
fn message(rest: &[u8]) -> Option<Message<'_>> {
    let text = match rest.first() {
        // Syslog's tag was taken off with its envelope.
        Some(b'[') => after(rest, b"] ")?,
        _ => after(after(rest, b"unbound")?, b"] ")?,
    };
    let colon = memchr::memchr(b':', text)?;
    let (level, text) = text.split_at(colon);
    // `query` and `reply` stand for `info` where log-tag-queryreply is on.
    if !matches!(level, b"info" | b"query" | b"reply") {
        return None;
    }
    let mut words = text.get(2..)?.split(|&byte| byte == b' ');
    let ip = address(words.next()?)?;
    let (name, record_type, class) = (words.next()?, words.next()?, words.next()?);
    let is_class = matches!(class, b"IN" | b"CH" | b"HS" | b"ANY" | b"NONE") || class.starts_with(b"CLASS");
    if !is_class || !name.ends_with(b".") {
        return None;
    }
    let kind = if words.next().is_some() { Line::Reply } else { Line::Query };
    Some((kind, Endpoint { ip: Some(ip), ..Endpoint::default() }, name, record_type))
}

/// Lines most of which are Unbound's, some of them queries.
fn sniff(lines: &[&[u8]], _context: &Context) -> Sniffed {
    let ours = lines.iter().filter_map(|line| Clock::Any.split(line).ok()).filter(|(_, rest)| {
        let ours = |text: &[u8]| text.starts_with(b"[") || text.starts_with(b": [");
        after(rest, b"unbound").is_some_and(ours) || message(rest).is_some()
    });
    let (mut count, mut queries, mut replies) = (0, false, false);
    for (_, rest) in ours {
        count += 1;
        let kind = message(rest).map(|(kind, ..)| kind);
        queries |= kind == Some(Line::Query);
        replies |= kind == Some(Line::Reply);
    }
    if count * 2 <= lines.len() || !(queries || replies) {
        return Sniffed::No;
    }
    let (spec, why) = if queries {
        ("", "lines of Unbound with queries")
    } else {
        ("replies", "lines of Unbound with replies only")
    };
    Sniffed::Yes { spec: spec.into(), why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Question, reject::Reason};
    use crate::formats::tests_support::{
        damaged, detected, found, one, read_lines, read_lines_with, rejected_lines, sniffed, survives,
    };
    use crate::units::Timestamp;
    use proptest::prelude::*;

    const QUERY: &str = "[1680051723] unbound[17441:0] info: 10.1.2.3 aGVsbG8.tunnel.example. TXT IN";
    const REPLY: &str =
        "[1680051723] unbound[17441:0] info: 10.1.2.3 aGVsbG8.tunnel.example. TXT IN NXDOMAIN 0.000000 1 51";
    const OTHERS: [&str; 4] = [
        "[1680051700] unbound[17441:0] notice: init module 0: subnetcache",
        "[1680051700] unbound[17441:0] info: start of service (unbound 1.17.1).",
        "[1680051723] unbound[17441:0] info: . static 10.1.2.3@33337 aGVsbG8.tunnel.example. TXT IN",
        "[1680051723] unbound[17441:0] info: resolving aGVsbG8.tunnel.example. TXT IN",
    ];

    fn expected() -> Event<'static> {
        Event {
            dataset: "unbound",
            role: Role::Dns,
            timestamp: Timestamp(1_680_051_723_000_000),
            source: Endpoint { ip: Some("10.1.2.3".parse().unwrap()), ..Endpoint::default() },
            protocol: Some(b"dns"),
            question: Some(Question { name: b"aGVsbG8.tunnel.example", record_type: Some(b"TXT") }),
            ..Event::default()
        }
    }

    #[test]
    fn every_stamp() {
        for line in [
            QUERY.to_owned(),
            QUERY.replace("info:", "query:"),
            QUERY.replace("[1680051723]", "2023-03-29T01:02:03+00:00"),
            QUERY.replace("[1680051723] unbound[", "2023-03-29T01:02:03.000000+00:00 ns1 unbound: ["),
        ] {
            assert_eq!(one(&KIND, &line), expected(), "{line}");
        }
        let hint = Context { near: Some(Timestamp(1_680_100_000_000_000)), ..Context::default() };
        for stamp in ["Mar 29 01:02:03", "Mar 29 01:02:03 ns1 unbound[17441]:"] {
            let line = QUERY.replace("[1680051723]", stamp);
            let line =
                if stamp.ends_with(':') { line.replace(" unbound[17441:0]", " [17441:0]") } else { line };
            assert_eq!(read_lines_with(&KIND, "", &hint, &[&line]), (vec![expected()], vec![]), "{line}");
        }
        assert_eq!(one(&KIND, &QUERY.replace("aGVsbG8.tunnel.example", "")).question.unwrap().name, b".");
    }

    #[test]
    fn each_query_is_counted_once() {
        let lines = [&[QUERY, REPLY][..], &OTHERS].concat();
        assert_eq!(read_lines(&KIND, &lines), (vec![expected()], vec![]));
        let replies = read_lines_with(&KIND, "replies", &Context::default(), &lines);
        assert_eq!(replies, (vec![expected()], vec![]));
        assert_eq!(sniffed(&KIND, &lines), "yes");
        assert_eq!(sniffed(&KIND, &[REPLY, &REPLY.replace("info:", "reply:")]), "yes replies");
        assert_eq!(sniffed(&KIND, &OTHERS), "no");
        assert_eq!(sniffed(&KIND, &[]), "no");
        detected(&KIND, &lines);
        assert!(compile("both", &Context::default()).is_err());
    }

    #[test]
    fn in_envelopes() {
        for line in [
            "<30>Mar 29 01:02:03 ns1 unbound[17441]: [17441:0] info: 10.1.2.3 aGVsbG8.tunnel.example. TXT IN",
            "<30>1 2023-03-29T01:02:03Z ns1 unbound 17441 - - [17441:0] info: 10.1.2.3 aGVsbG8.tunnel.example. TXT IN",
        ] {
            assert_eq!(found(&KIND, &[line]), [Event { observer: Some(b"ns1"), ..expected() }], "{line}");
        }
    }

    #[test]
    fn hostile_lines() {
        rejected_lines(
            &KIND,
            &[
                (&QUERY.replace("1680051723", "16800517233333"), Reason::BadTimestamp),
                (&QUERY.replace("[1680051723] ", ""), Reason::BadTimestamp),
                ("Mar 29 01:02:03 unbound[1:0] info: 10.1.2.3 a. A IN", Reason::BadTimestamp),
            ],
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4),
            edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
            cut in any::<usize>(),
        ) {
            survives(&KIND, &lines);
            survives(&KIND, &damaged(&[QUERY, REPLY], &edits, cut));
        }
    }
}
