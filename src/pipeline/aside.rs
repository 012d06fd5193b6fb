//! A day that is kept aside: the scan judges all before it, and what hosts did on it is remembered by the hour, so that it can be
//! asked what would be told if they had done something else too.

use super::report::lack;
use super::{Judged, Scan};
use crate::baseline::{Baseline, DAY_SCALE, Elsewhere, Flowed, Host, Row};
use crate::incidents::Standard;
use crate::tally::{Counts, Directory};
use crate::units::{Span, Timestamp};
use hashbrown::HashMap;

/// What a host did in an hour.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hour {
    /// Towards the group that it sends most to.
    pub most: Flowed,
    /// Towards all others.
    pub rest: Elsewhere,
}

/// The day that is kept aside.
#[derive(Debug)]
pub struct Aside {
    /// Its start.
    pub day: Timestamp,
    /// By number of the host, the group that it sent most to on a day before it; nothing before the day has begun.
    favourites: Vec<Option<u32>>,
    /// By number of the host and hour of the day, what it did; no entry where it did nothing.
    hours: HashMap<(u32, u8), Hour, foldhash::fast::RandomState>,
}

/// What a scan came to before a day, and what hosts did on it.
#[derive(Debug)]
pub struct Eve {
    /// Names of hosts by number.
    pub hosts: Directory,
    /// Names of destination groups by number.
    pub destinations: Directory,
    /// What is usual when the day begins.
    pub baseline: Baseline,
    /// By what an incident is told on that day.
    pub standard: Standard,
    /// The day.
    pub aside: Aside,
    /// What became of the lines, by number of source.
    pub counts: Vec<Counts>,
}

impl Aside {
    pub(super) fn new(day: Timestamp) -> Aside {
        Aside { day, favourites: Vec::new(), hours: HashMap::default() }
    }

    /// The group that a host sent most to on a day before.
    pub fn favourite(&self, host: u32) -> Option<u32> {
        self.favourites.get(host as usize).copied().flatten()
    }

    /// What a host did in an hour of the day, from 0 to 23.
    pub fn hour(&self, host: u32, hour: u8) -> Hour {
        self.hours.get(&(host, hour)).copied().unwrap_or_default()
    }

    pub(super) fn begun(&self) -> bool {
        !self.favourites.is_empty()
    }

    pub(super) fn begin(&mut self, baseline: &Baseline) {
        self.favourites = baseline.hosts.iter().map(favourite).collect();
    }

    /// What flowed in the window at `start`; nothing after the day.
    pub(super) fn take(&mut self, start: Timestamp, rows: &[Row]) {
        for row in rows {
            let mut now = Flowed { out: row.out, back: row.back };
            for (hour, flowed) in row.trail.earlier() {
                self.add(row, hour, flowed);
                now.out = now.out.saturating_sub(flowed.out);
                now.back = now.back.saturating_sub(flowed.back);
            }
            self.add(row, start, now);
        }
    }

    fn add(&mut self, row: &Row, at: Timestamp, flowed: Flowed) {
        let hour = (at - self.day).0.div_euclid(Span::HOUR.0);
        let Some(hour) = u8::try_from(hour).ok().filter(|hour| *hour < 24) else { return };
        let is_most = self.favourite(row.host) == Some(row.destination);
        let done = self.hours.entry((row.host, hour)).or_default();
        if is_most {
            done.most.add(flowed);
        } else {
            done.rest.add(flowed.out, flowed.back);
        }
    }
}

fn favourite(host: &Host) -> Option<u32> {
    let record = |pair: &crate::baseline::Pair| pair.unit().map_or(0, |unit| unit.record(DAY_SCALE));
    let most =
        host.pairs.iter().max_by_key(|(group, pair)| (record(pair), pair.total, std::cmp::Reverse(*group)));
    most.map(|(group, _)| group)
}

impl Eve {
    /// What hosts and logs were missing on the day before, each by its name, in a sentence.
    pub fn missing(&self) -> impl Iterator<Item = (&str, String)> {
        let hosts = self.baseline.hosts.iter().zip(self.hosts.names());
        hosts.filter_map(|(host, name)| Some((&**name, lack(name, host.missing.as_deref()?))))
    }
}

impl Scan {
    /// Keeps aside the day that begins at `day`, and judges nothing from then on.
    pub fn with_aside(mut self, day: Timestamp) -> Scan {
        self.aside = Some(Aside::new(day));
        self
    }

    /// The end: all windows close. What was judged before the day that was kept aside; `None` where none was.
    pub fn finish_eve(mut self) -> Option<Eve> {
        self.reached(&[]);
        let Scan { sums, judged, aside, .. } = self;
        let mut aside = aside?;
        if !aside.begun() {
            aside.begin(&judged.baseline);
        }
        let Judged { hosts, destinations, baseline, ledger, .. } = judged;
        let standard = ledger.standard(&baseline, aside.day);
        Some(Eve { hosts, destinations, baseline, standard, aside, counts: sums.counts })
    }
}
