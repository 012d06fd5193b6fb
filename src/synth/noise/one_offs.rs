//! Honest surprises: a quiet server that sends a support bundle of some hundred MB, once, to a vendor's support desk or
//! to an address that somebody was told over the telephone. Each host does so about once in fourteen months.

use super::burst::Burst;
use crate::synth::arithmetic::whole;
use crate::synth::calendar::{Hour, Rhythm};
use crate::synth::places::{self, NEW_SITES, TAIL_SITES};
use crate::synth::random::stream;
use crate::synth::transfer::Transfer;
use crate::synth::world::World;

const DRAWS: u64 = stream("one-offs");
/// Per host and day.
const PROBABILITY: f64 = 1.0 / 425.0;
/// Vendors with a support desk, among the partners.
const VENDORS: u32 = 40;

pub(super) fn hour(world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
    for host in world.hosts.iter().filter(|host| host.is_there(hour.index)) {
        let mean = PROBABILITY / 24.0 * Rhythm::Office.weight(hour, host.site);
        let mut random = world.random(DRAWS, [u64::from(host.number), u64::from(hour.index)]);
        if !random.chance(mean) {
            continue;
        }
        let peer = if random.chance(0.6) {
            places::partner(random.pick(VENDORS))
        } else {
            places::site("support", TAIL_SITES + random.pick(NEW_SITES - TAIL_SITES))
        };
        Burst {
            host,
            peer,
            agent: "curl/7.88.1",
            bytes: whole(random.log_normal(180e6, 1.0).min(6e9)),
            parts: 1 + random.below(3),
            rate: random.log_normal(4e6, 0.7),
            begin: random.unit(),
        }
        .send(hour, &mut random, out);
    }
}
