//! One habit of a role, and its connections in an hour.
//!
//! Where lines are thinned (`Settings::line_power`), a line stands for several connections and carries their bytes:
//! the volumes of a host stay, its lines become fewer.

use super::super::arithmetic::whole;
use super::super::calendar::{Rhythm, milliseconds};
use super::super::places::{self, Known};
use super::super::random::{Point, Random};
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
    /// How many normal draws a line takes that stands for `merged` connections (1 or more). A sum of draws is less spread
    /// than one draw; sixteen show that well enough.
    fn points(self, merged: f64) -> usize {
        match self {
            Size::Fixed(_) | Size::Own { .. } => 0,
            Size::Usual { .. } => usize::try_from(whole(merged)).unwrap_or(MOST).clamp(1, MOST),
        }
    }

    /// Bytes of such a line, of [`Size::points`] draws; `own` are those of a host that always sends the same.
    fn of(self, merged: f64, points: &[Point], own: u64) -> u64 {
        match self {
            Size::Fixed(bytes) => bytes * whole(merged),
            Size::Own { .. } => own,
            Size::Usual { median, sigma } => {
                let sum: f64 = points.iter().map(|point| point.log_normal(median, sigma)).sum();
                whole(sum * merged / points.len() as f64)
            }
        }
    }

    /// What is always the same for a host.
    fn own(self, merged: f64, draws: &mut Random) -> u64 {
        match self {
            Size::Own { median, sigma } => {
                whole(draws.log_normal(median / 32.0, sigma)).max(1) * 32 * whole(merged)
            }
            Size::Fixed(_) | Size::Usual { .. } => 0,
        }
    }
}

/// The most normal draws that a size takes.
const MOST: usize = 16;

/// An activity in this estate; the same for all hosts of its role.
#[derive(Clone, Copy, Debug)]
pub(in crate::synth) struct Habit {
    /// Lines a day, for a host of vigour 1.
    lines: f64,
    /// Connections that a line stands for.
    merged: f64,
    /// Seconds between two beats of a timer.
    apart: u64,
    /// Whether some log tells of it. If not, its draws are passed over, so that what comes after them stays the same.
    pub(in crate::synth) is_told: bool,
}

impl Habit {
    pub(super) fn of(activity: &Activity, world: &World) -> Habit {
        let lines = world.lines(activity.per_day);
        let merged = activity.per_day.max(1.0) / lines.max(1.0);
        Habit { lines, merged, apart: whole(86_400.0 / lines).max(1), is_told: true }
    }
}

/// What is always the same for a host and an activity.
#[derive(Clone, Copy, Debug)]
pub(in crate::synth) struct Own {
    /// Seconds from midnight to the first beat.
    phase: u64,
    /// Bytes of [`Size::Own`].
    sent: u64,
    received: u64,
    /// The place of the partner inside among its role's hosts.
    inside: u64,
}

impl Own {
    pub(super) fn of(activity: &Activity, habit: &Habit, world: &World, host: &Host, place: u64) -> Own {
        let draws = || world.random(OWN, [u64::from(host.number), place]);
        let mut first = draws();
        let inside = match activity.towards {
            Towards::Inside(role) => first.below(world.of_role(role).len() as u64),
            _ => 0,
        };
        Own {
            phase: draws().below(habit.apart),
            sent: activity.sent.own(habit.merged, &mut first),
            received: activity.received.own(habit.merged, &mut first),
            inside,
        }
    }
}

/// Share of connections that nobody answers: firewalls, restarts, old configuration.
const UNANSWERED: f64 = 0.01;
const OWN: u64 = stream("own habit");

/// One activity of one host.
pub(super) struct Doing<'a> {
    pub(super) activity: &'a Activity,
    pub(super) habit: &'a Habit,
    pub(super) own: &'a Own,
    pub(super) host: &'a Host,
}

impl Doing<'_> {
    /// Its connections that open in this hour.
    pub(super) fn hour(&self, world: &World, hour: &Hour, random: &mut Random, out: &mut Vec<Transfer>) {
        let Habit { lines, apart, is_told, .. } = *self.habit;
        let mut connect = |fraction: f64, random: &mut Random| {
            if is_told {
                out.push(self.connection(world, hour, fraction, random));
            } else {
                self.pass_over(random);
            }
        };
        match self.activity.timing {
            Timing::Timer => {
                // In whole seconds, so that no beat falls between two hours by rounding.
                let phase = self.own.phase;
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
                let weight = rhythm.weight(hour, self.host.site);
                for _ in 0..random.poisson(lines / 24.0 * weight * self.host.vigour) {
                    let fraction = random.unit();
                    connect(fraction, random);
                }
            }
        }
    }

    fn opener(&self) -> Side {
        match self.activity.towards {
            Towards::Visitors => Side::Peer,
            _ => Side::Host,
        }
    }

    /// Whether nobody answers this time.
    fn fails(&self, random: &mut Random) -> bool {
        self.opener() == Side::Host && !self.activity.service.is_udp() && random.chance(UNANSWERED)
    }

    /// Normal draws of a connection, in their order: for what is sent and received, for the rate and the round trip.
    fn points(&self) -> (usize, usize) {
        let sent = self.activity.sent.points(self.habit.merged);
        (sent, sent + self.activity.received.points(self.habit.merged))
    }

    pub(super) fn connection(
        &self,
        world: &World,
        hour: &Hour,
        fraction: f64,
        random: &mut Random,
    ) -> Transfer {
        let Activity { towards, service, agent, sent, received, .. } = *self.activity;
        let merged = self.habit.merged;
        let opened = hour.at(fraction);
        let peer = self.other_end(towards, world, random);
        let (outcome, host_bytes, peer_bytes, seconds) = if self.fails(random) {
            (Outcome::Unanswered, 0, 0, 3.0)
        } else {
            let mut points = [Point::default(); 2 * MOST + 2];
            let (first, second) = self.points();
            points[..second + 2].fill_with(|| random.point());
            let sent = sent.of(merged, &points[..first], self.own.sent);
            let received = received.of(merged, &points[first..second], self.own.received);
            // Median 4 MB/s over a round trip or more; six hours is as long as firewalls keep anything.
            let rate = points[second].log_normal(4e6, 0.8);
            let seconds = points[second + 1].log_normal(0.15, 0.8) + (sent + received) as f64 / rate;
            (Outcome::Done, sent, received, seconds.min(21_600.0))
        };
        Transfer {
            opened,
            closed: opened + milliseconds(seconds),
            host: self.host.peer,
            peer,
            opener: self.opener(),
            client_port: if service == Service::Ntp { 123 } else { client_port(random) },
            service,
            host_bytes,
            peer_bytes,
            agent,
            outcome,
            theft: None,
        }
    }

    /// Takes the draws of a connection that no log tells of.
    fn pass_over(&self, random: &mut Random) {
        let ends = match self.activity.towards {
            Towards::Inside(_) => 0,
            Towards::Known(_) | Towards::Partner { .. } | Towards::Visitors => 1,
            Towards::Anywhere { .. } => 2,
        };
        (0..ends).for_each(|_| _ = random.bits());
        if !self.fails(random) {
            (0..self.points().1 + 2).for_each(|_| _ = random.point());
        }
        if self.activity.service != Service::Ntp {
            random.bits();
        }
    }

    fn other_end(&self, towards: Towards, world: &World, random: &mut Random) -> Peer {
        match towards {
            Towards::Known(service) => service.peer(random),
            Towards::Partner { each, of } => {
                let mine = random.below(u64::from(each));
                let key = [u64::from(self.host.number), mine];
                places::partner(world.random(stream("partner"), key).zipf(of))
            }
            Towards::Anywhere { fresh } => places::any_site(random, fresh),
            Towards::Visitors => places::visitor(random),
            Towards::Inside(role) => {
                // A host keeps to the same one.
                let inside = usize::try_from(self.own.inside).ok();
                inside.and_then(|at| world.of_role(role).get(at)).map_or(self.host.peer, |inside| inside.peer)
            }
        }
    }
}
