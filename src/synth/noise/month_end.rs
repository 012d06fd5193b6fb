//! Month end: some application servers send pay runs and ledgers to the bank on the last two working days, as they do
//! every month; a short log sees it for the first time.

use super::burst::Burst;
use crate::synth::arithmetic::whole;
use crate::synth::calendar::Hour;
use crate::synth::places::PAYROLL;
use crate::synth::random::stream;
use crate::synth::transfer::Transfer;
use crate::synth::world::World;

const HABIT: u64 = stream("month-end");
const RUN: u64 = stream("month-end run");
/// Share of the application servers that keep books.
const SHARE: f64 = 0.01;

pub(super) fn hour(world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
    if !hour.is_month_end() || !(16..20).contains(&hour.of_day) {
        return;
    }
    for host in world.of_role("application-server").iter().filter(|host| host.is_there(hour.index)) {
        let mut habit = world.random(HABIT, [u64::from(host.number), 0]);
        if !habit.chance(SHARE) || 16 + usize::try_from(habit.below(4)).unwrap_or(0) != hour.of_day {
            continue;
        }
        let base = habit.log_normal(350e6, 0.8);
        let mut run = world.random(RUN, [u64::from(host.number), u64::from(hour.day)]);
        Burst {
            host,
            peer: PAYROLL.peer(&mut run),
            agent: "Java/17.0.6",
            bytes: whole(base * run.log_normal(1.0, 0.1)),
            parts: 1 + run.below(3),
            rate: run.log_normal(5e6, 0.5),
            begin: run.unit(),
        }
        .send(hour, &mut run, out);
    }
}
