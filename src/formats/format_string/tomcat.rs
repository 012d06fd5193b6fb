//! The pattern of Tomcat's access log valve: Apache's grammar, in which some letters mean something else.
//!
//! `%I` is a thread and `%S` a session, not sizes; `%t` is the end unless it says `begin`; its layouts are those of
//! Java's `SimpleDateFormat`. `%D` is in milliseconds before Tomcat 10.1 and in microseconds since.

use super::apache::{self, Raw};
use super::escape::Encoding;
use super::field::{Directive, Field, Piece};
use super::stamp::Style;
use super::strftime::Pattern;
use crate::event::Stamped;
use crate::formats::SpecError;
use crate::units::Span;

/// Reads a pattern of Tomcat before 10.1.
///
/// # Errors
/// A `%` with no letter behind it, an argument that does not close, a time layout with an unknown letter.
pub fn pieces(pattern: &str) -> Result<Vec<Piece>, SpecError> {
    apache::pieces_by(pattern, |raw, position| meaning(raw, position, 1_000))
}

/// Reads a pattern of Tomcat 10.1 and later.
///
/// # Errors
/// As [`pieces`].
pub fn pieces_since_10_1(pattern: &str) -> Result<Vec<Piece>, SpecError> {
    apache::pieces_by(pattern, |raw, position| meaning(raw, position, 1))
}

fn meaning(raw: &Raw<'_>, position: usize, unit: i64) -> Result<Vec<Piece>, SpecError> {
    let argument = raw.argument.unwrap_or_default();
    let lower = argument.to_ascii_lowercase();
    let (field, rank) = match (raw.letter, lower.as_str()) {
        ('a', "") | ('a', "remote") => (Field::Client, 0),
        ('h', _) => (Field::Client, 1),
        ('a', _) => (Field::Client, 2),
        ('i', "x-forwarded-for") => (Field::Forwarded, 0),
        ('i', "user-agent") => (Field::Agent, 0),
        ('i', "host") => (Field::Domain, 0),
        // %B is 0 and %b is - where nothing was sent.
        ('B', _) => (Field::DestinationBytes { dash_is_zero: false }, 0),
        ('b', _) => (Field::DestinationBytes { dash_is_zero: true }, 1),
        ('r', "") => (Field::Request, 0),
        ('m', _) => (Field::Method, 0),
        ('U', _) => (Field::Path, 0),
        ('q', _) => (Field::Query, 0),
        ('s', "") => (Field::Status, 0),
        ('u', _) => (Field::User, 0),
        ('v', _) => (Field::OwnName, 0),
        ('A', _) => (Field::OwnIp, 0),
        ('p', "remote") => (Field::ClientPort, 0),
        ('p', _) => (Field::OwnPort, 0),
        ('D', _) => (Field::Duration(unit), 0),
        ('T', "ns") => (Field::Nanoseconds, 0),
        ('T', "us") => (Field::Duration(1), 1),
        ('T', "ms") => (Field::Duration(1_000), 2),
        ('T', _) => (Field::Duration(Span::SECOND.0), 3),
        ('t', _) => return stamp(argument, position),
        // Threads, sessions, attributes, cookies: nothing about a transfer.
        _ => (Field::Opaque, 0),
    };
    let directive = Directive::new(field, position).rank(rank).encoded(Encoding::Backslash);
    Ok(vec![Piece::Directive(directive)])
}

fn stamp(argument: &str, position: usize) -> Result<Vec<Piece>, SpecError> {
    let (end, layout) = match (argument.strip_prefix("begin"), argument.strip_prefix("end")) {
        (Some(layout), _) => (Stamped::Start, layout.trim_start_matches(':')),
        (_, Some(layout)) => (Stamped::End, layout.trim_start_matches(':')),
        _ => (Stamped::End, argument),
    };
    let directive = |style| Piece::Directive(Directive::new(Field::Stamp(style, end), position));
    let milliseconds = || Style::Fraction { unit: 1_000, decimals: true };
    match layout {
        "" => Ok(vec![Piece::Literal(b"[".into()), directive(Style::Clf), Piece::Literal(b"]".into())]),
        "sec" => Ok(vec![directive(Style::Epoch)]),
        "msec" => Ok(vec![directive(Style::EpochUnits(1_000))]),
        "msec_frac" => Ok(vec![directive(milliseconds())]),
        _ => {
            let wrong = || SpecError {
                message: format!(
                    "the time layout {{{layout}}} holds a letter of SimpleDateFormat that is not known"
                ),
                position,
            };
            let mut pieces = Vec::new();
            for part in java(layout).ok_or_else(wrong)? {
                pieces.push(match part {
                    Java::Layout(layout) => {
                        directive(Style::Pattern(Pattern::new(&layout, false).map_err(|_| wrong())?))
                    }
                    Java::Text(text) => Piece::Literal(text.into()),
                    Java::Milliseconds => directive(milliseconds()),
                });
            }
            Ok(pieces)
        }
    }
}

/// A part of a layout, as `strftime(3)` or by itself.
#[derive(Debug, PartialEq)]
enum Java {
    Layout(String),
    Text(String),
    Milliseconds,
}

/// `yyyy-MM-dd'T'HH:mm:ss.SSSZ` in parts; `None` for a letter that is not known. Text between the last letter and the
/// milliseconds stands alone, as stamps end with a value.
fn java(layout: &str) -> Option<Vec<Java>> {
    let mut parts: Vec<Java> = Vec::new();
    let mut rest = layout;
    while let Some(letter) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix('\'') {
            let (text, after) = after.split_once('\'')?;
            literal(&mut parts, if text.is_empty() { "'" } else { text });
            rest = after;
            continue;
        }
        let after = rest.trim_start_matches(letter);
        let count = (rest.len() - after.len()) / letter.len_utf8();
        rest = after;
        let code = match (letter, count) {
            ('y', 2) => "%y",
            ('y', _) => "%Y",
            ('M', 1..=2) => "%m",
            ('M', _) => "%b",
            ('d', _) => "%d",
            ('H', _) => "%H",
            ('h', _) => "%I",
            ('m', _) => "%M",
            ('s', _) => "%S",
            ('a', _) => "%p",
            ('E', _) => "%a",
            ('Z' | 'X', _) => "%z",
            ('z', _) => "%Z",
            ('S', 3) => {
                parts.push(Java::Milliseconds);
                continue;
            }
            (letter, _) if letter.is_ascii_alphabetic() => return None,
            (letter, count) => {
                literal(&mut parts, &letter.to_string().repeat(count));
                continue;
            }
        };
        // What stood between two values of one stamp belongs to it.
        match parts.as_mut_slice() {
            [.., Java::Layout(layout)] => layout.push_str(code),
            [.., Java::Layout(layout), Java::Text(between)] => {
                layout.push_str(&between.replace('%', "%%"));
                layout.push_str(code);
                parts.pop();
            }
            _ => parts.push(Java::Layout(code.into())),
        }
    }
    Some(parts)
}

fn literal(parts: &mut Vec<Java>, text: &str) {
    match parts.last_mut() {
        Some(Java::Text(before)) => before.push_str(text),
        _ => parts.push(Java::Text(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(spec: &str) -> Vec<Field> {
        let directives = pieces(spec).unwrap().into_iter().filter_map(|piece| match piece {
            Piece::Directive(directive) => Some(directive.field),
            Piece::Literal(_) => None,
        });
        directives.collect()
    }

    #[test]
    fn letters_with_other_meanings() {
        assert_eq!(fields("%I %S %F %X %{x}r %{x}s %{x}c %O"), vec![Field::Opaque; 8]);
        assert_eq!(fields("%D %{ms}T"), vec![Field::Duration(1_000); 2]);
        assert_eq!(
            fields("%t %{begin}t %{end:sec}t"),
            [
                Field::Stamp(Style::Clf, Stamped::End),
                Field::Stamp(Style::Clf, Stamped::Start),
                Field::Stamp(Style::Epoch, Stamped::End)
            ]
        );
    }

    #[test]
    fn time_layouts_of_java() {
        assert_eq!(
            java("yyyy-MM-dd'T'HH:mm:ss.SSSZ"),
            Some(vec![
                Java::Layout("%Y-%m-%dT%H:%M:%S".into()),
                Java::Text(".".into()),
                Java::Milliseconds,
                Java::Layout("%z".into())
            ])
        );
        assert_eq!(
            java("dd/MMM/yyyy''"),
            Some(vec![Java::Layout("%d/%b/%Y".into()), Java::Text("'".into())])
        );
        assert_eq!(java("QQ"), None);
        assert_eq!(java("'open"), None);
        assert_eq!(pieces("%a %{Q}t").map_err(|error| error.position), Err(3));
    }

    proptest! {
        #[test]
        fn no_string_panics(spec in "([%{}\\[\\]\"'\\\\a-zA-Z0-9: -]|\\PC){0,40}") {
            let _ = (pieces(&spec), pieces_since_10_1(&spec), java(&spec));
        }
    }
}
