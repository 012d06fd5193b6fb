//! What is remembered of a host towards one destination group.

use super::sizes::Sizes;
use super::{DAY_SCALE, Flowed, Level, Trail, Tunnel, Unit, Usual, Volume, mature};
use crate::event::Channel;
use crate::incident::Evidence;
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// How many lines are remembered as evidence of a pair.
const EVIDENCE_MAX: usize = 3;

/// A pair is young for a week: people and programs come back within that.
const YOUNG: Span = Span::DAY.times(7);

/// How many hours back the hours of a pair are counted.
const HOURS: u32 = 72;

/// A host towards a destination group. Most carry a few kilobytes ever: of these only sums are kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pair {
    /// The first window with an event.
    pub first: Timestamp,
    /// All bytes out since then.
    pub total: u64,
    /// Net bytes today while it is light, and the day's number since the epoch, modulo 256.
    light: u32,
    light_day: u8,
    /// Known tools seen.
    pub tools: u16,
    /// Whether the host was known before that, so that the group is new to it. What it did on the first day that it was
    /// watched may be as old as itself, unless it came to an estate that was known.
    chosen: bool,
    /// What is remembered once it has carried more than 100 kB net on a day (100 B in names).
    pub weighty: Option<Box<Weighty>>,
}

/// Net bytes of a day (UTC) from which on a pair is judged: below, no probability stands out, and most heartbeats stay below.
/// Names carry a thousandth of what transfers do.
const WEIGHTY: u64 = 100_000;

/// What is remembered of a pair that carries something.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Weighty {
    /// Volumes and records. What it carried while it was light counts with the window in which that ended.
    pub unit: Unit,
    /// See [`Weighty::hours`]; the lowest bit is the hour of this number since the epoch.
    hours: (i64, u128),
    /// What went through tunnels, where any was.
    pub tunnel: Option<Box<Tunnel>>,
    /// One over the probability that its last four weeks of days grow so steadily by chance, as of yesterday.
    pub growth: u64,
    /// Net bytes of the first seven of those days.
    pub first_week: u64,
    /// The weightiest lines, the most bytes first.
    pub evidence: Vec<Evidence>,
    /// The port of the other end in the weightiest line of the last window; 0 where that does not say.
    pub port: u16,
    /// How large its transfers are, while the pair is young.
    pub sizes: Option<Box<Sizes>>,
}

impl Pair {
    pub(super) fn new(first: Timestamp, chosen: bool) -> Pair {
        Pair { first, total: 0, light: 0, light_day: 0, tools: 0, chosen, weighty: None }
    }

    /// Takes in what the window's lines say of bytes out and tools. Gives what is remembered if it is or becomes weighty,
    /// with `net`, the window's net bytes, and what else is to be counted now.
    pub(super) fn weigh(
        &mut self,
        start: Timestamp,
        channel: Channel,
        out: u64,
        net: u64,
        trail: &Trail,
    ) -> Option<(&mut Weighty, u64)> {
        let young = self.young(start);
        self.total = self.total.saturating_add(out);
        self.tools |= trail.tools;
        let day = start.0.div_euclid(Span::DAY.0).to_le_bytes()[0];
        let today = std::mem::replace(&mut self.light_day, day) == day;
        let before = u64::from(std::mem::take(&mut self.light)) * u64::from(today);
        let from = if channel == Channel::Names { WEIGHTY / 1000 } else { WEIGHTY };
        if self.weighty.is_none() && before.saturating_add(net) <= from {
            self.light = u32::try_from(before + net).unwrap_or(u32::MAX);
            return None;
        }
        let weighty = self.weighty.get_or_insert_default();
        weighty.note(trail.largest);
        weighty.port = trail.largest.port;
        if young {
            trail.sizes.each(|step, count| weighty.sizes.get_or_insert_default().add(step, count));
        } else {
            weighty.sizes = None;
        }
        Some((weighty, before))
    }

    /// Its volumes and records, if it is weighty.
    pub fn unit(&self) -> Option<&Unit> {
        self.weighty.as_ref().map(|weighty| &weighty.unit)
    }

    /// How much it usually carries.
    pub fn level(&self) -> Level {
        Level::of(self.unit().map_or(0, |unit| unit.record(DAY_SCALE)))
    }

    /// Whether it is told of in an open incident.
    pub fn suspect(&self) -> bool {
        self.unit().is_some_and(|unit| unit.suspect)
    }

    /// Whether the host has only lately begun to talk to the group.
    pub fn young(&self, now: Timestamp) -> bool {
        self.chosen && now - self.first < YOUNG
    }

    /// Whether it is young, or too young to have a record at this scale.
    pub fn unproven(&self, scale: usize, now: Timestamp) -> bool {
        self.young(now) || (self.chosen && !mature(scale, self.first, now))
    }
}

impl Weighty {
    /// What flowed in the window, judged by the pair's own records and by what is `usual` of others towards the group.
    pub(super) fn take(&mut self, start: Timestamp, now: Volume, usual: &Usual) {
        self.unit.take(start, now, usual);
        if now.net > 0 {
            let hour = start.0.div_euclid(Span::HOUR.0);
            let passed = u32::try_from(hour - self.hours.0).unwrap_or(u32::MAX);
            let before = self.hours.1.checked_shl(passed).unwrap_or(0);
            self.hours = (hour, before & ((1 << HOURS) - 1) | 1);
        }
    }

    /// Takes in what went through tunnels in the window at `start`; gives how lopsided they were, if any was used.
    pub(super) fn through(&mut self, start: Timestamp, flowed: Flowed) -> Option<u64> {
        if flowed == Flowed::default() {
            if let Some(tunnel) = &mut self.tunnel {
                tunnel.now = Default::default();
            }
            return None;
        }
        Some(self.tunnel.get_or_insert_default().take(start, flowed))
    }

    fn note(&mut self, line: Evidence) {
        if line.bytes == 0 {
            return;
        }
        let place = self.evidence.iter().position(|kept| line.weightier(kept)).unwrap_or(self.evidence.len());
        if place < EVIDENCE_MAX {
            self.evidence.truncate(EVIDENCE_MAX - 1);
            self.evidence.reserve_exact(1);
            self.evidence.insert(place, line);
        }
    }

    /// In how many of the 72 hours that end with its last one more left than came back.
    pub fn hours(&self) -> u64 {
        u64::from(self.hours.1.count_ones())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_pairs_cost_nothing_and_lose_nothing() {
        let (mut pair, at) = (Pair::new(Timestamp(0), true), Timestamp(0));
        let trail = Trail::default();
        assert!(pair.weigh(at, Channel::Transfer, 60_000, 50_000, &trail).is_none());
        assert!(pair.weigh(at, Channel::Transfer, 60_000, 50_000, &trail).is_none());
        assert!(pair.weigh(at, Channel::Transfer, 0, 0, &trail).is_none());
        assert_eq!(pair.weigh(at, Channel::Transfer, 1, 1, &trail).map(|(_, before)| before), Some(100_000));
        assert_eq!(pair.weigh(at, Channel::Transfer, 1, 1, &trail).map(|(_, before)| before), Some(0));
        assert_eq!(pair.total, 120_002);
        let mut name = Pair::new(at, true);
        assert!(name.weigh(at, Channel::Names, 100, 100, &trail).is_none());
        assert!(name.weigh(at, Channel::Names, 1, 1, &trail).is_some());
        // Another day, another sum.
        let mut beat = Pair::new(at, true);
        for day in 0..100 {
            assert!(
                beat.weigh(at + Span::DAY.times(day), Channel::Transfer, 90_000, 90_000, &trail).is_none()
            );
        }
    }

    #[test]
    fn hours_of_three_days() {
        let mut weighty = Weighty::default();
        let at = |hours: i64| Timestamp(0) + Span::HOUR.times(hours);
        let sent = |net| Volume { out: 5, net };
        (0..100).for_each(|hour| weighty.take(at(hour), sent(5), &Usual::default()));
        assert_eq!(weighty.hours(), 72);
        weighty.take(at(130), sent(0), &Usual::default());
        weighty.take(at(140), sent(1), &Usual::default());
        assert_eq!(weighty.hours(), 32);
    }
}
