//! How a sensor, proxy or cloud would have logged a transfer: one file per format, one row each in [`WRITERS`].
//!
//! A writer sees transfers in the order in which lines are written, and only those that its log tells of. It adds nothing to the
//! bytes: what it writes as sent by the host is exactly `Transfer::host_bytes`.

mod bind;
mod nginx;
mod s3_access;
mod squid;
pub(super) mod text;
mod vpc;
mod w3c;
mod zeek;
mod zeek_conn;
mod zeek_dns;

#[cfg(test)]
mod tests;

use super::transfer::{Name, Peer, Transfer};
use crate::units::{Span, Timestamp};

/// A format that can be written.
#[derive(Debug)]
pub struct Writer {
    /// As given to `--format`.
    pub name: &'static str,
    /// One sentence for a person.
    pub about: &'static str,
    /// The name of its file beside other logs.
    pub(super) file: &'static str,
    /// Whether this log would show a transfer.
    pub(super) tells: fn(&Transfer) -> bool,
    /// The longest stretch that one line tells of; longer transfers are cut at multiples of it.
    pub(super) longest: Option<Span>,
    pub(super) open: fn() -> Box<dyn Lines>,
}

/// All writers.
pub const WRITERS: &[&Writer] = &[
    &zeek_conn::WRITER,
    &zeek_dns::WRITER,
    &squid::WRITER,
    &w3c::WRITER,
    &vpc::WRITER,
    &nginx::WRITER,
    &s3_access::WRITER,
    &bind::WRITER,
];

/// What a folder of logs holds where nothing else was asked for.
pub const FOLDER: [&str; 4] = ["zeek-conn", "zeek-dns", "nginx", "s3-access"];

/// A log being written.
pub(super) trait Lines {
    /// What stands before the first line, for a log that starts at this moment.
    fn header(&mut self, _start: Timestamp, _out: &mut Vec<u8>) {}

    /// The line or lines of a transfer that this log tells of.
    fn transfer(&mut self, transfer: &Transfer, out: &mut Vec<u8>);

    /// What stands after the last line, for a log that ends at this moment.
    fn footer(&mut self, _end: Timestamp, _out: &mut Vec<u8>) {}

    /// How this log calls our end.
    fn host(&self, host: Peer) -> String {
        host.address.to_string()
    }

    /// How this log calls the outside end: by address, or by name where it knows one.
    fn destination(&self, peer: Peer) -> String {
        peer.address.to_string()
    }

    /// The machine in whose folder the line stands, for logs that every machine writes for itself.
    fn folder(&self, _transfer: &Transfer) -> Option<Name> {
        None
    }
}

/// The writer of this name.
pub fn by_name(name: &str) -> Option<&'static Writer> {
    WRITERS.iter().copied().find(|writer| writer.name == name)
}
