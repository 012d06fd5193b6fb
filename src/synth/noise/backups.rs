//! Nightly copies of 5 to 50 GB to an off-site vault: always the same hosts at about the same time, a little more every
//! day, twice as much on one night of the weekend for a third of them, and a night missed now and then.

use super::burst::Burst;
use crate::synth::arithmetic::whole;
use crate::synth::calendar::Hour;
use crate::synth::places::VAULT;
use crate::synth::random::stream;
use crate::synth::transfer::Transfer;
use crate::synth::world::{Host, World};

const HABIT: u64 = stream("backups");
const NIGHT: u64 = stream("backups tonight");

/// What a host's backup is like, night for night.
pub(in crate::synth) struct Habit {
    /// When it begins, in hours of the day by the host's clock.
    begins: f64,
    /// The hour of the day in which that is.
    pub(in crate::synth) hour_of_day: u32,
    /// Bytes of a usual night at the start of the log.
    pub(in crate::synth) bytes: f64,
    /// Twice as much once a week.
    weekly: bool,
    /// Bytes a second.
    pub(in crate::synth) rate: f64,
}

impl Habit {
    pub(in crate::synth) fn of(world: &World, host: &Host) -> Habit {
        if let Some((bytes, hour_of_day)) = world.seen(host).and_then(|seen| seen.nightly) {
            // As fast as it must be to be over within the hour.
            let (bytes, begins) = (bytes as f64, f64::from(hour_of_day));
            return Habit { begins, hour_of_day, bytes, weekly: false, rate: (bytes / 3600.0).max(1e6) };
        }
        let mut habit = world.random(HABIT, [u64::from(host.number), 0]);
        // Between 22:00 and 04:00, never across midnight of the plan.
        let begins = (22.0 + habit.between(0.0, 6.0)) % 24.0;
        Habit {
            begins,
            hour_of_day: u32::try_from(whole(begins.floor())).unwrap_or(0),
            bytes: habit.log_normal(15e9, 0.6).clamp(5e9, 45e9),
            weekly: habit.chance(0.33),
            rate: habit.log_normal(25e6, 0.5),
        }
    }
}

pub(super) fn hour(world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
    for host in world.hosts.iter().filter(|host| host.off_site && host.is_there(hour.index)) {
        let Habit { begins: planned, hour_of_day, bytes: base, weekly, rate } = Habit::of(world, host);
        if hour_of_day as usize != hour.local_hour(host.site) {
            continue;
        }

        let mut night = world.random(NIGHT, [u64::from(host.number), u64::from(hour.day)]);
        if night.chance(0.01) {
            continue;
        }
        let full = if weekly && hour.weekday == 5 { 2.0 } else { 1.0 };
        let growth = 1.0 + 0.004 * f64::from(hour.day);
        let bytes = base * growth * full * night.log_normal(1.0, 0.06);
        Burst {
            host,
            peer: VAULT.peer(&mut night),
            agent: "vault-client/11.2",
            bytes: whole(bytes),
            parts: whole(world.lines(64.0)),
            rate: rate * night.between(0.8, 1.2),
            begin: (planned.fract() + night.between(-0.1, 0.1)).clamp(0.0, 0.999),
        }
        .send(hour, &mut night, out);
    }
}
