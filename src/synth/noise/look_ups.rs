//! What machines ask the house's name servers: sites, services, and names that look like data and are honest: content
//! networks, session numbers of telemetry, hashes that virus scanners look up. Where lines are thinned there are fewer.

use crate::synth::calendar::{Hour, Rhythm, milliseconds};
use crate::synth::places::{self, MONITOR, OFFICE, TELEMETRY, UPDATES};
use crate::synth::random::{Random, mix, stream};
use crate::synth::transfer::{
    Labels, Name, Outcome, Peer, Question, Record, Service, Side, Transfer, client_port,
};
use crate::synth::world::{Host, World};

const DRAWS: u64 = stream("look-ups");
/// Content networks, and trackers.
const NETWORKS: u32 = 14;
const TRACKERS: u32 = 60;

/// Mean number a day, for a host of vigour 1.
fn per_day(host: &Host) -> (f64, Rhythm) {
    match host.role.name {
        "workstation" => (900.0, Rhythm::Office),
        "mail-server" => (2_500.0, Rhythm::Office),
        "build-server" => (400.0, Rhythm::Office),
        "web-server" => (150.0, Rhythm::Public),
        _ => (60.0, Rhythm::Always),
    }
}

pub(super) fn hour(world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
    let servers = world.of_role("domain-controller");
    if servers.is_empty() {
        return;
    }
    let mut last: Option<(&str, (f64, Rhythm))> = None;
    for host in world.hosts.iter().filter(|host| host.is_there(hour.index)) {
        // Hosts of a role stand together.
        let (lines, rhythm) = match last {
            Some((role, of_role)) if role == host.role.name => of_role,
            _ => {
                let (per_day, rhythm) = per_day(host);
                (world.lines(per_day), rhythm)
            }
        };
        last = Some((host.role.name, (lines, rhythm)));
        let mean = lines / 24.0 * rhythm.weight(hour, host.site) * host.vigour;
        let mut random = world.random(DRAWS, [u64::from(host.number), u64::from(hour.index)]);
        for _ in 0..random.poisson(mean) {
            let (peer, labels) = name(&mut random);
            let record = if random.chance(0.02) { Record::Txt } else { Record::A };
            out.push(question(world, host.peer, peer, labels, record, hour, &mut random));
        }
    }
}

/// A question that opens in this hour.
pub(in crate::synth) fn question(
    world: &World,
    host: Peer,
    peer: Peer,
    labels: Labels,
    record: Record,
    hour: &Hour,
    random: &mut Random,
) -> Transfer {
    let servers = world.of_role("domain-controller");
    let chosen = u64::from(u32::from(host.address)) % (servers.len() as u64).max(1);
    let server = usize::try_from(chosen).ok().and_then(|at| servers.get(at));
    let opened = hour.at(random.unit());
    Transfer {
        opened,
        closed: opened + milliseconds(random.log_normal(0.02, 0.8)),
        host,
        peer,
        opener: Side::Host,
        client_port: client_port(random),
        service: Service::Question(Question {
            labels,
            record,
            server: server.map_or(host.address, |server| server.peer.address),
        }),
        host_bytes: labels.carried(),
        peer_bytes: 0,
        agent: "",
        outcome: Outcome::Done,
        theft: None,
    }
}

fn name(random: &mut Random) -> (Peer, Labels) {
    let coded = |random: &mut Random, low: u8, spread: u8, number: u64| Labels::Coded {
        number,
        length: low + u8::try_from(random.below(u64::from(spread))).unwrap_or(0),
    };
    let company = |stem: &'static str, number: Option<u32>| Peer {
        name: Name { stem, number },
        ..UPDATES.peer(&mut Random::new(0, 0, [0, 0]))
    };
    match random.pick(100) {
        0..45 => (places::any_site(random, 0.05), Labels::Word("www")),
        45..55 => (places::any_site(random, 0.02), Labels::Word("")),
        55..78 => {
            let known = [&MONITOR, &UPDATES, &OFFICE, &TELEMETRY];
            let at = usize::try_from(random.below(4)).unwrap_or(0);
            (known.get(at).copied().unwrap_or(&OFFICE).peer(random), Labels::Word("api"))
        }
        78..90 => {
            // The same names again and again, each of the same length.
            let number = mix(u64::from(random.zipf(50_000)));
            let length = 8 + u8::try_from(number % 9).unwrap_or(0);
            (company("cdn", Some(random.zipf(NETWORKS))), Labels::Coded { number, length })
        }
        90..96 => {
            let number = random.bits();
            (company("tracker", Some(random.zipf(TRACKERS))), coded(random, 20, 20, number))
        }
        _ => {
            let number = random.bits();
            (company("reputation", None), coded(random, 32, 20, number))
        }
    }
}
