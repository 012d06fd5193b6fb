//! Events → what a source shows and what it does not, for `outflow doctor`. Sums nothing and judges no host.

use super::{Piece, Source, Take, events};
use crate::estate::Estate;
use crate::event::Event;
use crate::event::direction::{Verdict, direction};
use crate::event::reject::{Reason, Reject};
use crate::formats::Scratch;
use crate::framing::lines;
use crate::tally::Counts;
use crate::units::{Span, Timestamp};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use std::collections::{BTreeSet, VecDeque};
use std::hash::BuildHasher;

/// The fields whose presence is told, by their ECS names.
pub const FIELDS: [(&str, Has); 14] = [
    ("source.ip", |event| event.source.ip.is_some()),
    ("source.port", |event| event.source.port.is_some()),
    ("source.bytes", |event| event.source.bytes.is_some()),
    ("destination.ip", |event| event.destination.ip.is_some()),
    ("destination.domain", |event| event.destination.domain.is_some()),
    ("destination.port", |event| event.destination.port.is_some()),
    ("destination.bytes", |event| event.destination.bytes.is_some()),
    ("user.name", |event| event.user.is_some()),
    ("http.request.method", |event| event.method.is_some()),
    ("http.response.status_code", |event| event.status.is_some()),
    ("url.original", |event| event.url.is_some()),
    ("user_agent.original", |event| event.user_agent.is_some()),
    ("event.duration", |event| event.duration.is_some()),
    ("dns.question.name", |event| event.question.is_some()),
];

/// Whether an event has a field.
pub type Has = fn(&Event<'_>) -> bool;

/// Hours that are told apart: 20 years. A log that spans more has broken stamps.
const HOURS_MAX: usize = 175_000;

/// What was seen of a source.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Its lines.
    pub counts: Counts,
    /// How many events have each of [`FIELDS`].
    pub present: [u64; FIELDS.len()],
    /// The most that a line was older than one before it.
    pub disorder: Span,
    /// Starts of the hours that have events.
    hours: BTreeSet<Timestamp>,
    newest: Timestamp,
    /// Lines that are the same, byte for byte, as one of the 65,536 before them.
    pub repeated_lines: u64,
    /// Of a piece that was not merged yet: its lines, hashed.
    lines: Vec<u64>,
    recent: Recent,
}

/// How many lines back a line is looked for again: what a shipper sends twice after a lost acknowledgement is a batch of a
/// few thousand lines.
const RECENT: usize = 1 << 16;

/// The last lines, hashed.
#[derive(Clone, Debug, Default)]
struct Recent {
    order: VecDeque<u64>,
    count: HashMap<u64, u32, foldhash::fast::RandomState>,
}

impl Recent {
    /// Takes in the next line; says whether it was among the last.
    fn again(&mut self, line: u64) -> bool {
        if self.order.len() >= RECENT
            && let Some(oldest) = self.order.pop_front()
            && let Entry::Occupied(mut entry) = self.count.entry(oldest)
        {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
        self.order.push_back(line);
        let count = self.count.entry(line).or_default();
        *count += 1;
        *count > 1
    }
}

impl Health {
    /// Looks at one piece alone.
    pub fn of(piece: &Piece, source: &Source, estate: &Estate, take: &Take) -> Health {
        let scratch = Scratch::new();
        let mut health = Health::default();
        let mut seen = Counts::default();
        let counts = events(piece, source.kind, &scratch, |event, _, _| {
            if event.timestamp > take.latest {
                return Err(Reject::line(Reason::FutureTimestamp));
            }
            seen.see(event.timestamp);
            if event.aside.is_some() {
                seen.aside += 1;
                health.see(event.timestamp);
                return Ok(());
            }
            seen.events += 1;
            if let Verdict::Egress(egress) = direction(event, estate, source.watching()) {
                seen.blind += u64::from(egress.bytes_out.is_none());
            }
            health.see(event.timestamp);
            for ((_, has), count) in FIELDS.iter().zip(&mut health.present) {
                *count += u64::from(has(event));
            }
            Ok(())
        });
        // Headers are repeated by those who rotate files.
        let rows = lines(&piece.chunk.bytes).map(|line| line.text);
        let rows = rows.filter(|text| text.first().is_some_and(|first| *first != b'#'));
        let hasher = foldhash::quality::FixedState::default();
        health.lines = rows.map(|text| hasher.hash_one(text)).collect();
        health.counts = counts;
        health.counts.merge(seen);
        health
    }

    fn see(&mut self, stamp: Timestamp) {
        self.disorder = self.disorder.max(self.newest - stamp);
        self.newest = self.newest.max(stamp);
        if self.hours.len() < HOURS_MAX {
            self.hours.insert(stamp.floor(Span::HOUR));
        }
    }

    /// Adds the next piece of the same source.
    pub fn merge(&mut self, next: Health) {
        if let (Some(_), Some((first, _))) = (self.counts.span, next.counts.span) {
            self.disorder = self.disorder.max(self.newest - first);
        }
        self.disorder = self.disorder.max(next.disorder);
        self.newest = self.newest.max(next.newest);
        self.repeated_lines += next.lines.iter().filter(|line| self.recent.again(**line)).count() as u64;
        self.counts.merge(next.counts);
        for (mine, theirs) in self.present.iter_mut().zip(next.present) {
            *mine += theirs;
        }
        self.hours.extend(next.hours);
    }

    /// Stretches of at least `least` without any event, inside the span of the log, the longest first.
    pub fn gaps(&self, least: Span) -> Vec<(Timestamp, Timestamp)> {
        let hours: Vec<Timestamp> = self.hours.iter().copied().collect();
        let mut gaps: Vec<(Timestamp, Timestamp)> = hours
            .windows(2)
            .filter_map(|pair| pair.first().zip(pair.last()))
            .map(|(before, after)| (*before + Span::HOUR, *after))
            .filter(|(from, to)| *to - *from >= least)
            .collect();
        gaps.sort_by_key(|(from, to)| (std::cmp::Reverse(*to - *from), *from));
        gaps
    }
}
