//! Envelopes: what carriers of logs put around a line that another program wrote. They are taken off here, for any format.
//!
//! An envelope is one file with a pure function that finds the line inside, who sent it and when. [`Enveloped`] makes of
//! an envelope and a format another format, so that nothing else need know. Lines that a carrier has cut in pieces (CRI's
//! `P`, Docker's without a line feed) are rejected as `Truncated` and not put together again: pieces of one line may lie in
//! chunks that are read at the same time.

mod cri;
mod docker;
mod journald;
mod json;
mod syslog;
#[cfg(test)]
mod tests;

use super::time::{self, Local};
use super::{Format, Scratch, Sight};
use crate::event::Event;
use crate::event::reject::{Reason, Reject};
use crate::units::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;

pub use syslog::open as open_syslog;

/// A kind of envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// RFC 3164 and RFC 5424, also without PRI, with an octet count, with an ISO stamp.
    Syslog,
    /// Docker's `json-file` driver.
    Docker,
    /// Kubernetes' container runtime interface.
    Cri,
    /// `journalctl -o json`.
    Journald,
    /// JSON with the line in `message` or `log`, as agents that ship logs write it.
    Json,
}

/// When a line was put into its envelope, as written there: most formats never ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stamp<'a> {
    /// The envelope does not say.
    #[default]
    None,
    /// `Mar 29 01:02:03`, perhaps with the year.
    MonthFirst(&'a [u8]),
    /// ISO 8601.
    Iso(&'a [u8]),
    /// Microseconds since the epoch.
    Micros(&'a [u8]),
    /// Seconds since the epoch, or any unit below that their size tells.
    Epoch(&'a [u8]),
}

impl Stamp<'_> {
    /// The time; `zone` and `near` are for stamps without a zone or a year.
    pub fn read(self, zone: &TimeZone, near: Option<Timestamp>) -> Option<Timestamp> {
        match self {
            Stamp::None => None,
            Stamp::MonthFirst(text) => time::month_first(text, zone, near),
            Stamp::Iso(text) => time::iso(text, zone),
            Stamp::Epoch(text) => time::epoch_of_any_unit(text),
            Stamp::Micros(text) => Timestamp::from_micros(crate::event::number(text)?),
        }
    }
}

/// An envelope taken off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opened<'a> {
    /// The line inside.
    pub inner: &'a [u8],
    /// Who sent it.
    pub host: Option<&'a [u8]>,
    /// When.
    pub stamp: Stamp<'a>,
    /// The program that wrote it (syslog's tag or APP-NAME), without its process id.
    pub tag: &'a [u8],
    /// RFC 5424's structured data, in its brackets.
    pub structured: &'a [u8],
    /// RFC 5424's MSGID.
    pub message: &'a [u8],
}

impl<'a> Opened<'a> {
    /// With a syslog header that stands in front of the line inside taken off as well, if there is one. For formats that
    /// leave their stamp to syslog: their lines are read with and without `syslog+`.
    pub fn without_syslog(self) -> Opened<'a> {
        match syslog::open(self.inner) {
            Ok(deeper) => Opened {
                host: deeper.host.or(self.host),
                stamp: if deeper.stamp == Stamp::None { self.stamp } else { deeper.stamp },
                ..deeper
            },
            Err(_) => self,
        }
    }

    /// The envelope's time, for lines that carry none.
    ///
    /// # Errors
    /// If it carries none either, or one that does not read.
    pub fn time(&self, local: &Local) -> Result<Timestamp, Reject> {
        self.stamp.read(&local.zone, local.near).ok_or_else(|| Reject::line(Reason::BadTimestamp))
    }
}

impl Envelope {
    /// All of them, in the order in which detection tries them: the strictest first.
    pub const ALL: [Envelope; 5] =
        [Envelope::Docker, Envelope::Journald, Envelope::Cri, Envelope::Json, Envelope::Syslog];

    /// Its name before the `+` in `--format syslog+squid`.
    pub fn name(self) -> &'static str {
        match self {
            Envelope::Syslog => "syslog",
            Envelope::Docker => "docker",
            Envelope::Cri => "cri",
            Envelope::Journald => "journald",
            Envelope::Json => "json",
        }
    }

    /// The envelope with this name.
    pub fn named(name: &str) -> Option<Envelope> {
        Envelope::ALL.into_iter().find(|envelope| envelope.name() == name)
    }

    /// Takes the envelope off.
    ///
    /// # Errors
    /// `Malformed` or `BadJson` where there is none; `Truncated` for a piece of a line.
    pub fn open<'a>(self, line: &'a [u8], scratch: &'a Scratch) -> Result<Opened<'a>, Reject> {
        match self {
            Envelope::Syslog => syslog::open(line),
            Envelope::Docker => docker::open(line, scratch),
            Envelope::Cri => cri::open(line),
            Envelope::Journald => journald::open(line, scratch),
            Envelope::Json => json::open(line, scratch),
        }
    }
}

/// A format whose lines come in an envelope.
#[derive(Debug)]
pub struct Enveloped {
    envelope: Envelope,
    inner: Arc<dyn Format>,
}

impl Enveloped {
    /// Puts `inner` into an envelope.
    pub fn wrap(envelope: Envelope, inner: Arc<dyn Format>) -> Arc<dyn Format> {
        Arc::new(Enveloped { envelope, inner })
    }
}

impl Format for Enveloped {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let opened = self.envelope.open(line, scratch)?;
        if opened.inner.is_empty() && opened.structured.is_empty() {
            return Ok(());
        }
        let before = events.len();
        self.inner.parse_within(&opened, scratch, events).map_err(|reject| {
            // Where the text inside is a part of the line, its columns are known.
            match opened.inner.as_ptr().addr().checked_sub(line.as_ptr().addr()) {
                Some(by) if by <= line.len() => reject.shifted(by),
                _ => Reject::line(reject.reason),
            }
        })?;
        for event in events.get_mut(before..).unwrap_or_default() {
            event.observer = event.observer.or(opened.host);
        }
        Ok(())
    }

    fn header(&self, line: &[u8]) -> Option<Result<Arc<dyn Format>, Reject>> {
        let scratch = Scratch::new();
        let opened = self.envelope.open(line, &scratch).ok()?;
        Some(self.inner.header(opened.inner)?.map(|inner| Enveloped::wrap(self.envelope, inner)))
    }

    fn bare<'a>(&self, line: &'a [u8], scratch: &'a Scratch) -> &'a [u8] {
        match self.envelope.open(line, scratch) {
            Ok(opened) => self.inner.bare(opened.inner, scratch),
            Err(_) => line,
        }
    }

    fn misfit(&self, first: &[&[u8]]) -> Option<String> {
        let (scratch, name) = (Scratch::new(), self.envelope.name());
        let opened = first.iter().filter_map(|line| self.envelope.open(line, &scratch).ok());
        let inside: Vec<&[u8]> = opened.map(|opened| opened.inner).collect();
        match inside.is_empty() {
            true => Some(format!("the lines are in no {name} envelopes")),
            false => self.inner.misfit(&inside),
        }
    }

    fn sight(&self) -> Sight {
        self.inner.sight()
    }
}
