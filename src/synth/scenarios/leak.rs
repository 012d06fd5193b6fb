//! A fixed number of bytes sent by one host over a stretch of hours, at a pace. What leaves in an hour follows from running
//! weights, so the total is exact and nothing is planned ahead in memory.

use super::Theft;
use crate::synth::arithmetic::{power, share, whole};
use crate::synth::calendar::{Hour, milliseconds};
use crate::synth::random::{Random, stream};
use crate::synth::transfer::{Outcome, Peer, Service, Side, Transfer, client_port};
use crate::synth::world::{Host, World};
use std::ops::Range;

const WEIGHT: u64 = stream("plateau weight");
const CONNECTIONS: u64 = stream("plateau connections");
const TIME_OF_DAY: u64 = stream("leak time of day");

/// Steps of a connection's share of its hour: fine enough that no two carry the same bytes.
const FINE: u64 = 1 << 16;

/// One host's part of a theft.
pub(super) struct Leak {
    pub(super) host: Host,
    /// The other end; of several, another one every hour. Not empty.
    pub(super) to: Vec<Peer>,
    /// Who opens: the host, or somebody outside who pulls.
    pub(super) opener: Side,
    pub(super) service: Service,
    pub(super) agent: &'static str,
    pub(super) theft: usize,
    pub(super) pace: Pace,
    pub(super) parts: Parts,
    /// Left to send, over the hours of `hours` that have not been asked for.
    pub(super) bytes: u64,
    pub(super) hours: Range<u32>,
    /// The weight of the hours that have not been asked for; `None` before the first.
    pub(super) weight_left: Option<u64>,
}

/// When in its stretch it sends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// Every hour, with jitter and a slow hour now and then: a limited line, a plateau.
    Steady,
    /// Only in these hours of the day by the host's own clock; past 24 they are of the next morning.
    HoursOfDay(u32, u32),
    /// In one hour of each day, another one every day.
    OnceADay,
    /// In the working hours of working days.
    WorkingHours,
    /// Day and night, what makes all that is sent anyway grow by this factor from day to day.
    Growing(f64),
}

/// In what connections it sends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Parts {
    /// Several files at a time over several connections, 4 to 8 an hour, each kept for some of them.
    Files,
    /// So many connections an hour, about equal, short.
    Beats(u64),
    /// So many connections an hour of uneven size, as long as a line of so many bytes a second makes them.
    Transfers(u64, f64),
}

impl Leak {
    /// Steadily, in files, over TLS, to one place.
    pub(super) fn new(host: Host, peer: Peer, theft: usize, bytes: u64, hours: Range<u32>) -> Leak {
        Leak {
            host,
            to: vec![peer],
            opener: Side::Host,
            service: Service::Ssl,
            agent: "rclone/v1.62.2",
            theft,
            pace: Pace::Steady,
            parts: Parts::Files,
            bytes,
            hours,
            weight_left: None,
        }
    }

    /// The bytes due in this hour.
    fn due(&mut self, world: &World, hour: &Hour) -> u64 {
        if !self.hours.contains(&hour.index) {
            return 0;
        }
        let all =
            self.weight_left.unwrap_or_else(|| self.hours.clone().map(|at| self.weight(world, at)).sum());
        let due = self.weight(world, hour.index);
        self.weight_left = Some(all.saturating_sub(due));
        // A stretch without a single hour of its pace sends all in its last one.
        let is_forced = all == 0 && hour.index + 1 == self.hours.end;
        let bytes = if is_forced { self.bytes } else { share(self.bytes, 0, due, all) };
        self.bytes -= bytes;
        bytes
    }

    /// How much of the theft falls into an hour.
    fn weight(&self, world: &World, hour: u32) -> u64 {
        let steady = || {
            // 100 give or take 15, a fifth of that in one hour of thirty.
            let mut random = world.random(WEIGHT, [u64::from(self.host.number), u64::from(hour)]);
            let usual = 85 + random.below(31);
            if random.chance(1.0 / 30.0) { usual / 5 } else { usual }
        };
        let local = self.host.clock(hour);
        let is_on = match self.pace {
            Pace::Steady => true,
            Pace::HoursOfDay(from, to) => {
                let of_day = local % 24;
                (from..to).contains(&of_day) || (from..to).contains(&(of_day + 24))
            }
            Pace::OnceADay => {
                let day = hour / 24;
                let mut random = world.random(TIME_OF_DAY, [u64::from(self.host.number), u64::from(day)]);
                hour % 24 == random.pick(24)
            }
            Pace::WorkingHours => {
                (9..18).contains(&(local % 24)) && Hour::new(world.start, hour).is_working_day()
            }
            Pace::Growing(factor) => {
                let day = f64::from((hour - self.hours.start) / 24);
                return whole((power(factor, day + 1.0) - 1.0) * 1000.0) * steady();
            }
        };
        if is_on { steady() } else { 0 }
    }

    fn send(&self, bytes: u64, hour: &Hour, random: &mut Random, out: &mut Vec<Transfer>) {
        let slots = match self.parts {
            Parts::Files => 4 + random.below(5),
            Parts::Beats(count) | Parts::Transfers(count, _) => count.max(1),
        };
        let peer = match &self.to[..] {
            [only] => *only,
            several => several[usize::try_from(random.below(several.len() as u64)).unwrap_or(0)],
        };
        let is_last = hour.index + 1 == self.hours.end;
        let mut sent = 0;
        for slot in 1..=slots {
            let off = if matches!(self.parts, Parts::Beats(_)) { FINE / 32 } else { FINE * 3 / 4 };
            let upto = if slot == slots { slots * FINE } else { slot * FINE + random.below(off) - off / 2 };
            let slot_length = 1.0 / slots as f64;
            let begin = ((slot - 1) as f64 + random.between(0.0, 0.3)) * slot_length;
            let opened = hour.at(begin);
            // In the last hour all close before it is over, so that nothing of the theft is open when the log ends.
            let latest = hour.at(if is_last { random.between(0.97, 0.999) } else { 1.4 });
            let stretch = random.between(0.7, 1.9);
            let host_bytes = share(bytes, sent, upto, slots * FINE);
            let length = match self.parts {
                Parts::Files => stretch * slot_length * 3600.0,
                Parts::Beats(_) => stretch,
                Parts::Transfers(_, rate) => 0.2 + stretch * host_bytes as f64 / rate,
            };
            sent = upto;
            out.push(Transfer {
                opened,
                closed: (opened + milliseconds(length)).min(latest),
                host: self.host.peer,
                peer,
                opener: self.opener,
                client_port: client_port(random),
                service: self.service,
                host_bytes,
                peer_bytes: 3_000 + whole(host_bytes as f64 * random.between(0.0005, 0.003)),
                agent: self.agent,
                outcome: Outcome::Done,
                theft: Some(self.theft),
            });
        }
    }
}

impl Theft for Leak {
    fn hour(&mut self, world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
        let bytes = self.due(world, hour);
        if bytes > 0 {
            let mut random = world.random(CONNECTIONS, [u64::from(self.host.number), u64::from(hour.index)]);
            self.send(bytes, hour, &mut random, out);
        }
    }
}

impl Theft for Vec<Leak> {
    fn hour(&mut self, world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
        self.iter_mut().for_each(|leak| leak.hour(world, hour, out));
    }
}
