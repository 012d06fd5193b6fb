//! Capita, March 2023: about 974 GB left within 48 hours (29-30 March) from less than 0.1 % of the estate, servers that
//! had been quiet, after a week of small talk with a command server (SystemBC; rclone did the copying). Figures: the
//! Information Commissioner's penalty notice of October 2025.
//!
//! All hosts send to one address that nobody in the estate has been to; the beacons go elsewhere and are not labelled.

use super::*;
use crate::synth::calendar::milliseconds;
use crate::synth::transfer::{Name, Outcome, Peer, Service, Side, client_port};
use std::net::Ipv4Addr;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "capita-2023",
    about: "974 GB in the last 48 hours from 0.1 % of the hosts, quiet servers until then, to one new address, after \
            days of small beacons",
    plan,
};

const BYTES: u64 = 974_000_000_000;
/// The first theft fills the last 48 hours of the log, or the second half of a shorter one; others lie before.
const HOURS: u32 = 48;
/// The intruder came in a week before.
const BEACONS_BEFORE: u32 = 7 * 24;
/// The command server's port, SystemBC's default.
const COMMAND_PORT: u16 = 4001;
const BEACONS: u64 = stream("capita-2023 beacons");

struct Capita {
    parts: Vec<Leak>,
    command: Peer,
    /// In hours of the log.
    beacons_from: u32,
}

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    let count = brief.hosts(world.one_in_a_thousand());
    let hosts = brief.choose(world, SCENARIO.name, count, |host| host.role.quiet && !host.off_site);
    let mut random = brief.random(world, SCENARIO.name);
    let last = |random: &mut Random| u8::try_from(1 + random.below(254)).unwrap_or(1);
    let first = brief.number == 0;
    let mut drop_box = Peer {
        address: Ipv4Addr::new(203, 0, 113, last(&mut random)),
        name: Name { stem: "files-share", number: None },
    };
    let mut command = Peer {
        address: Ipv4Addr::new(192, 0, 2, last(&mut random)),
        name: Name { stem: "cdn-status", number: None },
    };

    let length = HOURS.min(world.hours / 2);
    let mut window = world.hours - length..world.hours;
    if !first {
        window = brief.window(world, &mut random, length);
        (drop_box, command) = (places::unknown(&mut random), places::unknown(&mut random));
    }
    let begin = window.start;
    let bytes = brief.bytes.unwrap_or(BYTES);
    // Some servers hold more than others: between 0.7 and 1.3 of the mean.
    let weights: Vec<u64> = hosts.iter().map(|_| 700 + random.below(601)).collect();
    let all: u64 = weights.iter().sum();
    let mut upto = 0;
    let mut parts = Vec::new();
    for (host, weight) in hosts.into_iter().zip(weights) {
        let part = share(bytes, upto, upto + weight, all);
        upto += weight;
        // They are started by hand, one after another, and do not finish together.
        let hours = begin + random.pick(length / 16)..window.end - random.pick(length / 24);
        parts.push(Leak::new(host, drop_box, brief.position, part, hours));
    }
    Box::new(Capita { parts, command, beacons_from: begin.saturating_sub(BEACONS_BEFORE) })
}

impl Theft for Capita {
    fn hour(&mut self, world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
        for part in &mut self.parts {
            part.hour(world, hour, out);
            if hour.index >= self.beacons_from {
                beacons(world, &part.host, self.command, hour, out);
            }
        }
    }
}

fn beacons(world: &World, host: &Host, command: Peer, hour: &Hour, out: &mut Vec<Transfer>) {
    let mut random = world.random(BEACONS, [u64::from(host.number), u64::from(hour.index)]);
    for _ in 0..random.poisson(world.lines(48.0) / 24.0) {
        let opened = hour.at(random.unit());
        out.push(Transfer {
            opened,
            closed: opened + milliseconds(random.between(0.3, 4.0)),
            host: host.peer,
            peer: command,
            opener: Side::Host,
            client_port: client_port(&mut random),
            service: Service::Tcp(COMMAND_PORT),
            host_bytes: 300 + random.below(500),
            peer_bytes: whole(random.log_normal(400.0, 0.8)),
            agent: "",
            outcome: Outcome::Done,
            theft: None,
        });
    }
}
