//! The boiling frog: what a host sends to its favourite place grows by 5 % from day to day for three weeks, and is 2.8 times
//! as much in the end.

use super::usual::Usual;
use super::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "boiling-frog",
    about: "what a host sends anyway, to the same place, 5 % more every day for three weeks",
    plan,
};

/// Three weeks.
const HOURS: u32 = 21 * 24;
const FACTOR: f64 = 1.05;

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    const ROLES: [&str; 3] = ["file-server", "build-server", "workstation"];
    let mut random = brief.random(world, SCENARIO.name);
    let count = brief.hosts(1);
    let busy = |host: &Host| ROLES.contains(&host.role.name) && !host.off_site;
    let hosts = brief.choose(world, SCENARIO.name, count, busy);
    let window = brief.window(world, &mut random, HOURS);
    let days = f64::from((window.end - window.start).div_ceil(24));
    let elsewhere = places::rare(&mut random);
    let leak = |host: Host| {
        let usual = Usual::of(world, &host);
        // A day's theft is 1.05 - 1, 1.05² - 1, … of the usual.
        let row = FACTOR * (crate::synth::arithmetic::power(FACTOR, days) - 1.0) / (FACTOR - 1.0);
        let all = row - days;
        let bytes = brief.bytes.unwrap_or(whole(usual.a_day.max(20_000_000) as f64 * all));
        Leak {
            agent: "curl/7.88.1",
            pace: Pace::Growing(FACTOR),
            parts: Parts::Transfers(1, 3e6),
            ..Leak::new(host, usual.favourite.unwrap_or(elsewhere), brief.position, bytes, window.clone())
        }
    };
    Box::new(hosts.into_iter().map(leak).collect::<Vec<Leak>>())
}
