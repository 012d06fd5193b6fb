//! How a sensor, proxy or cloud would have logged a transfer: one file per format, one row each in [`WRITERS`].
//!
//! A writer sees transfers in the order in which lines are written, and may be blind to some. It adds nothing to the
//! bytes: what it writes as sent by the host is exactly `Transfer::host_bytes`.

mod squid;
mod text;
mod vpc;
mod w3c;
mod zeek_conn;

use super::transfer::{Peer, Transfer};
use crate::units::{Span, Timestamp};

/// A format that can be written.
#[derive(Debug)]
pub struct Writer {
    /// As given to `--format`.
    pub name: &'static str,
    /// One sentence for a person.
    pub about: &'static str,
    /// The longest stretch that one line tells of; longer transfers are cut at multiples of it.
    pub(super) longest: Option<Span>,
    pub(super) open: fn() -> Box<dyn Lines>,
}

/// All writers.
pub const WRITERS: &[&Writer] = &[&zeek_conn::WRITER, &squid::WRITER, &w3c::WRITER, &vpc::WRITER];

/// A log being written.
pub(super) trait Lines {
    /// What stands before the first line, for a log that starts at this moment.
    fn header(&mut self, _start: Timestamp, _out: &mut Vec<u8>) {}

    /// The line or lines of a transfer; nothing where this log would not show it.
    fn transfer(&mut self, transfer: &Transfer, out: &mut Vec<u8>);

    /// What stands after the last line, for a log that ends at this moment.
    fn footer(&mut self, _end: Timestamp, _out: &mut Vec<u8>) {}

    /// How this log calls the outside end: by address, or by name where it knows one.
    fn destination(&self, peer: Peer) -> String {
        peer.address.to_string()
    }
}

/// The writer of this name.
pub fn by_name(name: &str) -> Option<&'static Writer> {
    WRITERS.iter().copied().find(|writer| writer.name == name)
}
