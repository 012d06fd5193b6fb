//! Hackney, October 2020: 9,605 records, which is some megabytes (2 to 10 kB each), out of one server in an hour or two of
//! the night; then the encryption. Figures: the Information Commissioner's reprimand of July 2024. Volume will hardly find
//! this, and no more is claimed.

use super::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "hackney-2020",
    about: "9,605 records, some 20 to 100 MB, from one server to a new place in one night",
    plan,
};

const RECORDS: f64 = 9_605.0;

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    let mut random = brief.random(world, SCENARIO.name);
    let count = brief.hosts(1);
    let hosts = brief.choose(world, SCENARIO.name, count, |host| host.role.quiet && !host.off_site);
    let window = brief.window(world, &mut random, 24);
    let bytes = brief.bytes(&mut random, RECORDS * 2_000.0, RECORDS * 10_000.0);
    let peer = places::unknown(&mut random);
    let leak = |(host, bytes)| Leak {
        agent: "curl/7.88.1",
        pace: Pace::HoursOfDay(1, 3),
        parts: Parts::Transfers(3, 2e6),
        ..Leak::new(host, peer, brief.position, bytes, window.clone())
    };
    Box::new(dealt(bytes, hosts, &mut random).into_iter().map(leak).collect::<Vec<Leak>>())
}
