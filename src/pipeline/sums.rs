//! Records → sums, by as many threads as there are shards.

use super::pairing::{Keys, Pairing, Seconds, WAIT};
use super::records::{Records, Run, Sharding, records};
use super::{Booking, Piece, Source, Take};
use crate::estate::Estate;
use crate::event::Channel;
use crate::formats::Scratch;
use crate::state::Named;
use crate::tally::{By, Cells, Counts, Measure, Naming, Pulse, Record, Settings, Tally};
use crate::units::{Span, Timestamp};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The moment after which nothing comes.
const END: Timestamp = Timestamp(Timestamp::MAX.0 + Span::DAY.0);

/// A window taken out: its start, and its cells by number of the shard.
pub(super) type Closed<M> = (Timestamp, Vec<(usize, Cells<M>)>);

/// Sums of everything read, kept in shards by host.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(deserialize = "M: Default + Deserialize<'de>"))]
pub struct Sums<M> {
    shards: Vec<Tally<M>>,
    sharding: Sharding,
    /// Length of a window.
    span: Option<Span>,
    #[serde(skip)]
    pub(super) estate: Estate,
    #[serde(skip)]
    pub(super) take: Take,
    /// Known when the first pieces come, by their sources; and by how many of these.
    keys: Option<(usize, Keys)>,
    pairing: Pairing,
    /// What became of the lines, by number of source.
    pub counts: Vec<Counts>,
    /// Event time of each source: the newest booking moment seen, where there was one.
    newest: Vec<Option<Timestamp>>,
    /// The end of the last window taken out: nothing is booked before it.
    floor: Option<Timestamp>,
    /// How well each log was read, by hour; until they are taken out.
    pulses: BTreeMap<(Timestamp, Named), Pulse>,
    /// Empty, with room, to be filled again.
    #[serde(skip)]
    spare: Vec<Vec<Record<'static>>>,
}

impl<M: Measure + Send + Sync> Sums<M> {
    /// Empty sums for `sources` sources, in as many shards as there are threads to fill them.
    pub fn new(settings: Settings, shards: usize, sources: usize, estate: Estate, take: Take) -> Self {
        let count = shards.max(1);
        Sums {
            shards: (0..count).map(|_| Tally::new(settings)).collect(),
            sharding: Sharding::new(count, settings.by),
            span: settings.window,
            keys: None,
            pairing: Pairing::new(estate.proxies()),
            estate,
            take,
            counts: vec![Counts::default(); sources],
            newest: vec![None; sources],
            floor: None,
            pulses: BTreeMap::new(),
            spare: Vec::new(),
        }
    }

    /// Takes in pieces; those of one source must come in their order.
    pub fn add(&mut self, sources: &[Source], pieces: &[Piece]) {
        let mut scratches: Vec<Scratch> = pieces.iter().map(|_| Scratch::new()).collect();
        let count = self.sharding.count;
        let mut spare: Vec<Vec<Record<'_>>> =
            std::mem::take(&mut self.spare).into_iter().map(emptied).collect();
        spare.resize_with(pieces.len() * count, Vec::new);
        self.know(sources);
        let Some((_, keys)) = &self.keys else { return };
        let (estate, take, sharding) = (&self.estate, &self.take, &self.sharding);
        let run = Run { estate, take, shards: sharding, keys };
        let read: Vec<Option<Records<'_>>> = pieces
            .par_iter()
            .zip(scratches.par_iter_mut())
            .zip(spare.par_chunks_mut(count))
            .map(|((piece, scratch), spare)| {
                let source = sources.get(piece.source as usize)?;
                let room = spare.iter_mut().map(std::mem::take).collect();
                Some(records(piece, source, scratch, &run, room))
            })
            .collect();
        let mut read: Vec<(u32, Records<'_>)> =
            pieces.iter().zip(read).filter_map(|(piece, records)| Some((piece.source, records?))).collect();
        for (source, records) in &mut read {
            let log = sources.get(*source as usize).map_or("", |source| source.kind.name);
            self.join(*source as usize, log, records);
        }
        let naming = Naming { inventory: &self.estate.inventory };
        self.shards.par_iter_mut().enumerate().for_each(|(place, tally)| {
            for (source, records) in &read {
                tally.record(records.shards.get(place).map_or(&[], Vec::as_slice), *source, &naming);
            }
        });
        self.spare = read.into_iter().flat_map(|(_, records)| records.shards).map(emptied).collect();
    }

    /// Sources that are new make room for themselves, and what they may tell twice known.
    fn know(&mut self, sources: &[Source]) {
        match &mut self.keys {
            Some((count, _)) if *count == sources.len() => return,
            Some((count, keys)) => (*count, *keys) = (sources.len(), keys.widened(sources)),
            None => self.keys = Some((sources.len(), Keys::of(sources))),
        }
        if self.counts.len() < sources.len() {
            self.counts.resize_with(sources.len(), Counts::default);
            self.newest.resize(sources.len(), None);
        }
    }

    /// What depends on the pieces before: event time of the source, and so which lines are late.
    fn join(&mut self, source: usize, log: &'static str, records: &mut Records<'_>) {
        let Some((newest, counts)) = self.newest.get_mut(source).zip(self.counts.get_mut(source)) else {
            return;
        };
        for (hour, pulse) in records.pulses.drain(*newest) {
            self.pulses.entry((hour, Named(log))).or_default().add(pulse);
        }
        let open = newest.map(|before| before - self.take.booking.lateness()).max(self.floor);
        let closing = self.take.booking != Booking::Stamp;
        if let Some(open) = open.filter(|open| closing && records.oldest.min(records.oldest_inside) < *open) {
            for record in records.shards.iter_mut().flatten().filter(|record| record.at < open) {
                records.counts.late += u64::from(!record.late && record.channel != Channel::Inside);
                record.at = open;
                record.late = true;
            }
        }
        let number = u32::try_from(source).unwrap_or(u32::MAX);
        self.pairing.hold(records.apart.drain(..).map(|mut apart| {
            apart.join(number, open, closing);
            apart
        }));
        if records.oldest < Timestamp::MAX {
            *newest = (*newest).max(Some(records.newest));
        }
        counts.merge(std::mem::take(&mut records.counts));
    }

    /// After [`Sums::add`]: the sources that are not at their end, each with a moment at or before its next line. Sums up
    /// what waited for lines that told the same, and gives the moment before which nothing more will be summed.
    pub fn reached(&mut self, unfinished: &[(u32, Timestamp)]) -> Timestamp {
        let lateness = self.take.booking.lateness();
        let open = |(source, at): &(u32, Timestamp)| self.newest(*source).unwrap_or(*at) - lateness;
        self.reached_moment(unfinished.iter().map(open).min().unwrap_or(END))
    }

    /// The same where no line will be booked before this moment any more.
    pub(super) fn reached_moment(&mut self, watermark: Timestamp) -> Timestamp {
        let Some((_, keys)) = &self.keys else { return watermark };
        let released = self.pairing.release(watermark, keys, &mut self.counts);
        // Windows stay open for those that wait, where any does: an incident should not be told a minute later for nothing.
        let close = if watermark == END || !self.pairing.waits { watermark } else { watermark - WAIT };
        if released.is_empty() {
            return close;
        }
        let naming = Naming { inventory: &self.estate.inventory };
        let mut shards: Vec<Vec<(u32, Record<'_>)>> = vec![Vec::new(); self.sharding.count];
        for (source, record) in released.iter().filter_map(|apart| Some((apart.source, apart.record()?))) {
            if let Some(shard) = shards.get_mut(self.sharding.of(record.host, record.destination)) {
                shard.push((source, record));
            }
        }
        self.shards.par_iter_mut().zip(shards).for_each(|(tally, records)| {
            for run in records.chunk_by(|a, b| a.0 == b.0) {
                let source = run.first().map_or(0, |(source, _)| *source);
                let run: Vec<Record<'_>> = run.iter().map(|(_, record)| *record).collect();
                tally.record(&run, source, &naming);
            }
        });
        close
    }

    /// Takes out how well logs were read in the hours before `moment`, in their order.
    pub(super) fn pulses_before(&mut self, moment: Timestamp) -> BTreeMap<(Timestamp, Named), Pulse> {
        if self.pulses.first_key_value().is_none_or(|((hour, _), _)| *hour >= moment) {
            return BTreeMap::new();
        }
        let rest = self.pulses.split_off(&(moment, Named("")));
        std::mem::replace(&mut self.pulses, rest)
    }

    /// How well logs were read is known of today by another's.
    pub(super) fn go_on_hearing(&mut self, other: Self) {
        self.pulses = other.pulses;
    }

    /// The end of the last window taken out.
    pub fn floor(&self) -> Option<Timestamp> {
        self.floor
    }

    /// Which line told again what another told.
    pub fn seconds(&self) -> &Seconds {
        &self.pairing.seconds
    }

    /// Event time of a source: the newest moment seen in it.
    pub fn newest(&self, source: u32) -> Option<Timestamp> {
        self.newest.get(source as usize).copied().flatten()
    }

    /// Whether a source that is not read any more may give its number away: its lines are in windows that were taken out, and
    /// nobody asks which of them told again what another told.
    pub(super) fn is_past(&self, source: u32) -> bool {
        let closed = self.newest(source).is_none_or(|newest| Some(newest) < self.floor);
        closed && self.keys.as_ref().is_none_or(|(_, keys)| !keys.any())
    }

    /// Another source begins under this number; gives what became of the lines of the one before.
    pub(super) fn begin_again(&mut self, source: u32) -> Counts {
        self.newest.get_mut(source as usize).map(std::mem::take);
        self.counts.get_mut(source as usize).map(std::mem::take).unwrap_or_default()
    }

    /// The shards, to read the sums from. A host is in one of them only, unless the inventory gives it several spellings.
    pub fn shards(&self) -> &[Tally<M>] {
        &self.shards
    }

    /// The sums, in as few tallies as need be: a row of the answer is in one of them only.
    pub fn into_tallies(mut self) -> Vec<Tally<M>> {
        let spread = self.sharding.by == By::Destination || !self.estate.inventory.is_empty();
        if spread && let Some((all, rest)) = self.shards.split_first_mut() {
            for shard in rest {
                all.merge(shard);
            }
            self.shards.truncate(1);
        }
        self.shards
    }

    /// Takes the oldest window that ends at or before `watermark` out of every shard.
    pub(super) fn close(&mut self, watermark: Timestamp) -> Option<Closed<M>> {
        let start = self.shards.iter().filter_map(Tally::oldest).min()?;
        let mut closed = Vec::new();
        for (place, shard) in self.shards.iter_mut().enumerate() {
            if shard.oldest() == Some(start)
                && let Some((_, cells)) = shard.close(watermark)
            {
                closed.push((place, cells));
            }
        }
        if closed.is_empty() {
            return None;
        }
        // Where there is one window for all time nothing is ever taken out.
        self.floor = self.floor.max(self.span.map(|span| start + span));
        Some((start, closed))
    }
}

/// A list without its records, for others that borrow from other lines; collecting an emptied list keeps its memory.
fn emptied<'a>(mut records: Vec<Record<'_>>) -> Vec<Record<'a>> {
    records.clear();
    records.into_iter().map_while(|_| None).collect()
}
