//! Formats without headers and without a string: one function from a line to at most one event.
//!
//! Firewalls and most generic formats are of this kind. The function is given the line with what its envelope says, so
//! that formats which leave the stamp to syslog find it there.

use super::envelope::Opened;
use super::format_string::sample;
use super::time::Local;
use super::{Compiled, Context, Format, Scratch, Sight, Sniffed, SpecError};
use crate::event::reject::Reject;
use crate::event::{Event, Role};
use std::fmt;
use std::sync::Arc;

/// What such a function knows beside its line.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The role: the operator's, else the format's usual one.
    pub role: Role,
    /// The operator said so.
    pub role_given: bool,
    /// How stamps without a zone or a year are read.
    pub local: Local,
}

/// Reads a line; `None` where it is the format's own but tells of no transfer.
pub type Read = for<'a> fn(&Settings, &Opened<'a>, &'a Scratch) -> Result<Option<Event<'a>>, Reject>;

struct OneLine {
    read: Read,
    settings: Settings,
    sight: Sight,
}

/// Compiles such a format; `usual` says what it can show and in which role, unless the operator gave another.
///
/// # Errors
/// If there is a string: these formats take none.
pub fn compile(spec: &str, context: &Context, read: Read, usual: Sight) -> Compiled {
    if !spec.trim().is_empty() {
        return Err(SpecError { message: "this format takes no string".into(), position: 0 });
    }
    let role = context.role.unwrap_or(usual.role);
    let settings = Settings { role, role_given: context.role.is_some(), local: Local::of(context) };
    Ok(Arc::new(OneLine { read, settings, sight: Sight { role, ..usual } }))
}

impl Format for OneLine {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        self.parse_within(&Opened { inner: line, ..Opened::default() }, scratch, events)
    }

    fn parse_within<'a>(
        &self,
        opened: &Opened<'a>,
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        events.extend((self.read)(&self.settings, opened, scratch)?);
        Ok(())
    }

    fn sight(&self) -> Sight {
        self.sight.clone()
    }
}

impl fmt::Debug for OneLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneLine").field("settings", &self.settings).field("sight", &self.sight).finish()
    }
}

/// Says yes where most of the lines are such; `why` finishes the sentence "chosen because …".
pub fn sniff_most(lines: &[&[u8]], is_such: impl Fn(&[u8]) -> bool, why: &str) -> Sniffed {
    let lines = sample::filled(lines);
    match sample::is_most(lines.iter().filter(|line| is_such(line)).count(), lines.len()) {
        true => Sniffed::Yes { spec: String::new(), why: why.into() },
        false => Sniffed::No,
    }
}

/// Whether `text` holds all of these words.
pub fn holds(text: &[u8], words: &[&[u8]]) -> bool {
    words.iter().all(|word| memchr::memmem::find(text, word).is_some())
}
