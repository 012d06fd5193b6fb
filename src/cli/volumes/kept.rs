//! Sums out of a daemon's store: by day, for as long as the store keeps them.

use super::{Arguments, ByArgument};
use crate::cli::Ending;
use crate::cli::judge::JudgeArguments;
use crate::daemon::Kept;
use crate::formats::Detail;
use crate::outputs::{KeptRow, kept_json, kept_table};
use crate::pipeline::{DayRow, DayTotals};
use crate::store::{self, StoreError};
use crate::units::{Span, Timestamp};
use anyhow::{Result, bail};
use std::collections::BTreeMap;
use std::io::{BufWriter, Write, stdout};
use std::path::Path;

/// Days, and in them hosts and destination groups.
type Sums = BTreeMap<(Option<Timestamp>, String, String), DayTotals>;

pub(super) fn run(arguments: &Arguments, folder: &Path) -> Result<Ending> {
    let by_day = match arguments.window.0 {
        None => false,
        Some(Span::DAY) => true,
        Some(_) => bail!("a store keeps sums by day: pass --window 1d or --window all"),
    };
    let snapshot = store::read(folder)?;
    let mut sums = Sums::new();
    let prepared = arguments.read.prepare(Detail::Judged)?;
    let (since, until) = (prepared.take.since, prepared.take.until);
    let mut add = |day: Timestamp, row: DayRow| {
        let (host, destination) = match arguments.by {
            ByArgument::Host => (row.host, String::new()),
            ByArgument::HostDestination => (row.host, row.destination),
            ByArgument::Destination => (String::new(), row.destination),
        };
        sums.entry((by_day.then_some(day), host, destination)).or_default().add(row.totals);
    };
    snapshot.days(since.floor(Span::DAY), until, &mut add)?;
    let kept = Kept::read(&snapshot)?.ok_or(StoreError::Empty)?;
    let (scan, _) = kept.into_scan(JudgeArguments::default().endless(&prepared)?);
    for (day, rows) in scan.days_so_far() {
        if (since.floor(Span::DAY)..until).contains(&day) {
            rows.into_iter().for_each(|row| add(day, row));
        }
    }
    let mut rows: Vec<_> = sums.into_iter().collect();
    // The windows in their order, in each the most bytes first; with --top those of all windows together.
    let whole = arguments.top.is_some();
    rows.sort_by(|(a, x), (b, y)| {
        (if whole { None } else { a.0 }, y.out, &a.1, &a.2).cmp(&(
            if whole { None } else { b.0 },
            x.out,
            &b.1,
            &b.2,
        ))
    });
    rows.truncate(arguments.top.unwrap_or(usize::MAX));
    let rows = rows.into_iter().map(|((day, host, destination), totals)| KeptRow {
        schema: None,
        host,
        destination,
        window_start: day.map(|day| day.to_string()),
        bytes_out: totals.out,
        bytes_in: totals.back,
        events: totals.events,
        max: totals.max,
    });
    let mut to = BufWriter::new(stdout().lock());
    if arguments.read.json {
        kept_json(rows, &mut to)?;
    } else {
        kept_table(rows, &mut to)?;
    }
    to.flush()?;
    Ok(Ending::Nothing)
}
