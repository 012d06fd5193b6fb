//! Rows of a gateway whose columns a header line or the operator names: what Skyhigh and Umbrella share.
//!
//! Columns are comma-separated, or blank-separated with quotes and brackets where the names were. A row may have more
//! columns than names (later versions append), and fewer only where its gateway is known to have appended them.

use crate::event::reject::{Reason, Reject};
use crate::event::{Event, Role, address, split_authority};
use crate::formats::cells::{Cut, cells};
use crate::formats::fields::{Fields, authority};
use crate::formats::time::Local;
use crate::formats::{Context, Format, Scratch, Sight, SpecError};
use std::sync::Arc;

/// What a column can be read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// A time in any style.
    Stamp,
    /// Seconds since the epoch, better than [`Slot::Stamp`] where there are both.
    Epoch,
    Client,
    /// The client as the Internet sees it.
    Outer,
    Server,
    Host,
    Url,
    Sent,
    Received,
    User,
    Method,
    Status,
    Agent,
    /// `PUT http://… HTTP/1.1`
    Request,
    Protocol,
    Skip,
}

const SLOTS: usize = Slot::Skip as usize;

/// What one kind of gateway is like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    pub(super) dataset: &'static str,
    pub(super) remedy: &'static str,
    /// The slot of a column by its name in lower case.
    pub(super) slot: fn(&str) -> Slot,
    /// A row has at least so many columns, whatever its header names: the later ones came with later versions.
    pub(super) least: usize,
    /// A header line begins so, in any case, after quotes and `#`.
    pub(super) first: &'static [&'static str],
}

/// A layout in force.
#[derive(Clone, Debug)]
pub(super) struct NamedColumns {
    dialect: Dialect,
    local: Local,
    cut: Cut,
    columns: Box<[Slot]>,
}

/// No header has more columns.
const COLUMNS: usize = 256;

impl NamedColumns {
    /// A layout from a line of names.
    pub(super) fn new(names: &str, dialect: Dialect, context: &Context) -> Result<NamedColumns, SpecError> {
        let local = Local::of(context);
        Self::with(names.as_bytes(), dialect, local).ok_or_else(|| SpecError {
            message: "the columns must name a time and a client or user".into(),
            position: 0,
        })
    }

    fn with(names: &[u8], dialect: Dialect, local: Local) -> Option<NamedColumns> {
        let names = names.strip_prefix(b"#").unwrap_or(names);
        let cut = if memchr::memchr(b',', names).is_some() { Cut::Csv(b',') } else { Cut::Blanks };
        let columns: Box<[Slot]> = cells(names, cut)
            .take(COLUMNS)
            .map(|cell| (dialect.slot)(&String::from_utf8_lossy(cell.raw).trim().to_ascii_lowercase()))
            .collect();
        let has = |wanted: &[Slot]| columns.iter().any(|slot| wanted.contains(slot));
        (has(&[Slot::Stamp, Slot::Epoch]) && has(&[Slot::Client, Slot::Outer, Slot::User]))
            .then_some(NamedColumns { dialect, local, cut, columns })
    }
}

/// Whether a line begins as the header of a dialect.
pub(super) fn is_header(line: &[u8], first: &[&str]) -> bool {
    let bare = line.strip_prefix(b"#").unwrap_or(line);
    let bare = bare.strip_prefix(b"\"").unwrap_or(bare);
    first
        .iter()
        .any(|name| bare.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes())))
}

impl Format for NamedColumns {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        if is_header(line, self.dialect.first) {
            return Ok(());
        }
        let mut f = Fields::<SLOTS>::new(line);
        let mut count = 0;
        for (&slot, cell) in self.columns.iter().zip(cells(line, self.cut)) {
            f.set(slot as usize, cell.decode(scratch));
            count += 1;
        }
        if count < self.columns.len().min(self.dialect.least) {
            return Err(Reject::at(Reason::Malformed, line.len()));
        }
        events.push(self.event(&f)?);
        Ok(())
    }

    fn header(&self, line: &[u8]) -> Option<Result<Arc<dyn Format>, Reject>> {
        let changed = is_header(line, self.dialect.first)
            .then(|| Self::with(line, self.dialect, self.local.clone()))
            .flatten()?;
        Some(Ok(Arc::new(changed)))
    }

    fn sight(&self) -> Sight {
        Sight {
            role: Role::Proxy,
            source_bytes: self.columns.contains(&Slot::Sent),
            destination_bytes: self.columns.contains(&Slot::Received),
            remedy: self.dialect.remedy,
        }
    }
}

impl NamedColumns {
    fn event<'a>(&self, f: &Fields<'a, SLOTS>) -> Result<Event<'a>, Reject> {
        let text = |slot: Slot| f.text(slot as usize);
        let any = |text: &[u8]| self.local.any(text);
        let mut event = Event { dataset: self.dialect.dataset, role: Role::Proxy, ..Event::default() };
        event.timestamp = match f.stamp(Slot::Epoch as usize, any)? {
            Some(stamp) => stamp,
            None => f.stamp(Slot::Stamp as usize, any)?.ok_or_else(|| Reject::line(Reason::BadTimestamp))?,
        };
        event.user = text(Slot::User);
        let client = text(Slot::Client).or_else(|| text(Slot::Outer).filter(|_| event.user.is_none()));
        match client {
            Some(ip) => event.source.ip = Some(address(ip).ok_or_else(|| f.wrong(Reason::BadAddress, ip))?),
            None if event.user.is_none() => return Err(Reject::line(Reason::Malformed)),
            None => {}
        }
        event.source.bytes = f.number(Slot::Sent as usize)?;
        event.destination.bytes = f.number(Slot::Received as usize)?;
        event.method = text(Slot::Method);
        event.url = text(Slot::Url);
        if let Some(request) = text(Slot::Request) {
            let mut words = request.split(|&byte| byte == b' ');
            event.method = event.method.or(words.next().filter(|word| !word.is_empty()));
            event.url = event.url.or(words.next());
        }
        let place = text(Slot::Host).unwrap_or_else(|| authority(event.url.unwrap_or_default()));
        let (name, port) = split_authority(place);
        event.destination.set_host(name);
        event.destination.port = port;
        event.destination.ip = text(Slot::Server).and_then(address).or(event.destination.ip);
        event.status = f.status(Slot::Status as usize);
        event.user_agent = text(Slot::Agent);
        event.protocol = text(Slot::Protocol);
        Ok(event)
    }
}
