//! What a cell of the tally keeps for detection, beside its sums.

use super::{SCALES, Volume};
use crate::incident::Evidence;
use crate::tally::{Measure, Record};
use crate::units::{Span, Timestamp};
use std::collections::BTreeMap;

/// Known tools, the largest line, and when the bytes of long transfers really flowed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trail {
    /// Known tools, as bits of [`crate::event::tool`].
    pub tools: u16,
    /// The line with the most bytes out.
    pub largest: Evidence,
    /// Sensors write a row when a connection closes, but its bytes flowed before: the part of this cell's volume that
    /// belongs to earlier hours, by the start of the hour. Nothing for most cells.
    pub earlier: Option<Box<BTreeMap<Timestamp, Volume>>>,
}

impl Measure for Trail {
    fn record(&mut self, record: &Record<'_>, source: u32) {
        let Record { offset, line, sense, .. } = *record;
        let line = Evidence { bytes: record.out, source, offset, line, sense };
        self.take(record.tools, line);
        if record.began < record.at.floor(Span::HOUR) {
            let net = record.out.saturating_sub(record.back.unwrap_or(0));
            spread(record.began, record.at, Volume { out: record.out, net }, |hour, volume| {
                *self.earlier.get_or_insert_default().entry(hour).or_default() += volume;
            });
        }
    }

    fn merge(&mut self, other: &Self) {
        self.take(other.tools, other.largest);
        for (hour, volume) in other.earlier.iter().flat_map(|earlier| earlier.iter()) {
            *self.earlier.get_or_insert_default().entry(*hour).or_default() += *volume;
        }
    }
}

impl Trail {
    fn take(&mut self, tools: u16, line: Evidence) {
        self.tools |= tools;
        if self.largest.line == 0 || (line.line != 0 && line.weightier(&self.largest)) {
            self.largest = line;
        }
    }

    /// All that belongs to earlier hours.
    pub fn earlier(&self) -> impl Iterator<Item = (Timestamp, Volume)> {
        self.earlier.iter().flat_map(|earlier| earlier.iter()).map(|(hour, volume)| (*hour, *volume))
    }
}

/// Gives `each` whole hour between `began` and `ended`, but for the last, its share of a volume that flowed at an even rate.
/// What flowed longer ago than the longest span that is judged counts with the oldest hour. Shares are differences of
/// rounded running totals, so they never add up to more than the volume.
fn spread(began: Timestamp, ended: Timestamp, volume: Volume, mut each: impl FnMut(Timestamp, Volume)) {
    let oldest = ended - SCALES.last().copied().unwrap_or(Span::DAY);
    let length = u128::from((ended - began).0.unsigned_abs().max(1));
    let until = |moment: Timestamp, bytes: u64| {
        let passed = u128::from((moment - began).0.unsigned_abs()).min(length);
        u64::try_from(u128::from(bytes) * passed / length).unwrap_or(bytes)
    };
    let mut given = Volume::default();
    let mut hour = began.max(oldest).floor(Span::HOUR);
    while hour + Span::HOUR <= ended {
        let next = hour + Span::HOUR;
        let total = Volume { out: until(next, volume.out), net: until(next, volume.net) };
        each(hour, Volume { out: total.out - given.out, net: total.net - given.net });
        (given, hour) = (total, next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_transfer_counts_when_it_flowed() {
        let at = |minutes: i64| Timestamp(0) + Span::MINUTE.times(minutes);
        let shares = |began, ended, bytes| {
            let mut shares = Vec::new();
            spread(at(began), at(ended), Volume { out: bytes, net: bytes / 2 }, |hour, volume| {
                shares.push(((hour - at(0)).0 / Span::HOUR.0, volume.out, volume.net));
            });
            shares
        };
        assert_eq!(shares(30, 270, 2400), [(0, 300, 150), (1, 600, 300), (2, 600, 300), (3, 600, 300)]);
        assert_eq!(shares(10, 50, 100), []);
        let long = shares(0, 60 * 24 * 30, 720);
        assert_eq!(long.len(), 24 * 7);
        assert_eq!(long.iter().map(|share| share.1).sum::<u64>(), 720);
    }
}
