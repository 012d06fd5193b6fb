//! A web server pulled empty: through a web shell somebody outside fetches 5 to 80 GB from a public web server in 2 to 16
//! hours, by requests among those of the public.

use super::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "web-pull",
    about: "5 to 80 GB fetched from a public web server in 2 to 16 hours by one outsider",
    plan,
};

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    let mut random = brief.random(world, SCENARIO.name);
    let count = brief.hosts(1);
    let hosts = brief.choose(world, SCENARIO.name, count, |host| host.role.name == "web-server");
    let length = 2 + random.pick(15);
    let window = brief.window(world, &mut random, length);
    let bytes = brief.bytes(&mut random, 5e9, 80e9);
    let peer = places::visitor(&mut random);
    let leak = |(host, bytes)| Leak {
        opener: Side::Peer,
        agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Gecko/20100101 Firefox/111.0",
        parts: Parts::Transfers(12, 6e6),
        ..Leak::new(host, peer, brief.position, bytes, window.clone())
    };
    Box::new(dealt(bytes, hosts, &mut random).into_iter().map(leak).collect::<Vec<Leak>>())
}
