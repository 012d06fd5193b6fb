//! Puts transfers into the order in which their lines are written: by the moment they close,
//! or later where a line is late. It holds only what is open
//! at once, so it does not grow with the length of the log.

use super::arithmetic::share;
use super::transfer::Transfer;
use crate::units::{Span, Timestamp};
use std::cmp::Reverse;

/// Transfers that have opened and not yet been written.
pub(super) struct Timeline {
    waiting: Vec<Waiting>,
    /// What is due, the last one first.
    due: Vec<Waiting>,
    /// Transfers by place, and the places that are free.
    places: Vec<Transfer>,
    free: Vec<usize>,
    /// Transfers so far; ties are written in the order of arrival.
    arrived: u64,
    /// See `Writer::longest`.
    longest: Option<Span>,
    /// The most that waited at once.
    pub(super) peak: usize,
}

/// Transfers are large, so they stay where they are and only this is sorted.
struct Waiting {
    /// When its line is written.
    written: Timestamp,
    arrived: u64,
    /// In `Timeline::places`.
    place: usize,
}

impl Timeline {
    pub(super) fn new(longest: Option<Span>) -> Timeline {
        Timeline {
            waiting: Vec::new(),
            due: Vec::new(),
            places: Vec::new(),
            free: Vec::new(),
            arrived: 0,
            longest,
            peak: 0,
        }
    }

    /// Takes a transfer, in pieces where the log cuts long ones; their lines are written so long after they close. None may
    /// be written before the last `limit` of [`Timeline::before`].
    pub(super) fn push(&mut self, transfer: Transfer, after: Span) {
        let Some(longest) = self.longest.filter(|longest| longest.0 > 0) else {
            return self.wait(transfer, after);
        };
        let micros = |span: Span| u64::try_from(span.0).unwrap_or(0);
        let whole = micros(transfer.duration());
        let mut opened = transfer.opened;
        loop {
            let boundary = opened.floor(longest) + longest;
            let closed = transfer.closed.min(boundary);
            let (from, to) = (micros(opened - transfer.opened), micros(closed - transfer.opened));
            let part = |bytes| if whole == 0 { bytes } else { share(bytes, from, to, whole) };
            let (host_bytes, peer_bytes) = (part(transfer.host_bytes), part(transfer.peer_bytes));
            self.wait(Transfer { opened, closed, host_bytes, peer_bytes, ..transfer }, after);
            if closed >= transfer.closed {
                return;
            }
            opened = closed;
        }
    }

    fn wait(&mut self, transfer: Transfer, after: Span) {
        self.arrived += 1;
        let written = transfer.closed + after;
        let place = self.free.pop().unwrap_or(self.places.len());
        match self.places.get_mut(place) {
            Some(free) => *free = transfer,
            None => self.places.push(transfer),
        }
        self.waiting.push(Waiting { written, arrived: self.arrived, place });
        self.peak = self.peak.max(self.waiting.len());
    }

    /// The next transfer whose line is written before `limit`, which never goes back. What is taken in between must be due
    /// at or after the `limit` of before.
    pub(super) fn before(&mut self, limit: Timestamp) -> Option<Transfer> {
        if self.due.is_empty() {
            self.due = self.waiting.extract_if(.., |waiting| waiting.written < limit).collect();
            self.due.sort_unstable_by_key(|waiting| (Reverse(waiting.written), Reverse(waiting.arrived)));
        }
        let place = self.due.pop()?.place;
        self.free.push(place);
        self.places.get(place).copied()
    }
}
