//! Data in names: questions for a domain of the thief's, whose labels carry what is stolen, at three speeds.

use super::*;
use crate::synth::noise::look_ups::question;
use crate::synth::random::mix;
use crate::synth::transfer::{Labels, Peer, Record};

pub(super) const SLOW: Scenario = Scenario {
    name: "dns-tunnel-slow",
    about: "1 to 5 MB in 4 to 7 days in the labels of questions for one new domain",
    plan: |world, brief| plan(world, brief, SLOW.name, (1e6, 5e6), (96, 168)),
};
pub(super) const MEDIUM: Scenario = Scenario {
    name: "dns-tunnel-medium",
    about: "10 to 40 MB in 12 to 30 hours in the labels of questions for one new domain",
    plan: |world, brief| plan(world, brief, MEDIUM.name, (10e6, 40e6), (12, 30)),
};
pub(super) const FAST: Scenario = Scenario {
    name: "dns-tunnel-fast",
    about: "30 to 100 MB in 2 to 5 hours in the labels of questions for one new domain",
    plan: |world, brief| plan(world, brief, FAST.name, (30e6, 100e6), (2, 5)),
};

const DRAWS: u64 = stream("dns-tunnel hour");

struct Tunnel {
    host: Host,
    domain: Peer,
    bytes: u64,
    /// Bytes that a name carries.
    length: u8,
    window: Range<u32>,
    theft: usize,
}

fn plan(
    world: &World,
    brief: &mut Brief<'_>,
    name: &'static str,
    (low, high): (f64, f64),
    (shortest, longest): (u32, u32),
) -> Box<dyn Theft> {
    let mut random = brief.random(world, name);
    let count = brief.hosts(1);
    let fits = |host: &Host| (host.role.quiet || host.role.name == "workstation") && !host.off_site;
    let hosts = brief.choose(world, name, count, fits);
    let length = shortest + random.pick(longest - shortest + 1);
    let window = brief.window(world, &mut random, length);
    let bytes = brief.bytes(&mut random, low, high);
    let domain = places::unknown(&mut random);
    let tunnel = |(host, bytes)| Tunnel {
        host,
        domain,
        bytes,
        length: 100 + u8::try_from(random.below(90)).unwrap_or(0),
        window: window.clone(),
        theft: brief.position,
    };
    let parts = dealt(bytes, hosts, &mut brief.random(world, "dns-tunnel parts"));
    Box::new(parts.into_iter().map(tunnel).collect::<Vec<Tunnel>>())
}

impl Theft for Vec<Tunnel> {
    fn hour(&mut self, world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
        for tunnel in self.iter().filter(|tunnel| tunnel.window.contains(&hour.index)) {
            let hours = u64::from(tunnel.window.end - tunnel.window.start);
            let place = u64::from(hour.index - tunnel.window.start);
            let mut left = share(tunnel.bytes, place, place + 1, hours);
            let mut random = world.random(DRAWS, [u64::from(tunnel.host.number), u64::from(hour.index)]);
            while left > 0 {
                let length = u8::try_from(left).unwrap_or(u8::MAX).min(tunnel.length);
                left -= u64::from(length);
                let number = mix(random.bits());
                let labels = Labels::Coded { number, length };
                let asked =
                    question(world, tunnel.host.peer, tunnel.domain, labels, Record::Txt, hour, &mut random);
                out.push(Transfer { theft: Some(tunnel.theft), ..asked });
            }
        }
    }
}
