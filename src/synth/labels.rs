//! The truth beside the log: per scenario, host and destination what was stolen, added up from the lines as they are
//! written. Grows with the thefts, not with the log.

use super::log::Log;
use super::transfer::{Peer, Transfer};
use crate::units::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Sums so far, by position among all thefts, log, host and destination.
#[derive(Default)]
pub(super) struct Labels {
    sums: BTreeMap<(usize, usize, Peer, Peer), Sum>,
}

struct Sum {
    start: Timestamp,
    end: Timestamp,
    bytes: u64,
}

/// A line of the labels file, as the documented schema says.
#[derive(Serialize)]
struct Line<'a> {
    scenario: &'a str,
    /// Which theft of this kind, from 1: rows with the same number belong together.
    theft: usize,
    /// The log that shows it, where there are several: the same bytes may stand in more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<&'a str>,
    host: String,
    destination: String,
    start: String,
    end: String,
    bytes: u64,
}

impl Labels {
    /// Counts a transfer that has been written into this log, if it is part of a theft.
    pub(super) fn written(&mut self, log: usize, transfer: &Transfer) {
        let Some(theft) = transfer.theft else { return };
        let (opened, closed) = (transfer.opened, transfer.closed);
        let new = Sum { start: opened, end: closed, bytes: 0 };
        let sum = self.sums.entry((theft, log, transfer.host, transfer.peer)).or_insert(new);
        sum.start = sum.start.min(opened);
        sum.end = sum.end.max(closed);
        sum.bytes += transfer.host_bytes;
    }

    /// How many rows there are, and the sum of their bytes.
    pub(super) fn totals(&self) -> (u64, u64) {
        (self.sums.len() as u64, self.sums.values().map(|sum| sum.bytes).sum())
    }

    /// Writes all rows. `name` gives a theft's scenario and number by its position.
    pub(super) fn write(
        &self,
        out: &mut dyn Write,
        name: &dyn Fn(usize) -> (&'static str, usize),
        logs: &[Log],
    ) -> io::Result<()> {
        for ((theft, place, host, peer), sum) in &self.sums {
            let Some(log) = logs.get(*place) else { continue };
            let (scenario, theft) = name(*theft);
            let line = Line {
                scenario,
                theft,
                log: (logs.len() > 1).then(|| log.file()),
                host: log.lines().host(*host),
                destination: log.lines().destination(*peer),
                start: sum.start.to_string(),
                end: sum.end.to_string(),
                bytes: sum.bytes,
            };
            serde_json::to_writer(&mut *out, &line)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}
