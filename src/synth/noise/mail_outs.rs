//! Mail-outs: about every second week each mail server sends a circular to some thousand addresses within three hours of a
//! working morning, a few hundred MB to a few GB in all, most of it to places that it does not write to otherwise.

use crate::synth::arithmetic::whole;
use crate::synth::calendar::{Hour, milliseconds};
use crate::synth::places;
use crate::synth::random::stream;
use crate::synth::transfer::{Outcome, Service, Side, Transfer, client_port};
use crate::synth::world::World;

const PLAN: u64 = stream("mail-outs");
const DRAWS: u64 = stream("mail-outs hour");
/// Per mail server and working day.
const PROBABILITY: f64 = 0.1;
/// By the clock of the site.
const MORNING: std::ops::Range<usize> = 9..12;

pub(super) fn hour(world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
    for host in world.of_role("mail-server").iter().filter(|host| host.is_there(hour.index)) {
        if !hour.is_working_day() || !MORNING.contains(&hour.local_hour(host.site)) {
            continue;
        }
        let mut plan = world.random(PLAN, [u64::from(host.number), u64::from(hour.day)]);
        if !plan.chance(PROBABILITY) {
            continue;
        }
        let letters = plan.log_normal(6_000.0, 0.8).min(60_000.0);
        let size = plan.log_normal(120_000.0, 0.8);
        let lines = world.lines(letters);
        let mut random = world.random(DRAWS, [u64::from(host.number), u64::from(hour.index)]);
        for _ in 0..random.poisson(lines / MORNING.len() as f64) {
            let sent = size * random.between(0.95, 1.05) * letters / lines;
            let opened = hour.at(random.unit());
            out.push(Transfer {
                opened,
                closed: opened + milliseconds(0.5 + sent / random.log_normal(2e6, 0.6)),
                host: host.peer,
                peer: places::any_site(&mut random, 0.2),
                opener: Side::Host,
                client_port: client_port(&mut random),
                service: Service::Smtp,
                host_bytes: whole(sent),
                peer_bytes: whole(900.0 * letters / lines),
                agent: "",
                outcome: Outcome::Done,
                theft: None,
            });
        }
    }
}
