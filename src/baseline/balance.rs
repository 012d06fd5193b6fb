//! What a host gives and what it takes: the producer-consumer ratio of Bullard and Gerth.
//!
//! PCR = (out - in) / (out + in): -1 for one that only takes, 1 for one that only gives. Here all bytes in are taken off all
//! bytes out, whoever the other ends are, and not place by place as in net bytes: a desk that sends a little to each of many
//! places all day still takes more than it gives.

use super::unit::Observed;
use super::{DAY_SCALE, Excess, Flowed, SCALES};
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What flowed is kept in steps of three hours: eight make the last day.
const STEP: Span = Span::HOUR.times(3);

/// The past is halved once a week, so that it is mostly of the last month.
const HALVED: Span = Span::DAY.times(7);

/// The balance of one host.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Balance {
    /// (start of a step, what flowed in it) of the last 24 hours, oldest first.
    recent: VecDeque<(Timestamp, Flowed)>,
    /// What flowed before.
    past: Flowed,
    /// The week of the last halving.
    week: i64,
    record: Excess,
    /// What it gave beyond what it took in the last 24 hours.
    pub now: Observed,
}

impl Balance {
    /// What flowed in the step that holds this time; the step may lie before others.
    pub(super) fn add(&mut self, at: Timestamp, flowed: Flowed) {
        let step = at.floor(STEP);
        match self.recent.back_mut() {
            Some((newest, sum)) if *newest == step => sum.add(flowed),
            _ => {
                let place = self.recent.partition_point(|(start, _)| *start < step);
                match self.recent.get_mut(place) {
                    Some((start, sum)) if *start == step => sum.add(flowed),
                    _ => self.recent.insert(place, (step, flowed)),
                }
            }
        }
    }

    /// The window that began at `start` is over: all that flowed was added.
    pub(super) fn close(&mut self, start: Timestamp) {
        let newest = start.floor(STEP);
        while let Some((step, flowed)) = self.recent.front()
            && newest - *step >= Span::DAY
        {
            self.past.add(*flowed);
            self.recent.pop_front();
        }
        let week = start.0.div_euclid(HALVED.0);
        if week > self.week {
            self.past = Flowed { out: self.past.out / 2, back: self.past.back / 2 };
            self.week = week;
        }
        let mut all = Flowed::default();
        self.recent.iter().for_each(|(_, flowed)| all.add(*flowed));
        let net = all.volume().net;
        let (excess, record) = self.record.take(SCALES[DAY_SCALE], start, net, 0);
        self.now = Observed { net, excess, record };
    }

    /// Whether it took more than it gave, until a day ago.
    pub fn consumes(&self) -> bool {
        self.past.back > self.past.out
    }

    /// The day's largest excess.
    pub(super) fn close_day(&mut self) -> u64 {
        self.record.close_day()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_turns() {
        let mut balance = Balance::default();
        let at = |hours: i64| Timestamp(0) + Span::HOUR.times(hours);
        let mut hour = |hours: i64, out, back| {
            balance.add(at(hours), Flowed { out, back });
            balance.close(at(hours));
            (balance.consumes(), balance.now.net, balance.now.excess)
        };
        for hours in 0..240 {
            let (consumes, net, _) = hour(hours, 10, 100);
            assert_eq!((consumes, net), (hours >= 24, 0), "{hours}");
        }
        // It must first give back what it took in the last 24 hours: 21 to 24 of them, as steps have it.
        assert_eq!(hour(240, 1_000, 100), (true, 0, 0));
        let (consumes, net, excess) = hour(241, 3_000, 100);
        assert!(consumes && (1_800..2_100).contains(&net) && net == excess, "{net} {excess}");
    }

    #[test]
    fn what_flowed_earlier_counts_when_it_flowed() {
        let mut balance = Balance::default();
        let at = |hours: i64| Timestamp(0) + Span::HOUR.times(hours);
        balance.add(at(100), Flowed { out: 5, back: 0 });
        balance.add(at(97), Flowed { out: 7, back: 0 });
        balance.add(at(10), Flowed { out: 100, back: 0 });
        balance.close(at(100));
        assert_eq!(balance.now.net, 12);
    }
}
