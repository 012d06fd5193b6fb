//! Puts transfers into the order in which their lines are written: by the moment they close,
//! or later where a line is late. It holds only what is open
//! at once, so it does not grow with the length of the log.

use super::arithmetic::share;
use super::transfer::Transfer;
use crate::units::{Span, Timestamp};

/// Transfers that have opened and not yet been written. They are large, so those that are due in the hour in which they
/// opened stay in that hour's list, where all logs find them, and only their places are sorted.
pub(super) struct Timeline {
    /// What is due later, in the order of arrival.
    waiting: Vec<(Timestamp, Transfer)>,
    /// What is due before `limit`, of other hours and in pieces.
    others: Vec<Transfer>,
    /// What is due before `limit`, the last one first.
    due: Vec<Due>,
    /// The next ones of `due`, in order, and how many of them are written. They lie far apart, so some are fetched at a
    /// time: memory is slow to answer, but does not mind several questions.
    next: Vec<Transfer>,
    written: usize,
    /// The moments between which lines are due.
    from: Timestamp,
    limit: Timestamp,
    /// See `Writer::longest`.
    longest: Option<Span>,
    /// The most that was due and waited at once.
    pub(super) peak: usize,
}

/// A line that is due.
struct Due {
    /// Milliseconds since `from`, and below them its place in the order of arrival: ties are written in that order.
    order: u64,
    place: Place,
}

enum Place {
    /// In the list of the hour.
    Hour(u32),
    /// In `Timeline::others`.
    Other(u32),
}

/// How many transfers are fetched at a time: they stay in the fastest memory until they are written.
const AT_ONCE: usize = 64;

impl Timeline {
    /// For a log that begins at `start`.
    pub(super) fn new(longest: Option<Span>, start: Timestamp) -> Timeline {
        Timeline {
            waiting: Vec::new(),
            others: Vec::new(),
            due: Vec::new(),
            next: Vec::new(),
            written: 0,
            from: start,
            limit: start,
            longest,
            peak: 0,
        }
    }

    /// All lines before the old limit are written; those before this one are due now.
    pub(super) fn until(&mut self, limit: Timestamp) {
        (self.from, self.limit) = (self.limit, limit);
        self.others.clear();
        for (written, transfer) in std::mem::take(&mut self.waiting) {
            self.wait(written, &transfer, None);
        }
    }

    /// Takes a transfer, in pieces where the log cuts long ones; their lines are written so long after they close, and not
    /// before the old limit. It stands in the list of the hour at `place`.
    pub(super) fn push(&mut self, transfer: &Transfer, place: usize, after: Span) {
        let Some(longest) = self.longest.filter(|longest| longest.0 > 0) else {
            return self.wait(transfer.closed + after, transfer, Some(place));
        };
        let micros = |span: Span| u64::try_from(span.0).unwrap_or(0);
        let whole = micros(transfer.duration());
        let mut opened = transfer.opened;
        loop {
            let boundary = opened.floor(longest) + longest;
            if opened == transfer.opened && transfer.closed <= boundary {
                return self.wait(transfer.closed + after, transfer, Some(place));
            }
            let closed = transfer.closed.min(boundary);
            let (from, to) = (micros(opened - transfer.opened), micros(closed - transfer.opened));
            let part = |bytes| share(bytes, from, to, whole);
            let (host_bytes, peer_bytes) = (part(transfer.host_bytes), part(transfer.peer_bytes));
            let piece = Transfer { opened, closed, host_bytes, peer_bytes, ..*transfer };
            self.wait(closed + after, &piece, None);
            if closed >= transfer.closed {
                return;
            }
            opened = closed;
        }
    }

    fn wait(&mut self, written: Timestamp, transfer: &Transfer, place: Option<usize>) {
        if written >= self.limit {
            self.waiting.push((written, *transfer));
        } else {
            let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
            let place = place.map_or_else(
                || {
                    self.others.push(*transfer);
                    Place::Other(number(self.others.len() - 1))
                },
                |place| Place::Hour(number(place)),
            );
            let millis = u64::try_from((written - self.from).0 / 1000).unwrap_or(0);
            self.due.push(Due { order: millis << 32 | self.due.len() as u64, place });
        }
        self.peak = self.peak.max(self.waiting.len() + self.due.len());
    }

    /// What is taken so far is all that is due.
    pub(super) fn sort(&mut self) {
        self.due.sort_unstable_by_key(|due| !due.order);
    }

    /// The next transfer whose line is written before the limit, once they are sorted.
    pub(super) fn next(&mut self, hour: &[Transfer]) -> Option<&Transfer> {
        if self.written == self.next.len() {
            self.next.clear();
            self.written = 0;
            let several = self.due.len().saturating_sub(AT_ONCE)..;
            self.next.extend(self.due.drain(several).rev().filter_map(|due| match due.place {
                Place::Hour(place) => hour.get(place as usize),
                Place::Other(place) => self.others.get(place as usize),
            }));
        }
        let next = self.next.get(self.written)?;
        self.written += 1;
        Some(next)
    }
}
