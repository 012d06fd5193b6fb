//! A brand-new host: a machine that came into service less than a day ago sends 1 to 50 GB to a new place in 4 to 30
//! hours. There is no history to judge it by.

use super::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "new-host",
    about: "1 to 50 GB in 4 to 30 hours to a new place, from a host that is less than a day old",
    plan,
};

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    let mut random = brief.random(world, SCENARIO.name);
    let count = brief.hosts(1);
    let length = 4 + random.pick(27);
    let learning = brief.learning.max(1);
    let born =
        |host: &Host| host.serves.start >= learning && host.serves.end > host.serves.start + 24 + length;
    let hosts = brief.choose_any(world, SCENARIO.name, count, |host| born(host) && !host.off_site);
    let bytes = brief.bytes(&mut random, 1e9, 50e9);
    let peer = places::unknown(&mut random);
    let mut leaks = Vec::new();
    for (host, bytes) in dealt(bytes, hosts, &mut random) {
        let start = host.serves.start + 1 + random.pick(23);
        let hours = start..(start + length).min(world.hours);
        leaks.push(Leak {
            agent: "curl/7.88.1",
            parts: Parts::Transfers(4, 5e6),
            ..Leak::new(host, peer, brief.position, bytes, hours)
        });
    }
    Box::new(leaks)
}
