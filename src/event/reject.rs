//! Why a line was not counted. A bad line is data, not an error path: a small `Copy` value, counted by reason.

use serde::{Deserialize, Serialize};

/// Why, and where in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// The kind, by which rejected lines are counted.
    pub reason: Reason,
    /// Byte column at which reading stopped, from 1; 0 where the whole line is meant.
    pub column: u32,
}

impl Reject {
    /// A reject at a zero-based position in the line.
    #[cold]
    pub fn at(reason: Reason, position: usize) -> Reject {
        Reject { reason, column: u32::try_from(position).unwrap_or(u32::MAX - 1) + 1 }
    }

    /// A reject at the place where `part`, a slice of `line`, begins; the whole line where `part` is no slice of it
    /// (text decoded elsewhere). So a format need not carry positions beside its slices for the sake of bad lines.
    #[cold]
    pub fn of(reason: Reason, line: &[u8], part: &[u8]) -> Reject {
        match part.as_ptr().addr().checked_sub(line.as_ptr().addr()) {
            Some(position) if position <= line.len() => Reject::at(reason, position),
            _ => Reject::line(reason),
        }
    }

    /// The same reject seen from further left: what was read lies `by` bytes into the line (behind an envelope).
    #[cold]
    pub fn shifted(self, by: usize) -> Reject {
        let by = if self.column == 0 { 0 } else { u32::try_from(by).unwrap_or(u32::MAX) };
        Reject { column: self.column.saturating_add(by), ..self }
    }

    /// A reject of the line as a whole.
    #[cold]
    pub fn line(reason: Reason) -> Reject {
        Reject { reason, column: 0 }
    }
}

/// The kinds of reject; the list is closed so that counters and metrics have fixed names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reason {
    /// Longer than the line cap; its bytes were skipped.
    LineTooLong,
    /// The text does not follow the format (too few fields, a missing quote, another format's line).
    Malformed,
    /// The time stamp does not read, or lies outside 1970 to 9999.
    BadTimestamp,
    /// The stamp lies more than a day after the present: a broken clock or a forged line.
    FutureTimestamp,
    /// An address that should be one is none.
    BadAddress,
    /// A size, port, status or duration that is no number in range.
    BadNumber,
    /// JSON that does not parse, or nests too deeply.
    BadJson,
    /// A `#Fields`-like header that cannot be used, so the lines below it cannot be read.
    BadHeader,
    /// A row before any header.
    NoHeader,
    /// A line cut short by the writer (last line of a truncated file).
    Truncated,
    /// The line itself says that records before it were lost (AWS flow logs: `SKIPDATA`). Nothing is wrong with the
    /// line; what is missing cannot be known, only that something is.
    Gap,
}

impl Reason {
    /// The name used in JSON, metrics and summaries.
    pub fn name(self) -> &'static str {
        match self {
            Reason::LineTooLong => "line_too_long",
            Reason::Malformed => "malformed",
            Reason::BadTimestamp => "bad_timestamp",
            Reason::FutureTimestamp => "future_timestamp",
            Reason::BadAddress => "bad_address",
            Reason::BadNumber => "bad_number",
            Reason::BadJson => "bad_json",
            Reason::BadHeader => "bad_header",
            Reason::NoHeader => "no_header",
            Reason::Truncated => "truncated",
            Reason::Gap => "lost_records",
        }
    }

    /// All reasons, in the order of their numbers.
    pub const ALL: [Reason; 11] = [
        Reason::LineTooLong,
        Reason::Malformed,
        Reason::BadTimestamp,
        Reason::FutureTimestamp,
        Reason::BadAddress,
        Reason::BadNumber,
        Reason::BadJson,
        Reason::BadHeader,
        Reason::NoHeader,
        Reason::Truncated,
        Reason::Gap,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_knows_its_column() {
        let line = b"10.1.2.3 x";
        assert_eq!(
            Reject::of(Reason::BadNumber, line, &line[9..]),
            Reject { reason: Reason::BadNumber, column: 10 }
        );
        assert_eq!(Reject::of(Reason::BadNumber, line, &line[10..]).column, 11);
        assert_eq!(Reject::of(Reason::BadNumber, line, &Vec::from(b"decoded")[..]).column, 0);
        assert_eq!(Reject::at(Reason::BadNumber, 0).shifted(5).column, 6);
        assert_eq!(Reject::line(Reason::BadNumber).shifted(5).column, 0);
    }

    #[test]
    fn all_reasons_stand_in_order_with_names_of_their_own() {
        for (number, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, number, "{}", reason.name());
        }
        let mut names: Vec<_> = Reason::ALL.map(Reason::name).into();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Reason::ALL.len());
    }
}
