//! One honest 40 GB upload: a designer sends a film to a file-transfer service on the last working afternoon but one,
//! and never has before. Nothing in the flow tells it from a theft, except that it is one person's and one afternoon's.

use super::burst::Burst;
use crate::synth::arithmetic::whole;
use crate::synth::calendar::Hour;
use crate::synth::places::TRANSFER;
use crate::synth::random::stream;
use crate::synth::transfer::Transfer;
use crate::synth::world::World;

const DRAWS: u64 = stream("honest-upload");
const BYTES: u64 = 40_000_000_000;

pub(super) fn hour(world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
    if hour.of_day != 13 || !is_the_day(world, hour) {
        return;
    }
    let mut random = world.random(DRAWS, [0, 0]);
    let staff = world.of_role("workstation");
    let chosen = usize::try_from(random.below(staff.len() as u64)).unwrap_or(0);
    let Some(host) = staff.get(chosen) else { return };
    Burst {
        host,
        peer: TRANSFER.peer(&mut random),
        agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:109.0) Gecko/20100101 Firefox/111.0",
        bytes: BYTES,
        parts: whole(world.lines(160.0)),
        // A little over two hours on an office's line.
        rate: 5e6,
        begin: random.unit(),
    }
    .send(hour, &mut random, out);
}

/// The last working day that has another day after it; the only day of a shorter log.
fn is_the_day(world: &World, hour: &Hour) -> bool {
    let days = world.hours / 24;
    let last = days.saturating_sub(2);
    let later_working_day =
        (hour.day + 1..=last).any(|day| Hour::new(world.start, day.saturating_mul(24)).is_working_day());
    hour.day <= last && hour.is_working_day() && !later_working_day
}
