//! Whether a description can be meant for a log, by the log's first lines: a misspelt key would otherwise reject every
//! line, or make a log look quiet.

use super::lines::{Cells, Header, names};
use super::{Description, Field, Key, Lines, Mapping, Origin, Reading, is_absent};
use crate::formats::spelling::nearest;
use crate::formats::time::Local;
use crate::formats::{Scratch, format_string::sample};

/// Most names that a message lists.
const LISTED: usize = 24;

/// What speaks against it.
pub(super) fn misfit(mapping: &Mapping, local: &Local, first: &[&[u8]]) -> Option<String> {
    let Mapping { described, keys, cells, .. } = mapping;
    let lines = sample::filled(first);
    let (top, _) = lines.split_first()?;
    let (header, rows) = if Description::is_headed(described.lines, &described.fields) {
        let found = lines
            .iter()
            .zip(1..)
            .find_map(|(line, below)| Some((Header::Awaited.after(line, mapping)?, below)));
        let Some((header, below)) = found else { return Some(lacking(top, described.lines, keys)) };
        (header, lines.get(below..).unwrap_or_default())
    } else {
        (Header::numbers(keys), lines.as_slice())
    };
    let (mapped, parts) =
        described.fields.iter().zip(cells).find(|(mapped, _)| mapped.field == Field::Time)?;
    let scratch = Scratch::new();
    let cut = |line: &&[u8]| {
        Cells::cut(line, described.lines, keys, &header, &scratch)
            .ok()
            .map(|cells| cells.joined(parts, &scratch).to_vec())
    };
    let read: Vec<Option<Vec<u8>>> = rows.iter().map(cut).collect();
    if rows.is_empty() || read.iter().all(Option::is_none) {
        return rows.first().map(|row| uncut(row, described.lines));
    }
    let stamps: Vec<Vec<u8>> = read.into_iter().flatten().filter(|text| !is_absent(text)).collect();
    let Some(stamp) = stamps.first() else {
        let wanted = match &mapped.from {
            // All columns are there, or the header would be none.
            Origin::Parts(parts) if !described.lines.has_columns() => parts.as_slice(),
            _ => &[],
        };
        return Some(lacking(rows.first()?, described.lines, wanted));
    };
    let Reading::Clock(clock, _) = &mapped.reading else { return None };
    let fits = stamps.iter().any(|stamp| clock.read(stamp, local).is_some());
    (!fits).then(|| {
        let stamp = String::from_utf8_lossy(stamp);
        format!("no time reads in its layout; the first is \"{stamp}\": see layout under time in [format]")
    })
}

/// None of the lines can be cut.
fn uncut(row: &[u8], lines: Lines) -> String {
    match lines {
        Lines::Json => "the lines are no JSON objects".into(),
        Lines::Pairs(_) => "the lines are no key=value pairs".into(),
        Lines::Columns(_) => {
            format!(
                "the rows do not have the columns that are mapped; the first has {}",
                names(row, lines).len()
            )
        }
    }
}

/// A line that should name these parts and does not.
fn lacking(line: &[u8], lines: Lines, wanted: &[Key]) -> String {
    let found = names(line, lines);
    let known: Vec<&str> = found.iter().map(String::as_str).collect();
    let mut list: Vec<String> = known.iter().take(LISTED).map(|name| format!("\"{name}\"")).collect();
    if known.len() > LISTED {
        list.push(format!("{} more", known.len() - LISTED));
    }
    let missing = wanted.iter().find_map(|key| match key {
        Key::Name(name) if !known.contains(&name.as_str()) => Some(name.as_str()),
        _ => None,
    });
    let Some(missing) = missing else {
        return "no line has a time where the format says".into();
    };
    let near = nearest(missing, &known).map(|near| format!("; did you mean \"{near}\"?"));
    let (what, list) =
        (if lines.has_columns() { "the header has no column" } else { "no line has" }, list.join(", "));
    let header = wanted.iter().any(|key| matches!(key, Key::Name(name) if known.contains(&name.as_str())));
    let instead = match &near {
        None if lines.has_columns() && !header => "; if the log has no header, map columns by their numbers",
        _ => "",
    };
    format!("{what} \"{missing}\"{}; it has {list}{instead}", near.unwrap_or_default())
}
