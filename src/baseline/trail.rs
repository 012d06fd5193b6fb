//! What a cell of the tally keeps for detection, beside its sums.

use super::sizes::{Counted, PIECE_MIN, step};
use super::{SCALES, Volume};
use crate::event::Exposure;
use crate::incident::Evidence;
use crate::tally::{Measure, Record};
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Known tools, the largest line, and when the bytes of long transfers really flowed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trail {
    /// Known tools, as bits of [`crate::event::tool`].
    pub tools: u16,
    /// The line with the most bytes out.
    pub largest: Evidence,
    /// What went through tunnels.
    pub tunnel: Flowed,
    /// The worst that was done to a bucket's walls, and the first line that tells it.
    pub exposed: Option<Box<Exposed>>,
    /// Sensors write a row when a connection closes, but its bytes flowed before: the part of this cell's volume that
    /// belongs to earlier hours, by the start of the hour. Nothing for most cells.
    pub earlier: Option<Box<BTreeMap<Timestamp, Flowed>>>,
    /// How large its transfers were. Nothing for most cells.
    pub(super) sizes: Counted,
}

/// What was done to a bucket's walls, and the line that tells it.
pub type Exposed = (Exposure, Evidence);

/// Bytes of an hour in both directions. What is net can be told only of their sums: the two directions of a conversation
/// stand in two lines of a flow log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flowed {
    /// Out.
    pub out: u64,
    /// Back.
    pub back: u64,
}

impl Flowed {
    /// Adds both.
    pub fn add(&mut self, other: Flowed) {
        self.out = self.out.saturating_add(other.out);
        self.back = self.back.saturating_add(other.back);
    }

    /// As a volume.
    pub fn volume(self) -> Volume {
        Volume { out: self.out, net: self.out.saturating_sub(self.back) }
    }
}

impl Measure for Trail {
    fn record(&mut self, record: &Record<'_>, source: u32) {
        let Record { offset, line, sense, port, .. } = *record;
        let line = Evidence { bytes: record.out, source, offset, line, sense, port };
        self.take(record.tools, line);
        if record.out >= PIECE_MIN {
            self.sizes.add(step(record.out), 1);
        }
        if record.tunnel {
            self.tunnel.add(Flowed { out: record.out, back: record.back.unwrap_or(0) });
        }
        if let Some(exposure) = record.exposure {
            self.expose((exposure, line));
        }
        if record.began < record.at.floor(Span::HOUR) {
            let flowed = Flowed { out: record.out, back: record.back.unwrap_or(0) };
            spread(record.began, record.at, flowed, |hour, flowed| {
                self.earlier.get_or_insert_default().entry(hour).or_default().add(flowed);
            });
        }
    }

    fn merge(&mut self, other: &Self) {
        self.take(other.tools, other.largest);
        self.tunnel.add(other.tunnel);
        if let Some(exposed) = &other.exposed {
            self.expose(**exposed);
        }
        for (hour, flowed) in other.earlier() {
            self.earlier.get_or_insert_default().entry(hour).or_default().add(flowed);
        }
        other.sizes.each(|step, count| self.sizes.add(step, count));
    }
}

impl Trail {
    fn take(&mut self, tools: u16, line: Evidence) {
        self.tools |= tools;
        if self.largest.line == 0 || (line.line != 0 && line.weightier(&self.largest)) {
            self.largest = line;
        }
    }

    fn expose(&mut self, exposed: Exposed) {
        let first = |(exposure, line): &Exposed| (*exposure, std::cmp::Reverse((line.source, line.offset)));
        if self.exposed.as_ref().is_none_or(|known| first(known) < first(&exposed)) {
            self.exposed = Some(Box::new(exposed));
        }
    }

    /// All that belongs to earlier hours.
    pub fn earlier(&self) -> impl Iterator<Item = (Timestamp, Flowed)> {
        self.earlier.iter().flat_map(|earlier| earlier.iter()).map(|(hour, flowed)| (*hour, *flowed))
    }
}

/// Gives `each` whole hour between `began` and `ended`, but for the last, its share of what flowed at an even rate.
/// What flowed longer ago than the longest span that is judged counts with the oldest hour. Shares are differences of
/// rounded running totals, so they never add up to more than the whole.
fn spread(began: Timestamp, ended: Timestamp, flowed: Flowed, mut each: impl FnMut(Timestamp, Flowed)) {
    let oldest = ended - SCALES.last().copied().unwrap_or(Span::DAY);
    let length = u128::from((ended - began).0.unsigned_abs().max(1));
    let until = |moment: Timestamp, bytes: u64| {
        let passed = u128::from((moment - began).0.unsigned_abs()).min(length);
        u64::try_from(u128::from(bytes) * passed / length).unwrap_or(bytes)
    };
    let mut given = Flowed::default();
    let mut hour = began.max(oldest).floor(Span::HOUR);
    while hour + Span::HOUR <= ended {
        let next = hour + Span::HOUR;
        let total = Flowed { out: until(next, flowed.out), back: until(next, flowed.back) };
        each(hour, Flowed { out: total.out - given.out, back: total.back - given.back });
        (given, hour) = (total, next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Channel;
    use crate::event::direction::Party;
    use crate::incident::Sense;

    #[test]
    fn a_long_transfer_counts_when_it_flowed() {
        let at = |minutes: i64| Timestamp(0) + Span::MINUTE.times(minutes);
        let shares = |began, ended, bytes| {
            let mut shares = Vec::new();
            spread(at(began), at(ended), Flowed { out: bytes, back: bytes / 2 }, |hour, flowed| {
                shares.push(((hour - at(0)).0 / Span::HOUR.0, flowed.out, flowed.back));
            });
            shares
        };
        assert_eq!(shares(30, 270, 2400), [(0, 300, 150), (1, 600, 300), (2, 600, 300), (3, 600, 300)]);
        assert_eq!(shares(10, 50, 100), []);
        let long = shares(0, 60 * 24 * 60, 1440);
        assert_eq!(long.len(), 24 * 30);
        assert_eq!(long.iter().map(|share| share.1).sum::<u64>(), 1440);
    }
    #[test]
    fn a_reply_in_another_line_is_taken_off_where_it_flowed() {
        let line = |out, back| Record {
            host: Party::Name(b"h"),
            destination: Party::Name(b"d"),
            channel: Channel::Transfer,
            at: Timestamp(0) + Span::MINUTE.times(130),
            began: Timestamp(0) + Span::MINUTE.times(10),
            out,
            back: Some(back),
            blind: false,
            late: false,
            sense: Sense::Out,
            port: 0,
            tunnel: false,
            exposure: None,
            tools: 0,
            offset: 0,
            line: 1,
        };
        // A download of 1,200 bytes in two hours, and its acknowledgements in a line of their own, in either order.
        for lines in [[line(120, 0), line(0, 1200)], [line(0, 1200), line(120, 0)]] {
            let (mut one, mut other) = (Trail::default(), Trail::default());
            one.record(&lines[0], 0);
            other.record(&lines[1], 0);
            one.merge(&other);
            let volumes: Vec<(u64, u64)> =
                one.earlier().map(|(_, flowed)| (flowed.out, flowed.volume().net)).collect();
            assert_eq!(volumes, [(50, 0), (60, 0)]);
        }
    }
}
