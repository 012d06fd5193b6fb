//! Large honest one-offs: a database goes to a consultant, a share moves to another provider, 5 to 100 GB, once. In an estate
//! of 10,000 hosts there is one every other day, from any host that is not backed up off site anyway.

use super::burst::Burst;
use crate::synth::arithmetic::{exp, ln, whole};
use crate::synth::calendar::{Hour, Rhythm};
use crate::synth::places;
use crate::synth::random::stream;
use crate::synth::transfer::Transfer;
use crate::synth::world::World;

const DRAWS: u64 = stream("migrations");
/// Per host and day.
const PROBABILITY: f64 = 1.0 / 20_000.0;
/// Providers, among the partners.
const PROVIDERS: u32 = 100;

pub(super) fn hour(world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
    for host in world.hosts.iter().filter(|host| !host.off_site && host.is_there(hour.index)) {
        let mean = PROBABILITY / 24.0 * Rhythm::Office.weight(hour, host.site);
        let mut random = world.random(DRAWS, [u64::from(host.number), u64::from(hour.index)]);
        if !random.chance(mean) {
            continue;
        }
        let peer = match random.pick(10) {
            0..4 => places::partner(random.pick(PROVIDERS)),
            4..7 => places::TRANSFER.peer(&mut random),
            _ => places::unknown(&mut random),
        };
        let bytes = exp(random.between(ln(5e9), ln(100e9)));
        Burst {
            host,
            peer,
            agent: "rclone/v1.62.2",
            bytes: whole(bytes),
            parts: whole(world.lines(bytes / 250e6)).max(1),
            rate: random.log_normal(8e6, 0.7),
            begin: random.unit(),
        }
        .send(hour, &mut random, out);
    }
}
