//! The grammar of nginx's `log_format`: `$name` and `${name}` among literal text, after an optional `escape=…`.
//!
//! A string that lays out JSON is read as any other: its braces and names are literal text.

use super::escape::Encoding;
use super::field::{Directive, Field, Piece};
use super::stamp::Style;
use crate::event::Stamped;
use crate::formats::SpecError;
use crate::units::Span;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_till1, take_while1};
use nom::character::complete::{char, space1};
use nom::combinator::{opt, value};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

/// A variable's name, its rank and what it fills.
pub type Variable = (&'static str, u8, Field);

/// The variables that fill a field.
pub const VARIABLES: &[Variable] = &[
    ("remote_addr", 0, Field::Client),
    ("realip_remote_addr", 1, Field::Client),
    ("proxy_protocol_addr", 2, Field::Client),
    ("http_x_forwarded_for", 0, Field::Forwarded),
    ("proxy_add_x_forwarded_for", 1, Field::Forwarded),
    ("remote_port", 0, Field::ClientPort),
    ("realip_remote_port", 1, Field::ClientPort),
    ("remote_user", 0, Field::User),
    ("time_local", 0, Field::Stamp(Style::Clf, Stamped::End)),
    ("time_iso8601", 0, Field::Stamp(Style::Iso, Stamped::End)),
    ("msec", 0, Field::Stamp(Style::Epoch, Stamped::End)),
    ("request", 0, Field::Request),
    ("request_method", 0, Field::Method),
    ("request_uri", 0, Field::Url),
    ("uri", 0, Field::Path),
    ("document_uri", 1, Field::Path),
    ("args", 0, Field::Query),
    ("query_string", 0, Field::Query),
    ("is_args", 0, Field::Query),
    ("host", 0, Field::Domain),
    ("http_host", 1, Field::Domain),
    ("ssl_server_name", 2, Field::Domain),
    ("server_name", 0, Field::OwnName),
    ("server_addr", 0, Field::OwnIp),
    ("server_port", 0, Field::OwnPort),
    ("hostname", 0, Field::Observer),
    ("status", 0, Field::Status),
    // With headers wins over the body alone.
    ("bytes_sent", 0, Field::DestinationBytes { dash_is_zero: false }),
    ("body_bytes_sent", 1, Field::DestinationBytes { dash_is_zero: false }),
    ("request_length", 0, Field::SourceBytes),
    ("request_time", 0, Field::Duration(Span::SECOND.0)),
    ("http_user_agent", 0, Field::Agent),
];

/// Reads a `log_format` string.
///
/// # Errors
/// A `$` with no name behind it.
pub fn pieces(spec: &str) -> Result<Vec<Piece>, SpecError> {
    let (rest, encoding) = opt(escape).parse(spec).unwrap_or((spec, None));
    let shift = spec.len() - rest.len();
    let moved = |error: SpecError| SpecError { position: error.position + shift, ..error };
    let mut pieces = read(rest, VARIABLES, encoding.unwrap_or(Encoding::Backslash)).map_err(moved)?;
    for piece in &mut pieces {
        if let Piece::Directive(directive) = piece {
            directive.position += shift;
        }
    }
    Ok(pieces)
}

/// Reads a string in the same grammar with other variables: the layouts that a provider has fixed are written down so.
/// There a value is one word unless it stands in quotes or is what a client says in words.
///
/// # Errors
/// As [`pieces`].
pub fn pieces_of(spec: &str, variables: &[Variable], encoding: Encoding) -> Result<Vec<Piece>, SpecError> {
    let mut pieces = read(spec, variables, encoding)?;
    let mut quoted = false;
    for piece in &mut pieces {
        match piece {
            Piece::Literal(text) => quoted = text.ends_with(b"\""),
            Piece::Directive(directive) => {
                let words = matches!(
                    directive.field,
                    Field::Request | Field::ServedRequest | Field::Url | Field::Path | Field::Agent
                );
                directive.one_word = !quoted && !words;
            }
        }
    }
    Ok(pieces)
}

fn read(spec: &str, variables: &[Variable], encoding: Encoding) -> Result<Vec<Piece>, SpecError> {
    let mut rest = spec;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let position = spec.len() - rest.len();
        if let Ok((after, text)) = literal(rest) {
            pieces.push(Piece::Literal(text.into()));
            rest = after;
            continue;
        }
        let wrong = |_| SpecError { message: "no variable's name follows this $".into(), position };
        let (after, name) = variable(rest).map_err(wrong)?;
        let known = variables.iter().find(|(known, ..)| *known == name);
        let (field, rank) = match known {
            Some((_, rank, field)) => (field.clone(), *rank),
            None if name.starts_with("upstream_") => (Field::OpaqueList, 0),
            None => (Field::Opaque, 0),
        };
        pieces.push(Piece::Directive(Directive::new(field, position).rank(rank).encoded(encoding)));
        rest = after;
    }
    Ok(pieces)
}

/// `escape=default`, `escape=json`, `escape=none`, as it may stand before the string.
fn escape(text: &str) -> IResult<&str, Encoding> {
    let kind = alt((
        value(Encoding::Backslash, tag("default")),
        value(Encoding::Backslash, tag("json")),
        value(Encoding::Raw, tag("none")),
    ));
    delimited(tag("escape="), kind, space1).parse(text)
}

fn literal(text: &str) -> IResult<&str, &str> {
    take_till1(|letter| letter == '$')(text)
}

fn variable(text: &str) -> IResult<&str, &str> {
    let name = |text| take_while1(|letter: char| letter.is_ascii_alphanumeric() || letter == '_')(text);
    preceded(char('$'), alt((preceded(char('{'), terminated(name, char('}'))), name))).parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn variables_in_both_spellings() {
        let read = pieces("a${bytes_sent}b $request_length\t$upstream_addr").unwrap();
        let fields: Vec<Field> = read
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Directive(directive) => Some(directive.field),
                Piece::Literal(_) => None,
            })
            .collect();
        assert_eq!(
            fields,
            [Field::DestinationBytes { dash_is_zero: false }, Field::SourceBytes, Field::OpaqueList]
        );
    }

    #[test]
    fn escape_parameter() {
        let encoding = |spec| match pieces(spec).unwrap().into_iter().next() {
            Some(Piece::Directive(directive)) => directive.encoding,
            _ => panic!(),
        };
        assert_eq!(encoding("escape=none $request"), Encoding::Raw);
        assert_eq!(encoding("escape=json $request"), Encoding::Backslash);
        assert_eq!(encoding("$request"), Encoding::Backslash);
    }

    #[test]
    fn errors_point_at_the_column() {
        for (spec, position) in [("$", 0), ("$status $", 8), ("a ${status", 2), ("$-", 0)] {
            assert_eq!(pieces(spec).map_err(|error| error.position), Err(position), "{spec}");
        }
    }

    proptest! {
        #[test]
        fn no_string_panics(spec in "([${}_=\"a-z ]|\\PC){0,40}") {
            let _ = pieces(&spec);
        }
    }
}
