//! `outflow volumes`.

mod kept;
mod rows;

use super::Ending;
use super::read::ReadArguments;
use crate::batch::Sink;
use crate::formats::Detail;
use crate::outputs::{VolumeRow, volumes_json, volumes_table};
use crate::pipeline::{Piece, Source, Sums};
use crate::tally::{By, Distribution, Settings};
use crate::units::{Span, Timestamp};
use anyhow::Result;
use clap::{Args, ValueEnum};
use rows::Rows;
use std::io::{BufWriter, Write, stdout};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    read: ReadArguments,
    /// What is told apart
    #[arg(long, value_enum, default_value_t = ByArgument::Host)]
    by: ByArgument,
    /// Length of a window: 5m, 1h, 1d, or all for one sum
    #[arg(long, value_name = "SPAN", default_value = "all", value_parser = window)]
    window: Window,
    /// Only the N rows with the most bytes out
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// Sums by day out of a daemon's store, instead of reading logs; --window is then all or 1d
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ByArgument {
    Host,
    #[value(name = "host,destination")]
    HostDestination,
    Destination,
}

/// `None`: one sum for all time.
#[derive(Clone, Copy, Debug)]
struct Window(Option<Span>);

fn window(text: &str) -> Result<Window, String> {
    match text {
        "all" => Ok(Window(None)),
        _ => text
            .parse()
            .map_err(|error: crate::units::UnitError| error.to_string())
            .and_then(|span: Span| (span >= Span::SECOND).then_some(span).ok_or("at least 1s".into()))
            .map(|span| Window(Some(span))),
    }
}

/// Written at once, in bytes: as much as a pipe takes.
const OUT: usize = 64 << 10;

impl Sink for Sums<Distribution> {
    fn add(&mut self, sources: &[Source], pieces: &[Piece]) {
        Sums::add(self, sources, pieces);
    }

    fn reached(&mut self, unfinished: &[(u32, Timestamp)]) {
        Sums::reached(self, unfinished);
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    if let Some(folder) = &arguments.store {
        return kept::run(arguments, folder);
    }
    let (by, detail) = match arguments.by {
        ByArgument::Host => (By::Host, Detail::Hosts),
        ByArgument::HostDestination => (By::HostDestination, Detail::Sums),
        ByArgument::Destination => (By::Destination, Detail::Sums),
    };
    let mut opened = arguments.read.open(detail)?;
    let settings = Settings { by, window: arguments.window.0, ..Settings::default() };
    let sources = opened.batch.sources.len();
    let mut sums = Sums::new(settings, opened.threads, sources, opened.estate.clone(), opened.take.clone());
    opened.read(&mut sums);
    let counts = std::mem::take(&mut sums.counts);
    let tallies = sums.into_tallies();

    let all = Rows::new(&tallies);
    let rows: Box<dyn Iterator<Item = VolumeRow<'_>>> = match arguments.top {
        None => Box::new(all.by_window()),
        Some(count) => Box::new(all.top(count)),
    };
    let windowed = arguments.window.0.is_some();
    let rows = rows.map(|row| VolumeRow { start: row.start.filter(|_| windowed), ..row });
    let mut to = BufWriter::with_capacity(OUT, stdout().lock());
    if arguments.read.json {
        volumes_json(rows, &mut to)?;
    } else {
        volumes_table(rows, &mut to)?;
    }
    to.flush()?;
    opened.talk(&counts, arguments.read.verbose);
    Ok(opened.ending())
}
