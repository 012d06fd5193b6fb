//! The debug log of Windows' DNS server (DNS Manager > Debug Logging): a line a packet, times as the server's language
//! writes them.
//!
//! Only queries that came in are counted (`Rcv`, no `R` before the opcode); what the server sent on or answered says the
//! same again. Names stand as `(3)www(7)example(3)com(0)`: a length and so many bytes. `3/4/2023` is March or April by
//! language, which no single line tells: the spec says it (`mdy`, `dmy`), found where a day is above the twelfth, by AM and PM,
//! or by when the file was written.

use super::head::{SIGHT, after, query};
use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, Event, Role, address, number};
use crate::formats::time::{self, Local};
use crate::formats::{Context, Detail, Format, Kind, Scratch, Sight, Sniffed, SpecError};
use crate::units::{Span, Timestamp};
use jiff::civil::Date;
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "windows-dns",
    about: "Windows DNS server's debug log (queries received); 'windows-dns:dmy' where days come first",
    roles: &[Role::Dns],
    compile,
    sniff,
    is_header: None,
};

/// The order of a date's numbers; a year of four digits that stands first is known as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    MonthFirst,
    DayFirst,
}

#[derive(Debug)]
struct WindowsDns {
    order: Order,
    local: Local,
    detail: Detail,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let order = match spec.trim() {
        "" | "mdy" => Order::MonthFirst,
        "dmy" => Order::DayFirst,
        _ => {
            let message =
                "mdy where months come first in its dates (3/29/2023), dmy where days do".to_owned();
            return Err(SpecError { message, position: 0 });
        }
    };
    Ok(Arc::new(WindowsDns { order, local: Local::of(context), detail: context.detail }))
}

impl Format for WindowsDns {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        if is_prose(line) {
            return Ok(());
        }
        let (date, of_day, rest) =
            stamp(line, self.order).ok_or_else(|| Reject::of(Reason::BadTimestamp, line, line))?;
        let Some(packet) = Packet::of(rest) else { return Ok(()) };
        let timestamp = time::civil(date, of_day, &self.local.zone)
            .ok_or_else(|| Reject::of(Reason::BadTimestamp, line, line))?;
        let ip = address(packet.client).ok_or_else(|| Reject::of(Reason::BadAddress, line, packet.client))?;
        let name =
            name(packet.name, scratch).ok_or_else(|| Reject::of(Reason::Malformed, line, packet.name))?;
        let client = Endpoint { ip: Some(ip), ..Endpoint::default() };
        let mut event = query("windows.dns", timestamp, client, Some(name), packet.record_type);
        if self.detail == Detail::Full {
            event.transport = Some(if packet.transport == b"TCP" { b"tcp" } else { b"udp" });
        }
        events.push(event);
        Ok(())
    }

    fn sight(&self) -> Sight {
        SIGHT
    }
}

/// The head of the file, the details of a packet, empty lines: what begins with no stamp.
fn is_prose(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    !line.first().is_some_and(u8::is_ascii_digit)
}

/// The date, the time of day, and what follows both. With AM or PM, or a clock of 24 hours; `.` in place of `:` in some
/// languages.
fn stamp(line: &[u8], order: Order) -> Option<(Date, Span, &[u8])> {
    let ([first, second, third], rest) = date(line)?;
    let (year, month, day) = match (first.len(), order) {
        (4, _) => (first, second, third),
        (_, Order::MonthFirst) => (third, first, second),
        (_, Order::DayFirst) => (third, second, first),
    };
    let year: i16 = number(year)?;
    let date = Date::new(if year < 100 { year + 2000 } else { year }, number(month)?, number(day)?).ok()?;
    let (clock, rest) = rest.split_at_checked(memchr::memchr(b' ', rest)?)?;
    let mut parts = clock.split(|&byte| matches!(byte, b':' | b'.'));
    let (hour, minute, second): (i64, i64, i64) =
        (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    let rest = rest.trim_ascii_start();
    let (hour, rest) = match (rest.get(..2), hour) {
        (Some(b"AM"), 12) => (0, rest.get(2..)?),
        (Some(b"PM"), 1..=11) => (hour + 12, rest.get(2..)?),
        (Some(b"AM" | b"PM"), _) => (hour, rest.get(2..)?),
        _ => (hour, rest),
    };
    let fits = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    fits.then(|| (date, Span::SECOND.times(hour * 3600 + minute * 60 + second), rest))
}

/// The three numbers of a date in the order in which they stand, and what follows: `3/29/2023`, `29.03.2023`,
/// `2023-03-29`, and `20230329` before Windows Server 2008.
fn date(line: &[u8]) -> Option<([&[u8]; 3], &[u8])> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let (date, rest) = line.split_at_checked(memchr::memchr(b' ', line)?)?;
    let rest = rest.trim_ascii_start();
    if date.len() == 8 && date.iter().all(u8::is_ascii_digit) {
        return Some(([date.get(..4)?, date.get(4..6)?, date.get(6..)?], rest));
    }
    let mut numbers =
        date.split(|&byte| matches!(byte, b'/' | b'.' | b'-')).filter(|number| !number.is_empty());
    let three = [numbers.next()?, numbers.next()?, numbers.next()?];
    numbers.next().is_none().then_some((three, rest))
}

/// A query as it came in.
struct Packet<'a> {
    transport: &'a [u8],
    client: &'a [u8],
    record_type: &'a [u8],
    name: &'a [u8],
}

impl<'a> Packet<'a> {
    /// `0E34 PACKET  00000…5C0 UDP Rcv 10.1.2.3 5a3b   Q [0001   D   NOERROR] A      (3)www…`; `None` for all else.
    fn of(rest: &'a [u8]) -> Option<Packet<'a>> {
        let packet = after(rest, b"PACKET ")?;
        let (head, tail) = packet.split_at_checked(memchr::memchr(b'[', packet)?)?;
        let mut words = words(head);
        // The address of the packet in memory comes first, but not in all versions.
        let transport = words.by_ref().take(2).find(|word| matches!(*word, b"UDP" | b"TCP"))?;
        let (way, client, _id, opcode) = (words.next()?, words.next()?, words.next()?, words.next()?);
        if way != b"Rcv" || opcode != b"Q" {
            return None;
        }
        let asked = after(tail, b"]")?;
        let name = asked.get(memchr::memchr(b'(', asked)?..)?;
        Some(Packet { transport, client, record_type: self::words(asked).next()?, name })
    }
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// `(3)www(7)example(3)com(0)` with dots.
fn name<'a>(text: &[u8], scratch: &'a Scratch) -> Option<&'a [u8]> {
    let mut name = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        let (length, after) = rest.strip_prefix(b"(")?.split_at_checked(memchr::memchr(b')', rest)? - 1)?;
        let after = after.get(1..)?;
        match number::<usize>(length)? {
            0 if name.is_empty() => return Some(b"."),
            0 => return Some(scratch.alloc_slice_copy(&name)),
            length => {
                if !name.is_empty() {
                    name.push(b'.');
                }
                // A length counts bytes of the packet; where some were printed as escapes the next bracket ends the label.
                let end =
                    if after.get(length) == Some(&b'(') { length } else { memchr::memchr(b'(', after)? };
                let (label, after) = after.split_at_checked(end)?;
                name.extend_from_slice(label);
                rest = after;
            }
        }
    }
}

/// Packets below a head of some thirty lines.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let stamped: Vec<&[u8]> = lines.iter().copied().filter(|line| !is_prose(line)).collect();
    let packets = stamped
        .iter()
        .filter(|line| after(line, b" PACKET ").is_some_and(|rest| after(rest, b"] ").is_some()));
    let packets = packets.count();
    if packets == 0 || packets * 2 < stamped.len() {
        return Sniffed::No;
    }
    let reads = |order| stamped.iter().all(|line| stamp(line, order).is_some());
    let spec = match (reads(Order::MonthFirst), reads(Order::DayFirst)) {
        (false, false) => return Sniffed::No,
        (true, false) => "mdy",
        (false, true) => "dmy",
        (true, true) => match likelier(&stamped, context.near) {
            Some(Order::MonthFirst) => "mdy",
            Some(Order::DayFirst) => "dmy",
            None => {
                return Sniffed::Unsure {
                    say: "a debug log of Windows' DNS server whose dates may begin with the month or the day: pass \
                          --format windows-dns:mdy or --format windows-dns:dmy"
                        .into(),
                };
            }
        },
    };
    Sniffed::Yes { spec: spec.into(), why: "lines with PACKET, Rcv or Snd and names in (3)labels(0)".into() }
}

/// The order of dates that read in both: either where they say the same, the one that is not after the file was written, the
/// one of the United States, who write AM and PM; `None` where it cannot be told.
fn likelier(lines: &[&[u8]], near: Option<Timestamp>) -> Option<Order> {
    let at = |line: &&[u8], order| {
        let (date, of_day, _) = stamp(line, order)?;
        time::civil(date, of_day, &jiff::tz::TimeZone::UTC)
    };
    if lines.iter().all(|line| at(line, Order::MonthFirst) == at(line, Order::DayFirst)) {
        return Some(Order::MonthFirst);
    }
    // A day, for the zone that the stamps do not tell.
    let latest = near.map(|near| near.0.saturating_add(86_400_000_000));
    let past = |order| {
        latest.is_none_or(|latest| lines.iter().filter_map(|line| at(line, order)).all(|at| at.0 <= latest))
    };
    match (past(Order::MonthFirst), past(Order::DayFirst)) {
        (true, false) => Some(Order::MonthFirst),
        (false, true) => Some(Order::DayFirst),
        _ => lines.iter().all(|line| after(line, b"M ").is_some()).then_some(Order::MonthFirst),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests_support::{
        AT, context, counted, damaged, details_agree, one, rejected_lines, sniffed, survives,
    };
    use proptest::prelude::*;

    const HEAD: &str = "DNS Server log file creation at 3/29/2023 12:00:00 AM";
    const LINE: &str = "3/29/2023 1:02:03 AM 0E34 PACKET  000000D96AAFA5C0 UDP Rcv 10.1.2.3        5a3b   Q [0001   D   NOERROR] TXT    (7)aGVsbG8(6)tunnel(7)example(0)";

    #[test]
    fn queries_in_every_language() {
        let event = one(&KIND, LINE);
        assert_eq!(event.timestamp, AT);
        assert_eq!(event.source.ip, Some("10.1.2.3".parse().unwrap()));
        let question = event.question.unwrap();
        assert_eq!(
            (question.name, question.record_type),
            (&b"aGVsbG8.tunnel.example"[..], Some(&b"TXT"[..]))
        );
        for (stamp, spec) in [
            ("29/03/2023 01:02:03", "dmy"),
            ("29.03.2023 01:02:03", "dmy"),
            ("29/03/2023 1:02:03 AM", "dmy"),
            ("2023-03-29 01:02:03", ""),
            ("20230329 01:02:03", ""),
            ("03/29/2023 1.02.03", "mdy"),
        ] {
            let line = LINE.replace("3/29/2023 1:02:03 AM", stamp);
            let format = compile(spec, &context()).unwrap();
            let (scratch, mut events) = (Scratch::new(), Vec::new());
            format.parse(line.as_bytes(), &scratch, &mut events).unwrap();
            assert_eq!(events[0].timestamp, AT, "{line}");
        }
        let noon = one(&KIND, &LINE.replace("1:02:03 AM", "12:02:03 PM")).timestamp;
        assert_eq!(noon - AT, Span::HOUR.times(11));
    }

    #[test]
    fn what_is_no_query_that_came_in() {
        let sent = LINE.replace("Rcv", "Snd");
        let answer = LINE.replace("5a3b   Q", "5a3b R Q");
        let update = LINE.replace("5a3b   Q", "5a3b   U");
        let event = "3/29/2023 1:02:03 AM 0E34 EVENT   The DNS server has started.";
        let lines = [HEAD, "", "\tField #  Information", &sent, &answer, &update, event, LINE];
        let (events, rejects) = counted(&KIND, &lines);
        assert_eq!((events.len(), rejects), (1, vec![]));
        let root = LINE.replace("(7)aGVsbG8(6)tunnel(7)example(0)", "(0)");
        assert_eq!(one(&KIND, &root).question.unwrap().name, b".");
        // Where a length cannot be right, the next bracket ends the label.
        let escaped = LINE.replace("(7)aGVsbG8", "(7)a\\032GVsbG8");
        assert_eq!(one(&KIND, &escaped).question.unwrap().name, b"a\\032GVsbG8.tunnel.example");
        rejected_lines(
            &KIND,
            &[
                (&LINE.replace("3/29/2023", "3/32/2023"), Reason::BadTimestamp),
                (&LINE.replace("1:02:03", "1:62:03"), Reason::BadTimestamp),
                (&LINE.replace("10.1.2.3", "10.1.2.x"), Reason::BadAddress),
                (&LINE.replace("(0)", ""), Reason::Malformed),
                (&LINE.replace("(7)aG", "(x)aG"), Reason::Malformed),
            ],
        );
        assert!(compile("ymd", &Context::default()).is_err());
    }

    #[test]
    fn the_order_of_dates() {
        assert_eq!(sniffed(&KIND, &[HEAD, "", "\tField", LINE]), "yes mdy");
        let on = |stamp: &str| LINE.replace("3/29/2023 1:02:03 AM", stamp);
        assert_eq!(sniffed(&KIND, &[&on("29/3/2023 1:02:03")]), "yes dmy");
        assert_eq!(sniffed(&KIND, &[&on("3/3/2023 1:02:03")]), "yes mdy");
        assert_eq!(sniffed(&KIND, &[&on("2/3/2023 1:02:03 PM")]), "yes mdy");
        assert!(sniffed(&KIND, &[&on("2/3/2023 1:02:03")]).contains("windows-dns:dmy"));
        let near = Context { near: Some(AT), ..Context::default() };
        let line = on("4/3/2023 1:02:03");
        // April had not come.
        let Sniffed::Yes { spec, .. } = sniff(&[line.as_bytes()], &near) else { panic!() };
        assert_eq!(spec, "dmy");
        assert_eq!(sniffed(&KIND, &[HEAD, "3/29/2023 1:02:03 AM hello"]), "no");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4),
            edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
            cut in prop_oneof![Just(0), any::<usize>()],
        ) {
            survives(&KIND, &lines);
            let lines = damaged(&[HEAD, LINE], &edits, cut);
            survives(&KIND, &lines);
            details_agree(&KIND, "", &lines);
        }
    }
}
