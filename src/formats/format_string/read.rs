//! Reading a line by a compiled layout: split at the literals, fill the fields, then settle what several of them say
//! together (the moment, the server).

use super::duration::{duration, nanoseconds};
use super::field::{Field, Padding};
use super::layout::{Layout, Step};
use super::split::begins;
use super::stamp::Moment;
use super::target;
use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, Event, Role, address, number, number_in, split_authority};
use crate::formats::{Detail, Format, Scratch, Sight, time};
use crate::units::Timestamp;
use std::net::IpAddr;
use std::ops::Range;

/// How often a line that does not read is tried again with a longer free text. A user name or a URL may hold the very
/// literal that should end it; each such place costs one try, and a line with more of them is not worth the time.
const RETRIES: usize = 16;

/// What several fields say together, until the line is read.
#[derive(Default)]
pub(super) struct Found<'a> {
    pub(super) moment: Moment,
    begun: Option<Timestamp>,
    url: Option<&'a [u8]>,
    forwarded: Option<IpAddr>,
    /// The name asked for, with its rank.
    domain: Option<(u8, &'a [u8])>,
    own_name: Option<&'a [u8]>,
    own_ip: Option<IpAddr>,
    own_port: Option<u16>,
    sni: Option<&'a [u8]>,
    upstream: Option<&'a [u8]>,
    upstream_port: Option<u16>,
    peer: bool,
    /// The URL names the server that was asked, not what a client made up.
    served: bool,
}

/// Why a line did not read, and the last free text before that: which step, and where its text ended.
struct Failure {
    reject: Reject,
    free_text: Option<(usize, usize)>,
}

impl Format for Layout {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        // Filled in place: an event is some 300 bytes, and moving it shows in the profile.
        let place = events.len();
        events.push(self.blank());
        let Some(event) = events.last_mut() else { return Ok(()) };
        if self.quickly(line, scratch, event).is_some() {
            return Ok(());
        }
        match self.plainly(line, scratch, event) {
            Err(_) if line.trim_ascii().is_empty() => {
                events.truncate(place);
                Ok(())
            }
            Err(reject) if line.first() == Some(&b' ') => {
                *event = self.blank();
                self.indented(line.trim_ascii_start(), scratch, event).map_err(|_| reject)
            }
            read => read,
        }
    }

    fn sight(&self) -> Sight {
        self.sight.clone()
    }
}

impl Layout {
    /// Reads the line on the fast road; `None`, with the event half filled, where there is none for it.
    pub(super) fn quickly<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        event: &mut Event<'a>,
    ) -> Option<()> {
        let quick = self.quick.as_ref()?;
        if !quick.fills {
            return quick.read(line, event, |_, _, _| None);
        }
        let mut found = Found::default();
        quick.read(line, event, |event, number, place| {
            let step = self.steps.get(number)?;
            self.fill(step, line, place, event, &mut found, scratch).ok()
        })?;
        if found.moment != Moment::default() {
            event.timestamp = found.moment.finish(&self.zone)?;
        }
        found.settle(event, self.detail);
        Some(())
    }

    /// Reads what stands behind the blank that rsyslog's `%msg%` keeps from between the tag and the text.
    #[cold]
    fn indented<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        event: &mut Event<'a>,
    ) -> Result<(), Reject> {
        match self.quickly(line, scratch, event) {
            Some(()) => Ok(()),
            None => self.plainly(line, scratch, event),
        }
    }

    /// Reads the line as any other road must.
    pub(super) fn plainly<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        event: &mut Event<'a>,
    ) -> Result<(), Reject> {
        if self.quick.is_some() {
            *event = self.blank();
        }
        if let Some(anchored) = self.anchor.as_ref().and_then(|anchor| anchor.end(line, &self.steps)) {
            if self.attempt(line, scratch, &[anchored], event).is_ok() {
                return Ok(());
            }
            *event = self.blank();
        }
        self.attempt(line, scratch, &[], event).or_else(|failure| self.retry(line, scratch, failure, event))
    }

    /// Reads the line; `stretched` says from which position on to look for the end of some free texts.
    fn attempt<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        stretched: &[(usize, usize)],
        event: &mut Event<'a>,
    ) -> Result<(), Failure> {
        let mut free_text = None;
        let mut found = Found::default();
        let mut at = self.lead.len();
        if !begins(line, &self.lead) {
            return Err(Failure { reject: Reject::at(Reason::Malformed, 0), free_text });
        }
        for (index, step) in self.steps.iter().enumerate() {
            let from = match stretched {
                [] => at,
                some => some.iter().find(|(step, _)| *step == index).map_or(at, |(_, from)| *from),
            };
            let Some((text, next)) = step.split(line, at, from) else {
                return Err(Failure { reject: Reject::at(Reason::Malformed, at), free_text });
            };
            if step.free_text {
                free_text = Some((index, text.end));
            }
            if step.wanted {
                let text = step.trimmed(line, text);
                if let Err(reason) = self.fill(step, line, text, event, &mut found, scratch) {
                    return Err(Failure { reject: Reject::at(reason, at), free_text });
                }
            }
            at = next;
        }
        match found.moment.finish(&self.zone) {
            Some(timestamp) => event.timestamp = timestamp,
            None => return Err(Failure { reject: Reject::line(Reason::BadTimestamp), free_text }),
        }
        found.settle(event, self.detail);
        Ok(())
    }

    pub(super) fn blank<'a>(&self) -> Event<'a> {
        Event { dataset: self.dataset, role: self.sight.role, stamped: self.stamped, ..Event::default() }
    }

    /// Tries again with longer free texts, the last one first; gives the first failure if nothing reads.
    #[cold]
    fn retry<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        failure: Failure,
        event: &mut Event<'a>,
    ) -> Result<(), Reject> {
        let mut stretched: Vec<(usize, usize)> = Vec::new();
        let mut last = failure.free_text;
        for _ in 0..RETRIES {
            let Some((index, end)) = last else { break };
            stretched.retain(|(step, _)| *step < index);
            stretched.push((index, end + 1));
            *event = self.blank();
            match self.attempt(line, scratch, &stretched, event) {
                Ok(()) => return Ok(()),
                Err(failure) => last = failure.free_text,
            }
        }
        Err(failure.reject)
    }

    pub(super) fn fill<'a>(
        &self,
        step: &Step,
        line: &'a [u8],
        place: Range<usize>,
        event: &mut Event<'a>,
        found: &mut Found<'a>,
        scratch: &'a Scratch,
    ) -> Result<(), Reason> {
        let text = line.get(place.clone()).unwrap_or_default();
        let words = |text: &'a [u8]| match text {
            b"" | b"-" | b"\"\"" => None,
            text => Some(step.encoding.decode(text, scratch)),
        };
        let text = if step.encoding.may_be_quoted() { step.encoding.bare(text) } else { text };
        match &step.field {
            Field::Client => client(text, &mut event.source)?,
            Field::ClientName => match address(text) {
                Some(ip) => event.source.ip = event.source.ip.or(Some(ip)),
                None => event.source.domain = words(text),
            },
            Field::Forwarded => found.forwarded = target::forwarded(text),
            Field::ClientPort => event.source.port = small(text)?,
            Field::ClientAuthority => {
                let (host, port) = target::last_colon(text);
                client(host, &mut event.source)?;
                event.source.port = port;
            }
            Field::Stamp(style, _) => {
                style.read(text, &self.zone, &mut found.moment).ok_or(Reason::BadTimestamp)?;
            }
            Field::Request | Field::ServedRequest => {
                let request = target::request(text);
                event.method = request.method.filter(|_| self.detail >= Detail::Judged);
                found.url = request.url.and_then(words);
                found.served = step.field == Field::ServedRequest;
            }
            Field::Method => event.method = words(text),
            Field::Url | Field::Path => found.url = words(text),
            // Sums do not ask for it, and every detail counts the same lines: it is never the reason for a reject.
            Field::Status => event.status = small(text).ok().flatten().filter(|status| *status >= 100),
            Field::SourceBytes => event.source.bytes = size(line, place, text)?,
            Field::DestinationBytes { dash_is_zero } => {
                event.destination.bytes =
                    if text == b"-" { dash_is_zero.then_some(0) } else { size(line, place, text)? };
            }
            Field::User => event.user = words(text),
            Field::Agent => event.user_agent = words(text),
            Field::Domain => {
                let better = found.domain.is_none_or(|(rank, _)| step.rank < rank);
                if let Some(name) = words(text).filter(|_| better) {
                    found.domain = Some((step.rank, name));
                }
            }
            Field::Port => event.destination.port = small(text)?,
            // nginx's name for "any name".
            Field::OwnName => found.own_name = words(text).filter(|name| *name != b"_"),
            Field::OwnIp => found.own_ip = address(text),
            Field::OwnPort => found.own_port = small(text)?,
            Field::OwnAuthority => {
                let (host, port) = target::last_colon(text);
                (found.own_ip, found.own_port) = (address(host), port);
            }
            Field::Sni => found.sni = words(text),
            Field::Duration(unit) => event.duration = duration(text, *unit)?,
            Field::Nanoseconds => event.duration = nanoseconds(text)?,
            Field::Begun => found.begun = time::iso(text, &self.zone),
            Field::Hierarchy => found.peer = target::is_peer(text),
            Field::Upstream => found.upstream = words(text).or(found.upstream),
            Field::UpstreamPort => found.upstream_port = small(text)?.filter(|port| *port != 0),
            Field::Observer => event.observer = words(text),
            Field::Opaque | Field::OpaqueList | Field::Query | Field::Captures => {}
        }
        Ok(())
    }
}

impl Step {
    /// Where a value stands without the blanks that fill it up to its width.
    #[inline]
    fn trimmed(&self, line: &[u8], place: Range<usize>) -> Range<usize> {
        if self.padding == Padding::None {
            return place;
        }
        let text = line.get(place.clone()).unwrap_or_default();
        let start = place.start + (text.len() - text.trim_ascii_start().len());
        start..start + text.trim_ascii().len()
    }
}

impl<'a> Found<'a> {
    /// Settles client and server.
    pub(super) fn settle(self, event: &mut Event<'a>, detail: Detail) {
        if detail == Detail::Full || (detail == Detail::Judged && event.role == Role::Store) {
            event.url = self.url;
        }
        if let Some(begun) = self.begun.filter(|begun| *begun <= event.timestamp) {
            event.duration = Some(event.timestamp - begun);
        }
        if let Some(ip) = self.forwarded.filter(|ip| event.source.ip != Some(*ip)) {
            // Name and port logged beside it are those of the last proxy.
            event.source.ip = Some(ip);
            event.source.domain = None;
            event.source.port = None;
        }
        let end = &mut event.destination;
        if event.role == Role::Proxy {
            if let Some(url) = self.url {
                target::server(url, end);
            }
            if !self.peer {
                if let Some(upstream) = self.upstream {
                    let (host, port) = split_authority(upstream);
                    match address(host) {
                        Some(ip) => end.ip = end.ip.or(Some(ip)),
                        None => end.domain = end.domain.or(Some(host)),
                    }
                    end.port = end.port.or(port);
                }
                end.port = end.port.or(self.upstream_port);
            }
            end.domain = end.domain.or(self.sni);
            event.observer = event.observer.or(self.own_name);
        } else {
            // A site may be called by its address.
            end.ip = self.own_ip.or_else(|| self.own_name.and_then(address));
            end.domain = self.own_name.filter(|_| self.own_ip.is_some() || end.ip.is_none());
            end.port = self.own_port.or(end.port);
        }
        if let (None, Some((_, name))) = (end.domain, self.domain) {
            let (host, port) = split_authority(name);
            match address(host) {
                Some(ip) => end.ip = end.ip.or(Some(ip)),
                None => end.domain = Some(host),
            }
            end.port = end.port.or(port);
        }
        if let (true, Some(url)) = (self.served && end.domain.is_none(), self.url) {
            target::server(url, end);
        }
    }
}

/// A client's address or name. Some writers put the port behind the address; neither holds a blank, so that a line with
/// something before the client (a syslog header) is not read as if that were part of a name.
#[inline]
pub(super) fn client<'a>(text: &'a [u8], end: &mut Endpoint<'a>) -> Result<(), Reason> {
    match address(text) {
        Some(ip) => end.ip = Some(ip),
        None => odd_client(text, end)?,
    }
    Ok(())
}

#[cold]
fn odd_client<'a>(text: &'a [u8], end: &mut Endpoint<'a>) -> Result<(), Reason> {
    let (host, port) = target::last_colon(text);
    match (address(host), port) {
        (Some(ip), Some(port)) => (end.ip, end.port) = (Some(ip), Some(port)),
        _ if memchr::memchr(b' ', text).is_some() => return Err(Reason::Malformed),
        (None, Some(port)) if !host.is_empty() => {
            end.set_host(host);
            end.port = Some(port);
        }
        _ => end.set_host(text),
    }
    Ok(())
}

/// A number of bytes; `text` is what stands at `place` without quotes.
#[inline]
fn size(line: &[u8], place: Range<usize>, text: &[u8]) -> Result<Option<u64>, Reason> {
    number_in(line, place.start, place.end).map_or_else(|| odd_size(text), |count| Ok(Some(count)))
}

/// `-` is absent. HAProxy marks with `+` what it wrote before the transfer was over (`logasap`): so many at least.
#[cold]
fn odd_size(text: &[u8]) -> Result<Option<u64>, Reason> {
    if text == b"-" {
        return Ok(None);
    }
    let count = number(text).or_else(|| number(text.strip_prefix(b"+")?));
    count.map(Some).ok_or(Reason::BadNumber)
}

/// A port or a status; `-`, nothing and -1 (HAProxy, AWS: there was no answer) are absent.
fn small(text: &[u8]) -> Result<Option<u16>, Reason> {
    if matches!(text, b"" | b"-" | b"-1") {
        Ok(None)
    } else {
        number(text).map(Some).ok_or(Reason::BadNumber)
    }
}
