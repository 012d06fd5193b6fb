//! One transfer as it really happened: what every writer renders in its own way, and what the labels are added from.
//!
//! It says what no log says, namely which end is ours and whether it is a theft.

use super::random::Random;
use crate::units::{Span, Timestamp};
use std::fmt;
use std::net::Ipv4Addr;

/// A connection with what each end sent over it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transfer {
    /// First packet; a multiple of a millisecond.
    pub(super) opened: Timestamp,
    /// Last packet, when most logs write their line; not before `opened`.
    pub(super) closed: Timestamp,
    /// The end inside the estate.
    pub(super) host: Peer,
    /// The other end, mostly outside.
    pub(super) peer: Peer,
    /// Who opened it.
    pub(super) opener: Side,
    /// The opener's port: 32768 to 60998, or 123 for clocks, which speak from their own port.
    pub(super) client_port: u16,
    /// What is spoken; gives the other port.
    pub(super) service: Service,
    /// Sent by `host`, in bytes of payload.
    pub(super) host_bytes: u64,
    /// Sent by `peer`, in bytes of payload.
    pub(super) peer_bytes: u64,
    /// What the opener calls itself where the protocol has a word for that; "" otherwise.
    pub(super) agent: &'static str,
    /// Whether the other end answered at all.
    pub(super) outcome: Outcome,
    /// The place among all thefts of the one that it is part of; `None` for honest traffic and for the
    /// thief's small talk, which is no theft of data.
    pub(super) theft: Option<usize>,
}

/// One end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Peer {
    pub(super) address: Ipv4Addr,
    pub(super) name: Name,
}

/// A name made of a word and a number, so that it needs no memory: `partner-17.example`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) stem: &'static str,
    /// `None` where there is only one of the kind.
    pub(super) number: Option<u32>,
}

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Host,
    Peer,
}

/// How a connection went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Opened, used and closed in order.
    Done,
    /// Nobody answered; both byte counts are 0.
    Unanswered,
}

/// What is spoken over a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Ssl,
    Http,
    Smtp,
    Ssh,
    Smb,
    Dns,
    Ntp,
    /// Something over TCP that a sensor has no name for, with its port.
    Tcp(u16),
    /// A question to the house's own name server; `host_bytes` are those that its labels carry.
    Question(Question),
    /// A request to a bucket, which is the `host` though it stands at a provider's.
    Object(Object),
}

/// What is asked of a name server about the domain that `Transfer::peer` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) labels: Labels,
    /// `A`, `TXT`.
    pub(super) record: Record,
    /// Who is asked.
    pub(super) server: Ipv4Addr,
}

/// What stands left of the domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Labels {
    /// One word; empty for none.
    Word(&'static str),
    /// So many letters and digits (1 to 200) that follow from a number, in labels of at most 60.
    Coded { number: u64, length: u8 },
}

/// The record asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    A,
    Txt,
}

/// What is asked of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Object {
    /// Names its key.
    pub(super) number: u64,
    pub(super) requester: Requester,
}

/// Who asks, as the provider knows him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Requester {
    /// Nobody in particular: whoever knows the address.
    Anonymous,
    /// One of our own applications.
    Ours,
    /// Another company's account.
    Partner,
}

impl Transfer {
    /// Who opened it, and what that end sent.
    pub(super) fn origin(&self) -> (Peer, u64) {
        match self.opener {
            Side::Host => (self.host, self.host_bytes),
            Side::Peer => (self.peer, self.peer_bytes),
        }
    }

    /// Who was asked, and what that end sent.
    pub(super) fn responder(&self) -> (Peer, u64) {
        match self.opener {
            Side::Host => (self.peer, self.peer_bytes),
            Side::Peer => (self.host, self.host_bytes),
        }
    }

    /// How long it took; never negative.
    pub(super) fn duration(&self) -> Span {
        self.closed - self.opened
    }
}

impl Service {
    /// Whether a sensor of the house sees it as a connection.
    pub(super) fn is_connection(self) -> bool {
        !matches!(self, Service::Question(_) | Service::Object(_))
    }

    /// The port of the end that was asked.
    pub(super) fn port(self) -> u16 {
        match self {
            Service::Ssl | Service::Object(_) => 443,
            Service::Http => 80,
            Service::Smtp => 25,
            Service::Ssh => 22,
            Service::Smb => 445,
            Service::Dns | Service::Question(_) => 53,
            Service::Ntp => 123,
            Service::Tcp(port) => port,
        }
    }

    /// Whether it runs over UDP; all else is TCP.
    pub(super) fn is_udp(self) -> bool {
        matches!(self, Service::Dns | Service::Ntp | Service::Question(_))
    }

    /// The word that Zeek writes into its `service` column.
    pub(super) fn word(self) -> Option<&'static str> {
        match self {
            Service::Ssl | Service::Object(_) => Some("ssl"),
            Service::Http => Some("http"),
            Service::Smtp => Some("smtp"),
            Service::Ssh => Some("ssh"),
            Service::Smb => Some("gssapi,smb"),
            Service::Dns | Service::Question(_) => Some("dns"),
            Service::Ntp => Some("ntp"),
            Service::Tcp(_) => None,
        }
    }
}

/// A port as Linux gives to whoever opens a connection: an even one (odd ones are kept for `bind`).
pub(super) fn client_port(random: &mut Random) -> u16 {
    32_768 + 2 * u16::try_from(random.below(14_116)).unwrap_or(0)
}

impl Name {
    /// Without its domain: `web-server-17`.
    pub(super) fn label(&self) -> String {
        match self.number {
            Some(number) => format!("{}-{number}", self.stem),
            None => self.stem.to_owned(),
        }
    }
}

impl Labels {
    /// How many bytes of data they hold: dots do not count.
    pub(super) fn carried(self) -> u64 {
        match self {
            Labels::Word(word) => word.len() as u64,
            Labels::Coded { length, .. } => u64::from(length),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(f, "{}-{number}.example", self.stem),
            None => write!(f, "{}.example", self.stem),
        }
    }
}
