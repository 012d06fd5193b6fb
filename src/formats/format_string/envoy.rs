//! The grammar of Envoy's access log format: `%COMMAND(argument):length%` among literal text.
//!
//! `\n` and `\"` are read as YAML reads them, so that a string may be given as it stands in the configuration. A header
//! may have a second name to fall back to (`%REQ(X?Y)%`); the first that means something here decides.

use super::field::{Directive, Field, Piece};
use super::stamp::Style;
use super::strftime::Pattern;
use crate::event::Stamped;
use crate::formats::SpecError;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_till1, take_while1};
use nom::character::complete::{char, digit1};
use nom::combinator::{map, opt, recognize, value};
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

/// A command as it stands in the string.
struct Command<'s> {
    name: &'s str,
    argument: &'s str,
}

/// The commands that fill a field. The bytes of bodies come before those of the wire, which are zero where Envoy
/// relays TCP.
const COMMANDS: &[(&str, u8, Field)] = &[
    ("BYTES_RECEIVED", 0, Field::SourceBytes),
    ("DOWNSTREAM_WIRE_BYTES_RECEIVED", 1, Field::SourceBytes),
    ("BYTES_SENT", 0, Field::DestinationBytes { dash_is_zero: false }),
    ("DOWNSTREAM_WIRE_BYTES_SENT", 1, Field::DestinationBytes { dash_is_zero: false }),
    ("DURATION", 0, Field::Duration(1_000)),
    ("RESPONSE_CODE", 0, Field::Status),
    ("DOWNSTREAM_REMOTE_ADDRESS", 0, Field::ClientAuthority),
    ("DOWNSTREAM_DIRECT_REMOTE_ADDRESS", 1, Field::ClientAuthority),
    ("DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", 0, Field::Client),
    ("DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT", 1, Field::Client),
    ("DOWNSTREAM_REMOTE_PORT", 0, Field::ClientPort),
    ("DOWNSTREAM_DIRECT_REMOTE_PORT", 1, Field::ClientPort),
    ("DOWNSTREAM_LOCAL_ADDRESS", 0, Field::OwnAuthority),
    ("DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", 0, Field::OwnIp),
    ("DOWNSTREAM_LOCAL_PORT", 0, Field::OwnPort),
    ("REQUESTED_SERVER_NAME", 2, Field::Domain),
    ("UPSTREAM_HOST", 0, Field::Upstream),
    ("UPSTREAM_REMOTE_ADDRESS", 1, Field::Upstream),
    ("PATH", 1, Field::Url),
    ("HOSTNAME", 0, Field::Observer),
];

/// The headers of a request that fill a field.
const HEADERS: &[(&str, u8, Field)] = &[
    (":method", 0, Field::Method),
    (":path", 1, Field::Url),
    ("x-envoy-original-path", 0, Field::Url),
    (":authority", 0, Field::Domain),
    ("host", 1, Field::Domain),
    ("x-forwarded-for", 0, Field::Forwarded),
    ("x-envoy-external-address", 1, Field::Forwarded),
    ("user-agent", 0, Field::Agent),
];

/// Reads an access log format.
///
/// # Errors
/// A `%` with no command behind it, a command that does not close, a time layout with an unknown letter.
pub fn pieces(spec: &str) -> Result<Vec<Piece>, SpecError> {
    let mut pieces = Vec::new();
    let mut rest = spec;
    while !rest.is_empty() {
        let position = spec.len() - rest.len();
        if let Ok((after, text)) = literal(rest) {
            pieces.push(Piece::Literal(text.into()));
            rest = after;
            continue;
        }
        let wrong = |_| SpecError {
            message: "no command of Envoy's access log format follows this %, as in %BYTES_SENT%".into(),
            position,
        };
        let (after, command) = command(rest).map_err(wrong)?;
        pieces.extend(meaning(&command, position)?);
        rest = after;
    }
    Ok(pieces)
}

fn literal(text: &str) -> IResult<&str, &str> {
    alt((
        value("%", tag("%%")),
        value("\n", tag("\\n")),
        value("\t", tag("\\t")),
        value("\"", tag("\\\"")),
        take_till1(|letter| letter == '%' || letter == '\\'),
        recognize(char('\\')),
    ))
    .parse(text)
}

fn command(text: &str) -> IResult<&str, Command<'_>> {
    let name =
        take_while1(|letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_');
    // Time layouts hold percent signs, but no parenthesis.
    let argument = delimited(char('('), take_till(|letter| letter == ')'), char(')'));
    let length = preceded(char(':'), digit1);
    let inner = (name, opt(argument), opt(length));
    let command = map(inner, |(name, argument, _)| Command { name, argument: argument.unwrap_or_default() });
    delimited(char('%'), command, char('%')).parse(text)
}

fn meaning(command: &Command<'_>, position: usize) -> Result<Vec<Piece>, SpecError> {
    let (field, rank) = match command.name {
        "START_TIME" | "START_TIME_LOCAL" => {
            return stamp(command, Stamped::Start, command.name == "START_TIME", position);
        }
        "EMIT_TIME" | "EMIT_TIME_LOCAL" => {
            return stamp(command, Stamped::End, command.name == "EMIT_TIME", position);
        }
        "REQ" | "REQ_WITHOUT_QUERY" => {
            let names = command.argument.split('?').map(str::to_ascii_lowercase);
            let known = |name: String| HEADERS.iter().find(|(known, ..)| *known == name.trim());
            names
                .into_iter()
                .find_map(known)
                .map_or((Field::Opaque, 0), |(_, rank, field)| (field.clone(), *rank))
        }
        name => {
            let known = COMMANDS.iter().find(|(known, ..)| *known == name);
            known.map_or((Field::Opaque, 0), |(_, rank, field)| (field.clone(), *rank))
        }
    };
    Ok(vec![Piece::Directive(Directive::new(field, position).rank(rank))])
}

/// `2023-03-29T01:02:03.456Z`, or a layout of `strftime(3)` with `%f` and `%3f` for what is below the second.
fn stamp(command: &Command<'_>, end: Stamped, utc: bool, position: usize) -> Result<Vec<Piece>, SpecError> {
    let directive = |style| Piece::Directive(Directive::new(Field::Stamp(style, end), position));
    if command.argument.is_empty() {
        return Ok(vec![directive(Style::Iso)]);
    }
    let mut pieces = Vec::new();
    let mut rest = command.argument;
    while !rest.is_empty() {
        let (layout, digits, after) = fraction(rest);
        pieces.extend(
            parts(layout, utc).map_err(|message| SpecError { message, position })?.into_iter().map(|part| {
                match part {
                    Part::Text(text) => Piece::Literal(text),
                    Part::Stamp(style) => directive(style),
                }
            }),
        );
        if let Some(digits) = digits {
            // Digits past the sixth are below what is kept; a style for nine is not worth having.
            let unit = 10_i64.checked_pow(6_u32.saturating_sub(digits)).filter(|_| digits <= 6);
            pieces.push(match unit {
                Some(unit) => directive(Style::Fraction { unit, decimals: true }),
                None => Piece::Directive(Directive::new(Field::Opaque, position)),
            });
        }
        rest = after;
    }
    Ok(pieces)
}

enum Part {
    Text(Vec<u8>),
    Stamp(Style),
}

/// A layout without fractions; the literal text at its end stands apart, so that `seconds.` and a fraction can be joined.
fn parts(layout: &str, utc: bool) -> Result<Vec<Part>, String> {
    let flags = |rest: &str| rest.len() - rest.trim_start_matches(['-', '_', '0', '^', 'E', 'O']).len();
    let last = layout.rfind('%').map_or(0, |at| at + 2 + layout.get(at + 1..).map_or(0, flags));
    let (layout, tail) = layout.split_at_checked(last).unwrap_or((layout, ""));
    let mut parts = Vec::new();
    match layout {
        "" => {}
        "%s" => parts.push(Part::Stamp(Style::Epoch)),
        layout => parts.push(Part::Stamp(Style::Pattern(Pattern::new(layout, utc).map_err(|at| {
            format!("the time layout ({layout}) holds a letter that is not known, at its byte {}", at + 1)
        })?))),
    }
    if !tail.is_empty() {
        parts.push(Part::Text(tail.into()));
    }
    Ok(parts)
}

/// What stands before the first `%f`, `%3f`, …, how many digits that has, and what follows.
fn fraction(layout: &str) -> (&str, Option<u32>, &str) {
    for (at, _) in layout.match_indices('%') {
        let rest = layout.get(at + 1..).unwrap_or_default();
        let digits = rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        if let Some(after) = rest.get(digits..).and_then(|rest| rest.strip_prefix('f')) {
            let count = rest.get(..digits).and_then(|digits| digits.parse().ok()).unwrap_or(9);
            return (layout.get(..at).unwrap_or_default(), Some(count), after);
        }
    }
    (layout, None, "")
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
    fn commands_with_arguments_and_lengths() {
        assert_eq!(
            fields("%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %REQ(X?USER-AGENT):80% %RESP(SERVER)%"),
            [Field::Method, Field::Url, Field::Agent, Field::Opaque]
        );
        assert_eq!(
            fields("%BYTES_RECEIVED%%%%BYTES_SENT% %DYNAMIC_METADATA(a.b:c):9% %FILTER_STATE(x:PLAIN)%"),
            [
                Field::SourceBytes,
                Field::DestinationBytes { dash_is_zero: false },
                Field::Opaque,
                Field::Opaque
            ]
        );
    }

    #[test]
    fn time_layouts() {
        assert_eq!(fields("%START_TIME%"), [Field::Stamp(Style::Iso, Stamped::Start)]);
        let fraction = |unit| Field::Stamp(Style::Fraction { unit, decimals: true }, Stamped::Start);
        assert_eq!(
            fields("%START_TIME(%s.%3f)%"),
            [Field::Stamp(Style::Epoch, Stamped::Start), fraction(1_000)]
        );
        assert_eq!(fields("%START_TIME(%Y/%m/%dT%H:%M:%S.%6f%z)%").get(1), Some(&fraction(1)));
        assert_eq!(fields("%EMIT_TIME(%F %T %f)%").get(1), Some(&Field::Opaque));
    }

    #[test]
    fn errors_point_at_the_column() {
        for (spec, position) in
            [("a %", 2), ("%bytes%", 0), ("%BYTES_SENT", 0), ("%REQ(:PATH%", 0), ("%START_TIME(%Q)%", 0)]
        {
            assert_eq!(pieces(spec).map_err(|error| error.position), Err(position), "{spec}");
        }
    }

    proptest! {
        #[test]
        fn no_string_panics(spec in "(%|%%|REQ|START_TIME|[()?:%\\\\a-zA-Z0-9_]|\\PC){0,40}") {
            let _ = pieces(&spec);
        }

        #[test]
        fn no_time_layout_panics(layout in "[%.a-zA-Z0-9: -]{0,20}|\\PC{0,9}") {
            let _ = pieces(&format!("%START_TIME({layout})%"));
        }
    }
}
