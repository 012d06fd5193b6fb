//! The estate as a whole, day by day: are there more improbable hosts than chance would give, even where none stands out?
//!
//! Higher Criticism (Donoho and Jin 2004): with the day's host probabilities in order, p(1) ≤ … ≤ p(N), the largest of
//! √N (i/N - p(i)) / √(p(i) (1 - p(i))) over i ≤ N/2 and p(i) ≥ 1/N. It sees that something is wrong where a thousandth of the
//! hosts is shifted a little.

use super::{Baseline, Class, SCALES, What, mature};
use crate::event::Channel;
use crate::units::Timestamp;
use serde::{Deserialize, Serialize};

/// A day of the estate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EstateDay {
    /// When it began.
    pub start: Timestamp,
    /// Hosts that were judged: those watched long enough to have a record.
    pub hosts: usize,
    /// Bytes out of all hosts.
    pub bytes_out: u64,
    /// Higher Criticism of the hosts' probabilities; `None` where too few could be judged.
    pub criticism: Option<f64>,
    /// The largest of the two weeks before; `None` before there is a week of it.
    pub expected: Option<f64>,
}

/// How many days are remembered: three years. Older ones are let go.
const DAYS_MAX: usize = 1_100;

/// Fewer hosts than this are no crowd.
const HOSTS_MIN: usize = 50;

/// Days that a day is compared with, and how many of them there must be.
const BEFORE: (usize, usize) = (14, 7);

/// What it takes at least: of independent even probabilities one day in a hundred reaches it (3.9 of 100 hosts, 4.0 of 3,000,
/// simulated).
const CHANCE: f64 = 4.0;

/// How many times the largest of the days before it takes: a mere record comes once in fifteen days by chance.
const TIMES: f64 = 2.0;

impl EstateDay {
    /// Whether the estate as a whole stands out.
    pub fn alarms(&self) -> bool {
        let bound = |expected: f64| (expected * TIMES).max(CHANCE);
        self.criticism.zip(self.expected).is_some_and(|(now, expected)| now >= bound(expected))
    }
}

/// Of probabilities in any order; `None` of too few.
fn higher_criticism(mut probabilities: Vec<f64>) -> Option<f64> {
    if probabilities.len() < HOSTS_MIN {
        return None;
    }
    probabilities.sort_unstable_by(f64::total_cmp);
    let n = probabilities.len() as f64;
    let half = probabilities.len() / 2;
    let terms = probabilities.iter().take(half).zip(1u32..).filter(|(p, _)| **p >= 1.0 / n && **p < 1.0);
    Some(terms.map(|(p, i)| n.sqrt() * (f64::from(i) / n - p) / (p * (1.0 - p)).sqrt()).fold(0.0, f64::max))
}

impl Baseline {
    /// Adds the day that is gathered, as far as it is, to the days of the estate. Before it enters the pools, so that it is
    /// judged by its past.
    pub fn view(&mut self) {
        let Some(begins) = self.begins else { return };
        let day = self.day;
        let mut probabilities = Vec::new();
        for host in self.hosts.iter().filter(|host| host.channel == Channel::Transfer) {
            let Some(first) = host.first else { continue };
            let level = host.level(Some(begins), day);
            let judged = (0..SCALES.len()).filter(|scale| mature(*scale, first, day)).map(|scale| {
                let class = Class { channel: Channel::Transfer, what: What::Host(level), scale };
                self.pools.tail(class, host.unit.today(scale), 0)
            });
            let (best, looks) = judged.fold((1.0f64, 0.0), |(best, looks), p| (best.min(p), looks + 1.0));
            probabilities.extend((looks > 0.0).then(|| (best * looks).min(1.0)));
        }
        let (most, least) = BEFORE;
        let before: Vec<f64> = self.days.iter().rev().take(most).filter_map(|day| day.criticism).collect();
        self.days.push_back(EstateDay {
            start: day,
            hosts: probabilities.len(),
            bytes_out: std::mem::take(&mut self.bytes_today),
            criticism: higher_criticism(probabilities),
            expected: (before.len() >= least).then(|| before.iter().copied().fold(0.0, f64::max)),
        });
        if self.days.len() > DAYS_MAX {
            self.days.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn even(n: u32) -> Vec<f64> {
        (0..n).map(|i| (f64::from(i) + 0.5) / f64::from(n)).collect()
    }

    #[test]
    fn a_few_shifted_hosts_show_in_the_crowd() {
        let quiet = higher_criticism(even(3_000)).unwrap();
        assert!(quiet < 1.0, "{quiet}");
        // One in a hundred shifted to where one in a thousand belongs: none of them stands out among 3,000.
        let mut shifted = even(3_000);
        (0..30).for_each(|host| shifted[host * 100 + 50] = 0.001);
        let seen = higher_criticism(shifted).unwrap();
        assert!(seen > 10.0, "{seen}");
        assert_eq!(higher_criticism(even(49)), None);
        assert_eq!(higher_criticism(vec![1.0; 100]), Some(0.0));
    }

    #[test]
    fn an_alarm_is_twice_the_record() {
        let day = |criticism, expected| EstateDay {
            start: Timestamp(0),
            hosts: 3_000,
            bytes_out: 0,
            criticism: Some(criticism),
            expected,
        };
        assert!(day(8.1, Some(4.0)).alarms());
        assert!(!day(7.9, Some(4.0)).alarms());
        assert!(!day(90.0, None).alarms());
        // Below what chance gives nothing is an alarm.
        assert!(!day(3.9, Some(0.1)).alarms());
    }
}
