//! dnsmasq with `log-queries` (also `=extra`), from its own file or from syslog; Pi-hole's log is the same.
//!
//! Only `query[TYPE] name from client` lines (and `auth[TYPE]`, for zones it is authoritative for) are queries; what it
//! forwarded, found and replied repeats them. Stamps have neither year nor zone: the year is inferred. A name with bytes
//! that are no print is logged as `<name unprintable>`: such a query is told, and blind.

use super::head::{Clock, SIGHT, after, query};
use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, Event, Role, address, number};
use crate::formats::envelope::Opened;
use crate::formats::time::Local;
use crate::formats::{Context, Format, Kind, Scratch, Sight, Sniffed, SpecError};
use memchr::memmem;
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "dnsmasq",
    about: "dnsmasq with log-queries or log-queries=extra (Pi-hole too)",
    roles: &[Role::Dns],
    compile,
    sniff,
    is_header: None,
};

#[derive(Debug)]
struct Dnsmasq {
    local: Local,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    if !spec.trim().is_empty() {
        let message = "the log of dnsmasq has one layout: write dnsmasq alone".to_owned();
        return Err(SpecError { message, position: 0 });
    }
    Ok(Arc::new(Dnsmasq { local: Local::of(context) }))
}

impl Format for Dnsmasq {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        _scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        if !line.is_empty() {
            events.extend(event(line, Clock::Line(&self.local))?);
        }
        Ok(())
    }

    fn parse_within<'a>(
        &self,
        opened: &Opened<'a>,
        _scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        events.extend(event(opened.inner, Clock::Envelope(&self.local, opened))?);
        Ok(())
    }

    fn sight(&self) -> Sight {
        SIGHT
    }
}

/// The query that a line tells of; `None` for a line of another kind.
fn event<'a>(line: &'a [u8], clock: Clock<'_>) -> Result<Option<Event<'a>>, Reject> {
    let (timestamp, rest) = clock.split(line)?;
    let (port, text) = without_extra(message(rest));
    let Some(text) = text.strip_prefix(b"query[").or(text.strip_prefix(b"auth[")) else { return Ok(None) };
    let malformed = || Reject::of(Reason::Malformed, line, text);
    let (record_type, text) = text.split_at(memchr::memchr(b']', text).ok_or_else(malformed)?);
    let text = text.strip_prefix(b"] ").ok_or_else(malformed)?;
    // The client stands last; a name may hold any words before it.
    let (name, client) = text.split_at(memmem::rfind(text, b" from ").ok_or_else(malformed)?);
    let client = client.strip_prefix(b" from ").unwrap_or_default();
    let ip = address(client).ok_or_else(|| Reject::of(Reason::BadAddress, line, client))?;
    let name = (name != b"<name unprintable>").then_some(name);
    let client = Endpoint { ip: Some(ip), port, ..Endpoint::default() };
    Ok(Some(query("dnsmasq", timestamp, client, name, record_type)))
}

/// The message, without the program's name in front; syslog's tag may have been taken off with its envelope.
fn message(rest: &[u8]) -> &[u8] {
    after(rest, b"dnsmasq").and_then(|text| after(text, b": ")).unwrap_or(rest)
}

/// `log-queries=extra` puts a serial number and `client/port` in front.
fn without_extra(text: &[u8]) -> (Option<u16>, &[u8]) {
    let mut words = text.splitn(3, |&byte| byte == b' ');
    if let (Some(serial), Some(client), Some(rest)) = (words.next(), words.next(), words.next())
        && number::<u64>(serial).is_some()
        && let Some(slash) = memchr::memrchr(b'/', client)
    {
        return (client.get(slash + 1..).and_then(number), rest);
    }
    (None, text)
}

/// Lines most of which are dnsmasq's, some of them queries.
fn sniff(lines: &[&[u8]], _context: &Context) -> Sniffed {
    let ours = lines.iter().filter(|line| {
        Clock::Any.split(line).is_ok_and(|(_, rest)| {
            const OTHERS: [&[u8]; 5] = [b"forwarded ", b"reply ", b"cached ", b"config ", b"query["];
            let text = without_extra(message(rest)).1;
            after(rest, b"dnsmasq").is_some_and(|text| text.starts_with(b"[") || text.starts_with(b": "))
                || OTHERS.iter().any(|word| text.starts_with(word))
        })
    });
    let some = lines.iter().any(|line| matches!(event(line, Clock::Any), Ok(Some(_))));
    if some && ours.count() * 2 > lines.len() {
        return Sniffed::Yes { spec: String::new(), why: "lines of dnsmasq, queries among them".into() };
    }
    Sniffed::No
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Question;
    use crate::formats::tests_support::{damaged, detected, found, read_lines_with, sniffed, survives};
    use crate::units::Timestamp;
    use proptest::prelude::*;

    const QUERY: &str = "Mar 29 01:02:03 dnsmasq[123]: query[TXT] aGVsbG8.tunnel.example from 10.1.2.3";
    const EXTRA: &str =
        "Mar 29 01:02:03 dnsmasq[123]: 7 10.1.2.3/53124 query[TXT] aGVsbG8.tunnel.example from 10.1.2.3";
    const OTHERS: [&str; 5] = [
        "Mar 29 01:02:00 dnsmasq[123]: started, version 2.90 cachesize 150",
        "Mar 29 01:02:03 dnsmasq[123]: forwarded aGVsbG8.tunnel.example to 192.0.2.53",
        "Mar 29 01:02:03 dnsmasq[123]: 7 10.1.2.3/53124 forwarded aGVsbG8.tunnel.example to 192.0.2.53#53",
        "Mar 29 01:02:03 dnsmasq[123]: reply aGVsbG8.tunnel.example is NXDOMAIN",
        "Mar 29 01:02:04 dnsmasq-dhcp[123]: DHCPREQUEST(eth0) 10.1.2.3 02:00:00:00:00:01",
    ];

    fn expected() -> Event<'static> {
        Event {
            dataset: "dnsmasq",
            role: Role::Dns,
            timestamp: Timestamp(1_680_051_723_000_000),
            source: Endpoint { ip: Some("10.1.2.3".parse().unwrap()), ..Endpoint::default() },
            protocol: Some(b"dns"),
            question: Some(Question { name: b"aGVsbG8.tunnel.example", record_type: Some(b"TXT") }),
            ..Event::default()
        }
    }

    fn read_lines(lines: &[&str]) -> (Vec<Event<'static>>, Vec<Reject>) {
        let hint = Context { near: Some(Timestamp(1_680_100_000_000_000)), ..Context::default() };
        read_lines_with(&KIND, "", &hint, lines)
    }

    #[test]
    fn queries_with_and_without_extras() {
        assert_eq!(read_lines(&[QUERY]), (vec![expected()], vec![]));
        let mut extra = expected();
        extra.source.port = Some(53124);
        assert_eq!(read_lines(&[EXTRA]), (vec![extra], vec![]));
        for line in [
            QUERY.replace("Mar 29 01:02:03", "Mar 29 01:02:03 gw"),
            QUERY.replace("Mar 29 01:02:03", "2023-03-29T02:02:03.000000+01:00 gw"),
            QUERY.replace("query", "auth"),
            QUERY.replace("dnsmasq[123]:", "dnsmasq:"),
        ] {
            assert_eq!(read_lines(&[&line]), (vec![expected()], vec![]), "{line}");
        }
        assert_eq!(read_lines(&OTHERS), (vec![], vec![]));
        let odd = QUERY.replace("[TXT]", "[type=65399]").replace("10.1.2.3", "2001:db8::3");
        let event = &read_lines(&[&odd]).0[0];
        assert_eq!(event.question.unwrap().record_type, Some(&b"type=65399"[..]));
    }

    #[test]
    fn what_it_cannot_print_is_not_a_name() {
        let event = &read_lines(&[&QUERY.replace("aGVsbG8.tunnel.example", "<name unprintable>")]).0[0];
        assert_eq!(event.question, None);
    }

    #[test]
    fn the_year_is_that_of_the_file_across_new_year() {
        let hint = Context { near: "2024-01-02T00:00:00Z".parse().ok(), ..Context::default() };
        let lines = [QUERY.replace("Mar 29", "Dec 31"), QUERY.replace("Mar 29", "Jan  1")];
        let (events, _) = read_lines_with(&KIND, "", &hint, &[&lines[0], &lines[1]]);
        let days: Vec<String> = events.iter().map(|event| event.timestamp.to_string()).collect();
        assert_eq!(days, ["2023-12-31T01:02:03Z", "2024-01-01T01:02:03Z"]);
        let (events, rejects) = read_lines_with(&KIND, "", &Context::default(), &[QUERY]);
        assert_eq!((events.len(), rejects), (0, vec![Reject::at(Reason::BadTimestamp, 0)]));
    }

    #[test]
    fn hostile_lines() {
        for (line, reason) in [
            (QUERY.replace("Mar 29", "Feb 30"), Reason::BadTimestamp),
            (QUERY.replace("from 10.1.2.3", "from nobody"), Reason::BadAddress),
            (QUERY.replace(" from ", " to "), Reason::Malformed),
            (QUERY.replace("] aGV", " aGV"), Reason::Malformed),
            ("hello".into(), Reason::BadTimestamp),
        ] {
            assert_eq!(read_lines(&[&line]).1.first().map(|reject| reject.reason), Some(reason), "{line}");
        }
        // A name that holds the words of the line does not become its client.
        let forged = QUERY.replace("aGVsbG8", "a from 192.0.2.66");
        assert_eq!(read_lines(&[&forged]).0[0].source.ip, expected().source.ip);
    }

    #[test]
    fn in_envelopes() {
        let docker = r#"{"log":"dnsmasq: query[TXT] aGVsbG8.tunnel.example from 10.1.2.3\n","stream":"stderr","time":"2023-03-29T01:02:03Z"}"#;
        assert_eq!(found(&KIND, &[docker]), [expected()]);
        let syslog = QUERY.replace("Mar 29 01:02:03", "<30>Mar 29 01:02:03 gw");
        assert_eq!(found(&KIND, &[&syslog]), [Event { observer: Some(b"gw"), ..expected() }]);
    }

    #[test]
    fn sniffing() {
        detected(&KIND, &[QUERY, EXTRA, OTHERS[1]]);
        assert_eq!(sniffed(&KIND, &OTHERS), "no");
        assert_eq!(sniffed(&KIND, &[]), "no");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4),
            edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
            cut in any::<usize>(),
        ) {
            survives(&KIND, &lines);
            survives(&KIND, &damaged(&[QUERY, EXTRA], &edits, cut));
            _ = event(&lines.concat(), Clock::Any);
        }
    }
}
