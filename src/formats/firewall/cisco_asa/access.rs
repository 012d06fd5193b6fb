//! ASA's messages that name both ends and carry no bytes: what access rules refused or let pass, URLs that were asked for.
//!
//! Their sentences differ and their parts do not: an end behind `from` or `src`, another behind `to` or `dst`, or two
//! joined by an arrow.

use super::{host, user};
use crate::event::{Aside, Endpoint, Event, address};
use crate::formats::fields::transport;

/// What became of the packets of a message; `None` for messages that name no two ends.
fn meaning(number: &[u8], text: &[u8]) -> Option<Aside> {
    let permitted = || memchr::memmem::find(text, b"denied").is_none();
    match number {
        b"106001" | b"106006" | b"106007" | b"106010" | b"106014" | b"106015" | b"106016" | b"106017"
        | b"106018" | b"106020" | b"106021" | b"106022" | b"106023" | b"313001" | b"313004" | b"313005"
        | b"304002" | b"338008" | b"710003" | b"710005" => Some(Aside::Refused),
        b"106100" | b"106102" | b"106103" if !permitted() => Some(Aside::Refused),
        b"106100" | b"106102" | b"106103" | b"304001" | b"338002" | b"338004" | b"303002" => {
            Some(Aside::Repeated)
        }
        _ => None,
    }
}

/// The event of such a message, without its time; `None` where the message is none or names only one end.
pub(super) fn read<'a>(event: Event<'a>, number: &[u8], text: &'a [u8]) -> Option<Event<'a>> {
    if matches!(number, b"302020" | b"302021") {
        return icmp(event, text);
    }
    let mut event = Event { aside: Some(meaning(number, text)?), ..event };
    if number == b"304001" {
        return accessed(event, text);
    }
    // What an ICMP error quotes is another packet.
    let text =
        memchr::memmem::find(text, b"Original IP payload").and_then(|at| text.get(..at)).unwrap_or(text);
    let mut words = text.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let (mut before, mut ends) = (&b""[..], [None, None]);
    while let Some(word) = words.next() {
        let place = match word {
            b"from" | b"src" | b"SRC" => 0,
            b"to" | b"dst" | b"DEST" if before != b"due" => 1,
            b"->" => {
                ends = [end(before), words.next().and_then(end)];
                break;
            }
            _ => {
                event.transport = event.transport.or_else(|| protocol(word, before));
                match before {
                    b"URL" => event.url = Some(word),
                    b"user" => event.user = Some(word.trim_ascii()),
                    _ => {}
                }
                before = word;
                continue;
            }
        };
        if let Some(place) = ends.get_mut(place)
            && place.is_none()
        {
            // `from laddr 10.1.2.3`.
            let next = words.next().unwrap_or_default();
            *place = if next == b"laddr" { words.next().and_then(end) } else { end(next) };
        }
        before = word;
    }
    let [source, destination] = ends;
    (event.source, event.destination) = (source?, destination?);
    event.user = event
        .user
        .map(|name| name.strip_prefix(b"'").and_then(|name| name.strip_suffix(b"'")).unwrap_or(name));
    event.user = event.user.or_else(|| user(text).filter(|name| memchr::memchr(b'\\', name).is_some()));
    Some(event)
}

/// `Built inbound ICMP connection for faddr 203.0.113.9/0 gaddr 198.51.100.1/7 laddr 10.1.2.3/7 …`, `Teardown ICMP …`: the
/// foreign end began where it says inbound. What stands behind the addresses are no ports.
fn icmp<'a>(mut event: Event<'a>, text: &'a [u8]) -> Option<Event<'a>> {
    let mut words = text.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let inbound = (words.next()? == b"Built").then(|| words.next() == Some(b"inbound"));
    words.find(|word| *word == b"faddr")?;
    let foreign = end(words.next()?)?;
    words.find(|word| *word == b"laddr")?;
    let local = end(words.next()?)?;
    (event.source, event.destination) =
        if inbound == Some(true) { (foreign, local) } else { (local, foreign) };
    (event.source.port, event.destination.port) = (None, None);
    event.transport = Some(b"icmp");
    event.user = user(text);
    event.aside = Some(if inbound.is_some() { Aside::Unfinished } else { Aside::Attempt });
    Some(event)
}

/// `[jdoe@]10.1.2.3[(LOCAL\jdoe)] Accessed [JAVA] URL [name@]203.0.113.9:http://…`.
fn accessed<'a>(mut event: Event<'a>, text: &'a [u8]) -> Option<Event<'a>> {
    let (client, rest) = text.split_at(memchr::memmem::find(text, b" Accessed ")?);
    let url = rest.get(memchr::memmem::find(rest, b"URL ")? + 4..)?;
    let client = match memchr::memrchr(b'@', client.split(|&byte| byte == b'(').next()?) {
        Some(at) => {
            event.user = client.get(..at);
            client.get(at + 1..)?
        }
        None => client,
    };
    event.source = end(client)?;
    let (server, url) = url.split_at(memchr::memchr(b':', url)?);
    event.destination.set_host(server.rsplit(|&byte| byte == b'@').next()?);
    event.url = url.get(1..).map(<[u8]>::trim_ascii_end).filter(|url| !url.is_empty());
    Some(event)
}

/// `inside:10.1.2.3/50123`, `inside/10.1.2.3(50123)`, `10.1.2.3/50123`, `(10.1.2.3)` or an address or a name alone, maybe
/// with a user or a kind of ICMP in brackets behind it.
fn end(word: &[u8]) -> Option<Endpoint<'_>> {
    let word = word.strip_suffix(b",").unwrap_or(word);
    let word = word.strip_suffix(b":").unwrap_or(word);
    if let Some(inner) = word.strip_prefix(b"(").and_then(|word| word.strip_suffix(b")")) {
        return end(inner);
    }
    let open = memchr::memchr(b'(', word).unwrap_or(word.len());
    let (name, brackets) = word.split_at(open);
    let port = brackets.get(1..).and_then(|rest| rest.split(|&byte| byte == b')').next());
    if let Some(port) = port.and_then(crate::event::number)
        && let Some(slash) = memchr::memchr(b'/', name)
    {
        let mut found = Endpoint { port: Some(port), ..Endpoint::default() };
        found.set_host(name.get(slash + 1..)?);
        return Some(found);
    }
    // A bare IPv6 address has colons of its own.
    let bare = name.split(|&byte| byte == b'/').next()?;
    if address(bare).is_none()
        && let Some(found) = host(name)
    {
        return Some(found);
    }
    let mut found = Endpoint::default();
    let (host, port) = match memchr::memrchr(b'/', name) {
        Some(slash) => (name.get(..slash)?, name.get(slash + 1..).and_then(crate::event::number)),
        None => (name, None),
    };
    // `outside:203.0.113.9` of a message about ICMP has no port.
    let host = match memchr::memchr(b':', host) {
        Some(colon) if address(host).is_none() => host.get(colon + 1..)?,
        _ => host,
    };
    found.set_host(host);
    found.port = port;
    (found.ip.is_some() || found.domain.is_some()).then_some(found)
}

/// The transport, where a word names one (`tcp`, `UDP`, `icmp`, `protocol 47`).
fn protocol<'a>(word: &'a [u8], before: &[u8]) -> Option<&'a [u8]> {
    const NAMES: [&[u8]; 8] = [b"tcp", b"udp", b"icmp", b"sctp", b"gre", b"esp", b"igmp", b"icmp6"];
    let named = NAMES.iter().find(|name| word.eq_ignore_ascii_case(name)).copied();
    named.or_else(|| (before == b"protocol").then(|| transport(word)))
}
