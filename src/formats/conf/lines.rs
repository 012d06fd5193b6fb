//! Lines of a configuration, joined where a backslash ends them, without comments.

/// A line and its number, from 1; of joined lines the first.
pub(super) type Line = (usize, String);

/// What becomes of the blanks that begin a line which goes on another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Indent {
    /// Left out, and so are comments between the lines: Squid.
    Dropped,
    /// Part of the text: Apache.
    Kept,
}

/// The lines that say something.
pub(super) fn logical(text: &str, indent: Indent) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_end_matches('\r');
        let line = match indent {
            Indent::Dropped if open && (line.is_empty() || line.starts_with('#')) => continue,
            Indent::Dropped if open => line.trim_start(),
            _ => line,
        };
        let (line, goes_on) = match line.strip_suffix('\\') {
            // Two backslashes are one that ends nothing.
            Some(front) if !front.ends_with('\\') => (front, true),
            _ => (line, false),
        };
        match lines.last_mut().filter(|_| open) {
            Some((_, joined)) => joined.push_str(line),
            None => lines.push((number, line.to_owned())),
        }
        open = goes_on;
    }
    lines.retain(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    lines
}

/// The first word and what follows it.
pub(super) fn first_word(line: &str) -> (&str, &str) {
    let line = line.trim();
    match line.split_once([' ', '\t']) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (line, ""),
    }
}
