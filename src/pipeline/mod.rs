//! The only place where the stages meet: text becomes events, events become records, records become sums, and closed
//! windows become incidents.
//!
//! Synchronous, no clock, no input or output. Every driver (batch, and the daemon to come) calls these same functions,
//! which is why they agree.

mod aside;
mod campaigns;
mod days;
mod events;
mod health;
mod live;
mod pairing;
mod records;
mod report;
mod scan;
mod sums;
#[cfg(test)]
mod tests;

pub use aside::{Aside, Eve, Hour};
pub use days::{DayRow, DayTotals};
pub use events::{events, format_after, format_after_headers};
pub use health::{FIELDS, Has, Health};
pub use live::{Guidance, Newly};
pub use pairing::{Seconds, told_by_both};
pub use records::{Booking, Take};
pub use report::View;
pub use scan::{Judged, Scan, Scanned};
pub use sums::Sums;

use crate::event::direction::Watched;
use crate::formats::{Format, Kind};
use crate::framing::Chunk;
use std::sync::Arc;

/// Where lines come from and how they are read.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path, or `-` for standard input.
    pub path: String,
    /// The row of the format.
    pub kind: &'static Kind,
    /// The format in force at its first line.
    pub format: Arc<dyn Format>,
    /// Why this format.
    pub chosen: String,
    /// The host that a server log watches, where the operator said so.
    pub watched: Option<String>,
    /// The host that a server log watches where its lines do not say.
    pub fallback: String,
}

/// A piece of one source, with the format in force at its first line.
#[derive(Debug)]
pub struct Piece {
    /// Number of the source.
    pub source: u32,
    /// How to read its first line.
    pub format: Arc<dyn Format>,
    /// The lines.
    pub chunk: Chunk,
}

impl Source {
    /// The host that it watches, as far as that is known beside its lines.
    pub fn watching(&self) -> Watched<'_> {
        Watched { given: self.watched.as_deref().map(str::as_bytes), otherwise: self.fallback.as_bytes() }
    }
}
