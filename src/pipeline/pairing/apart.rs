//! Records that cannot be summed by themselves, with copies of their names so that they may wait for their turn.

use super::SKEW;
use super::proxied::Line;
use crate::event::direction::{Egress, Party};
use crate::event::{Channel, Endpoint, Event, Role, Session, Telling};
use crate::formats::mixed;
use crate::incident::Sense;
use crate::pipeline::Source;
use crate::state::Keyed;
use crate::state::Name;
use crate::tally::Record;
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::net::IpAddr;

/// Which records of a run may be told twice, and by what they are known again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::pipeline) struct Keys {
    /// Several flow sensors are read.
    pub(super) sensors: bool,
    /// Proxies' logs are read beside flow sensors.
    pub(super) proxied: bool,
    hasher: Keyed,
}

/// A record that waits.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::pipeline) struct Apart {
    /// The moment that decides its turn.
    pub(in crate::pipeline) turn: Timestamp,
    /// Decides where turns are the same: numbers of sources depend on how files are cut.
    #[serde(with = "crate::state::name")]
    pub(super) dataset: Name,
    pub(in crate::pipeline) source: u32,
    pub(in crate::pipeline) line: u64,
    pub(in crate::pipeline) offset: u64,
    pub(in crate::pipeline) late: bool,
    pub(super) what: What,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum What {
    /// A session was opened by this end.
    Opening { session: u64, opener: u64 },
    /// A proxy sent this to a server. It was summed already.
    Proxied { server: u64, client: Option<u64>, line: Line },
    /// Bytes.
    Told(Told),
}

/// A record of bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Told {
    host: Owned,
    destination: Owned,
    channel: Channel,
    pub(super) at: Timestamp,
    pub(super) began: Timestamp,
    pub(super) closed: Timestamp,
    pub(super) out: u64,
    pub(super) back: Option<u64>,
    pub(super) blind: bool,
    pub(super) sense: Sense,
    port: u16,
    tools: u16,
    pub(super) session: Option<(u64, Telling)>,
    /// Both ends, where both have address and port and another sensor may tell of them.
    pub(super) ends: Option<u64>,
    /// The host's end.
    pub(super) host_end: u64,
    pub(super) host_ip: Option<IpAddr>,
    /// The other end.
    pub(super) peer_ip: Option<IpAddr>,
    /// Lines of proxies that may tell the same: by the other end as the server, and by the host as the client.
    pub(super) server: Option<u64>,
    pub(super) client: Option<u64>,
    /// The sensor that tells it.
    #[serde(with = "crate::state::name")]
    pub(super) teller: Name,
}

#[derive(Debug, Serialize, Deserialize)]
enum Owned {
    Ip(IpAddr),
    Name(Box<[u8]>),
}

impl From<Party<'_>> for Owned {
    fn from(party: Party<'_>) -> Owned {
        match party {
            Party::Ip(ip) => Owned::Ip(ip.into()),
            Party::Name(name) => Owned::Name(name.into()),
        }
    }
}

impl Owned {
    fn party(&self) -> Party<'_> {
        match self {
            Owned::Ip(ip) => (*ip).into(),
            Owned::Name(name) => Party::Name(name),
        }
    }
}

/// Whether proxies' logs and flow sensors are read in one run, which may tell the same transfers. They are known again by
/// the server's address, so both ends of each line are wanted.
pub fn told_by_both<'a>(sources: impl Iterator<Item = &'a Source>) -> bool {
    let (mut proxies, mut flows, mut mixed) = (false, false, false);
    for source in sources {
        let sight = source.format.sight();
        proxies |= sight.role == Role::Proxy;
        flows |= sight.role == Role::Flow && sight.blind().is_none();
        mixed |= source.kind.name == mixed::KIND.name;
    }
    mixed || (proxies && flows)
}

impl Keys {
    /// What the sources of a run make necessary.
    pub(in crate::pipeline) fn of(sources: &[Source]) -> Keys {
        let mixed = sources.iter().any(|source| source.kind.name == mixed::KIND.name);
        let flows = sources.iter().map(|source| (source.kind.name, source.format.sight()));
        let telling: BTreeSet<&str> = flows
            .filter(|(_, sight)| sight.role == Role::Flow && sight.blind().is_none())
            .map(|(name, _)| name)
            .collect();
        Keys {
            sensors: mixed || telling.len() > 1,
            proxied: told_by_both(sources.iter()),
            hasher: Keyed::default(),
        }
    }

    /// The same secret with what more sources make necessary; what was kept stays.
    pub(in crate::pipeline) fn widened(&self, sources: &[Source]) -> Keys {
        let of = Keys::of(sources);
        Keys { sensors: of.sensors || self.sensors, proxied: of.proxied || self.proxied, hasher: self.hasher }
    }

    /// Whether lines of different sources may tell the same.
    pub(in crate::pipeline) fn any(&self) -> bool {
        self.sensors || self.proxied
    }

    fn end(&self, end: &Endpoint<'_>) -> u64 {
        self.hasher.hash_one((end.ip, end.ip.is_none().then_some(end.domain), end.port))
    }

    /// Under which a proxy's lines are kept for flows from the proxy to the server.
    fn server(&self, ip: IpAddr) -> u64 {
        self.hasher.hash_one(("server", ip))
    }

    /// Under which they are kept for flows from the client to the proxy.
    fn client(&self, ip: IpAddr) -> u64 {
        self.hasher.hash_one(("client", ip))
    }

    /// Both ends, whichever is named first.
    fn ends(&self, event: &Event<'_>) -> u64 {
        self.end(&event.source).wrapping_add(self.end(&event.destination))
    }

    fn session(&self, event: &Event<'_>) -> Option<(u64, Telling)> {
        let session = event.session?;
        let key = (session.id, event.observer, event.dataset, self.ends(event));
        Some((self.hasher.hash_one(key), session.telling))
    }

    /// Who opened a session, where the line tells that and nothing else.
    #[inline]
    pub(in crate::pipeline) fn opening(
        &self,
        event: &Event<'_>,
        turn: Timestamp,
        (line, offset): (u64, u64),
    ) -> Option<Apart> {
        event.session.filter(|session| session.telling == Telling::Opening)?;
        let (session, _) = self.session(event)?;
        let what = What::Opening { session, opener: self.end(&event.source) };
        Some(Apart { turn, dataset: event.dataset, source: 0, line, offset, late: false, what })
    }

    /// Whether an event may be told twice at all.
    #[inline]
    pub(in crate::pipeline) fn concern(&self, event: &Event<'_>) -> bool {
        self.sensors || self.proxied || event.session.is_some()
    }

    /// What a proxy's line tells of a server, where flows may tell it again.
    #[inline]
    pub(in crate::pipeline) fn proxied(
        &self,
        event: &Event<'_>,
        egress: &Egress<'_>,
        record: &Record<'_>,
        turn: Timestamp,
    ) -> Option<Apart> {
        let server = event.destination.ip.filter(|_| self.proxied && event.role == Role::Proxy)?;
        let line = Line {
            client: event.source.ip,
            began: record.began,
            closed: egress.closed,
            left: (egress.bytes_out?, egress.bytes_in.unwrap_or(0)),
            place: (0, record.line),
        };
        let what = What::Proxied {
            server: self.server(server),
            client: line.client.map(|ip| self.client(ip)),
            line,
        };
        Some(Apart {
            turn,
            dataset: event.dataset,
            source: 0,
            line: record.line,
            offset: record.offset,
            late: false,
            what,
        })
    }

    /// The record, if it may be told twice.
    #[inline]
    pub(in crate::pipeline) fn told(
        &self,
        event: &Event<'_>,
        egress: &Egress<'_>,
        record: &Record<'_>,
        turn: Timestamp,
    ) -> Option<Apart> {
        let flow = (self.sensors || self.proxied) && event.role == Role::Flow;
        (flow || event.session.is_some()).then(|| self.apart(event, egress, record, turn))
    }

    fn apart(&self, event: &Event<'_>, egress: &Egress<'_>, record: &Record<'_>, turn: Timestamp) -> Apart {
        let by_source = match egress.host {
            Party::Ip(ip) => event.source.ip == Some(ip.into()),
            Party::Name(name) => event.source.ip.is_none() && event.source.domain == Some(name),
        };
        let (host, other) = match by_source {
            true => (&event.source, &event.destination),
            false => (&event.destination, &event.source),
        };
        // Without a number the session is known by its ends alone, and each kind of line speaks for a teller of its own.
        let (mut session, mut teller, mut by_ends) = (self.session(event), event.dataset, self.sensors);
        if let Some(Session { id: b"", telling }) = event.session {
            (session, by_ends) = (None, true);
            teller = if telling == Telling::Part { "(part)" } else { teller };
        }
        let whole = |end: &Endpoint<'_>| end.ip.is_some() && end.port.is_some();
        let behind = self.proxied && event.role == Role::Flow;
        let told = Told {
            host: record.host.into(),
            destination: record.destination.into(),
            channel: record.channel,
            at: record.at,
            began: record.began,
            closed: egress.closed.max(record.began),
            out: record.out,
            back: record.back,
            blind: record.blind,
            sense: record.sense,
            port: record.port,
            tools: record.tools,
            session,
            ends: (by_ends && whole(host) && whole(other)).then(|| self.ends(event)),
            host_end: self.end(host),
            host_ip: host.ip,
            peer_ip: other.ip,
            server: other.ip.filter(|_| behind).map(|ip| self.server(ip)),
            client: host.ip.filter(|_| behind).map(|ip| self.client(ip)),
            teller,
        };
        // Who knows less speaks later: a total for both directions, and a flow behind a proxy.
        let turn = if self.proxied || record.sense.either_way() { turn + SKEW } else { turn };
        let (line, offset, late) = (record.line, record.offset, record.late);
        Apart { turn, dataset: event.dataset, source: 0, line, offset, late, what: What::Told(told) }
    }
}

impl Apart {
    /// Its source is known, and event time of that had come to `open` already: nothing is booked before. `book`: it is
    /// booked by its turn, so that a late one comes into a window still open.
    pub(in crate::pipeline) fn join(&mut self, source: u32, open: Option<Timestamp>, book: bool) {
        self.source = source;
        match &mut self.what {
            What::Proxied { line, .. } => line.place.0 = source,
            What::Told(told) if book && open.is_some_and(|open| told.at < open) => {
                told.at = open.unwrap_or(told.at);
                self.late = true;
            }
            _ => {}
        }
        self.turn = self.turn.max(open.unwrap_or(self.turn));
    }

    /// Whether its turn comes later than its moment.
    pub(super) fn waits(&self) -> bool {
        matches!(&self.what, What::Told(told) if self.turn > told.at)
    }

    /// As a record to be summed.
    pub(in crate::pipeline) fn record(&self) -> Option<Record<'_>> {
        let What::Told(told) = &self.what else { return None };
        Some(Record {
            tunnel: false,
            exposure: None,
            host: told.host.party(),
            destination: told.destination.party(),
            channel: told.channel,
            at: told.at,
            began: told.began.min(told.at),
            out: told.out,
            back: told.back,
            blind: told.blind,
            late: self.late,
            sense: told.sense,
            port: told.port,
            tools: told.tools,
            offset: self.offset,
            line: self.line,
        })
    }
}

/// How long a window must stay open for records that wait longer than others.
pub(in crate::pipeline) const WAIT: Span = SKEW;
