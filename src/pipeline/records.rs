//! Events → records, dealt out so that each thread owns the hosts it sums.

use super::events::events_and_rejects;
use super::pairing::{Apart, Keys};
use super::{Piece, Source};
use crate::estate::Estate;
use crate::event::direction::{NOBODY, Party, Verdict, direction, received};
use crate::event::reject::{Reason, Reject};
use crate::event::{Channel, Event, tool};
use crate::formats::Scratch;
use crate::incident::Sense;
use crate::state::Keyed;
use crate::tally::{By, Counts, Pulses, Record};
use crate::units::{Span, Timestamp};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::hash::BuildHasher;

/// What is taken from events.
#[derive(Clone, Debug)]
pub struct Take {
    /// Events before this are left out (and counted).
    pub since: Timestamp,
    /// Transfers that were over before this are left out (and counted): another scan has judged them.
    pub judged: Timestamp,
    /// Events at or after this are left out (and counted).
    pub until: Timestamp,
    /// A stamp after this is rejected: it would drag event time into the future. The driver says what "now" is.
    pub latest: Timestamp,
    /// Which moment decides a record's window.
    pub booking: Booking,
    /// Kinds of traffic are told apart: one host is then several, one for each kind.
    pub channels: bool,
}

impl Default for Take {
    fn default() -> Self {
        Take {
            since: Timestamp::MIN,
            judged: Timestamp::MIN,
            until: Timestamp::MAX,
            latest: Timestamp::MAX,
            booking: Booking::Stamp,
            channels: false,
        }
    }
}

/// Which moment decides a record's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booking {
    /// The stamp as logged: what other tools would sum by.
    Stamp,
    /// The moment the transfer was over, which is when a live reader learns of it. A line that is older than the newest
    /// before it in its source by more than `lateness` is late: it is booked into the oldest window that is still open, so
    /// that it is counted and judged, and never changes a window that was closed.
    Close {
        /// How long a window stays open for stragglers.
        lateness: Span,
    },
}

impl Booking {
    /// How much older than the newest before it a line may be and still be in order.
    pub(super) fn lateness(self) -> Span {
        match self {
            Booking::Stamp => Span::MINUTE.times(5),
            Booking::Close { lateness } => lateness,
        }
    }
}

/// The records of a piece, dealt out to shards by host (or by destination, where hosts are not told apart).
#[derive(Debug)]
pub(super) struct Records<'a> {
    /// By shard.
    pub(super) shards: Vec<Vec<Record<'a>>>,
    /// Those that may be told twice, in order.
    pub(super) apart: Vec<Apart>,
    /// What became of its lines.
    pub(super) counts: Counts,
    /// The newest and the oldest moment in it at which a transfer was over.
    pub(super) newest: Timestamp,
    pub(super) oldest: Timestamp,
    /// The oldest of what flowed between our own hosts.
    pub(super) oldest_inside: Timestamp,
    /// How well it was read.
    pub(super) pulses: Pulses,
}

/// What holds for all pieces of a run.
#[derive(Clone, Copy)]
pub(super) struct Run<'r> {
    pub(super) estate: &'r Estate,
    pub(super) take: &'r Take,
    pub(super) shards: &'r Sharding,
    /// What may be told twice.
    pub(super) keys: &'r Keys,
}

/// Reads a piece into records; `room` are empty lists to put them in. Pure: pieces may be read in any order and at the same
/// time.
pub(super) fn records<'a>(
    piece: &'a Piece,
    source: &'a Source,
    scratch: &'a Scratch,
    run: &Run<'_>,
    room: Vec<Vec<Record<'a>>>,
) -> Records<'a> {
    let Run { estate, take, shards, keys } = *run;
    let mut dealt = room;
    dealt.resize_with(shards.count, Vec::new);
    let mut agents: HashMap<&'a [u8], u16, foldhash::fast::RandomState> = HashMap::default();
    let mut tally = Counts::default();
    let mut apart = Vec::new();
    let (mut newest, mut oldest) = (Timestamp::MIN, Timestamp::MAX);
    let mut oldest_inside = Timestamp::MAX;
    let lateness = take.booking.lateness();
    let watched = source.watching();
    let pulses = RefCell::new(Pulses::default());
    let mut each = |event: &Event<'a>, line, offset| {
        if event.timestamp > take.latest {
            return Err(Reject::line(Reason::FutureTimestamp));
        }
        if event.timestamp < take.since || event.timestamp >= take.until {
            tally.outside += 1;
            return Ok(());
        }
        if event.closed().min(take.latest) < take.judged {
            tally.outside += 1;
            return Ok(());
        }
        if event.aside.is_some() {
            tally.aside += 1;
            let turn = event.timestamp.max(newest - lateness);
            apart.extend(keys.opening(event, turn, (line, offset)));
            pulses.borrow_mut().now().events += 1;
            return Ok(());
        }
        let egress = match direction(event, estate, watched) {
            Verdict::Egress(egress) => egress,
            Verdict::Rejected(reason) => return Err(Reject::line(reason)),
            Verdict::Internal => {
                tally.internal += 1;
                pulses.borrow_mut().now().events += 1;
                if take.channels {
                    // Such lines move no window: what our hosts send each other is looked at beside what leaves.
                    let closed = event.closed().min(take.latest);
                    let at = closed.max(newest - lateness);
                    oldest_inside = oldest_inside.min(at);
                    for (host, out) in received(event) {
                        if let Some(shard) = dealt.get_mut(shards.of(host, NOBODY)) {
                            shard.push(Record {
                                channel: Channel::Inside,
                                late: at != closed,
                                ..Record::bare(host, NOBODY, at, out, offset, line)
                            });
                        }
                    }
                }
                return Ok(());
            }
            Verdict::External => {
                tally.external += 1;
                pulses.borrow_mut().now().events += 1;
                return Ok(());
            }
        };
        // A duration that leads past the present is as broken as a stamp that does.
        let closed = egress.closed.min(take.latest);
        newest = newest.max(closed);
        let turn = closed.max(newest - lateness);
        if take.channels {
            let mut pulses = pulses.borrow_mut();
            let pulse = pulses.at(newest);
            pulse.events += 1;
            pulse.blind += u64::from(egress.bytes_out.is_none());
        }
        oldest = oldest.min(turn);
        let (at, late) = match take.booking {
            Booking::Stamp => (event.timestamp, false),
            Booking::Close { .. } => (turn, turn != closed),
        };
        let tools =
            event.user_agent.map_or(0, |agent| *agents.entry(agent).or_insert_with(|| tool::tools_in(agent)));
        tally.see(event.timestamp);
        let record = || Record {
            host: egress.host,
            destination: egress.destination,
            channel: if take.channels { egress.channel } else { Channel::default() },
            at,
            began: event.began().min(at),
            out: egress.bytes_out.unwrap_or(0),
            back: egress.bytes_in,
            blind: egress.bytes_out.is_none(),
            late,
            sense: if egress.either_way { Sense::EitherWay } else { Sense::Out },
            port: egress.port.unwrap_or(0),
            tunnel: take.channels && event.method == Some(b"CONNECT"),
            exposure: event.exposure,
            tools,
            offset,
            line,
        };
        if keys.concern(event) {
            let record = record();
            apart.extend(keys.proxied(event, &egress, &record, turn));
            if let Some(told) = keys.told(event, &egress, &record, turn) {
                apart.push(told);
                return Ok(());
            }
        }
        tally.events += 1;
        tally.late += u64::from(late);
        tally.blind += u64::from(egress.bytes_out.is_none());
        tally.either_way += u64::from(egress.either_way);
        if let Some(shard) = dealt.get_mut(shards.of(egress.host, egress.destination)) {
            // Written where it stays: a copy would wait for what was just written.
            shard.push(record());
        }
        Ok(())
    };
    let rejected = || pulses.borrow_mut().now().rejected += 1;
    let mut counts = events_and_rejects(piece, source.kind, scratch, &mut each, rejected);
    counts.merge(tally);
    let pulses = pulses.into_inner();
    Records { shards: dealt, apart, counts, newest, oldest, oldest_inside, pulses }
}

/// How records are dealt out, so that each thread owns the hosts it sums and nothing is merged twice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Sharding {
    pub(super) count: usize,
    pub(super) by: By,
    hasher: Keyed,
}

impl Sharding {
    pub(super) fn new(count: usize, by: By) -> Sharding {
        Sharding { count, by, hasher: Keyed::default() }
    }

    #[inline]
    pub(super) fn of(&self, host: Party<'_>, destination: Party<'_>) -> usize {
        if self.count == 1 {
            return 0;
        }
        let party = match self.by {
            By::Destination => destination,
            By::Host | By::HostDestination => host,
        };
        let hash = match party {
            Party::Ip(ip) => self.hasher.hash_one(ip),
            Party::Name(name) => self.hasher.hash_one(name.to_ascii_lowercase()),
        };
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
        let place = hash as usize;
        place % self.count
    }
}
