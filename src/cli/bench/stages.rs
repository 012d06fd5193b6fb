//! What is measured: one row each, every one a whole run over the logs.

use crate::batch::Sink;
use crate::cli::Ending;
use crate::cli::read::{Opened, ReadArguments};
use crate::formats::{Detail, Scratch};
use crate::incidents::Budget;
use crate::pipeline::{Piece, Scan, Source, Sums, events};
use crate::tally::{By, Distribution, Settings};
use crate::units::{Span, Timestamp};
use anyhow::Result;
use cpu_time::ProcessTime;
use rayon::prelude::*;
use std::hint::black_box;
use std::time::Instant;

/// A stage.
pub(super) struct Stage {
    pub(super) name: &'static str,
    pub(super) run: fn(&ReadArguments) -> Result<(Spent, Ending)>,
}

/// What a run took.
#[derive(Clone, Copy)]
pub(super) struct Spent {
    /// Of all threads.
    pub(super) cpu_s: f64,
    pub(super) elapsed_s: f64,
    /// After decompression.
    pub(super) bytes: u64,
    pub(super) lines: u64,
}

/// All stages; the first is what the others are compared with.
pub(super) const STAGES: &[Stage] = &[
    Stage {
        name: "newlines counted",
        run: |read| timed(read, Detail::Sums, |opened| drive(opened, Newlines)),
    },
    Stage { name: "lines parsed", run: |read| timed(read, Detail::Sums, |opened| drive(opened, Parse)) },
    Stage {
        name: "volumes by host",
        run: |read| timed(read, Detail::Hosts, |opened| sums(opened, By::Host)),
    },
    Stage {
        name: "volumes by host, destination",
        run: |read| timed(read, Detail::Sums, |opened| sums(opened, By::HostDestination)),
    },
    Stage { name: "scan", run: |read| timed(read, Detail::Sums, scan) },
];

fn timed(
    read: &ReadArguments,
    detail: Detail,
    stage: impl FnOnce(&mut Opened) -> (u64, u64),
) -> Result<(Spent, Ending)> {
    let (began, cpu) = (Instant::now(), ProcessTime::now());
    let mut opened = read.open(detail)?;
    let (bytes, lines) = stage(&mut opened);
    let spent =
        Spent { cpu_s: cpu.elapsed().as_secs_f64(), elapsed_s: began.elapsed().as_secs_f64(), bytes, lines };
    Ok((spent, opened.ending()))
}

/// A stage without state: what it makes of a piece.
trait Look: Sync + Send {
    fn look(&self, source: &Source, piece: &Piece);
}

/// As fast as text can be looked at.
struct Newlines;

impl Look for Newlines {
    fn look(&self, _source: &Source, piece: &Piece) {
        black_box(memchr::memchr_iter(b'\n', &piece.chunk.bytes).count());
    }
}

/// Every line read, nothing done with it.
struct Parse;

impl Look for Parse {
    fn look(&self, source: &Source, piece: &Piece) {
        let scratch = Scratch::new();
        let each = |event: &_, _, _| {
            black_box(event);
            Ok(())
        };
        black_box(events(piece, source.kind, &scratch, each));
    }
}

struct Looking<L> {
    look: L,
    bytes: u64,
    lines: u64,
}

impl<L: Look> Sink for Looking<L> {
    fn add(&mut self, sources: &[Source], pieces: &[Piece]) {
        self.bytes += pieces.iter().map(|piece| piece.chunk.bytes.len() as u64).sum::<u64>();
        self.lines += pieces.iter().map(|piece| piece.chunk.lines).sum::<u64>();
        pieces.par_iter().for_each(|piece| {
            if let Some(source) = sources.get(piece.source as usize) {
                self.look.look(source, piece);
            }
        });
    }

    fn reached(&mut self, _unfinished: &[(u32, Timestamp)]) {}
}

fn drive(opened: &mut Opened, look: impl Look) -> (u64, u64) {
    let mut looking = Looking { look, bytes: 0, lines: 0 };
    opened.read(&mut looking);
    (looking.bytes, looking.lines)
}

fn sums(opened: &mut Opened, by: By) -> (u64, u64) {
    let settings = Settings { by, window: None, ..Settings::default() };
    let sources = opened.batch.sources.len();
    let mut sums: Sums<Distribution> =
        Sums::new(settings, opened.threads, sources, opened.estate.clone(), opened.take.clone());
    opened.read(&mut sums);
    let counted = sums.counts.iter().fold((0, 0), |sum, counts| (sum.0 + counts.bytes, sum.1 + counts.lines));
    black_box(sums.into_tallies());
    counted
}

fn scan(opened: &mut Opened) -> (u64, u64) {
    let mut scan = Scan::new(
        Settings::default(),
        Span::MINUTE.times(5),
        opened.threads,
        opened.batch.sources.len(),
        opened.estate.clone(),
        opened.take.clone(),
        Budget::default(),
    )
    .with_catalogue(std::mem::take(&mut opened.catalogue));
    opened.read(&mut scan);
    let scanned = scan.finish();
    let report = scanned.report(&opened.batch.sources, &opened.estate.inventory, std::time::Duration::ZERO);
    (report.summary.bytes_read, report.summary.lines)
}
