//! What the kinds with format strings share when they look at the first lines of a source.

use crate::formats::{Format, Scratch};

/// The share of the lines, in percent, that a format must read before it is chosen; some first lines may be damaged.
pub const MOST: usize = 80;

/// Whether `part` is most of `whole` (at least [`MOST`] percent, and something).
pub fn is_most(part: usize, whole: usize) -> bool {
    part > 0 && part * 100 >= whole * MOST
}

/// The lines that hold more than blanks.
pub fn filled<'a>(lines: &[&'a [u8]]) -> Vec<&'a [u8]> {
    lines.iter().copied().filter(|line| !line.trim_ascii().is_empty()).collect()
}

/// Whether a format reads most of the lines.
pub fn reads_most(format: &dyn Format, lines: &[&[u8]]) -> bool {
    let scratch = Scratch::new();
    let lines = filled(lines);
    let reads = |line: &&&[u8]| {
        let mut events = Vec::new();
        format.parse(line, &scratch, &mut events).is_ok() && !events.is_empty()
    };
    is_most(lines.iter().filter(reads).count(), lines.len())
}
