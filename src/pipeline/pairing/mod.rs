//! Bytes that several lines tell, counted once: sessions told more than once by one sensor, connections told by several
//! sensors, and transfers told by a proxy and by the flow sensor behind it.
//!
//! One principle: what several tellers say of one connection counts as the most that any one of them says. So nothing has
//! to wait for a line that may never come, the total does not depend on who speaks first, and nobody's silence hides what
//! another saw. Only lines that may be told twice come here ([`Keys`] knows which); they take their turn in the order of
//! event time, whatever the order of reading was, so the answer depends neither on how files are cut nor on threads.

mod apart;
mod proxied;
mod seconds;
mod sensors;
mod sessions;
mod table;
#[cfg(test)]
mod tests;

pub use apart::told_by_both;
pub(super) use apart::{Apart, Keys, WAIT};
pub use seconds::Seconds;

use crate::tally::Counts;
use crate::units::{Span, Timestamp};
use apart::{Told, What};
use proxied::{Proxied, Way};
use sensors::Sensors;
use serde::{Deserialize, Serialize};
use sessions::Sessions;
use std::net::IpAddr;

/// How far the clocks of two sensors may differ, and how long a teller that knows less waits for one that knows more.
const SKEW: Span = Span(60_000_000);

/// Most records that wait for their turn. Past it they are taken before it, which costs order and not bytes.
const HELD_MAX: usize = 1 << 20;

/// Everything known of what may be told twice.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Pairing {
    held: Vec<Apart>,
    /// Some wait longer than event time alone makes them.
    pub(super) waits: bool,
    sessions: Sessions,
    sensors: Sensors,
    proxied: Proxied,
    /// Which other line told the same, to be named beside the evidence.
    pub(super) seconds: Seconds,
    /// The addresses of our proxies.
    proxies: Vec<IpAddr>,
}

impl Pairing {
    pub(super) fn new(proxies: &[IpAddr]) -> Pairing {
        Pairing {
            held: Vec::new(),
            waits: false,
            sessions: Sessions::default(),
            sensors: Sensors::default(),
            proxied: Proxied::default(),
            seconds: Seconds::default(),
            proxies: proxies.to_vec(),
        }
    }

    /// Takes in records, to be resolved when their turn has come.
    pub(super) fn hold(&mut self, apart: impl Iterator<Item = Apart>) {
        let waits = &mut self.waits;
        self.held.extend(apart.inspect(|apart| *waits |= apart.waits()));
    }

    /// Resolves all whose turn is before `moment`; gives those that are to be summed, with what is theirs to count.
    pub(super) fn release(&mut self, moment: Timestamp, keys: &Keys, counts: &mut [Counts]) -> Vec<Apart> {
        let mut held = std::mem::take(&mut self.held);
        // What was left from the last time is in order already, which this sort makes use of.
        held.sort_by_key(|apart| (apart.turn, apart.dataset, apart.source, apart.line));
        let due = held.partition_point(|apart| apart.turn < moment).max(held.len().saturating_sub(HELD_MAX));
        self.held = held.split_off(due);
        held.retain_mut(|apart| match counts.get_mut(apart.source as usize) {
            Some(counts) => self.resolve(apart, keys, counts),
            None => false,
        });
        held
    }

    /// Leaves in a record what no other has told; `false` where that is nothing.
    fn resolve(&mut self, apart: &mut Apart, keys: &Keys, counts: &mut Counts) -> bool {
        let (turn, place) = (apart.turn, (apart.source, apart.line));
        let told = match &mut apart.what {
            What::Opening { session, opener } => {
                counts.overflowed += self.sessions.open(*session, *opener, turn);
                return false;
            }
            What::Proxied { server, client, line } => {
                counts.overflowed += self.proxied.add(*server, *line, turn);
                counts.overflowed += client.map_or(0, |client| self.proxied.add(client, *line, turn));
                return false;
            }
            What::Told(told) => told,
        };
        let before = (told.out, told.back.unwrap_or(0));
        counts.overflowed += self.sessions.take(told, turn, counts);
        if let Some(ends) = told.ends.filter(|_| !told.blind) {
            let (evicted, first) = self.sensors.take(ends, told, place, turn);
            counts.overflowed += evicted;
            self.seconds.add(first, place, before.0);
        }
        if keys.proxied && !told.blind {
            let is_proxy = |ip: Option<IpAddr>| ip.is_some_and(|ip| self.proxies.contains(&ip));
            let way = match (is_proxy(told.host_ip), is_proxy(told.peer_ip)) {
                (_, true) => Way::To,
                (true, false) => Way::From,
                (false, false) => Way::Past,
            };
            let first = self.proxied.draw(told, way);
            self.seconds.add(first, place, before.0);
        }
        let after = (told.out, told.back.unwrap_or(0));
        if after == (0, 0) && before != (0, 0) {
            counts.repeated += 1;
            return false;
        }
        counts.events += 1;
        counts.late += u64::from(apart.late);
        counts.blind += u64::from(told.blind);
        counts.either_way += u64::from(told.sense.either_way());
        true
    }
}

/// Leaves of what a record tells only this.
fn leave(told: &mut Told, (out, back): (u64, u64)) {
    told.out = out;
    told.back = told.back.map(|_| back);
}
