//! Rows that a service or a shipper delivers as JSON objects, with the names of `#Fields` for keys: Netskope, CloudFront,
//! collectors of IIS and ProxySG logs.

use super::layout::{Layout, SLOTS};
use crate::event::reject::Reject;
use crate::formats::Scratch;
use crate::formats::columns::{MAX_COLUMNS, Row};
use crate::formats::format_string::sample;
use crate::formats::json::members;

/// Names of which a W3C log has several, and no other format that writes JSON.
const MARKS: [&str; 8] =
    ["c-ip", "cs-method", "cs-bytes", "sc-bytes", "sc-status", "cs-uri-stem", "cs-username", "time-taken"];

/// The keys of the objects, as a `#Fields` header would name them; `None` where most lines are no such objects.
pub(in crate::formats) fn keys(lines: &[&[u8]]) -> Option<String> {
    let scratch = Scratch::new();
    let (mut keys, mut such) = (Vec::<String>::new(), 0);
    let lines = sample::filled(lines);
    for line in &lines {
        let mut marks = 0;
        for member in members(line) {
            let name = String::from_utf8_lossy(member.ok()?.0.decode(&scratch)).into_owned();
            marks += usize::from(MARKS.contains(&name.as_str()));
            let plain =
                !name.is_empty() && !name.contains(|letter: char| letter.is_whitespace() || letter == '=');
            if plain && keys.len() < MAX_COLUMNS && !keys.contains(&name) {
                keys.push(name);
            }
        }
        such += usize::from(marks >= 3);
    }
    sample::is_most(such, lines.len()).then(|| keys.join(" "))
}

/// The fields of an object; what it lacks is empty.
pub(super) fn split<'a>(
    layout: &Layout,
    line: &'a [u8],
    scratch: &'a Scratch,
) -> Result<Row<'a, SLOTS>, Reject> {
    let mut row = Row::default();
    for member in members(line) {
        let (key, value) = member?;
        let name = key.decode(scratch);
        if let Some((_, slot)) =
            layout.keys.iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name))
        {
            row.set(usize::from(*slot), value.scalar(scratch).unwrap_or_default());
        }
    }
    Ok(row)
}
