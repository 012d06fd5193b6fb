//! Smash and grab, after Capita: 5 to 10 quiet servers send 300 GB to 1.2 TB within 36 to 58 hours to one new place.

use super::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "smash-and-grab",
    about: "0.3 to 1.2 TB in 36 to 58 hours from 5 to 10 quiet servers to one new place",
    plan,
};

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    let mut random = brief.random(world, SCENARIO.name);
    let most = u32::try_from(world.hosts.len() / 50).unwrap_or(u32::MAX).max(1);
    let count = brief.hosts((5 + random.pick(6)).min(most));
    let hosts = brief.choose(world, SCENARIO.name, count, |host| host.role.quiet && !host.off_site);
    let length = 36 + random.pick(23);
    let window = brief.window(world, &mut random, length);
    let bytes = brief.bytes(&mut random, 300e9, 1.2e12);
    let peer = places::unknown(&mut random);
    let mut leaks = Vec::new();
    for (host, bytes) in dealt(bytes, hosts, &mut random) {
        // They are started by hand, one after another.
        let late = random.pick(1 + (window.end - window.start) / 12);
        leaks.push(Leak::new(host, peer, brief.position, bytes, window.start + late..window.end));
    }
    Box::new(leaks)
}
