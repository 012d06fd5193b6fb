//! Off hours: a workstation or a server of the business sends 3 to 40 GB to a new place, between 22:00 and 05:00 of one to
//! three nights.

use super::*;

pub(super) const SCENARIO: Scenario =
    Scenario { name: "off-hours", about: "3 to 40 GB to a new place in one to three nights", plan };

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    const ROLES: [&str; 4] = ["workstation", "application-server", "file-server", "build-server"];
    let mut random = brief.random(world, SCENARIO.name);
    let count = brief.hosts(1);
    let by_day = |host: &Host| ROLES.contains(&host.role.name) && !host.off_site;
    let hosts = brief.choose(world, SCENARIO.name, count, by_day);
    let length = 24 * (1 + random.pick(3));
    let window = brief.window(world, &mut random, length);
    let bytes = brief.bytes(&mut random, 3e9, 40e9);
    let peer = places::unknown(&mut random);
    let leak = |(host, bytes)| Leak {
        agent: "WinSCP/5.21",
        service: Service::Ssh,
        pace: Pace::HoursOfDay(22, 29),
        parts: Parts::Transfers(4, 5e6),
        ..Leak::new(host, peer, brief.position, bytes, window.clone())
    };
    Box::new(dealt(bytes, hosts, &mut random).into_iter().map(leak).collect::<Vec<Leak>>())
}
