//! A scan that never ends: it is written down, read again, and asked while it goes on.

use super::days::{Days, named};
use super::report::View;
use super::{DayRow, DayTotals, Judged, Scan, Source, Sums};
use crate::baseline::Trail;
use crate::estate::{Estate, Inventory};
use crate::event::Channel;
use crate::event::catalogue::Catalogue;
use crate::incidents::{Ack, Allow, Budget};
use crate::outputs::Told;
use crate::tally::Counts;
use crate::units::{Span, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Incidents that were told since, with all names.
#[derive(Debug)]
pub struct Newly<'a> {
    /// In the order of telling.
    pub told: Vec<Told<'a>>,
    /// Hosts watched so far.
    pub hosts: usize,
    /// Hosts of which something was told so far.
    pub told_of: usize,
}

/// What the operator says of what is told.
#[derive(Clone, Debug)]
pub struct Guidance {
    /// How much.
    pub budget: Budget,
    /// What not.
    pub rules: Arc<[Allow]>,
    /// What is known of destinations.
    pub catalogue: Catalogue,
}

impl Scan {
    /// Goes on where another stopped, by what that wrote down. What the operator says (networks, inventory, limits of time,
    /// rules) is this one's.
    pub fn resume(&mut self, sums: Sums<Trail>, judged: Judged) {
        let (estate, take) = (std::mem::take(&mut self.sums.estate), std::mem::take(&mut self.sums.take));
        self.sums = sums;
        (self.sums.estate, self.sums.take) = (estate, take);
        let mut fresh = std::mem::replace(&mut self.judged, judged);
        self.judged.ledger.heed(&mut fresh.ledger);
        if fresh.days.is_some() {
            self.judged.days.get_or_insert_default();
        }
    }

    /// Begins with what another learned, up to the moment until which it had judged: what is older is left out, as that has
    /// seen it. `sources` are its sources, which must be the first of this one's.
    pub fn with_history(mut self, sums: Sums<Trail>, mut judged: Judged) -> Scan {
        judged.forget_numbers(self.sums.shards().len());
        judged.ledger.heed(&mut self.judged.ledger);
        self.judged = judged;
        self.judged.days = None;
        self.sums.take.judged = sums.floor().unwrap_or(Timestamp::MIN);
        self.sums.go_on_hearing(sums);
        self
    }

    /// Keeps totals by day, for [`Scan::take_days`].
    pub fn with_days(mut self) -> Scan {
        self.judged.days = Some(Days::default());
        self
    }

    /// What lines changed, to be written down.
    pub fn sums(&self) -> &Sums<Trail> {
        &self.sums
    }

    /// What closed windows changed, to be written down. It is the same while [`Scan::closed`] is.
    pub fn judged(&self) -> &Judged {
        &self.judged
    }

    /// How many windows were closed so far.
    pub fn closed(&self) -> u64 {
        self.judged.closed
    }

    /// What became of the lines, by number of source.
    pub fn counts(&self) -> &[Counts] {
        &self.sums.counts
    }

    /// Event time of a source: the newest moment seen in it.
    pub fn newest(&self, source: u32) -> Option<Timestamp> {
        self.sums.newest(source)
    }

    /// Whether a source that is not read any more may give its number to another.
    pub fn is_past(&self, source: u32) -> bool {
        self.sums.is_past(source)
    }

    /// Another source begins under this number; gives what became of the lines of the one before.
    pub fn begin_again(&mut self, source: u32) -> Counts {
        self.sums.begin_again(source)
    }

    /// The start of the oldest window that is open.
    pub fn oldest_open(&self) -> Option<Timestamp> {
        self.sums.shards().iter().filter_map(crate::tally::Tally::oldest).min()
    }

    /// Stamps after this are refused from now on.
    pub fn refuse_after(&mut self, latest: Timestamp) {
        self.sums.take.latest = latest;
    }

    /// What the operator says of the estate and of what is told, from now on.
    pub fn reload(&mut self, estate: Estate, guidance: Guidance) {
        self.sums.estate = estate;
        self.judged.ledger.set_budget(guidance.budget);
        self.judged.ledger.set_rules(guidance.rules);
        self.catalogue = guidance.catalogue;
    }

    /// What people have acknowledged, from now on.
    pub fn acknowledge(&mut self, acks: Arc<[Ack]>) {
        self.judged.ledger.set_acks(acks);
    }

    /// How many incidents rules allow.
    pub fn allowed(&self) -> usize {
        self.judged.ledger.allowed().len()
    }

    /// How many hosts are watched.
    pub fn hosts(&self) -> usize {
        self.view(&[], &Inventory::default()).hosts()
    }

    /// Everything by its name.
    pub fn view<'a>(&'a self, sources: &'a [Source], inventory: &'a Inventory) -> View<'a> {
        let Judged { hosts, destinations, baseline, .. } = &self.judged;
        let (catalogue, seconds) = (&self.catalogue, self.sums.seconds());
        let (allowed, acks) = (self.judged.ledger.allowed(), &**self.judged.ledger.acks());
        View { hosts, destinations, catalogue, baseline, seconds, sources, inventory, allowed, acks }
    }

    /// Takes out what was told since this was called last.
    pub fn take_newly_told<'a>(&'a mut self, sources: &'a [Source], inventory: &'a Inventory) -> Newly<'a> {
        let newly = self.judged.ledger.take_newly_told();
        let told_of = self.judged.ledger.accused();
        let view = self.view(sources, inventory);
        let told = newly.into_iter().zip(1..).map(|(incident, rank)| view.told(incident, rank)).collect();
        Newly { told, hosts: view.hosts(), told_of }
    }

    /// Lets go of incidents that were seen last before `moment`.
    pub fn forget(&mut self, moment: Timestamp) {
        self.judged.ledger.forget(moment);
    }

    /// Takes out the totals of days that are over.
    pub fn take_days(&mut self) -> Vec<(Timestamp, Vec<DayRow>)> {
        let Judged { days: Some(days), hosts, destinations, .. } = &mut self.judged else {
            return Vec::new();
        };
        days.take_over().iter().map(|(day, rows)| (*day, named(rows, hosts, destinations))).collect()
    }

    /// The totals that were not yet taken out, those of windows still open among them.
    pub fn days_so_far(&self) -> Vec<(Timestamp, Vec<DayRow>)> {
        let mut all: BTreeMap<Timestamp, BTreeMap<(String, String), DayTotals>> = BTreeMap::new();
        if let Some(days) = &self.judged.days {
            for (day, rows) in days.held() {
                let here = all.entry(*day).or_default();
                for row in named(rows, &self.judged.hosts, &self.judged.destinations) {
                    here.entry((row.host, row.destination)).or_default().add(row.totals);
                }
            }
        }
        for shard in self.sums.shards() {
            for (start, cells) in shard.windows() {
                let here = all.entry(start.floor(Span::DAY)).or_default();
                for ((host, destination), cell) in cells.iter() {
                    if shard.destinations.channel(*destination) == Channel::Inside {
                        continue;
                    }
                    let names =
                        (shard.host_name(*host).to_owned(), shard.destination_name(*destination).to_owned());
                    here.entry(names).or_default().add(DayTotals {
                        out: cell.out,
                        back: cell.back,
                        events: cell.events,
                        max: cell.measure.largest.bytes,
                    });
                }
            }
        }
        let row = |((host, destination), totals)| DayRow { host, destination, totals };
        all.into_iter().map(|(day, rows)| (day, rows.into_iter().map(row).collect())).collect()
    }
}
