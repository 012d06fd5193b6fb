//! Cisco ASA and FTD: connections as they are torn down (302014, 302016, 302304 and their kin), and FTD's connection
//! events (430003), which count both directions.
//!
//! A teardown has one total for both directions: it is told as such, counts as sent (no less is known to have left), and
//! evidence says "either way". Who opened the connection is in the `Built` line with the same number (302013, 302015, …),
//! which carries no bytes. Where that line is missing, an end whose port is below 1024 while the other's is not was asked by
//! the other. Of ICMP (302020, 302021) no line carries bytes: they tell who spoke with whom.

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Endpoint, Event, Question, Role, Session, Stamped, Telling, number};
use crate::formats::envelope::{Opened, Stamp};
use crate::formats::fields::{Fields, authority, transport};
use crate::formats::one_line::{self, Settings, holds, sniff_most};
use crate::formats::{Kind, Scratch, Sight, time};
use crate::units::Span;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "cisco-asa",
    about: "Cisco ASA and FTD syslog (302014, 302016: one total for both directions, paired with 302013, 302015; 430003: exact)",
    roles: &[Role::Flow],
    compile: |spec, context| one_line::compile(spec, context, read, SIGHT),
    sniff: |lines, _| {
        sniff_most(lines, |line| id(line).is_some(), "the lines have message ids such as %ASA-6-302014")
    },
    is_header: None,
};

const SIGHT: Sight = Sight {
    role: Role::Flow,
    // FTD's events show both; lines that do not are counted as blind one by one.
    source_bytes: true,
    destination_bytes: true,
    remedy: "a teardown has one total for both directions: export NetFlow (NSEL: flow-export destination …, and \
             flow-export event-type all in the global policy), or on FTD log connections at their end (430003)",
};

/// The number of `%ASA-6-302014: …` and what follows its colon.
fn id(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = memchr::memchr_iter(b'%', line).find_map(|at| {
        let message = line.get(at + 1..)?;
        [&b"ASA-"[..], b"FTD-", b"PIX-", b"FWSM-"].iter().find_map(|name| message.strip_prefix(*name))
    })?;
    // `%ASA-session-6-302014` names the class in between; some releases write no colon behind the number.
    let head = rest.get(..40.min(rest.len()))?;
    let (digits, _) = head.split_at(memchr::memchr2(b':', b' ', head)?);
    let number = digits.rsplit(|&byte| byte == b'-').next()?;
    let text = rest.get(digits.len()..)?;
    (number.len() == 6 && number.iter().all(u8::is_ascii_digit))
        .then_some((number, text.strip_prefix(b":").unwrap_or(text).trim_ascii_start()))
}

fn read<'a>(
    settings: &Settings,
    opened: &Opened<'a>,
    _scratch: &'a Scratch,
) -> Result<Option<Event<'a>>, Reject> {
    let line = opened.inner;
    let (number, text) = id(line).ok_or_else(|| Reject::line(Reason::Malformed))?;
    let event = Event { dataset: "cisco-asa", role: settings.role, ..Event::default() };
    // A relay puts its own stamp in front of the device's, which may know its zone.
    let opened = opened.without_syslog().without_syslog();
    let mut event = match number {
        b"302014" | b"302016" | b"302018" | b"302304" | b"302306" => {
            let event = teardown(event, line, text)?;
            Event { timestamp: opened.time(&settings.local)?, ..event }
        }
        b"302013" | b"302015" | b"302017" | b"302303" | b"302305" => {
            let Some(event) = built(event, text) else { return Ok(None) };
            Event { timestamp: opened.time(&settings.local)?, aside: Some(Aside::Unfinished), ..event }
        }
        b"430003" => connection(event, line, text, &opened, settings)?,
        // The beginning of a connection; an intrusion, a file and malware in one.
        b"430002" => {
            let event = connection(event, line, text, &opened, settings)?;
            Event { aside: Some(Aside::Unfinished), ..event }
        }
        b"430001" | b"430004" | b"430005" => {
            let event = connection(event, line, text, &opened, settings)?;
            Event { aside: Some(Aside::Repeated), ..event }
        }
        _ => match access::read(event, number, text) {
            Some(event) => Event { timestamp: opened.time(&settings.local)?, ..event },
            None => return Ok(None),
        },
    };
    event.observer = event.observer.or(opened.host);
    Ok(Some(event))
}

/// `Teardown TCP connection 77 for outside:203.0.113.9/443 to inside:10.1.2.3/50123 duration 0:00:30 bytes 5 …`
fn teardown<'a>(mut event: Event<'a>, line: &[u8], text: &'a [u8]) -> Result<Event<'a>, Reject> {
    let wrong = |part: &[u8]| Reject::of(Reason::Malformed, line, part);
    let mut words = text.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let mut ends = [Endpoint::default(); 2];
    let mut found = 0;
    event.user = user(text);
    if words.next() != Some(b"Teardown") {
        return Err(wrong(text));
    }
    event.transport = words.next().map(transport);
    while let Some(word) = words.next() {
        match word {
            b"connection" if event.session.is_none() => {
                event.session = words.next().map(|id| Session { id, telling: Telling::Whole });
            }
            b"for" | b"to" if found < 2 => {
                let end = words.next().ok_or_else(|| wrong(text))?;
                if let Some(place) = ends.get_mut(found) {
                    *place = host(end).ok_or_else(|| wrong(end))?;
                }
                found += 1;
            }
            b"duration" => {
                let word = words.next().unwrap_or_default();
                event.duration = Some(span(word).ok_or_else(|| Reject::of(Reason::BadNumber, line, word))?);
            }
            b"bytes" => {
                let word = words.next().unwrap_or_default();
                let total = number::<u64>(word).ok_or_else(|| Reject::of(Reason::BadNumber, line, word))?;
                event.total = Some(total);
                break;
            }
            _ => {}
        }
    }
    if found < 2 {
        return Err(wrong(text));
    }
    // The end behind "for" is on the interface of the lower security level, nearly always the outside.
    [event.destination, event.source] = ends;
    let serves = |end: &Endpoint<'_>| end.port.is_some_and(|port| port < 1024);
    if serves(&event.source) && !serves(&event.destination) {
        std::mem::swap(&mut event.source, &mut event.destination);
    }
    Ok(event)
}

/// `Built outbound TCP connection 77 for outside:203.0.113.9/443 (203.0.113.9/443) to inside:10.1.2.3/50123 (…)`: inbound
/// was opened by the end behind "for", outbound by the one behind "to". `None` where it does not read: such a line holds no
/// bytes to be lost.
fn built<'a>(mut event: Event<'a>, text: &'a [u8]) -> Option<Event<'a>> {
    let mut words = text.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    words.next().filter(|word| *word == b"Built")?;
    let inbound = words.next()? == b"inbound";
    event.transport = words.next().map(transport);
    words.find(|word| *word == b"connection")?;
    event.session = Some(Session { id: words.next()?, telling: Telling::Opening });
    words.find(|word| *word == b"for")?;
    let first = host(words.next()?)?;
    words.find(|word| *word == b"to")?;
    let second = host(words.next()?)?;
    event.user = user(text);
    (event.source, event.destination) = if inbound { (first, second) } else { (second, first) };
    Some(event)
}

/// `outside:203.0.113.9/443`, maybe with a user in brackets; names may stand for addresses.
fn host(word: &[u8]) -> Option<Endpoint<'_>> {
    let word = memchr::memchr(b'(', word).map_or(word, |at| word.get(..at).unwrap_or_default());
    let (_interface, rest) = word.split_at_checked(memchr::memchr(b':', word)? + 1)?;
    let slash = memchr::memrchr(b'/', rest)?;
    let mut end = Endpoint { port: number(rest.get(slash + 1..)?), ..Endpoint::default() };
    end.set_host(rest.get(..slash)?);
    (end.ip.is_some() || end.domain.is_some()).then_some(end)
}

/// Who is behind a connection: the name in brackets at the end, which the device authenticated, or the first that a
/// directory told (`(LOCAL\jdoe, 77)` behind an end). Other brackets hold translated addresses and tags.
fn user(text: &[u8]) -> Option<&[u8]> {
    let text = text.trim_ascii_end();
    let mut told = None;
    for open in memchr::memchr_iter(b'(', text) {
        let rest = text.get(open + 1..)?;
        let inner = rest.get(..memchr::memchr(b')', rest)?)?;
        let name = inner.split(|&byte| byte == b',').next().unwrap_or_default();
        if memchr::memchr(b'\\', name).is_some() {
            told = told.or(Some(name));
        } else if inner.len() + 1 == rest.len()
            && !inner.iter().any(|byte| matches!(byte, b'/' | b':' | b' '))
        {
            return (!inner.is_empty()).then_some(inner);
        }
    }
    told
}

/// FTD spells record types out.
fn record_type(text: &[u8]) -> &[u8] {
    match text {
        b"a host address" => b"A",
        b"IP6 Address" => b"AAAA",
        b"text strings" => b"TXT",
        b"the canonical name for an alias" => b"CNAME",
        b"mail exchange" => b"MX",
        b"a domain name pointer" => b"PTR",
        b"an authoritative name server" => b"NS",
        b"Server Selection" => b"SRV",
        other => other,
    }
}

/// `1:02:03`.
fn span(text: &[u8]) -> Option<Span> {
    let mut parts = text.splitn(3, |&byte| byte == b':').map(number::<u32>);
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    Some(Span::SECOND.times((i64::from(hours) * 60 + i64::from(minutes)) * 60 + i64::from(seconds)))
}

const SRC: usize = 0;
const DST: usize = 1;
const SPORT: usize = 2;
const DPORT: usize = 3;
const PROTOCOL: usize = 4;
const SENT: usize = 5;
const RECEIVED: usize = 6;
const FIRST: usize = 7;
const SECONDS: usize = 8;
const USER: usize = 9;
const URL: usize = 10;
const AGENT: usize = 11;
const APP: usize = 12;
const HOST: usize = 13;
const STATUS: usize = 14;
const QNAME: usize = 15;
const QTYPE: usize = 16;
const SLOTS: usize = 17;

/// `SrcIP: 10.1.2.3, DstIP: …, InitiatorBytes: 5`: a value may hold commas, so a pair begins only at a known key.
fn connection<'a>(
    mut event: Event<'a>,
    line: &'a [u8],
    text: &'a [u8],
    opened: &Opened<'a>,
    settings: &Settings,
) -> Result<Event<'a>, Reject> {
    let mut f = Fields::<SLOTS>::new(line);
    let mut rest = text;
    while !rest.is_empty() {
        let end = memchr::memmem::find(rest, b", ").unwrap_or(rest.len());
        let pair = rest.get(..end).unwrap_or_default();
        rest = rest.get(end + 2..).unwrap_or_default();
        let Some(mark) = memchr::memmem::find(pair, b": ") else { continue };
        let slot = match pair.get(..mark).unwrap_or_default() {
            b"SrcIP" => SRC,
            b"DstIP" => DST,
            b"SrcPort" => SPORT,
            b"DstPort" => DPORT,
            b"Protocol" => PROTOCOL,
            b"InitiatorBytes" => SENT,
            b"ResponderBytes" => RECEIVED,
            b"FirstPacketSecond" => FIRST,
            b"ConnectionDuration" => SECONDS,
            b"User" => USER,
            b"URL" | b"URI" => URL,
            b"HTTPResponse" => STATUS,
            b"DNSQuery" => QNAME,
            b"DNSRecordType" => QTYPE,
            b"UserAgent" => AGENT,
            b"ApplicationProtocol" => APP,
            b"HTTP_Hostname" | b"ReferencedHost" => HOST,
            _ => continue,
        };
        f.set(slot, pair.get(mark + 2..).unwrap_or_default());
    }
    event.source = f.end(SRC, SPORT, SENT)?;
    event.destination = f.end(DST, DPORT, RECEIVED)?;
    event.duration = f.number::<u32>(SECONDS)?.map(|seconds| Span::SECOND.times(seconds.into()));
    // The header's stamp is the end of the connection; where it lacks its zone or year, the first packet's has both.
    let first = f.stamp(FIRST, |text| time::iso(text, &settings.local.zone))?;
    (event.timestamp, event.stamped) = match (opened.stamp, first) {
        (Stamp::None | Stamp::MonthFirst(_), Some(first)) => (first, Stamped::Start),
        _ => (opened.time(&settings.local)?, Stamped::End),
    };
    event.transport = f.text(PROTOCOL).map(transport);
    event.protocol = f.text(APP);
    event.user = f.text(USER).filter(|user| {
        !matches!(*user, b"No Authentication Required" | b"Unknown" | b"Not Found" | b"No Authentication")
    });
    event.status = f.status(STATUS);
    event.question = f.text(QNAME).map(|name| Question { name, record_type: f.text(QTYPE).map(record_type) });
    event.url = f.text(URL);
    event.user_agent = f.text(AGENT);
    let named = |authority| {
        let name = crate::event::split_authority(authority).0;
        crate::event::address(name).is_none().then_some(name)
    };
    event.destination.domain = match f.text(HOST) {
        Some(host) => named(host),
        None => event.url.and_then(|url| named(authority(url))).filter(|name| holds(name, &[b"."])),
    };
    Ok(event)
}

mod access;
#[cfg(test)]
mod tests;
