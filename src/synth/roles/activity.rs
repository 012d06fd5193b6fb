//! One habit of a role, and its connections in an hour.
//!
//! Where lines are thinned (`Settings::line_power`), a line stands for several connections and carries their bytes:
//! the volumes of a host stay, its lines become fewer.

use super::super::arithmetic::whole;
use super::super::calendar::{Rhythm, milliseconds};
use super::super::places::{self, Known};
use super::super::random::Random;
use super::super::transfer::{Peer, Service, client_port};
use super::*;

/// Something that every host of a role does.
#[derive(Debug)]
pub(in crate::synth) struct Activity {
    pub(in crate::synth) towards: Towards,
    pub(in crate::synth) service: Service,
    pub(in crate::synth) agent: &'static str,
    /// Mean number of connections a day, for a host of vigour 1.
    pub(in crate::synth) per_day: f64,
    pub(in crate::synth) timing: Timing,
    /// Bytes that the host sends.
    pub(in crate::synth) sent: Size,
    /// Bytes that the host gets.
    pub(in crate::synth) received: Size,
}

/// The other end.
#[derive(Clone, Copy, Debug)]
pub(in crate::synth) enum Towards {
    /// A service that all use.
    Known(&'static Known),
    /// One of `each` partners that this host has, out of all of them; a few partners are shared by many hosts.
    Partner { each: u32, of: u32 },
    /// Anywhere: sites by popularity, a share `fresh` (0 to 1) of which nobody has been to.
    Anywhere { fresh: f64 },
    /// The public calls us.
    Visitors,
    /// A host of that role.
    Inside(&'static str),
}

/// When.
#[derive(Clone, Copy, Debug)]
pub(in crate::synth) enum Timing {
    /// By a timer, at equal distances; not scaled by vigour.
    Timer,
    /// At random, with the rhythm of a day and a week.
    Rhythm(Rhythm),
}

/// How many bytes a connection carries.
#[derive(Clone, Copy, Debug)]
pub(in crate::synth) enum Size {
    /// Always so many.
    Fixed(u64),
    /// So many as drawn once for the host, in steps of 32, then always the same: heartbeats, whose size hangs on the
    /// length of a name and the version of an agent.
    Own { median: f64, sigma: f64 },
    /// Log-normal, drawn for each connection.
    Usual { median: f64, sigma: f64 },
}

impl Size {
    /// Bytes of a line that stands for `merged` connections (1 or more).
    fn draw(self, merged: f64, random: &mut Random, own: &mut Own<'_>) -> u64 {
        match self {
            Size::Fixed(bytes) => bytes * whole(merged),
            Size::Own { median, sigma } => {
                whole(own.draws().log_normal(median / 32.0, sigma)).max(1) * 32 * whole(merged)
            }
            Size::Usual { median, sigma } => {
                // A sum of draws is less spread than one draw; sixteen show that well enough.
                let draws = whole(merged).clamp(1, 16);
                let sum: f64 = (0..draws).map(|_| random.log_normal(median, sigma)).sum();
                whole(sum * merged / draws as f64)
            }
        }
    }
}

/// The draws that are always the same for a host and an activity; made when asked for, which most connections do not.
struct Own<'a> {
    world: &'a World,
    key: [u64; 2],
    draws: Option<Random>,
}

impl Own<'_> {
    fn draws(&mut self) -> &mut Random {
        self.draws.get_or_insert_with(|| self.world.random(OWN, self.key))
    }
}

/// Share of connections that nobody answers: firewalls, restarts, old configuration.
const UNANSWERED: f64 = 0.01;
const OWN: u64 = stream("own habit");

/// The connections of one activity of one host that open in this hour.
pub(super) fn hour(
    activity: &Activity,
    world: &World,
    host: &Host,
    place: u64,
    hour: &Hour,
    random: &mut Random,
    out: &mut Vec<Transfer>,
) {
    let lines = world.lines(activity.per_day);
    let merged = activity.per_day.max(1.0) / lines.max(1.0);
    let own = || Own { world, key: [u64::from(host.number), place], draws: None };
    let mut connect = |fraction: f64, random: &mut Random| {
        out.push(connection(activity, world, host, hour, fraction, merged, random, &mut own()));
    };
    match activity.timing {
        Timing::Timer => {
            // In whole seconds, so that no beat falls between two hours by rounding.
            let apart = whole(86_400.0 / lines).max(1);
            let phase = own().draws().below(apart);
            let from = u64::from(hour.index) * 3600;
            let mut beat = phase + from.saturating_sub(phase).div_ceil(apart) * apart;
            while beat < from + 3600 {
                // A timer is late, never early, by up to a hundredth.
                let late = random.below(1 + apart / 100);
                connect((beat - from + late) as f64 / 3600.0, random);
                beat += apart;
            }
        }
        Timing::Rhythm(rhythm) => {
            for _ in 0..random.poisson(lines / 24.0 * rhythm.weight(hour, host.site) * host.vigour) {
                let fraction = random.unit();
                connect(fraction, random);
            }
        }
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "the draws of one connection; a struct would be built and taken apart at once"
)]
fn connection(
    activity: &Activity,
    world: &World,
    host: &Host,
    hour: &Hour,
    fraction: f64,
    merged: f64,
    random: &mut Random,
    own: &mut Own<'_>,
) -> Transfer {
    let opened = hour.at(fraction);
    let peer = other_end(activity.towards, world, host, random, own);
    let opener = match activity.towards {
        Towards::Visitors => Side::Peer,
        _ => Side::Host,
    };
    let unanswered = opener == Side::Host && !activity.service.is_udp() && random.chance(UNANSWERED);
    let (outcome, host_bytes, peer_bytes, seconds) = if unanswered {
        (Outcome::Unanswered, 0, 0, 3.0)
    } else {
        let sent = activity.sent.draw(merged, random, own);
        let received = activity.received.draw(merged, random, own);
        // Median 4 MB/s over a round trip or more; six hours is as long as firewalls keep anything.
        let rate = random.log_normal(4e6, 0.8);
        let seconds = random.log_normal(0.15, 0.8) + (sent + received) as f64 / rate;
        (Outcome::Done, sent, received, seconds.min(21_600.0))
    };
    Transfer {
        opened,
        closed: opened + milliseconds(seconds),
        host: host.peer,
        peer,
        opener,
        client_port: if activity.service == Service::Ntp { 123 } else { client_port(random) },
        service: activity.service,
        host_bytes,
        peer_bytes,
        agent: activity.agent,
        outcome,
        theft: None,
    }
}

fn other_end(towards: Towards, world: &World, host: &Host, random: &mut Random, own: &mut Own<'_>) -> Peer {
    match towards {
        Towards::Known(service) => service.peer(random),
        Towards::Partner { each, of } => {
            let mine = random.below(u64::from(each));
            let key = [u64::from(host.number), mine];
            places::partner(world.random(stream("partner"), key).zipf(of))
        }
        Towards::Anywhere { fresh } => places::any_site(random, fresh),
        Towards::Visitors => places::visitor(random),
        Towards::Inside(role) => {
            // A host keeps to the same one.
            let hosts = world.of_role(role);
            let chosen = own.draws().below(hosts.len() as u64);
            usize::try_from(chosen).ok().and_then(|at| hosts.get(at)).map_or(host.peer, |inside| inside.peer)
        }
    }
}
