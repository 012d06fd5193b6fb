//! A drip over many destinations: one server sends 3 to 30 GB in five to ten days to 20 to 60 places, no one of which gets
//! much. Another place every hour.

use super::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "drip",
    about: "3 to 30 GB in 5 to 10 days from one server to 20 to 60 places that few go to",
    plan,
};

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    let mut random = brief.random(world, SCENARIO.name);
    let count = brief.hosts(1);
    let hosts = brief.choose(world, SCENARIO.name, count, |host| !host.off_site);
    let length = 120 + random.pick(121);
    let window = brief.window(world, &mut random, length);
    let bytes = brief.bytes(&mut random, 3e9, 30e9);
    let to: Vec<_> = (0..20 + random.pick(41))
        .map(|_| if random.chance(0.3) { places::rare(&mut random) } else { places::unknown(&mut random) })
        .collect();
    let leak = |(host, bytes)| Leak {
        to: to.clone(),
        agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
        parts: Parts::Transfers(2, 3e6),
        ..Leak::new(host, to[0], brief.position, bytes, window.clone())
    };
    Box::new(dealt(bytes, hosts, &mut random).into_iter().map(leak).collect::<Vec<Leak>>())
}
