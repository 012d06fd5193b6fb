//! To a popular service: 2 to 40 GB in 4 to 48 hours to the office suite that half of the staff use all day.

use super::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "popular-service",
    about: "2 to 40 GB in 4 to 48 hours to a service that the estate uses all day",
    plan,
};

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    let mut random = brief.random(world, SCENARIO.name);
    let count = brief.hosts(1);
    // Half of them sit at a desk that uses the service too.
    let at_desk = random.chance(0.5);
    let fits = |host: &Host| (host.role.name == "workstation") == at_desk && !host.off_site;
    let hosts = brief.choose(world, SCENARIO.name, count, fits);
    let length = 4 + random.pick(45);
    let window = brief.window(world, &mut random, length);
    let bytes = brief.bytes(&mut random, 2e9, 40e9);
    let peer = places::OFFICE.peer(&mut random);
    let leak = |(host, bytes)| Leak {
        agent: "rclone/v1.62.2",
        parts: Parts::Transfers(6, 4e6),
        ..Leak::new(host, peer, brief.position, bytes, window.clone())
    };
    Box::new(dealt(bytes, hosts, &mut random).into_iter().map(leak).collect::<Vec<Leak>>())
}
