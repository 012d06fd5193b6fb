//! Rows of Parquet files that a query tool or a forwarder wrote as JSON: one flat object a row, `pkt_srcaddr` or
//! `pkt-srcaddr`.

use super::layout::{SLOTS, Slot};
use crate::event::reject::Reject;
use crate::formats::columns::Row;
use crate::formats::json::{Value, members};
use crate::formats::one_line::holds;
use crate::formats::{Detail, Scratch};

/// The longest name of a field is `ecs-container-instance-arn`.
const NAME_MAX: usize = 32;

/// The fields of a row.
pub(super) fn row<'a>(
    line: &'a [u8],
    scratch: &'a Scratch,
    detail: Detail,
) -> Result<Row<'a, SLOTS>, Reject> {
    let mut row = Row::default();
    for member in members(line) {
        let (key, value) = member?;
        let mut name = [0; NAME_MAX];
        let Some(name) = name.get_mut(..key.raw().len()) else { continue };
        name.copy_from_slice(key.raw());
        name.iter_mut().filter(|byte| **byte == b'_').for_each(|byte| *byte = b'-');
        let Ok(name) = std::str::from_utf8(name) else { continue };
        let text = value.scalar(scratch).unwrap_or_default();
        // Tools that know only one kind of number write 8080.0.
        let whole = text.strip_suffix(b".0").filter(|_| matches!(value, Value::Number(_)));
        row.set(Slot::of(name, detail) as usize, whole.unwrap_or(text));
    }
    Ok(row)
}

/// A row of a flow log and of nothing else.
pub(super) fn is_row(line: &[u8]) -> bool {
    let either = |one: &[u8], other: &[u8]| holds(line, &[one]) || holds(line, &[other]);
    line.first() == Some(&b'{')
        && either(b"\"srcaddr\"", b"\"pkt_srcaddr\"")
        && either(b"\"dstaddr\"", b"\"pkt_dstaddr\"")
        && (holds(line, &[b"\"action\""]) || either(b"\"log_status\"", b"\"log-status\""))
        && holds(line, &[b"\"start\""])
}
