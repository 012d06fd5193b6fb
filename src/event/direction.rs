//! The only place that decides what is egress: which of our hosts sent how many bytes to whom.
//!
//! The role of the log says on which side the watched host stands; only for flow logs do local networks matter. A size
//! that the line does not carry stays `None` (blind), never 0.

use super::reject::Reason;
use super::{Channel, Endpoint, Event, Role, Stamped};
use crate::estate::Estate;
use crate::units::Timestamp;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The largest size that one line may claim, in bytes: 2^48 (281 TB), two days of a link at 13 Gbit/s. A larger one is a
/// broken or forged line; refusing it keeps sums of 64 bits exact for 65,536 of the worst lines per cell.
pub const TRANSFER_MAX: u64 = 1 << 48;

/// One end of a transfer, as it is known: by address, or only by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party<'a> {
    /// By address.
    Ip(Address),
    /// By name, as logged (any case).
    Name(&'a [u8]),
}

/// An address as numbers. `IpAddr` is written in bytes and copied in words, and the processor waits for that.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Address {
    /// Version 4.
    V4(u32),
    /// Version 6: its two halves.
    V6(u64, u64),
}

impl From<IpAddr> for Address {
    #[inline(always)] // As `direction`.
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Address::V4(ip.to_bits()),
            IpAddr::V6(ip) => Address::V6((ip.to_bits() >> 64) as u64, ip.to_bits() as u64),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&IpAddr::from(*self), f)
    }
}

impl From<Address> for IpAddr {
    fn from(address: Address) -> Self {
        match address {
            Address::V4(bits) => Ipv4Addr::from_bits(bits).into(),
            Address::V6(high, low) => Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(low)).into(),
        }
    }
}

impl From<IpAddr> for Party<'_> {
    #[inline(always)] // As `direction`.
    fn from(ip: IpAddr) -> Self {
        Party::Ip(ip.into())
    }
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
    /// `bytes_out` is one total for both directions: the most that can have left, told because less is not known.
    pub either_way: bool,
    /// The port of the other end, where the line says.
    pub port: Option<u16>,
    /// What kind of traffic it is.
    pub channel: Channel,
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
#[inline(always)] // Otherwise the verdict goes through memory, written in bytes and read in words, which the processor waits for.
pub fn direction<'a>(event: &Event<'a>, estate: &Estate, watched: Watched<'a>) -> Verdict<'a> {
    let (source, destination) = (&event.source, &event.destination);
    let inside = |end: &Endpoint<'_>| end.ip.is_some_and(|ip| estate.is_local(ip));
    let (host, host_end, other_end) = match event.role {
        Role::Proxy => (by_address(source).or(event.user.map(Party::Name)), source, destination),
        // A resolver out there that asks our own name server is no host of ours.
        Role::Dns if inside(destination) && source.ip.is_some() && !inside(source) => {
            return Verdict::External;
        }
        Role::Dns => return asked(event),
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
    let (sent, bytes_in) = (sent_by(host_end), sent_by(other_end));
    let bytes_out = sent.or(event.total);
    let too_large = |bytes: Option<u64>| bytes.is_some_and(|bytes| bytes > TRANSFER_MAX);
    if too_large(bytes_out) || too_large(bytes_in) {
        return Verdict::Rejected(Reason::BadNumber);
    }
    Verdict::Egress(Egress {
        host,
        destination: by_name(other_end),
        port: other_end.port,
        bytes_out,
        bytes_in,
        either_way: sent.is_none() && bytes_out.is_some(),
        channel: channel(event, std::ptr::eq(host_end, destination)),
        closed: event.closed(),
    })
}

/// What each end of a flow between our own hosts got from the other, where the line says: the end, and bytes.
pub fn received<'a>(event: &Event<'a>) -> impl Iterator<Item = (Party<'a>, u64)> {
    [(&event.source, &event.destination), (&event.destination, &event.source)]
        .into_iter()
        .filter_map(|(end, other)| Some((by_address(end)?, other.bytes?)))
        .filter(|(_, bytes)| (1..=TRANSFER_MAX).contains(bytes))
}

/// What kind of traffic an event tells of. In a flow whose opener is outside our host answers: it is a server, and who comes to
/// it is chosen by others. A row that tells of one direction has the opener only in its ports.
fn channel(event: &Event<'_>, host_is_destination: bool) -> Channel {
    let (from, to) = (&event.source, &event.destination);
    let (ours, theirs) = if host_is_destination { (to.port, from.port) } else { (from.port, to.port) };
    match (ours, theirs) {
        _ if event.anonymous => Channel::Public,
        _ if event.role != Role::Flow => event.role.channel(),
        (Some(ours), Some(theirs)) if event.one_way && ours < theirs && ours < EPHEMERAL => Channel::Answers,
        _ if host_is_destination && !event.one_way => Channel::Answers,
        _ => Channel::Transfer,
    }
}

/// Ports from here on are those of clients (Linux's default range; RFC 6056 leaves it to systems).
const EPHEMERAL: u16 = 32_768;

/// What a DNS query carries away: the labels left of the registered domain, whose owner's servers get to read them.
///
/// This is the most that a name can carry, not what a tunnel sent: `www` counts 3 bytes for each time it is asked for, and
/// only names that are always new carry data. Telling those from the rest is the business of detection. Encodings (base 32,
/// hex) hold less than their length. Reverse names only spell an address, and a name without a registered domain goes to
/// nobody who could read it: both carry 0. `None`: the log does not show the name.
fn asked<'a>(event: &Event<'a>) -> Verdict<'a> {
    let Some(host) = by_address(&event.source).or(event.user.map(Party::Name)) else {
        return Verdict::Rejected(Reason::BadAddress);
    };
    let (destination, bytes_out) = match event.question {
        Some(question) => {
            let (domain, carried) = carried(question.name);
            (Party::Name(domain), Some(carried))
        }
        None => (NOBODY, None),
    };
    let closed = event.closed();
    Verdict::Egress(Egress {
        host,
        destination,
        port: None,
        bytes_out,
        bytes_in: None,
        either_way: false,
        channel: Channel::Names,
        closed,
    })
}

/// Longer than any registered domain, in bytes: a name has 255 on the wire.
const DOMAIN_MAX: usize = 256;

/// The registered domain of a name, and how many bytes its labels left of that hold.
fn carried(name: &[u8]) -> (&[u8], u64) {
    let name = name.strip_suffix(b".").unwrap_or(name);
    // The public suffix list is in lower case; only the end of the name matters to it.
    let end = name.get(name.len().saturating_sub(DOMAIN_MAX)..).unwrap_or_default();
    let mut lower = [0; DOMAIN_MAX];
    let Some(lower) = lower.get_mut(..end.len()) else { return (name, 0) };
    lower.copy_from_slice(end);
    lower.make_ascii_lowercase();
    for reverse in [&b"in-addr.arpa"[..], b"ip6.arpa"] {
        if lower.ends_with(reverse) {
            return (name.get(name.len() - reverse.len()..).unwrap_or(name), 0);
        }
    }
    let Some(domain) = psl::domain(lower) else { return (if name.is_empty() { b"." } else { name }, 0) };
    let (labels, domain) = name.split_at(name.len() - domain.as_bytes().len().min(name.len()));
    (domain, data(labels))
}

/// How many bytes stand in labels: without dots, and an escaped byte (`\032` in name servers' logs, `\x20` in Zeek's) as the
/// one that it is.
fn data(labels: &[u8]) -> u64 {
    let (mut bytes, mut rest) = (0, labels);
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'\\' {
            let long = match after {
                [b'x', a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => 3,
                [a, b, c, ..] if [a, b, c].iter().all(|digit| digit.is_ascii_digit()) => 3,
                _ => 1,
            };
            rest = after.get(long..).unwrap_or_default();
        }
        bytes += u64::from(byte != b'.');
    }
    bytes
}

/// Our own host: its address is what the sensor saw, a name beside it may be stale or chosen by the client.
#[inline(always)] // As above.
fn by_address<'a>(end: &Endpoint<'a>) -> Option<Party<'a>> {
    match (end.ip, end.domain) {
        (Some(ip), _) => Some(ip.into()),
        (None, domain) => domain.map(Party::Name),
    }
}

/// The other end: its name says more than an address, which services share and change. A line that names none (a refused
/// request) has [`NOBODY`] there.
#[inline(always)] // As above.
fn by_name<'a>(end: &Endpoint<'a>) -> Party<'a> {
    match (end.domain, end.ip) {
        (Some(name), _) => Party::Name(name),
        (None, Some(ip)) => ip.into(),
        (None, None) => NOBODY,
    }
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

    /// When its bytes began to flow, as far as its line says.
    pub fn began(&self) -> Timestamp {
        match (self.stamped, self.duration) {
            (Stamped::End, Some(duration)) => self.timestamp - duration,
            _ => self.timestamp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Question;

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
    fn queries_carry_what_is_left_of_the_registered_domain() {
        for (name, domain, bytes) in [
            ("aGVsbG8.tunnel.example", "tunnel.example", 7),
            ("aGVsbG8.d29ybGQ.Tunnel.Example.", "Tunnel.Example", 14),
            ("tunnel.example", "tunnel.example", 0),
            ("a.b.example.co.uk", "example.co.uk", 2),
            ("www.bucket.s3.amazonaws.com", "bucket.s3.amazonaws.com", 3),
            (r"a\032b\x20c\.d.tunnel.example", "tunnel.example", 7),
            ("4.3.2.10.in-addr.arpa", "in-addr.arpa", 0),
            ("1.0.0.0.d.f.ip6.arpa.", "ip6.arpa", 0),
            ("printer", "printer", 0),
            ("com.", "com", 0),
            (".", ".", 0),
            ("", ".", 0),
        ] {
            assert_eq!(carried(name.as_bytes()), (domain.as_bytes(), bytes), "{name}");
        }
        let long = format!("{}.tunnel.example", "a".repeat(10_000));
        assert_eq!(carried(long.as_bytes()), (&b"tunnel.example"[..], 10_000));
    }

    #[test]
    fn dns_watches_the_asking_client() {
        let mut event = Event {
            role: Role::Dns,
            source: end("10.1.2.3", Some(60)),
            destination: end("10.0.0.53", None),
            question: Some(Question { name: b"aGVsbG8.tunnel.example", record_type: None }),
            ..Event::default()
        };
        let Verdict::Egress(egress) = direction(&event, &Estate::default(), Watched::default()) else {
            panic!()
        };
        assert_eq!((egress.destination, egress.bytes_out), (Party::Name(b"tunnel.example"), Some(7)));
        assert_eq!(egress.host, "10.1.2.3".parse::<IpAddr>().unwrap().into());
        event.source = end("203.0.113.9", None);
        assert_eq!(judged(&event).0, "external");
        // A client whose network is not known as ours asks a server whose address is not told.
        event.destination = Endpoint::default();
        assert_eq!(judged(&event), ("Ip(203.0.113.9)".into(), Some(7), None));
        event.question = None;
        assert_eq!(judged(&event).1, None);
    }

    proptest::proptest! {
        #[test]
        fn any_name_is_split(name in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), text in r"[a-z.\\x0-9]{0,60}") {
            for name in [&name[..], text.as_bytes()] {
                let (domain, bytes) = carried(name);
                proptest::prop_assert!(bytes as usize <= name.len());
                proptest::prop_assert!(name.ends_with(domain) || name.strip_suffix(b".").unwrap_or(name).ends_with(domain) || domain == b".");
            }
        }
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
        assert_eq!(egress.destination, "203.0.113.9".parse::<IpAddr>().unwrap().into());
    }
}
