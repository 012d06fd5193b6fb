//! Totals by day, host and destination group: what the store keeps for a year and more, when the windows are long gone.

use crate::baseline::Row;
use crate::tally::Directory;
use crate::units::{Span, Timestamp};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The sums of one host towards one destination group on one day (UTC), by the moment at which transfers were over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayTotals {
    /// Bytes that left.
    pub out: u64,
    /// Bytes that came back, as far as lines say.
    pub back: u64,
    /// How many events.
    pub events: u64,
    /// The most bytes that one event tells.
    pub max: u64,
}

impl DayTotals {
    /// Adds another's.
    pub fn add(&mut self, other: DayTotals) {
        self.out = self.out.saturating_add(other.out);
        self.back = self.back.saturating_add(other.back);
        self.events += other.events;
        self.max = self.max.max(other.max);
    }
}

/// A row with its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRow {
    /// The host.
    pub host: String,
    /// The destination group.
    pub destination: String,
    /// Its sums.
    pub totals: DayTotals,
}

type OfDay = HashMap<(u32, u32), DayTotals, foldhash::fast::RandomState>;

/// The days that were not yet taken out.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Days(BTreeMap<Timestamp, OfDay>);

impl Days {
    /// Takes in the rows of a closed window.
    pub(super) fn add(&mut self, start: Timestamp, rows: &[Row]) {
        let day = self.0.entry(start.floor(Span::DAY)).or_default();
        for row in rows {
            let (out, back, events, max) = (row.out, row.back, row.events, row.trail.largest.bytes);
            day.entry((row.host, row.destination)).or_default().add(DayTotals { out, back, events, max });
        }
    }

    /// Takes out the days that are over; no window of theirs comes any more.
    pub(super) fn take_over(&mut self) -> BTreeMap<Timestamp, OfDay> {
        let Some((newest, _)) = self.0.last_key_value() else { return BTreeMap::new() };
        let rest = self.0.split_off(&newest.clone());
        std::mem::replace(&mut self.0, rest)
    }

    /// The days held.
    pub(super) fn held(&self) -> &BTreeMap<Timestamp, OfDay> {
        &self.0
    }
}

/// Rows with names, in the order of these. One name may stand for several kinds of traffic.
pub(super) fn named(day: &OfDay, hosts: &Directory, destinations: &Directory) -> Vec<DayRow> {
    let mut rows: BTreeMap<(&str, &str), DayTotals> = BTreeMap::new();
    for ((host, destination), totals) in day {
        rows.entry((hosts.name(*host), destinations.name(*destination))).or_default().add(*totals);
    }
    let row = |((host, destination), totals): ((&str, &str), DayTotals)| DayRow {
        host: host.to_owned(),
        destination: destination.to_owned(),
        totals,
    };
    rows.into_iter().map(row).collect()
}
