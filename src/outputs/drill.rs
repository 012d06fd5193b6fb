//! What `outflow drill` found: a table of scenarios for people, or JSON lines of every theft, every scenario, and all together.

use super::{SCHEMA, escape};
use crate::eval::{Interval, Theft, median, median_interval, wilson};
use crate::units::{Bytes, Span};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// A theft that was laid over the logs, and what became of it.
#[derive(Clone, Debug)]
pub struct DrillTheft {
    /// The theft.
    pub theft: Theft,
    /// From its first byte until it was told; `None`: it was not.
    pub after: Option<Span>,
    /// Its bytes that were gone by then.
    pub gone: Option<u64>,
    /// The place of its incident among those raised on the same day, told or not, from 1; `None`: nothing was raised.
    pub rank: Option<u64>,
}

/// A scenario over all its runs.
#[derive(Clone, Debug)]
pub struct DrillRow {
    /// Its name.
    pub scenario: &'static str,
    /// What it is.
    pub about: &'static str,
    /// How many thefts were laid.
    pub runs: u64,
    /// How many of them were told.
    pub caught: u64,
    /// Why none was laid.
    pub unseen: Option<String>,
    /// Stolen per theft.
    pub bytes: Option<Interval>,
    /// Of those told: seconds until then, bytes and share gone by then, rank on that day.
    pub seconds: Option<Interval>,
    /// As above.
    pub gone: Option<Interval>,
    /// As above, 0 to 1.
    pub share: Option<Interval>,
    /// As above, from 1.
    pub rank: Option<Interval>,
}

/// All together.
#[derive(Clone, Copy, Debug)]
pub struct DrillSummary {
    /// Of all thefts laid, how many were told. A scenario that was asked for by name and that the logs cannot show counts as one that
    /// was not told.
    pub recall: Interval,
    /// The recall that was asked for.
    pub require: Option<f64>,
    /// How many times the logs were read with thefts in them.
    pub readings: usize,
    /// What drew hosts, hours and places.
    pub seed: u64,
}

impl DrillRow {
    /// Sums up the thefts of one scenario.
    pub fn new(
        scenario: &'static str,
        about: &'static str,
        thefts: &[&DrillTheft],
        unseen: Option<String>,
    ) -> DrillRow {
        let of = |value: &dyn Fn(&DrillTheft) -> Option<f64>| {
            middle(thefts.iter().filter_map(|theft| value(theft)).collect())
        };
        let told = |theft: &DrillTheft| theft.after.is_some();
        DrillRow {
            scenario,
            about,
            runs: thefts.len() as u64,
            caught: thefts.iter().filter(|theft| told(theft)).count() as u64,
            unseen,
            bytes: of(&|theft| Some(theft.theft.bytes as f64)),
            seconds: of(&|theft| theft.after.map(Span::seconds)),
            gone: of(&|theft| theft.gone.map(|gone| gone as f64)),
            share: of(&|theft| Some(theft.gone? as f64 / theft.theft.bytes.max(1) as f64)),
            rank: of(&|theft| theft.rank.filter(|_| told(theft)).map(|rank| rank as f64)),
        }
    }

    fn recall(&self) -> Interval {
        wilson(self.caught, self.runs)
    }
}

impl DrillSummary {
    /// Whether the recall that was asked for was reached; `None` where none was.
    pub fn met(&self) -> Option<bool> {
        self.require.map(|require| self.recall.value >= require)
    }
}

/// The median and its 95 % interval.
fn middle(values: Vec<f64>) -> Option<Interval> {
    let (low, high) = median_interval(&values)?;
    Some(Interval { value: median(values)?, low, high })
}

/// For people.
pub fn table(rows: &[DrillRow], summary: &DrillSummary, to: &mut dyn Write) -> io::Result<()> {
    let width = rows.iter().map(|row| row.scenario.len()).max().unwrap_or(0).max("SCENARIO".len());
    writeln!(
        to,
        "{:width$}  {:>4}  {:>8}  CAUGHT  {:>11}  {:>30}  {:>18}  RANK",
        "SCENARIO", "RUNS", "STOLEN", "95 %", "TOLD AFTER (95 %)", "GONE BY THEN"
    )?;
    for row in rows {
        if let Some(why) = &row.unseen {
            writeln!(to, "{:width$}  cannot be shown: {}", row.scenario, escape::terminal(why))?;
            continue;
        }
        let bytes = |interval: Option<Interval>| interval.map_or("-".into(), |it| size(it.value));
        let span = |seconds: f64| Span((seconds * 1e6).round() as i64).to_string();
        let after = row
            .seconds
            .map_or("-".into(), |it| format!("{} ({} to {})", span(it.value), span(it.low), span(it.high)));
        let gone = row.gone.zip(row.share).map_or("-".into(), |(gone, share)| {
            format!("{} ({:.0} %)", size(gone.value), share.value * 100.0)
        });
        let recall = row.recall();
        writeln!(
            to,
            "{:width$}  {:>4}  {:>8}  {:>6}  {:>11}  {after:>30}  {gone:>18}  {:>4}",
            row.scenario,
            row.runs,
            bytes(row.bytes),
            row.caught,
            format!("{:.2}-{:.2}", recall.low, recall.high),
            row.rank.map_or("-".into(), |rank| format!("{:.0}", rank.value)),
        )?;
    }
    let DrillSummary { recall, require, .. } = summary;
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    writeln!(
        to,
        "\n{} of the thefts would have been told within the budget (95 %: {} to {}).",
        percent(recall.value),
        percent(recall.low),
        percent(recall.high)
    )?;
    match (require, summary.met()) {
        (Some(require), Some(true)) => writeln!(to, "That meets the {} required.", percent(*require)),
        (Some(require), _) => writeln!(to, "That is less than the {} required.", percent(*require)),
        _ => Ok(()),
    }
}

#[expect(clippy::cast_sign_loss, reason = "a median of bytes is not negative")]
fn size(bytes: f64) -> String {
    Bytes(bytes.round() as u64).to_string()
}

/// One object a line: every theft, every scenario, then all together.
pub fn json(
    thefts: &[DrillTheft],
    rows: &[DrillRow],
    summary: &DrillSummary,
    to: &mut dyn Write,
) -> io::Result<()> {
    for DrillTheft { theft, after, gone, rank } in thefts {
        let distinct = |of: fn(&crate::eval::Row) -> &str| theft.rows.iter().map(of).collect::<BTreeSet<_>>();
        line(
            to,
            &json!({
                "type": "theft", "schema": SCHEMA, "scenario": theft.scenario, "hosts": distinct(|row| &row.host),
                "destinations": distinct(|row| &row.group), "start": theft.start.to_string(), "end": theft.end.to_string(),
                "bytes": theft.bytes, "caught": after.is_some(), "time_to_detect_s": after.map(Span::seconds),
                "bytes_gone": gone, "rank": rank,
            }),
        )?;
    }
    for row in rows {
        let value = |interval: Option<Interval>| interval.map(|interval| interval.value);
        line(
            to,
            &json!({
                "type": "drill", "schema": SCHEMA, "scenario": row.scenario, "about": row.about, "caught": row.caught,
                "runs": row.runs, "recall": interval(row.recall()), "unseen": row.unseen,
                "median_bytes": value(row.bytes),
                "median_time_to_detect_s": value(row.seconds), "time_to_detect_s": row.seconds.map(interval),
                "median_share_gone": value(row.share), "share_gone": row.share.map(interval),
                "median_bytes_gone": value(row.gone), "bytes_gone": row.gone.map(interval),
                "median_rank": value(row.rank), "rank": row.rank.map(interval),
            }),
        )?;
    }
    line(
        to,
        &json!({
            "type": "summary", "schema": SCHEMA, "thefts": thefts.len(), "recall": interval(summary.recall),
            "required": summary.require, "met": summary.met(), "readings": summary.readings, "seed": summary.seed,
        }),
    )
}

fn interval(interval: Interval) -> Value {
    json!({"value": interval.value, "low": interval.low, "high": interval.high})
}

fn line(to: &mut dyn Write, row: &Value) -> io::Result<()> {
    serde_json::to_writer(&mut *to, row)?;
    to.write_all(b"\n")
}
