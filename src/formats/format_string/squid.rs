//! The grammar of Squid's `logformat`: `% [encoding] [-] [[0]width] [.max] [{arg}] code [{arg}]` among literal text.
//!
//! Codes are found as Squid finds them: a name space (`ssl::`, `http::`) if there is one, then the longest code that
//! the text begins with. A code that is not known is passed over up to the literal behind it.

mod codes;

use super::escape::Encoding;
use super::field::{Directive, Field, Padding, Piece};
use super::stamp::Style;
use super::strftime::Pattern;
use crate::event::Stamped;
use crate::formats::SpecError;
use codes::{CODES, OTHERS};
use nom::branch::alt;
use nom::bytes::complete::{take_till, take_till1, take_while1};
use nom::character::complete::{char, digit0, digit1, one_of};
use nom::combinator::{opt, recognize};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

/// A code as it stands in the string.
struct Code<'s> {
    encoding: Option<char>,
    left: bool,
    zero: bool,
    width: usize,
    most: usize,
    argument: Option<&'s str>,
    space: Option<&'s str>,
    /// What follows the name space; the code is at its front.
    rest: &'s str,
}

/// Reads a `logformat` string.
///
/// # Errors
/// A `%` with no code behind it, a time layout with an unknown letter.
pub fn pieces(spec: &str) -> Result<Vec<Piece>, SpecError> {
    let mut pieces = Vec::new();
    let mut rest = spec;
    let mut quoting = None;
    while !rest.is_empty() {
        let position = spec.len() - rest.len();
        if let Ok((after, text)) = literal(rest) {
            quoting = quoting_after(quoting, text);
            pieces.push(Piece::Literal(text.into()));
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix("%%") {
            pieces.push(Piece::Literal(b"%".into()));
            rest = after;
            continue;
        }
        let wrong = || SpecError { message: "no code of Squid's logformat follows this %".into(), position };
        let (_, code) = code(rest).map_err(|_| wrong())?;
        let (directive, after) = directive(code, quoting, position)?.ok_or_else(wrong)?;
        pieces.push(Piece::Directive(directive));
        rest = after;
    }
    Ok(pieces)
}

fn literal(text: &str) -> IResult<&str, &str> {
    take_till1(|letter| letter == '%')(text)
}

/// Squid chooses the encoding of a code by the quotes and brackets around it.
fn quoting_after(before: Option<char>, literal: &str) -> Option<char> {
    literal.chars().fold(before, |state, letter| match (state, letter) {
        (None, '"' | '[') => Some(letter),
        (Some('"'), '"') | (Some('['), ']') => None,
        _ => state,
    })
}

fn argument(text: &str) -> IResult<&str, &str> {
    // Layouts of time hold no brace; header arguments neither.
    delimited(char('{'), take_till(|letter| letter == '}'), char('}')).parse(text)
}

fn code(text: &str) -> IResult<&str, Code<'_>> {
    let (text, _) = char('%')(text)?;
    let (text, encoding) = opt(one_of("\"['#/")).parse(text)?;
    let (text, left) = opt(char('-')).parse(text)?;
    let (text, zero) = opt(char('0')).parse(text)?;
    let (text, width) = digit0(text)?;
    let (text, most) = opt(preceded(char('.'), digit1)).parse(text)?;
    let (text, argument) = opt(argument).parse(text)?;
    let names = take_while1(|letter: char| letter.is_ascii_lowercase() || letter == '_');
    let (rest, space) = opt(terminated(names, (char(':'), char(':')))).parse(text)?;
    let code = Code {
        encoding,
        left: left.is_some(),
        zero: zero.is_some(),
        width: width.parse().unwrap_or_default(),
        most: most.and_then(|most| most.parse().ok()).unwrap_or_default(),
        argument,
        space,
        rest,
    };
    Ok((rest, code))
}

/// What a code fills, and what follows it; `None` if there is no code.
fn directive<'s>(
    code: Code<'s>,
    quoting: Option<char>,
    position: usize,
) -> Result<Option<(Directive, &'s str)>, SpecError> {
    let (field, rank, rest) = match field(&code, position)? {
        Some(found) => found,
        None => return Ok(None),
    };
    let (rest, _) = opt(argument).parse(rest).unwrap_or((rest, None));
    let encoding = match code.encoding.or(quoting) {
        Some('"') => Encoding::Backslash,
        Some('/') => Encoding::Shell,
        Some('\'') => Encoding::Raw,
        // Without an encoding Squid writes %20 for a blank in headers, and its own formats do so in user names.
        _ if matches!(field, Field::User | Field::Agent) => Encoding::Percent,
        Some('[' | '#') if field != Field::Url => Encoding::Percent,
        _ => Encoding::Raw,
    };
    let padding = match (code.width, code.left) {
        (0, _) => Padding::None,
        (_, true) => Padding::Right,
        (_, false) if code.zero => Padding::None,
        (_, false) => Padding::Left,
    };
    Ok(Some((Directive { padding, ..Directive::new(field, position).rank(rank).encoded(encoding) }, rest)))
}

fn field<'s>(code: &Code<'s>, position: usize) -> Result<Option<(Field, u8, &'s str)>, SpecError> {
    let text = code.rest;
    match code.space {
        None | Some("http") => {}
        Some("ssl" | "tls") if text.starts_with(">sni") => {
            return Ok(text.get(4..).map(|rest| (Field::Sni, 0, rest)));
        }
        // Adaptation servers and certificates: not the client's transfer, even where the codes look alike.
        Some(_) => return Ok(unknown(text)),
    }
    let after = |name: &str| text.strip_prefix(name);
    if let Some(rest) = after(">ha").or(after(">h").filter(|rest| !rest.starts_with("andshake"))) {
        let argument = code.argument.or(argument(rest).ok().map(|(_, name)| name)).unwrap_or_default();
        let field = match argument.to_ascii_lowercase().as_str() {
            "user-agent" => Field::Agent,
            "host" => Field::Domain,
            _ => Field::Opaque,
        };
        return Ok(Some((field, 2, rest)));
    }
    if let Some(rest) = after("tl").or(after("tg")) {
        let layout = code.argument.or(argument(rest).ok().map(|(_, layout)| layout));
        let style =
            stamp(layout, text.starts_with("tg")).map_err(|message| SpecError { message, position })?;
        return Ok(Some((Field::Stamp(style, Stamped::End), 0, rest)));
    }
    if let Some(rest) = after("tu") {
        // A maximum width says how many decimals are meant; three otherwise.
        let digits = if code.most == 0 { 3 } else { code.most.min(6) };
        let unit = 10_i64.pow(6 - u32::try_from(digits).unwrap_or(3));
        let style = Style::Fraction { unit, decimals: code.zero && code.width == digits };
        return Ok(Some((Field::Stamp(style, Stamped::End), 0, rest)));
    }
    let known = CODES.iter().map(|(name, rank, field)| (*name, *rank, field));
    let known = known.chain(OTHERS.iter().map(|name| (*name, 0, &Field::Opaque)));
    let longest = known.filter(|(name, ..)| text.starts_with(name)).max_by_key(|(name, ..)| name.len());
    Ok(match longest {
        Some((name, rank, field)) => text.get(name.len()..).map(|rest| (field.clone(), rank, rest)),
        None => unknown(text),
    })
}

fn unknown(text: &str) -> Option<(Field, u8, &str)> {
    let word = take_while1(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
    let mut name = recognize((opt(alt((char('<'), char('>')))), word));
    let parsed: IResult<&str, &str> = name.parse(text);
    parsed.ok().map(|(rest, _)| (Field::Opaque, 0, rest))
}

/// `%tl` and `%tg`: local time and UTC, by default as the common log format writes it. Squid before 3.2 left the zone out
/// of `%tg`, and a stamp that is no common log stamp is refused line by line.
fn stamp(layout: Option<&str>, utc: bool) -> Result<Style, String> {
    match layout {
        None => Ok(Style::Clf),
        Some(layout) => Pattern::new(layout, utc).map(Style::Pattern).map_err(|at| {
            format!("the time layout {{{layout}}} holds a letter that is not known, at its byte {}", at + 1)
        }),
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
    fn codes_with_all_their_modifiers() {
        assert_eq!(fields("%>st %http::>st %'-10.20>st %#05>st"), vec![Field::SourceBytes; 4]);
        assert_eq!(fields("%st %icap::>st %>sh %adapt::sum_trs %made_up"), vec![Field::Opaque; 5]);
        assert_eq!(
            fields("%{User-Agent}>h %\">h{user-agent} %{Referer}>h"),
            [Field::Agent, Field::Agent, Field::Opaque]
        );
        assert_eq!(
            fields("%ssl::>sni %>handshake %{X:y}note %%"),
            [Field::Sni, Field::Opaque, Field::Opaque]
        );
        assert_eq!(fields("%>la%>lp%>a"), [Field::Opaque, Field::Opaque, Field::Client]);
    }

    #[test]
    fn encodings_and_padding() {
        let Some(Piece::Directive(first)) = pieces("\"%un\"").unwrap().into_iter().nth(1) else { panic!() };
        assert_eq!(first.encoding, Encoding::Backslash);
        let Some(Piece::Directive(first)) = pieces("%[-9un").unwrap().into_iter().next() else { panic!() };
        assert_eq!((first.encoding, first.padding), (Encoding::Percent, Padding::Right));
    }

    #[test]
    fn errors_point_at_the_column() {
        for (spec, position) in [("%>a %", 4), ("%ts %{%Q}tl", 4), ("abc %?", 4), ("%[", 0), ("%-9[un", 0)] {
            assert_eq!(pieces(spec).map_err(|error| error.position), Err(position), "{spec}");
        }
    }

    proptest! {
        #[test]
        fn no_string_panics(spec in "([%{}\\[\\]\"'#/<>:.a-zA-Z0-9 -]|\\PC){0,40}") {
            let _ = pieces(&spec);
        }
    }
}
