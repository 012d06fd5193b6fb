//! A fixed number of bytes sent by one host over a stretch of hours at a limited rate: a plateau with jitter and pauses.
//! What leaves in an hour follows from running weights, so the total is exact and nothing is planned ahead in memory.

use crate::synth::arithmetic::{share, whole};
use crate::synth::calendar::{Hour, milliseconds};
use crate::synth::random::stream;
use crate::synth::transfer::{Outcome, Peer, Service, Side, Transfer, client_port};
use crate::synth::world::{Host, World};
use std::ops::Range;

const WEIGHT: u64 = stream("plateau weight");
const CONNECTIONS: u64 = stream("plateau connections");

/// Steps of a connection's share of its hour: fine enough that no two carry the same bytes.
const FINE: u64 = 1 << 16;

/// One host's part of a theft.
pub(super) struct Plateau {
    pub(super) host: Host,
    pub(super) peer: Peer,
    pub(super) service: Service,
    pub(super) agent: &'static str,
    pub(super) theft: usize,
    /// Left to send, over the hours of `hours` that have not been asked for.
    bytes_left: u64,
    weight_left: u64,
    hours: Range<u32>,
}

impl Plateau {
    pub(super) fn new(
        world: &World,
        host: Host,
        peer: Peer,
        theft: usize,
        bytes: u64,
        hours: Range<u32>,
    ) -> Plateau {
        let weight_left = hours.clone().map(|hour| weight(world, &host, hour)).sum();
        let (service, agent) = (Service::Ssl, "rclone/v1.62.2");
        Plateau { host, peer, service, agent, theft, bytes_left: bytes, weight_left, hours }
    }

    /// The connections that open in this hour. They may close in the next one, but in the last hour they close before
    /// it is over, so that nothing of the theft is still open when the log ends.
    pub(super) fn hour(&mut self, world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
        if !self.hours.contains(&hour.index) {
            return;
        }
        let due = weight(world, &self.host, hour.index);
        let bytes = share(self.bytes_left, 0, due, self.weight_left);
        self.bytes_left -= bytes;
        self.weight_left = self.weight_left.saturating_sub(due);

        let mut random = world.random(CONNECTIONS, [u64::from(self.host.number), u64::from(hour.index)]);
        // Several files at a time go over several connections, each kept for some of them.
        let slots = 4 + random.below(5);
        let is_last = hour.index + 1 == self.hours.end;
        let mut sent = 0;
        for slot in 1..=slots {
            let upto = if slot == slots {
                slots * FINE
            } else {
                slot * FINE + random.below(FINE * 3 / 4) - FINE * 3 / 8
            };
            let slot_length = 1.0 / slots as f64;
            let begin = ((slot - 1) as f64 + random.between(0.0, 0.3)) * slot_length;
            let opened = hour.at(begin);
            let latest = hour.at(if is_last { random.between(0.97, 0.999) } else { 1.4 });
            let length = milliseconds(random.between(0.7, 1.9) * slot_length * 3600.0);
            let host_bytes = share(bytes, sent, upto, slots * FINE);
            sent = upto;
            out.push(Transfer {
                opened,
                closed: (opened + length).min(latest),
                host: self.host.peer,
                peer: self.peer,
                opener: Side::Host,
                client_port: client_port(&mut random),
                service: self.service,
                host_bytes,
                peer_bytes: 3_000 + whole(host_bytes as f64 * random.between(0.0005, 0.003)),
                agent: self.agent,
                outcome: Outcome::Done,
                theft: Some(self.theft),
            });
        }
    }
}

/// How much of the theft falls into an hour: 100 give or take 15, a fifth of that in one hour of thirty.
fn weight(world: &World, host: &Host, hour: u32) -> u64 {
    let mut random = world.random(WEIGHT, [u64::from(host.number), u64::from(hour)]);
    let usual = 85 + random.below(31);
    if random.chance(1.0 / 30.0) { usual / 5 } else { usual }
}
