//! What is missing: hosts that fall silent in one log while another still tells of them, and logs that pause, cannot be read
//! any more, or stop telling bytes.
//!
//! All of it is looked at when a day is over. The end of a log is no silence: a pause counts when it is over, and a host is
//! silent only where others of its kind are still heard.

use super::pool::Day as PoolDay;
use super::{Baseline, Class, What, grown};
use crate::event::Channel;
use crate::incident::{Fault, Missing};
use crate::tally::Pulse;
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Days that a host must have been heard on, each of them, before its silence says something: a week, for its weekend.
const DAYS: usize = 7;

/// Days of a log before what it lacks is compared with its past.
const KNOWN_AFTER: u32 = 3;

/// As if so many more lines of each day had been read well: of a handful of lines a bad one says nothing.
const GOOD: u64 = 100;

/// What is remembered of how often a host is heard.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Heard {
    pub(super) today: u32,
    /// Events of the last days, the newest first.
    days: [u32; DAYS],
    /// The same host in other kinds of traffic goes by this number; `None`: by its own.
    kin: Option<u32>,
}

/// How much all hosts of a kind of traffic were heard.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Voices([u64; DAYS]);

/// A log: all sources of one format.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Stream {
    /// The last hour with an event.
    last: Timestamp,
    /// The pause that ended today, in hours, and when it began.
    pause: (u64, Timestamp),
    today: Pulse,
    days: u32,
    /// The worst of the days before, by number of the fault.
    worst: [u64; Fault::ALL.len()],
}

impl Stream {
    fn hear(&mut self, hour: Timestamp, pulse: Pulse) {
        let silent = ((hour - self.last).0 / Span::HOUR.0 - 1).max(0).unsigned_abs();
        self.pause = self.pause.max((silent, self.last + Span::HOUR));
        self.last = self.last.max(hour);
        self.today.add(pulse);
    }

    /// The day that began at `day` is over: what was worse on it than on any before, once there is a past.
    fn close_day(&mut self, day: Timestamp) -> Vec<Missing> {
        let (today, pause) = (std::mem::take(&mut self.today), std::mem::take(&mut self.pause));
        if today == Pulse::default() {
            return Vec::new();
        }
        let share = |part: u64, of: u64| part.saturating_mul(1_000_000) / (of + GOOD);
        let seen = [
            (Fault::Gap, pause.0, pause.1),
            (Fault::Rejects, share(today.rejected, today.events + today.rejected), day),
            (Fault::Blind, share(today.blind, today.events), day),
        ];
        self.days += 1;
        let known = self.days > KNOWN_AFTER;
        let mut missing = Vec::new();
        for (fault, observed, since) in seen {
            let worst = &mut self.worst[fault as usize];
            let (expected, excess) = (*worst, observed.saturating_sub(*worst));
            *worst = (*worst).max(observed);
            missing.extend(known.then_some(Missing { fault, since, observed, expected, excess }));
        }
        missing
    }
}

impl Baseline {
    /// Says that two numbers are one host in two kinds of traffic.
    pub fn join(&mut self, number: u32, other: u32) {
        let kin = grown(&mut self.hosts, other).heard.kin.unwrap_or(other);
        grown(&mut self.hosts, number).heard.kin = Some(kin);
    }

    /// Takes in what the log of this number told in an hour of a day that is not closed yet; hours come in their order.
    pub fn hear(&mut self, log: u32, hour: Timestamp, pulse: Pulse) {
        let new = || Stream {
            last: hour,
            pause: Default::default(),
            today: Pulse::default(),
            days: 0,
            worst: Default::default(),
        };
        self.seen[Channel::Logs as usize] += usize::from(!self.logs.contains_key(&log));
        self.logs.entry(log).or_insert_with(new).hear(hour, pulse);
    }

    /// What is missing on the day that is over.
    pub(super) fn close_day_of_voices(&mut self, units: &mut PoolDay) {
        let day = self.day;
        for number in std::mem::take(&mut self.summoned) {
            grown(&mut self.hosts, number).missing = None;
        }
        let class = |channel, fault| Class { channel, what: What::Missing(fault), scale: 0 };
        for (number, log) in &mut self.logs {
            let missing = log.close_day(day);
            units.extend(missing.iter().map(|missing| (class(Channel::Logs, missing.fault), missing.excess)));
            // The worst of them speaks; it was the best read log before.
            if let Some(worst) = missing.into_iter().rfind(|missing| missing.excess > 0) {
                grown(&mut self.hosts, *number).missing = Some(Box::new(worst));
                grown(&mut self.hosts, *number).channel = Channel::Logs;
                self.summoned.push(*number);
            }
        }
        let mut voices = [0u64; Channel::ALL.len()];
        let mut heard = vec![false; self.hosts.len()];
        for (number, host) in self.hosts.iter().enumerate().filter(|(_, host)| host.heard.today > 0) {
            voices[host.channel as usize] += u64::from(host.heard.today);
            let kin = host.heard.kin.map_or(number, |kin| kin as usize);
            heard.get_mut(kin).into_iter().for_each(|heard| *heard = true);
        }
        let mut alive = [false; Channel::ALL.len()];
        for ((alive, today), before) in alive.iter_mut().zip(voices).zip(&mut self.voices) {
            // Where most hosts fall silent, their log has: that is told of it, and of none of them.
            *alive = today * 2 >= before.0.iter().copied().min().unwrap_or(0);
            before.0.rotate_right(1);
            before.0[0] = today;
        }
        for (number, host) in self.hosts.iter_mut().enumerate() {
            let today = std::mem::take(&mut host.heard.today);
            let least = host.heard.days.iter().copied().min().unwrap_or(0);
            host.heard.days.rotate_right(1);
            host.heard.days[0] = today;
            if least == 0 || !alive[host.channel as usize] {
                continue;
            }
            let elsewhere = heard.get(host.heard.kin.map_or(number, |kin| kin as usize)) == Some(&true);
            let silent = today == 0 && elsewhere;
            let excess = if silent { u64::from(least) } else { 0 };
            units.push((class(host.channel, Fault::Silent), excess));
            if silent {
                let since = host.unit.last.map_or(day, |last| last.max(day - Span::DAY));
                let (fault, observed) = (Fault::Silent, 0);
                host.missing = Some(Box::new(Missing { fault, since, observed, expected: excess, excess }));
                self.summoned.extend(u32::try_from(number));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp(0) + Span::HOUR.times(hours)
    }

    fn stream() -> Stream {
        Stream { last: at(0), pause: (0, at(0)), today: Pulse::default(), days: 0, worst: [0; 4] }
    }

    const WELL: Pulse = Pulse { events: 900, blind: 0, rejected: 0 };

    #[test]
    fn a_pause_counts_when_it_is_over_and_once() {
        let mut log = stream();
        let mut gaps = Vec::new();
        for day in 0..9 {
            for hour in 0..24 {
                // Nothing from the evening of the fifth day to the morning of the seventh.
                if !(5 * 24 - 6..6 * 24 + 6).contains(&(day * 24 + hour)) {
                    log.hear(at(day * 24 + hour), WELL);
                }
            }
            gaps.extend(log.close_day(at(day * 24)).into_iter().filter(|missing| missing.excess > 0));
        }
        let gap = Missing { fault: Fault::Gap, since: at(5 * 24 - 6), observed: 36, expected: 0, excess: 36 };
        assert_eq!(gaps, [gap]);
    }

    #[test]
    fn shares_of_bad_lines() {
        let mut log = stream();
        let mut worst = |pulse: Pulse, day: i64| -> Vec<(Fault, u64)> {
            log.hear(at(day * 24), pulse);
            let missing = log.close_day(at(day * 24)).into_iter();
            missing
                .filter(|missing| missing.excess > 0 && missing.fault != Fault::Gap)
                .map(|missing| (missing.fault, missing.excess))
                .collect()
        };
        for day in 0..4 {
            assert_eq!(worst(Pulse { rejected: 1, ..WELL }, day), []);
        }
        assert_eq!(worst(Pulse { events: 0, rejected: 900, blind: 0 }, 4), [(Fault::Rejects, 900_000 - 999)]);
        assert_eq!(worst(Pulse { blind: 900, ..WELL }, 5), [(Fault::Blind, 900_000)]);
        assert_eq!(worst(Pulse { blind: 900, ..WELL }, 6), []);
    }
}
