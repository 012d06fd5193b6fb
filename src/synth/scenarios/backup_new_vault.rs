//! Hidden in a backup, new vault: a host that copies itself off site at night sends about as much again, in one to three
//! nights, to a vault of the thief's.

use super::*;
use crate::synth::noise::backups;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "backup-new-vault",
    about: "one to three nightly backups more, at the time of the real ones, to a new place",
    plan,
};

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    let mut random = brief.random(world, SCENARIO.name);
    let count = brief.hosts(1);
    let hosts = brief.choose(world, SCENARIO.name, count, |host| host.off_site);
    let nights = 1 + random.pick(3);
    let window = brief.window(world, &mut random, 24 * nights);
    let peer = places::unknown(&mut random);
    let factor = random.between(0.6, 1.2);
    let leak = |host: Host| {
        let habit = backups::Habit::of(world, &host);
        let bytes = brief.bytes.unwrap_or(whole(habit.bytes * factor * f64::from(nights)));
        let at = habit.hour_of_day;
        Leak {
            agent: "vault-client/11.2",
            pace: Pace::HoursOfDay(at, at + 2),
            parts: Parts::Transfers(16, habit.rate),
            ..Leak::new(host, peer, brief.position, bytes, window.clone())
        }
    };
    Box::new(hosts.into_iter().map(leak).collect::<Vec<Leak>>())
}
