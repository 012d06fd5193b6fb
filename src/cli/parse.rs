//! `outflow parse`.

use super::Ending;
use super::read::ReadArguments;
use crate::batch::Sink;
use crate::estate::Estate;
use crate::event::direction::{Verdict, direction};
use crate::event::reject::{Reason, Reject};
use crate::event::{Channel, Event};
use crate::formats::{Detail, Scratch};
use crate::outputs::{EventWriter, Place};
use crate::pipeline::{Piece, Source, Take, events};
use crate::tally::{Counts, Directory, Naming};
use crate::units::Timestamp;
use anyhow::Result;
use clap::Args;
use rayon::prelude::*;
use std::io::{self, Stdout, Write, stdout};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    read: ReadArguments,
}

/// Prints events as they come, in the order of each source.
struct Print {
    to: Stdout,
    estate: Estate,
    take: Take,
    counts: Vec<Counts>,
    first: bool,
    /// The first error of writing; nothing is written after it.
    failed: Option<io::Error>,
}

impl Sink for Print {
    fn add(&mut self, sources: &[Source], pieces: &[Piece]) {
        if self.failed.is_some() {
            return;
        }
        let first = std::mem::take(&mut self.first);
        let print = &*self;
        let printed: Vec<Option<(Vec<u8>, Counts)>> = pieces
            .par_iter()
            .enumerate()
            .map(|(place, piece)| {
                Some(print.piece(sources.get(piece.source as usize)?, piece, first && place == 0))
            })
            .collect();
        for (piece, (text, counts)) in
            pieces.iter().zip(printed).filter_map(|(piece, printed)| Some((piece, printed?)))
        {
            if let Some(sum) = self.counts.get_mut(piece.source as usize) {
                sum.merge(counts);
            }
            if self.failed.is_none()
                && let Err(error) = self.to.write_all(&text)
            {
                self.failed = Some(error);
            }
        }
    }

    fn reached(&mut self, _unfinished: &[(u32, Timestamp)]) {}
}

impl Print {
    fn piece(&self, source: &Source, piece: &Piece, first: bool) -> (Vec<u8>, Counts) {
        let scratch = Scratch::new();
        let mut text = Vec::with_capacity(piece.chunk.bytes.len() * 3);
        let mut writer = EventWriter { first };
        let naming = Naming { inventory: &self.estate.inventory };
        let (mut hosts, mut groups) = (Directory::new(usize::MAX), Directory::new(usize::MAX));
        let mut seen = Counts::default();
        let each = |event: &Event<'_>, line: u64, offset: u64| {
            if event.timestamp > self.take.latest {
                return Err(Reject::line(Reason::FutureTimestamp));
            }
            if event.timestamp < self.take.since || event.timestamp >= self.take.until {
                seen.outside += 1;
                return Ok(());
            }
            seen.events += u64::from(event.aside.is_none());
            seen.aside += u64::from(event.aside.is_some());
            let verdict = direction(event, &self.estate, source.watching());
            let mut place = Place { file: &source.path, offset, line, host: None, destination: None };
            if let Verdict::Rejected(reason) = verdict {
                return Err(Reject::line(reason));
            }
            if let Verdict::Egress(egress) = verdict {
                seen.blind += u64::from(event.aside.is_none() && egress.bytes_out.is_none());
                let (host, group) = (
                    hosts.host(egress.host, Channel::default(), &naming),
                    groups.group(egress.destination, Channel::default()),
                );
                (place.host, place.destination) = (Some(hosts.name(host)), Some(groups.name(group)));
            }
            // Writing to memory cannot fail.
            let _ = writer.write(event, &verdict, place, &mut text);
            Ok(())
        };
        let mut counts = events(piece, source.kind, &scratch, each);
        counts.merge(seen);
        (text, counts)
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    let mut opened = arguments.read.open(Detail::Full)?;
    let mut print = Print {
        to: stdout(),
        estate: opened.estate.clone(),
        take: opened.take.clone(),
        counts: vec![Counts::default(); opened.batch.sources.len()],
        first: true,
        failed: None,
    };
    opened.read(&mut print);
    print.failed.map_or(Ok(()), Err)?;
    print.to.flush()?;
    opened.talk(&print.counts, arguments.read.verbose);
    Ok(opened.ending())
}
