//! Spread over ten hosts: each sends 0.3 to 3 GB within two days to the same new place, little enough to be one of many
//! large uploads of its day.

use super::*;

pub(super) const SCENARIO: Scenario =
    Scenario { name: "spread", about: "3 to 30 GB in 12 to 48 hours from ten hosts to one new place", plan };

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    let mut random = brief.random(world, SCENARIO.name);
    let most = u32::try_from(world.hosts.len() / 20).unwrap_or(u32::MAX).max(1);
    let count = brief.hosts(10.min(most));
    let hosts = brief.choose(world, SCENARIO.name, count, |host| !host.off_site);
    let length = 12 + random.pick(37);
    let window = brief.window(world, &mut random, length);
    let bytes = brief.bytes(&mut random, 3e9, 30e9);
    let peer = places::unknown(&mut random);
    let leak = |(host, bytes)| Leak {
        agent: "curl/7.88.1",
        parts: Parts::Transfers(2, 4e6),
        ..Leak::new(host, peer, brief.position, bytes, window.clone())
    };
    Box::new(dealt(bytes, hosts, &mut random).into_iter().map(leak).collect::<Vec<Leak>>())
}
