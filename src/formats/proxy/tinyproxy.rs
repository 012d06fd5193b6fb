//! tinyproxy's log, from its own file or from syslog. It counts no bytes, and the client and its request stand on different
//! lines that share only a file descriptor, which is used again at once.
//!
//! `Connect` lines are the events: that a client came, and when. They are blind; the lines between them are left out.

use crate::event::reject::{Reason, Reject};
use crate::event::{Event, Role, address};
use crate::formats::envelope::Opened;
use crate::formats::time::{self, Local};
use crate::formats::{Context, Format, Kind, Scratch, Sight, Sniffed, SpecError};
use crate::units::Timestamp;
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "tinyproxy",
    about: "tinyproxy with LogLevel Connect or Info: who came and when, no bytes",
    roles: &[Role::Proxy],
    compile,
    sniff,
    is_header: None,
};

/// What each line of its own file begins with.
const LEVELS: [&[u8]; 7] =
    [b"CONNECT ", b"INFO ", b"NOTICE ", b"WARNING ", b"ERROR ", b"CRITICAL ", b"DEBUG "];

#[derive(Debug)]
struct Tinyproxy {
    local: Local,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    if !spec.trim().is_empty() {
        let message = "the log of tinyproxy has one layout: write tinyproxy alone".to_owned();
        return Err(SpecError { message, position: 0 });
    }
    Ok(Arc::new(Tinyproxy { local: Local::of(context) }))
}

impl Format for Tinyproxy {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        _scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        if line.is_empty() {
            return Ok(());
        }
        let (stamp, message) = split(line).ok_or(Reject::line(Reason::Malformed))?;
        let timestamp = time::month_first(stamp, &self.local.zone, self.local.near);
        let timestamp = timestamp.ok_or_else(|| Reject::of(Reason::BadTimestamp, line, stamp))?;
        events.extend(client(message).map(|client| event(client, line, timestamp)).transpose()?);
        Ok(())
    }

    fn parse_within<'a>(
        &self,
        opened: &Opened<'a>,
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        match client(opened.inner) {
            Some(client) => events.push(event(client, opened.inner, opened.time(&self.local)?)?),
            // A container's log has the lines of the file; in syslog what is no `Connect` is left out.
            None if split(opened.inner).is_some() => return self.parse(opened.inner, scratch, events),
            None => {}
        }
        Ok(())
    }

    fn sight(&self) -> Sight {
        let remedy = "tinyproxy cannot log any; read the firewall's log beside it, or put Squid with %>st in its place";
        Sight { role: Role::Proxy, source_bytes: false, destination_bytes: false, remedy }
    }
}

/// `CONNECT   Mar 29 01:02:03.456 [812]: message`: the stamp and the message.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let level = LEVELS.iter().find(|level| line.starts_with(level))?;
    let (stamp, rest) = time::split_month_first(line.get(level.len()..)?.trim_ascii_start())?;
    let end = memchr::memmem::find(rest, b"]: ").filter(|_| rest.starts_with(b"["))?;
    Some((stamp, rest.get(end + 3..)?))
}

/// Who connected: `Connect (file descriptor 5): 192.0.2.7`, before 1.11 `…: name [192.0.2.7]`.
fn client(message: &[u8]) -> Option<&[u8]> {
    let rest = message.strip_prefix(b"Connect (file descriptor ")?;
    let client = rest.get(memchr::memmem::find(rest, b"): ")? + 3..)?;
    let within = client.strip_suffix(b"]").and_then(|text| text.get(memchr::memrchr(b'[', text)? + 1..));
    Some(within.unwrap_or(client))
}

fn event<'a>(client: &[u8], line: &[u8], timestamp: Timestamp) -> Result<Event<'a>, Reject> {
    let ip = address(client).ok_or_else(|| Reject::of(Reason::BadAddress, line, client))?;
    let mut event = Event { dataset: "tinyproxy", role: Role::Proxy, timestamp, ..Event::default() };
    event.source.ip = Some(ip);
    Ok(event)
}

fn sniff(lines: &[&[u8]], _context: &Context) -> Sniffed {
    let filled = lines.iter().filter(|line| !line.trim_ascii().is_empty());
    let ours = |line: &&&[u8]| split(line).is_some() || client(line).is_some();
    let came = |line: &&[u8]| client(split(line).map_or(*line, |(_, message)| message)).is_some();
    if filled.clone().filter(ours).count() * 2 > filled.count() && lines.iter().any(came) {
        return Sniffed::Yes {
            spec: String::new(),
            why: "lines of tinyproxy, connections among them".into(),
        };
    }
    Sniffed::No
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests_support::{damaged, detected, found, read_lines_with, sniffed, survives};
    use proptest::prelude::*;

    const CAME: &str = "CONNECT   Mar 29 01:02:03.456 [812]: Connect (file descriptor 5): 192.0.2.7";
    const OTHERS: [&str; 3] = [
        "NOTICE    Mar 29 01:02:00.000 [812]: Initializing tinyproxy ...",
        "CONNECT   Mar 29 01:02:03.457 [812]: Request (file descriptor 5): GET http://www.example/ HTTP/1.1",
        "CONNECT   Mar 29 01:02:03.458 [812]: Established connection to host \"www.example\" using file descriptor 6.",
    ];

    fn read_lines(lines: &[&str]) -> (Vec<Event<'static>>, Vec<Reject>) {
        let hint = Context { near: "2023-03-30T00:00:00Z".parse().ok(), ..Context::default() };
        read_lines_with(&KIND, "", &hint, lines)
    }

    fn expected(stamp: &str) -> Event<'static> {
        event(b"192.0.2.7", b"", stamp.parse().unwrap()).unwrap()
    }

    #[test]
    fn who_came_and_when() {
        let came = expected("2023-03-29T01:02:03.456Z");
        assert_eq!(read_lines(&[OTHERS[0], CAME, OTHERS[1], OTHERS[2], ""]), (vec![came.clone()], vec![]));
        let named = CAME.replace("192.0.2.7", "pc.example [192.0.2.7]");
        assert_eq!(read_lines(&[&named]), (vec![came], vec![]));
        for (line, reason) in [
            (CAME.replace("192.0.2.7", "nobody"), Reason::BadAddress),
            (CAME.replace("Mar 29", "Feb 30"), Reason::BadTimestamp),
            ("hello".into(), Reason::Malformed),
        ] {
            assert_eq!(read_lines(&[&line]).1.first().map(|reject| reject.reason), Some(reason), "{line}");
        }
    }

    #[test]
    fn from_syslog() {
        let line = "<30>Mar 29 01:02:03 gw tinyproxy[812]: Connect (file descriptor 5): 192.0.2.7";
        let found = found(&KIND, &[line]);
        assert_eq!((found.len(), found[0].source.ip), (1, address(b"192.0.2.7")));
    }

    #[test]
    fn recognised_and_blind() {
        detected(&KIND, &[CAME, OTHERS[1]]);
        assert_eq!(sniffed(&KIND, &OTHERS), "no");
        let blind = compile("", &Context::default()).unwrap().sight().blind();
        assert!(blind.is_some_and(|blind| blind.starts_with("no upload bytes: tinyproxy cannot")));
        assert!(compile("x", &Context::default()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4),
            edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
            cut in any::<usize>(),
        ) {
            survives(&KIND, &lines);
            survives(&KIND, &damaged(&[CAME, OTHERS[1]], &edits, cut));
        }
    }
}
