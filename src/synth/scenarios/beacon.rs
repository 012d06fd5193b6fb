//! Beaconing in small chunks: 6 to 20 equal pieces an hour, day and night for three to seven days, 0.1 to 3 GB in all, to a
//! place that nobody went to.

use super::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "beacon",
    about: "0.1 to 3 GB in equal pieces, 6 to 20 an hour for three to seven days, to a new place",
    plan,
};

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    let mut random = brief.random(world, SCENARIO.name);
    let count = brief.hosts(1);
    let hosts = brief.choose(world, SCENARIO.name, count, |host| !host.off_site);
    let length = 72 + random.pick(97);
    let window = brief.window(world, &mut random, length);
    let bytes = brief.bytes(&mut random, 100e6, 3e9);
    let peer = places::unknown(&mut random);
    let beats = 6 + random.below(15);
    let leak = |(host, bytes)| Leak {
        agent: "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)",
        parts: Parts::Beats(beats),
        ..Leak::new(host, peer, brief.position, bytes, window.clone())
    };
    Box::new(dealt(bytes, hosts, &mut random).into_iter().map(leak).collect::<Vec<Leak>>())
}
