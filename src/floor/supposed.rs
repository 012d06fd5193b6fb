//! A theft that is supposed of a host: added to a copy of it hour by hour, and judged as any window is.

use super::begins;
use crate::baseline::{Elsewhere, Flowed, Host, Row, Trail, WINDOW};
use crate::detectors::Case;
use crate::incident::Evidence;
use crate::pipeline::{Eve, Hour};
use crate::units::{Span, Timestamp};
use std::ops::Range;

/// The theft of a day takes so many of its hours.
pub(super) const DAILY: [u8; 3] = [1, 6, 24];

/// So many days of a theft are looked at hour by hour, for what is found by the hours of three days; then day by day.
const HOURLY: u8 = 3;

/// The port of a theft: everybody's.
pub(super) const PORT: u16 = 443;

/// What hours carry, turn by turn: what is even shows itself.
const TURNS: [u64; 2] = [3, 1];

/// What leaves in each of so many hours, if `bytes` do in all; their sum is exact.
pub(super) fn parts(bytes: u64, hours: usize) -> Vec<u64> {
    let weight =
        |hours: usize| -> u128 { (0..hours).map(|hour| u128::from(TURNS[hour % TURNS.len()])).sum() };
    let all = weight(hours).max(1);
    let until = |hour: usize| u64::try_from(u128::from(bytes) * weight(hour) / all).unwrap_or(bytes);
    (0..hours).map(|hour| until(hour + 1) - until(hour)).collect()
}

/// A host, and where it is supposed to send.
pub(super) struct Supposed<'a> {
    eve: &'a Eve,
    number: u32,
    to: u32,
    /// Whether the group is the one that the host sends most to.
    is_most: bool,
    /// What the host does itself, by hour of the day.
    own: [Hour; 24],
    /// In which of them it sends most.
    pub(super) busiest: u8,
}

impl<'a> Supposed<'a> {
    /// `None` of a host that was not seen before the day.
    pub(super) fn new(eve: &'a Eve, number: u32, to: u32) -> Option<Supposed<'a>> {
        eve.baseline.hosts.get(number as usize)?.first?;
        let mut own = [Hour::default(); 24];
        own.iter_mut().zip(0u8..).for_each(|(own, hour)| *own = eve.aside.hour(number, hour));
        let is_most = eve.aside.favourite(number) == Some(to);
        Some(Supposed { busiest: busiest(&own), eve, number, to, is_most, own })
    }

    /// Whether a theft of so many bytes in all is told, if it sends in so many hours of each of so many days.
    pub(super) fn is_told(&self, days: u8, hours: u8, bytes: u64) -> bool {
        let Some(mut host) = self.eve.baseline.hosts.get(self.number as usize).cloned() else { return false };
        let from = begins(self.busiest, hours);
        let mut parts = parts(bytes, usize::from(days) * usize::from(hours)).into_iter();
        for (day, number) in (0..days).zip(0i64..) {
            let start = self.eve.aside.day + Span::DAY.times(number);
            let mut stolen = [0; 24];
            stolen
                .iter_mut()
                .skip(from.into())
                .take(hours.into())
                .for_each(|hour| *hour = parts.next().unwrap_or(0));
            let told = if day < HOURLY {
                (0u8..24).any(|hour| self.goes_on(&mut host, start, hour..hour + 1, hour, &stolen))
            } else {
                // Hour by hour nothing would be told that was not on the days before; sums go on.
                self.goes_on(&mut host, start, 0..24, from + hours - 1, &stolen)
            };
            if told {
                return true;
            }
        }
        false
    }

    /// The host goes on over these hours of a day, in each of which so much is stolen; whether that is told at the end of hour `last`.
    fn goes_on(
        &self,
        host: &mut Host,
        day: Timestamp,
        hours: Range<u8>,
        last: u8,
        stolen: &[u64; 24],
    ) -> bool {
        let at = |hour: u8| day + Span::HOUR.times(i64::from(hour));
        let begins = at(hours.start);
        let (mut elsewhere, mut steals) = (Elsewhere::default(), false);
        // Towards the group: in the last hour, and before.
        let (mut there, mut earlier) = (Flowed::default(), Flowed::default());
        for ((own, stolen), hour) in
            self.own.iter().zip(stolen).zip(0u8..).filter(|(_, hour)| hours.contains(hour))
        {
            elsewhere += own.rest;
            let mut most = own.most;
            if !self.is_most {
                elsewhere.add(most.out, most.back);
                most = Flowed::default();
            }
            most.out = most.out.saturating_add(*stolen);
            steals |= *stolen > 0;
            if hour == last { &mut there } else { &mut earlier }.add(most);
        }
        let (out, back) = (there.out.saturating_add(earlier.out), there.back.saturating_add(earlier.back));
        let mut trail = Trail::default();
        trail.largest = Evidence { bytes: out, port: PORT, ..Evidence::default() };
        if earlier.out > 0 {
            trail.earlier = Some(Box::new([(begins, earlier)].into()));
        }
        let (baseline, standard) = (&self.eve.baseline, &self.eve.standard);
        let start = at(last) + Span::HOUR - WINDOW;
        let channel = host.channel;
        let row = Row { host: self.number, destination: self.to, channel, out, events: 1, back, trail };
        baseline.suppose(host, (begins, start), &elsewhere, Some(&row).filter(|row| row.out > 0));
        let case = Case { baseline, host, number: self.number, now: start };
        steals && standard.tells(standard.score(&case, &[row]))
    }
}

/// The hour in which most leaves, noon where nothing does.
fn busiest(own: &[Hour; 24]) -> u8 {
    let sent = |hour: &Hour| hour.rest.volume.net + hour.most.volume().net;
    let most = own.iter().zip(0u8..).max_by_key(|(own, hour)| (sent(own), std::cmp::Reverse(*hour)));
    most.filter(|(own, _)| sent(own) > 0).map_or(12, |(_, hour)| hour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_uneven_and_exact() {
        assert_eq!(parts(7, 1), [7]);
        assert_eq!(parts(8, 4), [3, 1, 3, 1]);
        let many = parts(1_000_003, 24);
        assert_eq!(many.iter().sum::<u64>(), 1_000_003);
        assert!(many[0] > 2 * many[1]);
    }
}
