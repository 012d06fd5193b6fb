//! Hidden in a backup, same vault: for five to ten nights a tenth to a fifth more goes to the service that the backups go to
//! anyway, into an account of the thief's.

use super::*;
use crate::synth::noise::backups;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "backup-same-vault",
    about: "10 to 20 % more in five to ten nightly backups, to the same service",
    plan,
};

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    let mut random = brief.random(world, SCENARIO.name);
    let count = brief.hosts(1);
    let hosts = brief.choose(world, SCENARIO.name, count, |host| host.off_site);
    let nights = 5 + random.pick(6);
    let window = brief.window(world, &mut random, 24 * nights);
    let peer = places::VAULT.peer(&mut random);
    let factor = random.between(0.1, 0.2);
    let leak = |host: Host| {
        let habit = backups::Habit::of(world, &host);
        let bytes = brief.bytes.unwrap_or(whole(habit.bytes * factor * f64::from(nights)));
        let at = habit.hour_of_day;
        Leak {
            agent: "vault-client/11.2",
            pace: Pace::HoursOfDay(at, at + 1),
            parts: Parts::Transfers(8, habit.rate),
            ..Leak::new(host, peer, brief.position, bytes, window.clone())
        }
    };
    Box::new(hosts.into_iter().map(leak).collect::<Vec<Leak>>())
}
