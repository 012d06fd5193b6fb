//! The truth beside the log: per scenario, host and destination what was stolen, added up from the lines as they are
//! written. Grows with the thefts, not with the log.

use super::transfer::{Peer, Transfer};
use crate::units::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Sums so far, by position among all thefts, host and destination.
#[derive(Default)]
pub(super) struct Labels {
    sums: BTreeMap<(usize, Peer, Peer), Sum>,
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
    host: String,
    destination: String,
    start: String,
    end: String,
    bytes: u64,
}

impl Labels {
    /// Counts a transfer that has been written, if it is part of a theft.
    pub(super) fn written(&mut self, transfer: &Transfer) {
        let Some(theft) = transfer.theft else { return };
        let (opened, closed) = (transfer.opened, transfer.closed);
        let new = Sum { start: opened, end: closed, bytes: 0 };
        let sum = self.sums.entry((theft, transfer.host, transfer.peer)).or_insert(new);
        sum.start = sum.start.min(opened);
        sum.end = sum.end.max(closed);
        sum.bytes += transfer.host_bytes;
    }

    /// How many rows there are, and the sum of their bytes.
    pub(super) fn totals(&self) -> (u64, u64) {
        (self.sums.len() as u64, self.sums.values().map(|sum| sum.bytes).sum())
    }

    /// Writes all rows. `name` gives a theft's scenario and number by its position, `destination` the log's word for a peer.
    pub(super) fn write(
        &self,
        out: &mut dyn Write,
        name: &dyn Fn(usize) -> (&'static str, usize),
        destination: &dyn Fn(Peer) -> String,
    ) -> io::Result<()> {
        for ((theft, host, peer), sum) in &self.sums {
            let (scenario, theft) = name(*theft);
            let line = Line {
                scenario,
                theft,
                host: host.address.to_string(),
                destination: destination(*peer),
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
