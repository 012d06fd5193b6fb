//! A labelled estate: logs of thousands of hosts that go about their business, with a theft among them and a file that
//! says which lines it is.
//!
//! Deterministic by seed, in the order in which real lines are written, exact to the byte, and streaming: memory grows
//! with hosts and with what is open at once, not with days. Hosts are private addresses, everything else is nobody's
//! (see `places`). Not a model of any real company, and not the only one to judge a detector by.
//!
//! The flow: `roles`, `noise` and `scenarios` add what opens in an hour → `disorder` moves addresses, clocks and lines →
//! `timeline` orders it by closing → `writers` write it → `labels` add up what was stolen. A new role, event, theft or format is a file and a row in its table.

mod arithmetic;
mod calendar;
pub mod command;
mod disorder;
mod labels;
mod noise;
mod places;
mod random;
mod roles;
pub mod scenarios;
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
use scenarios::{Brief, Scenario, Theft};
use std::collections::BTreeSet;
use std::io::{self, Write};
use timeline::Timeline;
use world::World;
use writers::{Lines, Writer};

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
    /// How it is written.
    pub format: &'static Writer,
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

/// Text that is collected before it is handed on.
const BUFFER: usize = 1 << 18;

/// Writes the log to `out`, then the labels to `labels`.
pub fn run(settings: &Settings, out: &mut dyn Write, labels: &mut dyn Write) -> io::Result<Totals> {
    let hours = settings.days.saturating_mul(24);
    let world = World::new(settings.seed, settings.start, hours, settings.hosts, settings.line_power);
    let mut thefts = thefts(settings, &world);
    let disorder = Disorder::new(&world, settings.is_tidy);
    let mut pen = Pen {
        disorder: &disorder,
        lines: (settings.format.open)(),
        text: Vec::with_capacity(2 * BUFFER),
        labels: Labels::default(),
        totals: Totals::default(),
    };
    let mut timeline = Timeline::new(settings.format.longest);
    let mut opened = Vec::new();

    pen.lines.header(world.start, &mut pen.text);
    for index in 0..hours {
        let hour = Hour::new(world.start, index);
        roles::hour(&world, &hour, &mut opened);
        for add_event in noise::NOISE {
            add_event(&world, &hour, &mut opened);
        }
        for theft in &mut thefts {
            theft.hour(&world, &hour, &mut opened);
        }
        for transfer in opened.drain(..) {
            let (seen, after) = disorder.seen(&world, transfer);
            timeline.push(seen, after);
        }
        // Nothing that opens later is written before the next hour begins.
        while let Some(transfer) = timeline.before(hour.start + Span::HOUR) {
            pen.write(&transfer, out)?;
        }
    }
    // What is still open has no line in this log.
    pen.lines.footer(world.start + Span::HOUR.times(i64::from(hours)), &mut pen.text);
    pen.flush(out)?;
    out.flush()?;

    let kinds = settings.scenarios.len().max(1);
    let name = |position: usize| {
        let scenario = settings.scenarios.get(position % kinds).map_or("", |scenario| scenario.name);
        (scenario, position / kinds + 1)
    };
    pen.labels.write(labels, &name, &|peer| pen.lines.destination(peer))?;
    labels.flush()?;
    let (rows, stolen) = pen.labels.totals();
    Ok(Totals { stolen: Bytes(stolen), labels: rows, held: timeline.peak, ..pen.totals })
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

/// Writes lines and keeps the sums of what it has written.
struct Pen<'a> {
    disorder: &'a Disorder,
    lines: Box<dyn Lines>,
    text: Vec<u8>,
    labels: Labels,
    totals: Totals,
}

impl Pen<'_> {
    fn write(&mut self, transfer: &transfer::Transfer, out: &mut dyn Write) -> io::Result<()> {
        self.totals.transfers += 1;
        if self.disorder.is_lost(transfer) {
            return Ok(());
        }
        let before = self.text.len();
        self.lines.transfer(transfer, &mut self.text);
        if self.text.len() > before {
            self.labels.written(transfer);
            if self.disorder.is_twice(transfer) {
                self.text.extend_from_within(before..);
            }
        }
        if self.text.len() >= BUFFER { self.flush(out) } else { Ok(()) }
    }

    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.totals.written.0 += self.text.len() as u64;
        out.write_all(&self.text)?;
        self.text.clear();
        Ok(())
    }
}
