//! `outflow doctor`.

use super::Ending;
use super::read::ReadArguments;
use crate::batch::Sink;
use crate::estate::Estate;
use crate::formats::Detail;
use crate::outputs::{self, Diagnosis};
use crate::pipeline::{FIELDS, Health, Piece, Source, Sums, Take};
use crate::tally::Settings;
use crate::units::{Span, Timestamp};
use anyhow::Result;
use clap::Args;
use rayon::prelude::*;
use std::io::{BufWriter, Write, stdout};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    read: ReadArguments,
    /// A silence of at least this long is told as a gap
    #[arg(long, value_name = "SPAN", default_value = "3h")]
    gap: Span,
}

struct Look {
    estate: Estate,
    take: Take,
    healths: Vec<Health>,
    /// Summed only to see which lines are told twice.
    sums: Sums<()>,
}

impl Sink for Look {
    fn add(&mut self, sources: &[Source], pieces: &[Piece]) {
        self.sums.add(sources, pieces);
        let (estate, take) = (&self.estate, &self.take);
        let looked: Vec<Option<Health>> = pieces
            .par_iter()
            .map(|piece| Some(Health::of(piece, sources.get(piece.source as usize)?, estate, take)))
            .collect();
        for (piece, health) in pieces.iter().zip(looked) {
            if let Some((sum, health)) = self.healths.get_mut(piece.source as usize).zip(health) {
                sum.merge(health);
            }
        }
    }

    fn reached(&mut self, unfinished: &[(u32, Timestamp)]) {
        self.sums.reached(unfinished);
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    let mut opened = arguments.read.open(Detail::Full)?;
    let healths = vec![Health::default(); opened.batch.sources.len()];
    let (estate, take) = (opened.estate.clone(), opened.take.clone());
    let sums = Sums::new(Settings::default(), opened.threads, healths.len(), estate.clone(), take.clone());
    let mut look = Look { estate, take, healths, sums };
    opened.read(&mut look);
    for (health, counts) in look.healths.iter_mut().zip(&look.sums.counts) {
        let mine = &mut health.counts;
        (mine.either_way, mine.repeated) = (counts.either_way, counts.repeated);
        (mine.unpaired, mine.overflowed) = (counts.unpaired, counts.overflowed);
    }
    let mut to = BufWriter::new(stdout().lock());
    for (source, health) in opened.batch.sources.iter().zip(&look.healths) {
        let diagnosis = diagnosis(source, health, arguments.gap);
        if arguments.read.json {
            outputs::diagnosis_json(&diagnosis, &mut to)?;
        } else {
            outputs::diagnosis_text(&diagnosis, &mut to)?;
        }
    }
    to.flush()?;
    Ok(opened.ending())
}

fn diagnosis<'a>(source: &'a Source, health: &'a Health, gap: Span) -> Diagnosis<'a> {
    let counts = &health.counts;
    let modified = std::fs::metadata(&source.path).ok().and_then(|metadata| metadata.modified().ok());
    let modified = modified.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let modified = modified.and_then(|since| Timestamp::from_micros(i64::try_from(since.as_micros()).ok()?));
    Diagnosis {
        path: &source.path,
        format: source.kind.name,
        chosen: &source.chosen,
        counts,
        present: FIELDS.iter().map(|(name, _)| *name).zip(health.present).collect(),
        disorder: health.disorder,
        repeated_lines: health.repeated_lines,
        gaps: health.gaps(gap),
        // A line cannot be newer than the file that holds it.
        ahead: counts
            .span
            .zip(modified)
            .map(|((_, last), modified)| last - modified)
            .filter(|ahead| *ahead > Span::MINUTE),
        blind: source.blind(counts),
    }
}
