//! The grammar of Apache's `LogFormat`: `% [statuses] [<|>] [{arg}] letter` among literal text, with `\"`, `\t`, `\n`
//! and `\\` in the string as the configuration file writes them.

use super::escape::Encoding;
use super::field::{Directive, Field, Piece};
use super::stamp::Style;
use super::strftime::Pattern;
use crate::event::Stamped;
use crate::formats::SpecError;
use crate::units::Span;
use nom::branch::alt;
use nom::bytes::complete::{is_a, is_not, take_till};
use nom::character::complete::{anychar, char};
use nom::combinator::{map, opt, value};
use nom::multi::many0;
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

/// One directive as it stands in the string.
pub(super) struct Raw<'s> {
    /// `<`: of the request before an internal redirect; `>`: after.
    pub(super) original: Option<bool>,
    pub(super) argument: Option<&'s str>,
    /// `^ti`, `^FB`: letters after a caret.
    pub(super) caret: bool,
    pub(super) letter: char,
}

#[derive(Clone)]
enum Modifier<'s> {
    Statuses,
    Original(bool),
    Argument(&'s str),
}

/// Reads a `LogFormat` string.
///
/// # Errors
/// A `%` with no letter behind it, an argument that does not close, a time layout with an unknown letter.
pub fn pieces(spec: &str) -> Result<Vec<Piece>, SpecError> {
    pieces_by(spec, meaning)
}

/// What a directive prints, with its column in the string.
pub(super) type Meaning = fn(&Raw<'_>, usize) -> Result<Vec<Piece>, SpecError>;

/// Reads a string of the same grammar in which the letters have other meanings.
pub(super) fn pieces_by(spec: &str, meaning: Meaning) -> Result<Vec<Piece>, SpecError> {
    let mut pieces = Vec::new();
    let mut rest = spec;
    while !rest.is_empty() {
        let position = spec.len() - rest.len();
        rest = if let Ok((after, text)) = text(rest) {
            pieces.push(Piece::Literal(text.into()));
            after
        } else {
            let wrong = |_| SpecError {
                message: "no directive follows this %, as in %h or %{User-Agent}i".into(),
                position,
            };
            let (after, raw) = raw(rest).map_err(wrong)?;
            pieces.extend(meaning(&raw, position)?);
            after
        };
    }
    Ok(pieces)
}

/// Literal text up to the next directive.
fn text(input: &str) -> IResult<&str, &str> {
    alt((
        value("%", (char('%'), char('%'))),
        value("\"", (char('\\'), char('"'))),
        value("\t", (char('\\'), char('t'))),
        value("\n", (char('\\'), char('n'))),
        value("\\", (char('\\'), char('\\'))),
        is_not("%\\"),
        value("\\", char('\\')),
    ))
    .parse(input)
}

fn raw(input: &str) -> IResult<&str, Raw<'_>> {
    let modifier = alt((
        value(Modifier::Statuses, is_a("0123456789,!")),
        map(alt((value(true, char('<')), value(false, char('>')))), Modifier::Original),
        map(delimited(char('{'), take_till(|letter| letter == '}'), char('}')), Modifier::Argument),
    ));
    let (input, modifiers) = preceded(char('%'), many0(modifier)).parse(input)?;
    let (input, caret) = opt(char('^')).parse(input)?;
    // After a caret the name has two letters, of which the second tells header from trailer.
    let (input, first) = anychar(input)?;
    let (input, letter) = if caret.is_some() { anychar(input)? } else { (input, first) };
    let mut raw = Raw { original: None, argument: None, caret: caret.is_some(), letter };
    for modifier in modifiers {
        match modifier {
            Modifier::Statuses => {}
            Modifier::Original(original) => raw.original = Some(original),
            Modifier::Argument(argument) => raw.argument = Some(argument),
        }
    }
    if raw.letter.is_ascii_alphabetic() { Ok((input, raw)) } else { Err(fail(input)) }
}

fn fail(input: &str) -> nom::Err<nom::error::Error<&str>> {
    nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Alpha))
}

/// What a directive prints. `%t` brings its own brackets.
pub(super) fn meaning(raw: &Raw<'_>, position: usize) -> Result<Vec<Piece>, SpecError> {
    let argument = raw.argument.unwrap_or_default();
    let lower = argument.to_ascii_lowercase();
    let (field, rank) = match (raw.letter, lower.as_str()) {
        _ if raw.caret => (Field::Opaque, 0),
        ('a', "") => (Field::Client, 0),
        ('h', _) => (Field::Client, 1),
        ('a', _) => (Field::Client, 2),
        ('i', "x-forwarded-for") => (Field::Forwarded, 0),
        ('i', "user-agent") => (Field::Agent, 0),
        ('i', "host") => (Field::Domain, 0),
        // With headers, and as sent over the network, wins over the size of the answer's body.
        ('O', _) => (Field::DestinationBytes { dash_is_zero: false }, 0),
        ('B', _) => (Field::DestinationBytes { dash_is_zero: false }, 1),
        ('b', _) => (Field::DestinationBytes { dash_is_zero: true }, 2),
        ('I', _) => (Field::SourceBytes, 0),
        ('r', _) => (Field::Request, 0),
        ('m', _) => (Field::Method, 0),
        ('U', _) => (Field::Path, 0),
        ('q', _) => (Field::Query, 0),
        ('s', _) => (Field::Status, u8::from(raw.original != Some(false))),
        ('u', _) => (Field::User, 0),
        ('v', _) => (Field::OwnName, 0),
        ('V', _) => (Field::OwnName, 1),
        ('A', _) => (Field::OwnIp, 0),
        ('p', "remote") => (Field::ClientPort, 0),
        ('p', _) => (Field::OwnPort, u8::from(lower == "local")),
        ('D', _) => (Field::Duration(1), 0),
        ('T', "us") => (Field::Duration(1), 0),
        ('T', "ms") => (Field::Duration(1_000), 1),
        ('T', _) => (Field::Duration(Span::SECOND.0), 2),
        ('t', _) => return stamp(argument, position),
        // %S is both ways together; the rest says nothing about a transfer.
        _ => (Field::Opaque, 0),
    };
    let directive = Directive::new(field, position).rank(rank).encoded(Encoding::Backslash);
    Ok(vec![Piece::Directive(directive)])
}

/// The stamp of `%{argument}t`.
pub(super) fn stamp(argument: &str, position: usize) -> Result<Vec<Piece>, SpecError> {
    let (end, layout) = match (argument.strip_prefix("begin:"), argument.strip_prefix("end:")) {
        (Some(layout), _) => (Stamped::Start, layout),
        (_, Some(layout)) => (Stamped::End, layout),
        _ => (Stamped::Start, argument),
    };
    let style = match layout {
        "" => Style::Clf,
        "sec" => Style::Epoch,
        "msec" => Style::EpochUnits(1_000),
        "usec" => Style::EpochUnits(1),
        "msec_frac" => Style::Fraction { unit: 1_000, decimals: true },
        "usec_frac" => Style::Fraction { unit: 1, decimals: true },
        _ => Style::Pattern(Pattern::new(layout, false).map_err(|at| {
            let message = format!(
                "the time layout {{{layout}}} holds a letter that is not known, at its byte {}",
                at + 1
            );
            SpecError { message, position }
        })?),
    };
    let bracketed = style == Style::Clf;
    let stamp = Piece::Directive(Directive::new(Field::Stamp(style, end), position));
    if !bracketed {
        return Ok(vec![stamp]);
    }
    Ok(vec![Piece::Literal(b"[".into()), stamp, Piece::Literal(b"]".into())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(spec: &str) -> Vec<(Field, u8)> {
        let directives = pieces(spec).unwrap().into_iter().filter_map(|piece| match piece {
            Piece::Directive(directive) => Some((directive.field, directive.rank)),
            Piece::Literal(_) => None,
        });
        directives.collect()
    }

    #[test]
    fn directives_with_all_their_modifiers() {
        let agent = vec![(Field::Agent, 0); 3];
        assert_eq!(fields("%{User-agent}i %400,501{User-Agent}i %!200,304{user-agent}i"), agent);
        assert_eq!(fields("%s %>s %<s"), [(Field::Status, 1), (Field::Status, 0), (Field::Status, 1)]);
        assert_eq!(fields("%^ti %^FB %S %k %{x}C %{UNIQUE_ID}e"), vec![(Field::Opaque, 0); 6]);
        assert_eq!(fields("%{c}a %{remote}p"), [(Field::Client, 2), (Field::ClientPort, 0)]);
        assert_eq!(fields("%{ms}T %T"), [(Field::Duration(1_000), 1), (Field::Duration(1_000_000), 2)]);
    }

    #[test]
    fn escapes_of_the_string() {
        let read: Vec<Piece> = pieces(r#"\"\t\\%%\q"#).unwrap();
        let text: Vec<u8> = read
            .into_iter()
            .flat_map(|piece| match piece {
                Piece::Literal(text) => text,
                Piece::Directive(_) => panic!(),
            })
            .collect();
        assert_eq!(text, b"\"\t\\%\\q");
    }

    #[test]
    fn errors_point_at_the_column() {
        for (spec, position) in [("%h %", 3), ("%h %{x", 3), ("%h %{%Q}t", 3), ("%h %é", 3), ("%^", 0)] {
            assert_eq!(pieces(spec).map_err(|error| error.position), Err(position), "{spec}");
        }
    }

    proptest! {
        #[test]
        fn no_string_panics(spec in "([%{}\\[\\]\"\\\\!<>^,:.a-zA-Z0-9 -]|\\PC){0,40}") {
            let _ = pieces(&spec);
        }
    }
}
