//! Roll-outs of software: on one day 5 to 30 % of the estate meets a destination that nobody has been to,
//! fetches some tens of MB and reports back a little; for a week it stays in touch. One starts every four days or so.

use crate::synth::arithmetic::whole;
use crate::synth::calendar::{Hour, milliseconds};
use crate::synth::places::{NEW_SITES, site};
use crate::synth::random::{Random, stream};
use crate::synth::transfer::{Outcome, Service, Side, Transfer, client_port};
use crate::synth::world::World;

const PLAN: u64 = stream("rollouts");
const MEMBER: u64 = stream("rollouts member");
const DRAWS: u64 = stream("rollouts hour");
/// Days between the starts of two roll-outs.
const EVERY: u32 = 4;
/// Days for which a roll-out shows in the log.
const LASTS: u32 = 7;

pub(super) fn hour(world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
    // The roll-outs that started in this period of four days or the two before may still be under way.
    let period = hour.day / EVERY;
    for period in period.saturating_sub(2)..=period {
        let mut plan = world.random(PLAN, [u64::from(period), 0]);
        let started = period * EVERY + plan.pick(EVERY - 1);
        let reach = plan.between(0.05, 0.3);
        let Some(age) = hour.day.checked_sub(started).filter(|age| *age < LASTS) else { continue };
        let destination = site("rollout", NEW_SITES + period);
        // Nearly everybody on the first day, in waves over the morning; stragglers and check-ins after that.
        let (lowest, highest) = if age == 0 { (6, 18) } else { (0, 24) };
        if !(lowest..highest).contains(&hour.of_day) {
            continue;
        }
        for host in world.hosts.iter().filter(|host| host.is_there(hour.index)) {
            let number = u64::from(host.number);
            if !world.random(MEMBER, [number, u64::from(period)]).chance(reach) {
                continue;
            }
            let mut random = world.random(DRAWS, [number, u64::from(hour.index) << 32 | u64::from(period)]);
            let install = if age == 0 { 1.0 / 12.0 } else { 0.0 };
            let check_in = if age == 0 { 0.0 } else { 0.2 / 24.0 };
            if random.chance(install) {
                // Inventory of the machine goes up: mostly small, for some a dump of tens of MB.
                let sizes = (random.log_normal(150_000.0, 1.4), random.log_normal(30e6, 0.4));
                out.push(contact(hour, host.peer, destination, sizes, &mut random));
            } else if random.chance(check_in) {
                let sizes = (random.log_normal(4_000.0, 0.5), random.log_normal(9_000.0, 0.8));
                out.push(contact(hour, host.peer, destination, sizes, &mut random));
            }
        }
    }
}

fn contact(
    hour: &Hour,
    host: crate::synth::transfer::Peer,
    peer: crate::synth::transfer::Peer,
    (sent, received): (f64, f64),
    random: &mut Random,
) -> Transfer {
    let opened = hour.at(random.unit());
    Transfer {
        opened,
        closed: opened + milliseconds(0.2 + (sent + received) / random.log_normal(4e6, 0.6)),
        host,
        peer,
        opener: Side::Host,
        client_port: client_port(random),
        service: Service::Ssl,
        host_bytes: whole(sent),
        peer_bytes: whole(received),
        agent: "installer/2.0",
        outcome: Outcome::Done,
        theft: None,
    }
}
