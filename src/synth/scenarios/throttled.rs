//! Throttled under the host's own p99: for two to five days a host that sends a lot anyway sends to a new place, every
//! hour four fifths of what one of its hundred busiest hours sends.

use super::usual::Usual;
use super::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "throttled",
    about: "2 to 5 days at 0.8 of the host's own p99 an hour, to a new place",
    plan,
};

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    const ROLES: [&str; 5] = ["file-server", "workstation", "build-server", "mail-server", "web-server"];
    let mut random = brief.random(world, SCENARIO.name);
    let count = brief.hosts(1);
    let busy = |host: &Host| ROLES.contains(&host.role.name) && !host.off_site;
    let hosts = brief.choose(world, SCENARIO.name, count, busy);
    let length = 48 + random.pick(73);
    let window = brief.window(world, &mut random, length);
    let peer = places::unknown(&mut random);
    let leak = |host: Host| {
        let hours = u64::from(window.end - window.start);
        let an_hour = Usual::of(world, &host).p99_an_hour.max(1_000_000);
        let bytes = brief.bytes.unwrap_or(an_hour * hours * 4 / 5);
        Leak {
            agent: "curl/7.88.1",
            parts: Parts::Transfers(3, 2e6),
            ..Leak::new(host, peer, brief.position, bytes, window.clone())
        }
    };
    Box::new(hosts.into_iter().map(leak).collect::<Vec<Leak>>())
}
