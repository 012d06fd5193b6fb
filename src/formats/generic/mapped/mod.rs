//! Formats that the operator describes (`[format.NAME]`): JSON, separated columns or key=value pairs, and which part of a
//! line is which neutral field, in which unit and layout.
//!
//! Whoever reads the configuration gives a [`Description`]; [`Mapping::new`] checks it and is then a format like any other,
//! found by its name through [`Context::own`](crate::formats::Context). Lines that name nobody tell of no transfer.

mod field;
mod lines;
mod misfit;
#[cfg(test)]
mod tests;
mod value;

pub use field::{End, FIELDS, Field, Text};
pub use lines::Lines;
pub use value::{Clock, LENGTHS, Length, SIZES, Size};

use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, Event, Question, Role, Stamped, address, number};
use crate::formats::format_string::target;
use crate::formats::time::Local;
use crate::formats::{Context, Format, Kind, Scratch, Sight, Sniffed, SpecError};
use lines::{Cells, Header};
use std::sync::Arc;

/// Most parts of a line that one mapping looks at: every field, and the time in several.
pub const KEYS_MAX: usize = 32;

/// What the operator says of a format.
#[derive(Clone, Debug)]
pub struct Description {
    /// The row that stands for it where formats are named, from [`kind`].
    pub kind: &'static Kind,
    /// How lines are cut.
    pub lines: Lines,
    /// Whose bytes they watch.
    pub role: Role,
    /// How to open its eyes where the side that the role needs is not in the log; may be empty.
    pub remedy: &'static str,
    /// What is mapped, each field once.
    pub fields: Vec<Mapped>,
}

/// A field and where it comes from.
#[derive(Clone, Debug)]
pub struct Mapped {
    /// What it fills.
    pub field: Field,
    /// Where its text stands.
    pub from: Origin,
    /// What the text means.
    pub reading: Reading,
}

/// Where the text of a field stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In these parts of the line, joined by a blank where they are several.
    Parts(Vec<Key>),
    /// Nowhere: it is always this.
    Constant(String),
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A JSON path (`a.b.c`, nested or with dots in its keys), the name of a column, the key of a pair.
    Name(String),
    /// The number of a column, from 1.
    Column(usize),
}

/// What the text of a field means.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// As the field is always written.
    Plain,
    /// A size.
    Size(Size),
    /// A span of time.
    Length(Length),
    /// A moment, and which end of the transfer it marks.
    Clock(Clock, Stamped),
}

/// Why a description is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The field to blame; `None`: all of it.
    pub field: Option<Field>,
    /// What is wrong and what to do.
    pub message: String,
}

/// A description that was checked.
#[derive(Debug)]
pub struct Mapping {
    described: Description,
    /// The parts of a line that are looked at, each once; what is found goes to the cell of the same number.
    keys: Vec<Key>,
    /// Which cells each field is read from, in the order of the fields; none for a constant.
    cells: Vec<Vec<usize>>,
    /// Only lines that hold one of these can be headers.
    marks: Vec<memchr::memmem::Finder<'static>>,
}

/// The row that stands for an operator's format of this name, `headed` if it finds its columns by name.
pub fn kind(name: &'static str, headed: bool) -> Kind {
    Kind {
        name,
        about: "described in the configuration",
        roles: &[Role::Proxy, Role::Server, Role::Flow, Role::Store, Role::Dns],
        compile: |_, _| {
            let message = "a format that is described in the configuration takes no string".into();
            Err(SpecError { message, position: 0 })
        },
        sniff: |_, _| Sniffed::No,
        // Any line may name columns; whether it names these, the format looks.
        is_header: if headed { Some(|_| true) } else { None },
    }
}

impl Description {
    /// Whether its columns are found by a header line.
    pub fn is_headed(lines: Lines, fields: &[Mapped]) -> bool {
        let named = |mapped: &Mapped| match &mapped.from {
            Origin::Parts(keys) => keys.iter().any(|key| matches!(key, Key::Name(_))),
            Origin::Constant(_) => false,
        };
        lines.has_columns() && fields.iter().any(named)
    }

    fn has(&self, wanted: &[Field]) -> bool {
        self.fields.iter().any(|mapped| wanted.contains(&mapped.field))
    }

    /// What its role cannot do without.
    fn lacks(&self) -> Option<&'static str> {
        let end = |end| self.has(&[Field::Ip(end), Field::Domain(end), Field::Address(end)]);
        let user = self.has(&[Field::Text(Text::User)]);
        let question = self.has(&[Field::Text(Text::QuestionName)]);
        let (source, destination) = (end(End::Source), end(End::Destination));
        match self.role {
            _ if !self.has(&[Field::Time]) => Some("when: map time"),
            Role::Proxy if !source && !user => {
                Some("which client is watched: map source.ip, source.address or user.name")
            }
            Role::Server if !source => Some("who was answered: map source.ip or source.address"),
            Role::Flow if !source || !destination => {
                Some("both ends: map source.ip and destination.ip (or .address)")
            }
            Role::Store if !source && !destination => {
                Some("the bucket or who read it: map destination.domain or source.ip")
            }
            Role::Dns if !source && !user => Some("who asked: map source.ip"),
            Role::Dns if !question => Some("what was asked: map dns.question.name"),
            _ => None,
        }
    }
}

impl Mapping {
    /// Checks a description.
    ///
    /// # Errors
    /// If a field that its role needs is not mapped, a key cannot be met in such lines, or a constant does not read.
    pub fn new(described: Description) -> Result<Mapping, Wrong> {
        if let Some(what) = described.lacks() {
            let message = format!("the format does not say {what}");
            return Err(Wrong { field: None, message });
        }
        let mut keys: Vec<Key> = Vec::new();
        let mut cells = Vec::new();
        for mapped in &described.fields {
            let wrong = |message| Wrong { field: Some(mapped.field), message };
            let mut own = Vec::new();
            let wanted = match &mapped.from {
                Origin::Parts(wanted) => wanted.as_slice(),
                Origin::Constant(text) => {
                    reads(mapped, text.as_bytes()).map_err(wrong)?;
                    &[]
                }
            };
            for key in wanted {
                described.lines.meets(key).map_err(wrong)?;
                own.push(keys.iter().position(|known| known == key).unwrap_or(keys.len()));
                if own.last() == Some(&keys.len()) {
                    keys.push(key.clone());
                }
            }
            if keys.len() > KEYS_MAX {
                return Err(wrong(format!("a format looks at no more than {KEYS_MAX} parts of a line")));
            }
            cells.push(own);
        }
        let marks = lines::marks(described.lines, &keys);
        Ok(Mapping { described, keys, cells, marks })
    }

    /// Its row; also its name.
    pub fn kind(&self) -> &'static Kind {
        self.described.kind
    }

    /// The format, for one source.
    pub fn compile(self: &Arc<Self>, context: &Context) -> Arc<dyn Format> {
        let header = if Description::is_headed(self.described.lines, &self.described.fields) {
            Header::Awaited
        } else {
            Header::numbers(&self.keys)
        };
        let role = context.role.unwrap_or(self.described.role);
        Arc::new(Reader { mapping: Arc::clone(self), local: Local::of(context), role, header })
    }
}

/// Whether a constant is one for its field.
fn reads(mapped: &Mapped, text: &[u8]) -> Result<(), String> {
    let local = Local::of(&Context::default());
    let reject = fill(mapped, text, &local, text, &mut Event::default()).err();
    match reject {
        _ if mapped.field == Field::Time => Err("a time that is always the same is none".into()),
        Some(_) => Err(format!("\"{}\" is none", String::from_utf8_lossy(text))),
        None => Ok(()),
    }
}

/// The format of one source.
#[derive(Debug)]
struct Reader {
    mapping: Arc<Mapping>,
    local: Local,
    role: Role,
    header: Header,
}

impl Format for Reader {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let Mapping { described, keys, cells, .. } = &*self.mapping;
        let found = Cells::cut(line, described.lines, keys, &self.header, scratch)?;
        let mut event = Event { dataset: described.kind.name, role: self.role, ..Event::default() };
        let mut timed = false;
        for (mapped, own) in described.fields.iter().zip(cells) {
            let text: &'a [u8] = match (&mapped.from, own.as_slice()) {
                (Origin::Constant(text), _) => scratch.alloc_slice_copy(text.as_bytes()),
                (_, [cell]) => found.text(*cell),
                (_, several) => found.joined(several, scratch),
            };
            if is_absent(text) {
                continue;
            }
            timed |= mapped.field == Field::Time;
            fill(mapped, text, &self.local, line, &mut event)?;
        }
        let named = |end: &Endpoint<'_>| end.ip.is_some() || end.domain.is_some();
        // What a client asks a server for is the client's word; a proxy went there.
        if let Some(url) = event.url.filter(|_| self.role == Role::Proxy && !named(&event.destination)) {
            target::server(url, &mut event.destination);
        }
        event.question = event.question.filter(|question| !question.name.is_empty());
        let anybody = named(&event.source) || named(&event.destination) || event.user.is_some();
        if !anybody {
            return Ok(());
        }
        if !timed {
            return Err(Reject::line(Reason::BadTimestamp));
        }
        events.push(event);
        Ok(())
    }

    fn header(&self, line: &[u8]) -> Option<Result<Arc<dyn Format>, Reject>> {
        let header = self.header.after(line, &self.mapping)?;
        // A client may put names of columns into a row; what reads as a row is one.
        if self.parse(line, &Scratch::new(), &mut Vec::new()).is_ok() {
            return None;
        }
        let (mapping, local) = (Arc::clone(&self.mapping), self.local.clone());
        Some(Ok(Arc::new(Reader { mapping, local, role: self.role, header })))
    }

    fn misfit(&self, first: &[&[u8]]) -> Option<String> {
        misfit::misfit(&self.mapping, &self.local, first)
    }

    fn sight(&self) -> Sight {
        let described = &self.mapping.described;
        let either = described.has(&[Field::Total]);
        Sight {
            role: self.role,
            source_bytes: either || described.has(&[Field::Bytes(End::Source)]),
            destination_bytes: either || described.has(&[Field::Bytes(End::Destination)]),
            remedy: match (described.remedy, self.role) {
                ("", Role::Server | Role::Store) => "have it logged, and map destination.bytes",
                ("", _) => "have it logged, and map source.bytes",
                (remedy, _) => remedy,
            },
        }
    }
}

/// `-`, `null` and their like say that there is nothing to say.
fn is_absent(text: &[u8]) -> bool {
    matches!(text, b"" | b"-" | b"N/A" | b"None" | b"null")
}

/// Puts a field's text into the event; `line` is for columns in rejects.
fn fill<'a>(
    mapped: &Mapped,
    text: &'a [u8],
    local: &Local,
    line: &[u8],
    event: &mut Event<'a>,
) -> Result<(), Reject> {
    let wrong = |reason| Reject::of(reason, line, text);
    let size = || match &mapped.reading {
        Reading::Size(size) => size.read(text),
        _ => number(text),
    };
    match mapped.field {
        Field::Time => {
            let Reading::Clock(clock, stamped) = &mapped.reading else {
                return Err(wrong(Reason::BadTimestamp));
            };
            event.timestamp = clock.read(text, local).ok_or_else(|| wrong(Reason::BadTimestamp))?;
            event.stamped = *stamped;
        }
        Field::Ip(side) => {
            let ip = address(text).ok_or_else(|| wrong(Reason::BadAddress))?;
            end(side, event).ip = Some(ip);
        }
        Field::Domain(side) => end(side, event).domain = Some(text),
        Field::Address(side) => end(side, event).set_authority(text),
        Field::Port(side) => {
            let port = number(text).ok_or_else(|| wrong(Reason::BadNumber))?;
            end(side, event).port = Some(port);
        }
        Field::Bytes(side) => {
            let bytes = size().ok_or_else(|| wrong(Reason::BadNumber))?;
            end(side, event).bytes = Some(bytes);
        }
        Field::Total => event.total = Some(size().ok_or_else(|| wrong(Reason::BadNumber))?),
        Field::Duration => {
            let Reading::Length(length) = mapped.reading else { return Err(wrong(Reason::BadNumber)) };
            event.duration = length.read(text).map_err(wrong)?;
        }
        Field::Status => event.status = number(text).filter(|status| (100..=999).contains(status)),
        Field::Text(Text::QuestionName) => {
            event.question.get_or_insert(Question { name: text, record_type: None }).name = text;
        }
        Field::Text(Text::QuestionType) => {
            event.question.get_or_insert(Question { name: b"", record_type: None }).record_type = Some(text);
        }
        Field::Text(kind) => {
            let place = match kind {
                Text::User => &mut event.user,
                Text::Method => &mut event.method,
                Text::Url => &mut event.url,
                Text::Agent => &mut event.user_agent,
                Text::Transport => &mut event.transport,
                Text::Protocol => &mut event.protocol,
                Text::QuestionName | Text::QuestionType | Text::Observer => &mut event.observer,
            };
            *place = Some(text);
        }
    }
    Ok(())
}

fn end<'e, 'a>(side: End, event: &'e mut Event<'a>) -> &'e mut Endpoint<'a> {
    match side {
        End::Source => &mut event.source,
        End::Destination => &mut event.destination,
    }
}
