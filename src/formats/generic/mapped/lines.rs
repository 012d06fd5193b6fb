//! Cutting a line into the parts that a mapping looks at.

use super::{KEYS_MAX, Key, Mapping, is_absent};
use crate::event::reject::{Reason, Reject};
use crate::formats::cells::{Cut, cells};
use crate::formats::columns::MAX_COLUMNS;
use crate::formats::key_value::{self, pairs};
use crate::formats::{Scratch, paths};
use memchr::memmem::Finder;
use std::sync::Arc;

/// How lines are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// A JSON object a line.
    Json,
    /// Columns.
    Columns(Cut),
    /// `key=value` pairs.
    Pairs(key_value::Style),
}

impl Lines {
    /// Whether lines have columns, which a header may name.
    pub fn has_columns(self) -> bool {
        matches!(self, Lines::Columns(_))
    }

    /// Whether such lines can have this part.
    pub(super) fn meets(self, key: &Key) -> Result<(), String> {
        match (self, key) {
            (_, Key::Name(name)) if name.is_empty() => Err("an empty name is met nowhere".into()),
            (Lines::Json, Key::Name(path)) if path.len() > paths::PATH => {
                Err(format!("paths have at most {} bytes", paths::PATH))
            }
            (Lines::Pairs(style), Key::Name(name)) => {
                let [first, second] = style.between;
                match name.bytes().find(|byte| [style.mark, first, second].contains(byte)) {
                    Some(byte) => Err(format!("no key of a pair holds a {:?}", char::from(byte))),
                    None => Ok(()),
                }
            }
            (Lines::Json, Key::Column(_)) => Err("JSON has no columns: write a path, as in \"a.b\"".into()),
            (Lines::Pairs(_), Key::Column(_)) => Err("pairs have no columns: write the key".into()),
            (Lines::Columns(_), Key::Column(number)) if !(1..=MAX_COLUMNS).contains(number) => {
                Err(format!("columns have the numbers 1 to {MAX_COLUMNS}"))
            }
            (Lines::Json | Lines::Columns(_), _) => Ok(()),
        }
    }
}

/// Which columns the parts stand in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// No line has said so yet.
    Awaited,
    /// The last line that did is of another layout: rows below it must not be read by this one.
    Foreign,
    /// (column, part) from left to right, both from 0.
    Columns {
        /// As above.
        order: Arc<[(usize, usize)]>,
        /// How many columns every row has; `None`: enough for the last that is looked at.
        count: Option<usize>,
    },
}

impl Header {
    /// Columns that the mapping gives by number alone.
    pub(super) fn numbers(keys: &[Key]) -> Header {
        let number = |(part, key): (usize, &Key)| match key {
            Key::Column(number) => Some((number.checked_sub(1)?, part)),
            Key::Name(_) => None,
        };
        let mut order: Vec<(usize, usize)> = keys.iter().enumerate().filter_map(number).collect();
        order.sort_unstable();
        Header::Columns { order: order.into(), count: None }
    }

    /// The header after `line`, where the line looks like one: it has the names of all columns, or, below a header, of more
    /// than half of them, as the header of another layout that was joined to this log.
    pub(super) fn after(&self, line: &[u8], mapping: &Mapping) -> Option<Header> {
        let (Lines::Columns(cut), keys) = (mapping.described.lines, &mapping.keys) else { return None };
        // Nearly all rows end here.
        mapping.marks.iter().find_map(|mark| mark.find(line))?;
        let names: Vec<&[u8]> =
            cells(line, cut).take(MAX_COLUMNS + 1).map(|cell| cell.raw.trim_ascii()).collect();
        if names.len() > MAX_COLUMNS {
            return None;
        }
        let (mut order, mut wanted, mut met) = (Vec::new(), 0, 0);
        for (part, key) in keys.iter().enumerate() {
            let column = match key {
                Key::Column(number) => number.checked_sub(1).filter(|column| *column < names.len()),
                Key::Name(name) => {
                    let column = names.iter().position(|known| *known == name.as_bytes());
                    (wanted, met) = (wanted + 1, met + usize::from(column.is_some()));
                    column
                }
            };
            order.extend(column.map(|column| (column, part)));
        }
        if order.len() == keys.len() {
            order.sort_unstable();
            return Some(Header::Columns { order: order.into(), count: Some(names.len()) });
        }
        (*self != Header::Awaited && met * 2 > wanted).then_some(Header::Foreign)
    }
}

/// What a header line has and few rows do: the longest names of columns.
pub(super) fn marks(lines: Lines, keys: &[Key]) -> Vec<Finder<'static>> {
    let mut names: Vec<&str> = keys
        .iter()
        .filter_map(|key| match key {
            Key::Name(name) if lines.has_columns() => Some(name.as_str()),
            _ => None,
        })
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    // Two, because the header of another layout may lack one.
    names.iter().take(2).map(|name| Finder::new(name).into_owned()).collect()
}

/// The parts of one line.
#[derive(Debug)]
pub(super) struct Cells<'a> {
    texts: [&'a [u8]; KEYS_MAX],
}

impl<'a> Cells<'a> {
    /// Cuts a line; a part that it does not have is empty.
    pub(super) fn cut(
        line: &'a [u8],
        lines: Lines,
        keys: &[Key],
        header: &Header,
        scratch: &'a Scratch,
    ) -> Result<Cells<'a>, Reject> {
        let mut found = Cells { texts: [b""; KEYS_MAX] };
        let is = |key: &Key, name: &[u8]| matches!(key, Key::Name(known) if known.as_bytes() == name);
        match lines {
            Lines::Json => paths::scalars(line, scratch, |path, text| {
                if let Some(part) = keys.iter().position(|key| is(key, path)) {
                    found.set(part, text);
                }
            })?,
            Lines::Pairs(style) => {
                for pair in pairs(line, style) {
                    if let Some(part) = keys.iter().position(|key| is(key, pair.key)) {
                        found.set(part, pair.decode(scratch));
                    }
                }
            }
            Lines::Columns(cut) => found.columns(line, cut, header, scratch)?,
        }
        Ok(found)
    }

    fn columns(
        &mut self,
        line: &'a [u8],
        cut: Cut,
        header: &Header,
        scratch: &'a Scratch,
    ) -> Result<(), Reject> {
        let (order, count) = match header {
            Header::Awaited => return Err(Reject::line(Reason::NoHeader)),
            Header::Foreign => return Err(Reject::line(Reason::BadHeader)),
            Header::Columns { order, count } => (order, *count),
        };
        let (mut next, mut met) = (order.iter().peekable(), 0);
        for cell in cells(line, cut) {
            while let Some((_, part)) = next.next_if(|(column, _)| *column == met) {
                self.set(*part, cell.decode(scratch).trim_ascii());
            }
            met += 1;
            if met > MAX_COLUMNS {
                break;
            }
        }
        // With more or fewer nothing can be trusted to stand where it should.
        if next.peek().is_some() || count.is_some_and(|count| count != met) {
            return Err(Reject::line(Reason::Malformed));
        }
        Ok(())
    }

    fn set(&mut self, part: usize, text: &'a [u8]) {
        if let Some(place) = self.texts.get_mut(part) {
            *place = text;
        }
    }

    /// The text of a part.
    pub(super) fn text(&self, part: usize) -> &'a [u8] {
        self.texts.get(part).copied().unwrap_or_default()
    }

    /// Several parts with blanks between them; nothing if one is absent.
    pub(super) fn joined(&self, parts: &[usize], scratch: &'a Scratch) -> &'a [u8] {
        let texts: Vec<&[u8]> = parts.iter().map(|part| self.text(*part)).collect();
        match texts.iter().any(|text| is_absent(text)) {
            true => b"",
            false => scratch.alloc_slice_copy(&texts.join(&b' ')),
        }
    }
}

/// What the parts of a line are called, for messages.
pub(super) fn names(line: &[u8], lines: Lines) -> Vec<String> {
    let (scratch, mut names) = (Scratch::new(), Vec::new());
    let mut add = |name: &[u8]| names.push(String::from_utf8_lossy(name).into_owned());
    match lines {
        // What is no object has no names.
        Lines::Json => _ = paths::scalars(line, &scratch, |path, _| add(path)),
        Lines::Pairs(style) => pairs(line, style).for_each(|pair| add(pair.key)),
        Lines::Columns(cut) => cells(line, cut).for_each(|cell| add(cell.raw.trim_ascii())),
    }
    names
}
