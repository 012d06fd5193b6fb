//! The only place that decides what is egress: which of our hosts sent how many bytes to whom.
//!
//! The role of the log says on which side the watched host stands; only for flow logs do local networks matter. A size
//! that the line does not carry stays `None` (blind), never 0.

use super::reject::Reason;
use super::{Endpoint, Event, Role, Stamped};
use crate::estate::Estate;
use crate::units::Timestamp;
use std::net::IpAddr;

/// The largest size that one line may claim, in bytes: 2^48 (281 TB), two days of a link at 13 Gbit/s. A larger one is a
/// broken or forged line; refusing it keeps sums of 64 bits exact for 65,536 of the worst lines per cell.
pub const TRANSFER_MAX: u64 = 1 << 48;

/// One end of a transfer, as it is known: by address, or only by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party<'a> {
    /// By address.
    Ip(IpAddr),
    /// By name, as logged (any case).
    Name(&'a [u8]),
}

/// What one event says about data leaving one of our hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Egress<'a> {
    /// The watched host.
    pub host: Party<'a>,
    /// The other end.
    pub destination: Party<'a>,
    /// Bytes that the host sent there; `None`: the line is blind.
    pub bytes_out: Option<u64>,
    /// Bytes that came back, where the line says.
    pub bytes_in: Option<u64>,
    /// When the transfer was over, as far as the line says: the moment by which a live reader would have known of it.
    pub closed: Timestamp,
}

/// What an event means for egress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It touches one of our hosts and someone else.
    Egress(Egress<'a>),
    /// Both ends are ours (flow logs).
    Internal,
    /// Neither end is ours (flow logs): check the local networks if there are many.
    External,
    /// The line does not say who the watched host is, or claims a size that cannot be.
    Rejected(Reason),
}

impl Verdict<'_> {
    /// `network.direction` of ECS.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Egress(_) => "outbound",
            Verdict::Internal => "internal",
            Verdict::External => "external",
            Verdict::Rejected(_) => "unknown",
        }
    }
}

/// The host that a server log watches, as far as it is known beside its lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watched<'a> {
    /// What the operator said; wins over the name in the line, which a client may choose.
    pub given: Option<&'a [u8]>,
    /// For lines that name no server.
    pub otherwise: &'a [u8],
}

/// Decides what left whom.
#[inline]
pub fn direction<'a>(event: &Event<'a>, estate: &Estate, watched: Watched<'a>) -> Verdict<'a> {
    let (source, destination) = (&event.source, &event.destination);
    let inside = |end: &Endpoint<'_>| end.ip.is_some_and(|ip| estate.is_local(ip));
    let (host, host_end, other_end) = match event.role {
        Role::Proxy | Role::Dns => (by_address(source).or(event.user.map(Party::Name)), source, destination),
        Role::Server | Role::Store => {
            let named = watched.given.or(destination.domain).or(event.observer).map(Party::Name);
            let host = named.or(by_address(destination)).unwrap_or(Party::Name(watched.otherwise));
            (Some(host), destination, source)
        }
        Role::Flow => match (inside(source), inside(destination)) {
            (true, true) => return Verdict::Internal,
            (true, false) => (by_address(source), source, destination),
            (false, true) => (by_address(destination), destination, source),
            (false, false) => return Verdict::External,
        },
    };
    let Some(host) = host else { return Verdict::Rejected(Reason::BadAddress) };
    let sent_by = |end: &Endpoint<'_>| end.bytes.or(event.one_way.then_some(0));
    let (bytes_out, bytes_in) = (sent_by(host_end), sent_by(other_end));
    if bytes_out.max(bytes_in) > Some(TRANSFER_MAX) {
        return Verdict::Rejected(Reason::BadNumber);
    }
    Verdict::Egress(Egress {
        host,
        destination: by_name(other_end),
        bytes_out,
        bytes_in,
        closed: event.closed(),
    })
}

/// Our own host: its address is what the sensor saw, a name beside it may be stale or chosen by the client.
fn by_address<'a>(end: &Endpoint<'a>) -> Option<Party<'a>> {
    end.ip.map(Party::Ip).or(end.domain.map(Party::Name))
}

/// The other end: its name says more than an address, which services share and change. A line that names none (a refused
/// request) has [`NOBODY`] there.
fn by_name<'a>(end: &Endpoint<'a>) -> Party<'a> {
    end.domain.map(Party::Name).or(end.ip.map(Party::Ip)).unwrap_or(NOBODY)
}

/// The destination of a line that names none.
pub const NOBODY: Party<'static> = Party::Name(b"-");

impl Event<'_> {
    /// When the transfer was over.
    pub fn closed(&self) -> Timestamp {
        match (self.stamped, self.duration) {
            (Stamped::Start, Some(duration)) => self.timestamp + duration,
            _ => self.timestamp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(ip: &str, bytes: Option<u64>) -> Endpoint<'static> {
        Endpoint { ip: ip.parse().ok(), bytes, ..Endpoint::default() }
    }

    fn judged(event: &Event<'static>) -> (String, Option<u64>, Option<u64>) {
        match direction(event, &Estate::default(), Watched::default()) {
            Verdict::Egress(egress) => (format!("{:?}", egress.host), egress.bytes_out, egress.bytes_in),
            verdict => (verdict.name().into(), None, None),
        }
    }

    #[test]
    fn each_role_reads_its_own_side() {
        let mut event = Event {
            source: end("10.1.2.3", Some(7)),
            destination: end("203.0.113.9", Some(100)),
            ..Event::default()
        };
        let mut role = |role, source: &str, destination: &str| {
            event.role = role;
            event.source.ip = source.parse().ok();
            event.destination.ip = destination.parse().ok();
            judged(&event)
        };
        assert_eq!(role(Role::Proxy, "10.1.2.3", "203.0.113.9"), ("Ip(10.1.2.3)".into(), Some(7), Some(100)));
        assert_eq!(
            role(Role::Server, "203.0.113.9", "10.1.2.3"),
            ("Ip(10.1.2.3)".into(), Some(100), Some(7))
        );
        assert_eq!(role(Role::Flow, "10.1.2.3", "203.0.113.9"), ("Ip(10.1.2.3)".into(), Some(7), Some(100)));
        assert_eq!(role(Role::Flow, "203.0.113.9", "10.1.2.3"), ("Ip(10.1.2.3)".into(), Some(100), Some(7)));
        assert_eq!(role(Role::Flow, "10.1.2.3", "10.9.9.9").0, "internal");
        assert_eq!(role(Role::Flow, "198.51.100.1", "203.0.113.9").0, "external");
    }

    #[test]
    fn missing_is_not_zero_unless_another_record_tells_it() {
        let mut event = Event {
            source: end("10.1.2.3", None),
            destination: end("203.0.113.9", Some(5)),
            ..Event::default()
        };
        assert_eq!(judged(&event).1, None);
        event.one_way = true;
        assert_eq!(judged(&event).1, Some(0));
        event.source.bytes = Some(TRANSFER_MAX + 1);
        assert_eq!(
            direction(&event, &Estate::default(), Watched::default()),
            Verdict::Rejected(Reason::BadNumber)
        );
    }

    #[test]
    fn the_operator_names_the_watched_server() {
        let event = Event {
            role: Role::Server,
            source: end("203.0.113.9", None),
            destination: Endpoint {
                domain: Some(b"chosen.by.client"),
                bytes: Some(9),
                ..Endpoint::default()
            },
            ..Event::default()
        };
        let watched = Watched { given: Some(b"web-01"), otherwise: b"" };
        let Verdict::Egress(egress) = direction(&event, &Estate::default(), watched) else { panic!() };
        assert_eq!(egress.host, Party::Name(b"web-01"));
        assert_eq!(egress.destination, Party::Ip("203.0.113.9".parse().unwrap()));
    }
}
