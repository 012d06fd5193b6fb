//! A labelled estate: logs of thousands of hosts that go about their business, with a theft among them and a file that
//! says which lines it is.
//!
//! Deterministic by seed, in the order in which real lines are written, exact to the byte, and streaming: memory grows
//! with hosts and with what is open at once, not with days. Hosts are private addresses, everything else is nobody's
//! (see `places`). Not a model of any real company, and not the only one to judge a detector by.
//!
//! The flow: `roles`, `noise` and `scenarios` add what opens in an hour → `disorder` moves addresses, clocks and lines →
//! `timeline` orders it by closing → `writers` write it into a `log` → `labels` add up what was stolen. A new role, event, theft or format is a file and a row in its table.
//!
//! What no log tells of is not drawn, or its draws are passed over, so a log is the same whatever stands beside it.
//! `outflow synth --hosts 10000 --days 28 --scenario all --seed 3 >/dev/null`, 26 November 2026, two busy virtual cores: 14.8 GB in
//! 91 s of CPU, which two free cores share, and 244 MB of memory at most; with `--days 2`, 236 MB.

mod arithmetic;
mod calendar;
pub mod command;
mod disorder;
mod labels;
mod log;
mod noise;
mod overlay;
mod places;
mod random;
mod roles;
pub mod scenarios;
mod seen;
mod timeline;
mod transfer;
mod world;
pub mod writers;

#[cfg(test)]
mod tests;

use crate::units::{Bytes, Span, Timestamp};
use calendar::Hour;
use disorder::Disorder;
use labels::Labels;
use log::Log;
pub use log::{Shelf, Stream};
pub use overlay::{Columns, End, Ground, Laid, Overlay, Tells, one_of_group};
use scenarios::{Brief, Scenario, Theft};
pub use seen::{Like, SeenHost};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::num::NonZero;
use std::sync::mpsc::sync_channel;
use transfer::Transfer;
use world::World;
use writers::Writer;

/// What is generated; made and checked by [`command::Request::resolve`].
#[derive(Clone, Debug)]
pub struct Settings {
    /// See [`command::HOSTS`].
    pub hosts: u32,
    /// See [`command::DAYS`].
    pub days: u32,
    /// The same seed and settings give the same bytes, on any machine.
    pub seed: u64,
    /// A midnight in UTC.
    pub start: Timestamp,
    /// The kinds of theft.
    pub scenarios: Vec<&'static Scenario>,
    /// How many thefts of each kind, all with hosts of their own; at least 1.
    pub thefts: u32,
    /// How long nothing is stolen, from the start; 0 for thefts from day one.
    pub learning: Span,
    /// The logs that are written; at least one.
    pub formats: Vec<&'static Writer>,
    /// Machines that log for themselves have files of their own.
    pub has_folders: bool,
    /// Hosts that leak, per theft, from 1 to a tenth of all; what the scenario says when not given.
    pub leaking: Option<u32>,
    /// Stolen per theft; the scenario's own figure when not given.
    pub bytes: Option<Bytes>,
    /// Without gaps, late and double lines, clocks that are off and addresses that move.
    pub is_tidy: bool,
    /// Scales lines, not bytes: a habit of n > 1 connections a day shows as n^`line_power` lines that carry all of its
    /// bytes. Above 0, at most 1; 1 writes every connection.
    pub line_power: f64,
}

/// What was generated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Transfers that closed before the end of the log, whether or not it shows them.
    pub transfers: u64,
    /// Bytes of log text.
    pub written: Bytes,
    /// Sum of the labels.
    pub stolen: Bytes,
    /// Rows of the labels.
    pub labels: u64,
    /// The most transfers held in memory at once.
    pub held: usize,
}

/// Writes the logs to `shelf`, then the labels to `labels`.
pub fn run(settings: &Settings, shelf: &mut dyn Shelf, labels: &mut dyn Write) -> io::Result<Totals> {
    let hours = settings.days.saturating_mul(24);
    let mut world = World::new(settings.seed, settings.start, hours, settings.hosts, settings.line_power);
    // Thieves have watched all of it, whatever the logs will tell.
    let mut thefts = thefts(settings, &world);
    let is_told = |transfer: &Transfer| settings.formats.iter().any(|writer| (writer.tells)(transfer));
    world.only_what_is_told(&is_told);
    let disorder = Disorder::new(&world, settings.is_tidy);
    let log = |(place, writer): (usize, &&'static Writer)| {
        Log::new(place, writer, settings.has_folders, world.start)
    };
    let mut logs: Vec<Log> = settings.formats.iter().enumerate().map(log).collect();
    let mut stolen = Labels::default();
    // Some threads draw hours in turn while this one writes; what is written does not hang on their number or speed.
    let drawers = std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST_DRAWERS);
    std::thread::scope(|scope| {
        let world = &world;
        let drawer = |first: usize| {
            let (send, drawn) = sync_channel(0);
            let (empty, emptied) = sync_channel::<Vec<Transfer>>(1);
            scope.spawn(move || {
                for index in (0..hours).skip(first).step_by(drawers) {
                    let mut opened = emptied.try_recv().unwrap_or_default();
                    draw(world, &Hour::new(world.start, index), &mut opened);
                    // Nobody takes it any more: writing has failed.
                    if send.send(opened).is_err() {
                        break;
                    }
                }
            });
            (drawn, empty)
        };
        let drawers: Vec<_> = (0..drawers).map(drawer).collect();
        let mut after = Vec::new();
        for (index, (drawn, empty)) in (0..hours).zip(drawers.iter().cycle()) {
            let Ok(mut opened) = drawn.recv() else { break };
            let hour = Hour::new(world.start, index);
            thefts.iter_mut().for_each(|theft| theft.hour(world, &hour, &mut opened));
            after.clear();
            after.extend(opened.iter_mut().map(|transfer| disorder.disturb(world, transfer)));
            // Nothing that opens later is written before the next hour begins.
            let limit = hour.start + Span::HOUR;
            for log in &mut logs {
                log.write(limit, &opened, &after, &disorder, &mut stolen, shelf)?;
            }
            opened.clear();
            // Its memory is used again; if nobody wants it, it goes.
            let _ = empty.try_send(opened);
        }
        Ok::<(), io::Error>(())
    })?;
    for log in &mut logs {
        log.finish(world.start + Span::HOUR.times(i64::from(hours)), shelf)?;
    }

    let kinds = settings.scenarios.len().max(1);
    let name = |position: usize| {
        let scenario = settings.scenarios.get(position % kinds).map_or("", |scenario| scenario.name);
        (scenario, position / kinds + 1)
    };
    stolen.write(labels, &name, &logs)?;
    labels.flush()?;
    let (rows, bytes) = stolen.totals();
    Ok(Totals {
        transfers: logs.iter().map(|log| log.transfers).sum(),
        written: Bytes(logs.iter().map(|log| log.written.0).sum()),
        stolen: Bytes(bytes),
        labels: rows,
        held: logs.iter().map(Log::peak).sum(),
    })
}

/// Threads that draw, at most: each holds an hour of the estate, and more hours are drawn by four than one thread writes.
const MOST_DRAWERS: usize = 4;

/// Adds all honest traffic that opens in an hour.
fn draw(world: &World, hour: &Hour, opened: &mut Vec<Transfer>) {
    roles::hour(world, hour, opened);
    for (_, add_event) in noise::NOISE.iter().filter(|(kind, _)| world.told.has(*kind)) {
        add_event(world, hour, opened);
    }
}

fn thefts(settings: &Settings, world: &World) -> Vec<Box<dyn Theft>> {
    let mut taken = BTreeSet::new();
    let learning = u32::try_from(settings.learning.0 / Span::HOUR.0).unwrap_or(0).min(world.hours - 1);
    let rounds =
        (0..settings.thefts).flat_map(|number| settings.scenarios.iter().map(move |kind| (number, kind)));
    let plan = |(position, (number, scenario)): (usize, (u32, &&'static Scenario))| {
        let (bytes, leaking) = (settings.bytes.map(|bytes| bytes.0), settings.leaking);
        (scenario.plan)(world, &mut Brief { position, number, learning, leaking, bytes, taken: &mut taken })
    };
    rounds.enumerate().map(plan).collect()
}
