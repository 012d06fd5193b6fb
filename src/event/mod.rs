//! The words of a log line: who opened a transfer towards whom, and how many bytes each end sent.
//!
//! Formats fill these neutral fields (named after ECS) and know nothing of "egress"; [`direction`] alone decides what
//! left which of our hosts. A field is `None` where the line does not say, never 0 or empty.

mod address;
pub mod catalogue;
pub mod direction;
mod number;
pub mod owner;
pub mod reject;
pub mod tool;

pub use address::address;
pub use number::{number, number_in, seconds_and_millis};

use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// One transfer as a log line tells it. Text borrows from the line, or from the chunk's scratch where it had to be
/// decoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event<'a> {
    /// Which format read it (`event.dataset`): `squid`, `zeek.conn`.
    pub dataset: &'static str,
    /// What kind of log this is; decides the side on which egress is read.
    pub role: Role,
    /// As logged, in UTC.
    pub timestamp: Timestamp,
    /// How long the transfer took, where the log says.
    pub duration: Option<Span>,
    /// Which end of the transfer `timestamp` marks.
    pub stamped: Stamped,
    /// Who opened the connection.
    pub source: Endpoint<'a>,
    /// Who was asked.
    pub destination: Endpoint<'a>,
    /// The record tells one direction only and the reply is another record (VPC flow, NetFlow): an absent count on the
    /// other side means "told elsewhere", not "blind".
    pub one_way: bool,
    /// A byte count that the log itself contradicts was lowered to what the log proves (Zeek: payload above the bytes of
    /// the IP packets that carried it, after a jump in sequence numbers). To be counted per source.
    pub clamped: bool,
    /// Why the line adds nothing to the sums, where it does not: it still says who met whom.
    pub aside: Option<Aside>,
    /// `network.bytes`: what both ends sent together, where the line does not tell them apart (Cisco's teardown).
    pub total: Option<u64>,
    /// How the line belongs with others of its session, where its bytes alone would be wrong.
    pub session: Option<Session<'a>>,
    /// `user.name`.
    pub user: Option<&'a [u8]>,
    /// `http.request.method`.
    pub method: Option<&'a [u8]>,
    /// `http.response.status_code`, 100 to 999.
    pub status: Option<u16>,
    /// `url.original`: as logged, absolute or only a path.
    pub url: Option<&'a [u8]>,
    /// `user_agent.original`.
    pub user_agent: Option<&'a [u8]>,
    /// `network.transport`: `tcp`, `udp`, `icmp`.
    pub transport: Option<&'a [u8]>,
    /// `network.protocol`: `http`, `ssl`, `dns`.
    pub protocol: Option<&'a [u8]>,
    /// `dns.question`.
    pub question: Option<Question<'a>>,
    /// `observer.name`: the sensor or server that wrote the line.
    pub observer: Option<&'a [u8]>,
    /// The log says that nobody in particular asked: a bucket's own word, not a missing one.
    pub anonymous: bool,
    /// What of a bucket's walls the line takes down.
    pub exposure: Option<Exposure>,
}

/// A change of who may read a bucket, or of whether that is seen; the worse the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Exposure {
    /// Who may read was changed; to what, the line does not say, or it names somebody.
    Changed,
    /// The access log was switched off.
    Unlogged,
    /// A block on public access was taken away.
    Unblocked,
    /// Everybody may read.
    Public,
}

impl Exposure {
    /// What happened to the bucket.
    pub fn name(self) -> &'static str {
        match self {
            Exposure::Changed => "had its access rules changed",
            Exposure::Unlogged => "had its access log switched off",
            Exposure::Unblocked => "lost a block on public access",
            Exposure::Public => "was made public",
        }
    }
}

/// Why a line adds nothing to the sums. It is printed by `outflow parse` like any other, is never blind, and no detector sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// A session has begun, or goes on with totals so far; the line that closes it tells the bytes.
    Unfinished,
    /// Packets were refused and went nowhere.
    Refused,
    /// Nothing but the packets of an attempt: no payload.
    Attempt,
    /// Another line of the same log tells the bytes of this transfer.
    Repeated,
}

impl Aside {
    /// The name in `outflow.aside`.
    pub fn name(self) -> &'static str {
        match self {
            Aside::Unfinished => "unfinished",
            Aside::Refused => "refused",
            Aside::Attempt => "attempt",
            Aside::Repeated => "repeated",
        }
    }
}

/// The session that a line tells of, where other lines tell of it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session<'a> {
    /// The sensor's number of it, which means something only together with both ends; empty where it gives none.
    pub id: &'a [u8],
    /// What of it the line tells.
    pub telling: Telling,
}

/// What of a session a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Telling {
    /// Who opened it, and no bytes (Cisco's `Built`); such a line stands aside.
    Opening,
    /// All bytes since it began; more lines like this may follow (FortiGate).
    SoFar,
    /// Bytes since the line before it of the same session (FortiGate's deltas).
    Since,
    /// Bytes that no other line of this kind tells (a flow record).
    Whole,
    /// Bytes that lines of the other kind tell too (a file that went through a flow).
    Part,
}

/// One end of a transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Endpoint<'a> {
    /// Its address.
    pub ip: Option<IpAddr>,
    /// Its name, without port and brackets, as logged.
    pub domain: Option<&'a [u8]>,
    /// Its port.
    pub port: Option<u16>,
    /// Bytes that this end sent.
    pub bytes: Option<u64>,
}

/// What a DNS client asked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Question<'a> {
    /// The full name asked for.
    pub name: &'a [u8],
    /// `A`, `TXT`, …
    pub record_type: Option<&'a [u8]>,
}

/// What kind of log a line comes from; see the table in FORMATS: it says which host is watched and where egress stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Watches clients: what the source sends leaves it.
    #[default]
    Proxy,
    /// Watches the server that logged: what the destination sends (the response) leaves it.
    Server,
    /// Watches whichever end is inside.
    Flow,
    /// Watches a bucket: what the destination serves leaves it.
    Store,
    /// Watches the asking client: bytes in query names leave it.
    Dns,
}

/// What kind of traffic a role tells of. Volumes of one kind say nothing about those of another: a web server answers
/// gigabytes a day, and what a host carries away in names it asks for is measured in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Channel {
    /// What our hosts send to others (proxies, flows).
    #[default]
    Transfer,
    /// What our servers answer.
    Answers,
    /// What our buckets serve.
    Objects,
    /// What names asked for carry.
    Names,
    /// What our buckets serve to nobody in particular. A bucket that applications of ours read all day may never have served
    /// a stranger.
    Public,
    /// What our hosts get from each other.
    Inside,
    /// What our logs tell of themselves: here a log is what is watched.
    Logs,
}

impl Channel {
    /// All, in the order of their numbers.
    pub const ALL: [Channel; 7] = [
        Channel::Transfer,
        Channel::Answers,
        Channel::Objects,
        Channel::Names,
        Channel::Public,
        Channel::Inside,
        Channel::Logs,
    ];
}

impl Role {
    /// The kind of traffic that it tells of.
    pub fn channel(self) -> Channel {
        match self {
            Role::Proxy | Role::Flow => Channel::Transfer,
            Role::Server => Channel::Answers,
            Role::Store => Channel::Objects,
            Role::Dns => Channel::Names,
        }
    }
}

/// Which end of a transfer its time stamp marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stamped {
    /// The line carries the time at which the transfer was over (Squid, nginx, IIS).
    #[default]
    End,
    /// The line carries the time at which the transfer began, though it is written at the end (Zeek, Apache).
    Start,
}

impl<'a> Endpoint<'a> {
    /// Reads a bare address or name (no port), such as Squid's `%>a` or Apache's `%h`: an address where it reads as one,
    /// otherwise a name. `-` and the empty text mean absent.
    pub fn set_host(&mut self, text: &'a [u8]) {
        // The usual case first: an address of either kind is handed on through memory, this one in a register.
        if let Some(ip) = address::ipv4(text) {
            self.ip = Some(IpAddr::V4(ip));
            return;
        }
        match address(text) {
            Some(ip) => self.ip = Some(ip),
            None if !matches!(text, b"" | b"-") => self.domain = Some(text),
            None => {}
        }
    }

    /// Reads `host:port`, `[v6]:port`, `host` or `[v6]`. A port that does not read as one is left out.
    pub fn set_authority(&mut self, text: &'a [u8]) {
        let (host, port) = split_authority(text);
        self.set_host(host);
        self.port = port.or(self.port);
    }
}

/// Splits `host:port`, `[v6]:port`, `host`, `[v6]` or a bare IPv6 address into host and port.
pub fn split_authority(text: &[u8]) -> (&[u8], Option<u16>) {
    if let Some(rest) = text.strip_prefix(b"[") {
        let Some(end) = memchr::memchr(b']', rest) else { return (text, None) };
        let (host, tail) = rest.split_at(end);
        return (host, tail.strip_prefix(b"]:").and_then(number));
    }
    match memchr::memchr(b':', text) {
        Some(colon) if memchr::memchr(b':', text.get(colon + 1..).unwrap_or_default()).is_none() => {
            (text.get(..colon).unwrap_or_default(), text.get(colon + 1..).and_then(number))
        }
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_in_every_spelling() {
        assert_eq!(split_authority(b"files.example:443"), (&b"files.example"[..], Some(443)));
        assert_eq!(split_authority(b"[2001:db8::1]:443"), (&b"2001:db8::1"[..], Some(443)));
        assert_eq!(split_authority(b"2001:db8::1"), (&b"2001:db8::1"[..], None));
        assert_eq!(split_authority(b"files.example"), (&b"files.example"[..], None));
        assert_eq!(split_authority(b"files.example:99999"), (&b"files.example"[..], None));
    }
}
