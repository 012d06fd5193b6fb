//! The grammar of HAProxy's `log-format`: `% [(name[:type])] [{±flags}] (alias | [expression])` among literal text.
//!
//! A backslash takes the next letter as it is, so that a string may be given as it stands in the configuration file.
//! `%{+Q}o` sets flags for all that follows. Requests come with `#22` for what might break a line, with backslashes
//! under `+E`; expressions come as they are, also inside quotes; numbers are never quoted. What is written in hexadecimal (`+X`) is passed over.

use super::escape::Encoding;
use super::field::{Directive, Field, Piece};
use super::stamp::Style;
use super::strftime::Pattern;
use crate::event::Stamped;
use crate::formats::SpecError;
use nom::branch::alt;
use nom::bytes::complete::{take_till, take_till1, take_while1};
use nom::character::complete::{anychar, char};
use nom::combinator::{map, opt, recognize};
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

/// A variable as it stands in the string.
struct Raw<'s> {
    flags: &'s str,
    what: What<'s>,
}

enum What<'s> {
    Alias(&'s str),
    Expression(&'s str),
}

#[derive(Clone, Copy, Default)]
struct Flags {
    quoted: bool,
    escaped: bool,
    hexadecimal: bool,
}

impl Flags {
    fn with(mut self, text: &str) -> Flags {
        for flag in text.split(',').map(str::trim) {
            let on = !flag.starts_with('-');
            match flag.trim_start_matches(['+', '-']) {
                "Q" => self.quoted = on,
                "E" => self.escaped = on,
                "X" => self.hexadecimal = on,
                _ => {}
            }
        }
        self
    }

    fn encoding(self) -> Encoding {
        match (self.quoted, self.escaped) {
            (true, true) => Encoding::Shell,
            (true, false) => Encoding::QuotedHash,
            (false, true) => Encoding::Backslash,
            (false, false) => Encoding::Hash,
        }
    }
}

/// The aliases that fill a field. `%t` is when the connection was accepted and `%tr` when the request began; `%Tt` is
/// counted from the one and `%Ta` from the other.
const ALIASES: &[(&str, u8, Field)] = &[
    ("ci", 0, Field::Client),
    ("cp", 0, Field::ClientPort),
    ("fi", 0, Field::OwnIp),
    ("fp", 0, Field::OwnPort),
    ("H", 0, Field::Observer),
    ("ST", 0, Field::Status),
    ("B", 0, Field::DestinationBytes { dash_is_zero: false }),
    ("U", 0, Field::SourceBytes),
    ("r", 0, Field::Request),
    ("HM", 0, Field::Method),
    ("HU", 0, Field::Url),
    ("HP", 0, Field::Path),
    ("HPO", 1, Field::Path),
    ("HQ", 0, Field::Query),
    ("Ta", 0, Field::Duration(1_000)),
    ("Tt", 1, Field::Duration(1_000)),
    ("Tu", 2, Field::Duration(1_000)),
    ("T", 0, Field::Stamp(Style::Clf, Stamped::Start)),
    ("Tl", 0, Field::Stamp(Style::Clf, Stamped::Start)),
    ("trg", 0, Field::Stamp(Style::Clf, Stamped::Start)),
    ("trl", 0, Field::Stamp(Style::Clf, Stamped::Start)),
    ("Ts", 0, Field::Stamp(Style::Epoch, Stamped::Start)),
    ("ms", 0, Field::Stamp(Style::Fraction { unit: 1_000, decimals: true }, Stamped::Start)),
    ("hr", 0, Field::Captures),
    ("hs", 0, Field::Captures),
];

/// Expressions that say the same; the first word is compared, without its arguments' blanks. What a variable holds is
/// its author's secret.
const EXPRESSIONS: &[(&str, u8, Field)] = &[
    ("src", 1, Field::Client),
    ("src_port", 1, Field::ClientPort),
    ("dst", 1, Field::OwnIp),
    ("dst_port", 1, Field::OwnPort),
    ("status", 1, Field::Status),
    ("method", 1, Field::Method),
    ("capture.req.method", 2, Field::Method),
    ("url", 1, Field::Url),
    ("capture.req.uri", 2, Field::Url),
    ("path", 2, Field::Path),
    ("pathq", 1, Field::Path),
    ("hostname", 1, Field::Observer),
    ("http_auth_user", 0, Field::User),
    ("ssl_fc_sni", 2, Field::Domain),
    ("req.ssl_sni", 3, Field::Domain),
    ("base.host", 1, Field::Domain),
    ("req.bytes_in", 1, Field::SourceBytes),
    ("res.bytes_out", 1, Field::DestinationBytes { dash_is_zero: false }),
];

/// The names under which an expression asks for a header of the request.
const HEADERS: &[&str] = &["req.hdr", "req.fhdr", "hdr", "fhdr", "req.hdr_ip", "hdr_ip"];

/// Reads a `log-format` string.
///
/// # Errors
/// A `%` with no variable behind it, an expression that does not close.
pub fn pieces(spec: &str) -> Result<Vec<Piece>, SpecError> {
    let mut pieces = Vec::new();
    let mut rest = spec;
    let mut flags = Flags::default();
    while !rest.is_empty() {
        let position = spec.len() - rest.len();
        if let Ok((after, text)) = literal(rest) {
            push_literal(&mut pieces, text.as_bytes());
            rest = after;
            continue;
        }
        let wrong =
            |_| SpecError { message: "no variable of HAProxy's log-format follows this %".into(), position };
        let (after, raw) = raw(rest).map_err(wrong)?;
        rest = after;
        let own = flags.with(raw.flags);
        match raw.what {
            What::Alias("o") => flags = own,
            What::Alias(name) => pieces.extend(alias(name, own, position)?),
            What::Expression(text) => pieces.push(expression(text, own, position)),
        }
    }
    Ok(join_captures(pieces))
}

/// Adds literal text as HAProxy writes it: blanks at the front are left out, and several are one.
fn push_literal(pieces: &mut Vec<Piece>, text: &[u8]) {
    if !matches!(pieces.last(), Some(Piece::Literal(_))) {
        pieces.push(Piece::Literal(Vec::new()));
    }
    let first = pieces.len() == 1;
    let Some(Piece::Literal(literal)) = pieces.last_mut() else { return };
    for byte in text {
        let after_blank = literal.last().map_or(first, |last| *last == b' ');
        if *byte != b' ' || !after_blank {
            literal.push(*byte);
        }
    }
}

fn literal(text: &str) -> IResult<&str, std::borrow::Cow<'_, str>> {
    alt((
        map(preceded(char('\\'), anychar), |letter| match letter {
            'n' => "\n".into(),
            't' => "\t".into(),
            'r' => "\r".into(),
            other => other.to_string().into(),
        }),
        map((char('%'), char('%')), |_| "%".into()),
        map(take_till1(|letter| letter == '%' || letter == '\\'), Into::into),
        map(recognize(char('\\')), Into::into),
    ))
    .parse(text)
}

fn raw(text: &str) -> IResult<&str, Raw<'_>> {
    let name = delimited(char('('), take_till(|letter| letter == ')'), char(')'));
    let flags = delimited(char('{'), take_till(|letter| letter == '}'), char('}'));
    let (text, _) = char('%')(text)?;
    let (text, _) = opt(name).parse(text)?;
    let (text, flags) = opt(flags).parse(text)?;
    let alias = map(take_while1(|letter: char| letter.is_ascii_alphabetic()), What::Alias);
    let (text, what) = alt((map(bracketed, What::Expression), alias)).parse(text)?;
    Ok((text, Raw { flags: flags.unwrap_or_default(), what }))
}

/// `[…]`, with brackets in pairs or in quotes inside.
fn bracketed(text: &str) -> IResult<&str, &str> {
    let (inner, _) = char('[')(text)?;
    let mut depth = 1_u32;
    let mut quote = None;
    for (at, letter) in inner.char_indices() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '[') => depth += 1,
            (None, ']') => depth -= 1,
            (None, _) => {}
        }
        if depth == 0 {
            let (expression, rest) = inner.split_at(at);
            return Ok((rest.get(1..).unwrap_or_default(), expression));
        }
    }
    Err(nom::Err::Error(nom::error::Error::new(text, nom::error::ErrorKind::Char)))
}

fn alias(name: &str, flags: Flags, position: usize) -> Result<Vec<Piece>, SpecError> {
    if let "t" | "tr" = name {
        // Local time without a zone: `29/Mar/2023:01:02:03.456`.
        let pattern = Pattern::new("%d/%b/%Y:%H:%M:%S", false).map_err(|at| SpecError {
            message: "HAProxy's own time layout is not known".into(),
            position: at,
        })?;
        let decimals = Style::Fraction { unit: 1_000, decimals: true };
        let stamp = |style| Piece::Directive(Directive::new(Field::Stamp(style, Stamped::Start), position));
        return Ok(vec![stamp(Style::Pattern(pattern)), Piece::Literal(b".".into()), stamp(decimals)]);
    }
    // A name that goes on is HAProxy's mistake to find (`%cix`); only whole names are known here.
    let known = ALIASES.iter().find(|(known, ..)| *known == name);
    let (field, rank) = known.map_or((Field::Opaque, 0), |(_, rank, field)| (field.clone(), *rank));
    Ok(vec![Piece::Directive(directive(field, rank, flags, position))])
}

fn expression(text: &str, flags: Flags, position: usize) -> Piece {
    // Converters (`,lower`) may turn anything into anything; those that keep the meaning are let through.
    let (fetch, converters) = text.split_at(first_comma(text));
    let converters = converters.strip_prefix(',').unwrap_or_default();
    let head = fetch.split('(').next().unwrap_or_default().trim();
    let keeps = |name: &str| matches!(name.trim(), "" | "lower" | "upper");
    let argument = fetch
        .split_once('(')
        .and_then(|(_, rest)| rest.split([',', ')']).next())
        .unwrap_or_default()
        .trim_matches(['"', '\'', ' ']);
    let (field, rank) = if !converters.split(',').all(keeps) {
        (Field::Opaque, 0)
    } else if HEADERS.contains(&head) {
        match argument.to_ascii_lowercase().as_str() {
            "user-agent" => (Field::Agent, 0),
            "host" => (Field::Domain, 0),
            "x-forwarded-for" => (Field::Forwarded, 0),
            _ => (Field::Opaque, 0),
        }
    } else {
        let known = EXPRESSIONS.iter().find(|(known, ..)| *known == head);
        known.map_or((Field::Opaque, 0), |(_, rank, field)| (field.clone(), *rank))
    };
    let encoding = match flags.encoding() {
        Encoding::QuotedHash => Encoding::Quoted,
        Encoding::Hash => Encoding::Raw,
        escaped => escaped,
    };
    let directive = directive(field, rank, flags, position);
    Piece::Directive(Directive { encoding, ..directive })
}

/// Where the sample ends and its converters begin: the first comma outside parentheses.
fn first_comma(text: &str) -> usize {
    let mut depth = 0_u32;
    let outside = |letter: char| {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    };
    text.find(outside).unwrap_or(text.len())
}

fn directive(field: Field, rank: u8, flags: Flags, position: usize) -> Directive {
    match field {
        Field::Stamp(Style::Epoch, _) | Field::Client | Field::ClientPort | Field::OwnIp | Field::OwnPort
            if flags.hexadecimal =>
        {
            Directive::new(Field::Opaque, position)
        }
        Field::Captures if flags.quoted => Directive::new(Field::Opaque, position).encoded(flags.encoding()),
        Field::Captures | Field::Stamp(..) => Directive::new(field, position).rank(rank),
        _ => Directive::new(field, position).rank(rank).encoded(flags.encoding()),
    }
}

/// Whether a piece is captured headers.
pub fn is_captures(piece: &Piece) -> bool {
    matches!(piece, Piece::Directive(Directive { field: Field::Captures, .. }))
}

/// Captures that were not asked for leave nothing in the line, not even the blank behind them, so blanks between
/// captures and what follows belong to the captures.
fn join_captures(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match (&piece, joined.last()) {
            (Piece::Literal(text), Some(last)) if is_captures(last) => {
                let rest = text.trim_ascii_start();
                if !rest.is_empty() {
                    joined.push(Piece::Literal(rest.into()));
                }
            }
            (_, Some(last)) if is_captures(&piece) && is_captures(last) => {}
            _ => joined.push(piece),
        }
    }
    joined
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

    fn literals(spec: &str) -> Vec<u8> {
        let literals = pieces(spec).unwrap().into_iter().filter_map(|piece| match piece {
            Piece::Directive(_) => None,
            Piece::Literal(text) => Some(text),
        });
        literals.flatten().collect()
    }

    #[test]
    fn variables_in_every_spelling() {
        let bytes = Field::DestinationBytes { dash_is_zero: false };
        assert_eq!(
            fields("%B %{+Q}U %(up)U %(n:int){+X}pid"),
            [bytes, Field::SourceBytes, Field::SourceBytes, Field::Opaque]
        );
        assert_eq!(fields("%[src] %[ src , lower ]"), [Field::Client, Field::Client]);
        assert_eq!(
            fields("%[req.hdr(User-Agent)] %{+Q}[hdr(host),lower] %[req.fhdr(\"x-forwarded-for\",1)]"),
            [Field::Agent, Field::Domain, Field::Forwarded]
        );
        assert_eq!(
            fields("%[src,ipmask(24)] %[var(txn.a]b)] %[rand(9),concat(\"]\",src)]%%"),
            // The bracket inside is not in quotes, so HAProxy too ends the expression there.
            [Field::Opaque, Field::Opaque, Field::Opaque]
        );
        assert_eq!(fields("%{+X}ci %{+X}o %ci %{-X}o%ci"), [Field::Opaque, Field::Opaque, Field::Client]);
    }

    #[test]
    fn literals_and_escapes() {
        assert_eq!(literals(r#"{\ \"a\\\":%ci%%\}"#), br#"{ "a\":%}"#);
        assert_eq!(literals("%sq/%bq %hr %hs %{+Q}r"), b"/ ");
        assert_eq!(fields("%bq %hr %hs %r"), [Field::Opaque, Field::Captures, Field::Request]);
    }

    #[test]
    fn flags_decide_the_encoding() {
        let encodings = |spec: &str| -> Vec<Encoding> {
            let directives = pieces(spec).unwrap().into_iter().filter_map(|piece| match piece {
                Piece::Directive(directive) => Some(directive.encoding),
                Piece::Literal(_) => None,
            });
            directives.collect()
        };
        assert_eq!(
            encodings("%r %{+Q}r %{+Q,+E}r %{+E}r"),
            [Encoding::Hash, Encoding::QuotedHash, Encoding::Shell, Encoding::Backslash]
        );
        assert_eq!(encodings("%{+Q}o %r %{-Q}r"), [Encoding::QuotedHash, Encoding::Hash]);
    }

    #[test]
    fn errors_point_at_the_column() {
        for (spec, position) in [("%ci %", 4), ("%ci %[src", 4), ("%ci %{+Q r", 4), ("%-", 0)] {
            assert_eq!(pieces(spec).map_err(|error| error.position), Err(position), "{spec}");
        }
    }

    proptest! {
        #[test]
        fn no_string_panics(spec in "([%{}\\[\\]\"'\\\\+,():.a-zA-Z0-9 -]|\\PC){0,40}") {
            let _ = pieces(&spec);
        }
    }
}
