//! Low and slow: 10 to 500 MB a day for two weeks, in one hour of each day, to a place that few go to.

use super::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "low-and-slow",
    about: "10 to 500 MB a day for two weeks to a place that few go to",
    plan,
};

/// Two weeks.
const HOURS: u32 = 14 * 24;

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    let mut random = brief.random(world, SCENARIO.name);
    let count = brief.hosts(1);
    let hosts = brief.choose(world, SCENARIO.name, count, |host| !host.off_site);
    let window = brief.window(world, &mut random, HOURS);
    let days = f64::from(window.end - window.start) / 24.0;
    let bytes = brief.bytes(&mut random, 10e6 * days, 500e6 * days);
    let peer = places::rare(&mut random);
    let leak = |(host, bytes)| Leak {
        agent: "python-requests/2.28.1",
        pace: Pace::OnceADay,
        parts: Parts::Transfers(2, 3e6),
        ..Leak::new(host, peer, brief.position, bytes, window.clone())
    };
    Box::new(dealt(bytes, hosts, &mut random).into_iter().map(leak).collect::<Vec<Leak>>())
}
