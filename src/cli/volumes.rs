//! `outflow volumes`.

use super::Ending;
use super::read::ReadArguments;
use crate::batch::Sink;
use crate::formats::Detail;
use crate::outputs::{VolumeRow, volumes_json, volumes_table};
use crate::pipeline::{Piece, Source, Sums};
use crate::tally::{By, Cell, Distribution, Settings, Tally};
use crate::units::{Span, Timestamp};
use anyhow::Result;
use clap::{Args, ValueEnum};
use std::cmp::Reverse;
use std::io::{BufWriter, Write, stdout};

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

impl Sink for Sums<Distribution> {
    fn add(&mut self, sources: &[Source], pieces: &[Piece]) {
        Sums::add(self, sources, pieces);
    }

    fn reached(&mut self, _unfinished: &[(u32, Timestamp)]) {}
}

/// A row before it is printed: its window, its shard, its key, its sums.
type Entry<'a> = (Timestamp, &'a Tally<Distribution>, (u32, u32), &'a Cell<Distribution>);

fn name<'a>((_, tally, (host, destination), _): &Entry<'a>) -> (&'a str, &'a str) {
    (tally.host_name(*host), tally.destination_name(*destination))
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
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

    let mut rows: Vec<Entry<'_>> = tallies
        .iter()
        .flat_map(|tally| {
            tally.windows().flat_map(move |(start, cells)| {
                cells.iter().map(move |(key, cell)| (start, tally, *key, cell))
            })
        })
        .collect();
    // The windows in their order, in each the most bytes first; the whole answer so where only the top is asked for.
    let window = |row: &Entry<'_>| arguments.top.is_none().then_some(row.0);
    rows.sort_unstable_by(|a, b| {
        let order = (window(a), Reverse(a.3.out)).cmp(&(window(b), Reverse(b.3.out)));
        order.then_with(|| (a.0, name(a)).cmp(&(b.0, name(b))))
    });
    rows.truncate(arguments.top.unwrap_or(usize::MAX));
    let rows = rows.into_iter().map(|(start, tally, (host, destination), cell)| VolumeRow {
        host: tally.host_name(host),
        destination: tally.destination_name(destination),
        start: arguments.window.0.map(|_| start),
        cell,
    });
    let mut to = BufWriter::new(stdout().lock());
    if arguments.read.json {
        volumes_json(rows, &mut to)?;
    } else {
        volumes_table(rows, &mut to)?;
    }
    to.flush()?;
    opened.talk(&counts, arguments.read.verbose);
    Ok(opened.ending())
}
