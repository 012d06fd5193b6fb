//! The compiled form: from pieces to steps, each a field and how it ends.
//!
//! Everything that can be decided once is decided here: which of several directives for the same field is read, which
//! stamps make up the time, which fields nobody wants, where each value ends. Reading a line is in `read.rs`.

use super::anchor::Anchor;
use super::escape::Encoding;
use super::field::{Directive, Field, Padding, Piece};
use super::quick::Quick;
use super::stamp::{Part, Style};
use crate::event::{Role, Stamped};
use crate::formats::{Context, Detail, Sight, SpecError};
use jiff::tz::TimeZone;

/// More values than any real log has; beyond it a string is a mistake.
const MAX_STEPS: usize = 256;

/// What a format knows beside its string.
#[derive(Clone, Copy, Debug)]
pub struct Dialect<'c> {
    /// `event.dataset`.
    pub dataset: &'static str,
    /// What kind of log it is.
    pub role: Role,
    /// How to make the log show what [`Role`] needs.
    pub remedy: &'static str,
    /// Zone and detail.
    pub context: &'c Context,
}

/// A format string, compiled.
#[derive(Debug)]
pub struct Layout {
    /// What each line begins with.
    pub(super) lead: Box<[u8]>,
    pub(super) steps: Box<[Step]>,
    /// What is looked for from the right, where a value may hold what ends it.
    pub(super) anchor: Option<Anchor>,
    /// The fast road, where there is one.
    pub(super) quick: Option<Quick>,
    pub(super) dataset: &'static str,
    pub(super) stamped: Stamped,
    /// The zone of stamps without one.
    pub(super) zone: TimeZone,
    pub(super) detail: Detail,
    pub(super) sight: Sight,
}

/// A value of the line.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) field: Field,
    /// Read; otherwise only passed over.
    pub(super) wanted: bool,
    /// See [`Field::is_free_text`].
    pub(super) free_text: bool,
    pub(super) rank: u8,
    pub(super) encoding: Encoding,
    pub(super) padding: Padding,
    pub(super) end: End,
    /// The value ends at the first of this byte: the usual case, which [`Step::split`] takes the short way.
    pub(super) plain_end: Option<u8>,
}

/// Where a value ends.
#[derive(Debug, PartialEq)]
pub(super) enum End {
    /// At the end of the line.
    Line,
    /// At the end of the line, before this text.
    Last(Box<[u8]>),
    /// Before this text, which is passed over.
    Literal(Box<[u8]>),
    /// Before this byte, which belongs to the next value (`$host$request_uri`).
    Before(u8),
    /// Where its own shape says.
    Itself,
}

impl Layout {
    /// Compiles the pieces of a string.
    ///
    /// # Errors
    /// Points at the second of two values that stand side by side with nothing between them; refuses a string without
    /// a time stamp, since nothing can be said about when.
    pub fn compile(pieces: Vec<Piece>, dialect: Dialect<'_>) -> Result<Layout, SpecError> {
        let pieces = fuse(pieces);
        let mut directives: Vec<(Directive, bool)> = Vec::new();
        let mut literals = vec![Vec::new()];
        for piece in pieces {
            match (piece, literals.last_mut()) {
                (Piece::Literal(text), Some(literal)) => literal.extend(text),
                (Piece::Directive(directive), _) => {
                    directives.push((directive, true));
                    literals.push(Vec::new());
                }
                (Piece::Literal(_), None) => {}
            }
        }
        if directives.len() > MAX_STEPS {
            let message = format!("more than {MAX_STEPS} values in one format string");
            return Err(SpecError { message, position: 0 });
        }
        let stamped = choose_stamps(&mut directives)?;
        choose(&mut directives, dialect);
        let sight = Sight {
            role: dialect.role,
            source_bytes: directives.iter().any(|(d, _)| d.field == Field::SourceBytes),
            destination_bytes: directives
                .iter()
                .any(|(d, _)| matches!(d.field, Field::DestinationBytes { .. })),
            remedy: dialect.remedy,
        };
        let mut literals = literals.into_iter();
        let lead: Box<[u8]> = literals.next().unwrap_or_default().into();
        let steps = steps(directives, literals.collect())?;
        let Context { zone, detail, .. } = dialect.context.clone();
        let (anchor, quick) = (Anchor::new(&lead, &steps), Quick::new(&lead, &steps));
        Ok(Layout { lead, steps, anchor, quick, dataset: dialect.dataset, stamped, zone, detail, sight })
    }

    /// A layout without steps: what fills an event from fields that were found otherwise.
    pub(super) fn without_steps(dialect: Dialect<'_>, source_bytes: bool, destination_bytes: bool) -> Layout {
        let Dialect { dataset, role, remedy, context } = dialect;
        let Context { zone, detail, .. } = context.clone();
        let sight = Sight { role, source_bytes, destination_bytes, remedy };
        let (lead, steps) = (Box::default(), Box::default());
        Layout { lead, steps, anchor: None, quick: None, dataset, stamped: Stamped::End, zone, detail, sight }
    }
}

/// Joins what is one value in the line: `%ts.%03tu` is an epoch with decimals, a path with its query a URL, an address
/// with its port an authority (whose first colon need not be the one between them).
fn fuse(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut fused: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let Piece::Directive(next) = &piece else {
            if piece != Piece::Literal(Vec::new()) {
                fused.push(piece);
            }
            continue;
        };
        match (next, fused.as_slice()) {
            (
                Directive { field: Field::Path | Field::Query, .. },
                [.., Piece::Directive(Directive { field: Field::Url | Field::Path | Field::Query, .. })],
            ) => {}
            (
                Directive { field: Field::Stamp(Style::Fraction { decimals: true, .. }, end), .. },
                [
                    ..,
                    Piece::Directive(Directive { field: Field::Stamp(Style::Epoch, same), .. }),
                    Piece::Literal(dot),
                ],
            ) if dot == b"." && end == same => {
                fused.pop();
            }
            (
                Directive {
                    field: Field::ClientPort | Field::OwnPort, rank: 0, padding: Padding::None, ..
                },
                [.., Piece::Directive(host), Piece::Literal(colon)],
            ) if colon == b":" && host.rank == 0 && host.padding == Padding::None => {
                let joined = match (&host.field, &next.field) {
                    (Field::Client, Field::ClientPort) => Some(Field::ClientAuthority),
                    (Field::OwnIp, Field::OwnPort) => Some(Field::OwnAuthority),
                    _ => None,
                };
                match joined {
                    Some(field) => {
                        let host = Directive { field, ..host.clone() };
                        fused.truncate(fused.len().saturating_sub(2));
                        fused.push(Piece::Directive(host));
                    }
                    None => fused.push(piece),
                }
            }
            _ => fused.push(piece),
        }
    }
    fused
}

/// Takes stamps from the left as long as each adds something to the moment, all of the same end of the transfer.
fn choose_stamps(directives: &mut [(Directive, bool)]) -> Result<Stamped, SpecError> {
    let mut parts = Part::NONE;
    let mut stamped = None;
    for (directive, wanted) in directives.iter_mut() {
        let Field::Stamp(_, end) = &directive.field else { continue };
        let adds = directive.field.stamp_parts();
        let same_end = stamped.is_none_or(|stamped| stamped == *end);
        *wanted = adds != Part::NONE && same_end && !parts.overlaps(adds);
        if *wanted {
            stamped = Some(*end);
            parts = parts.and(adds);
        }
    }
    match stamped {
        Some(stamped) if parts.has(Part::DATE.and(Part::CLOCK)) => Ok(stamped),
        _ => Err(SpecError {
            message: "no full time stamp in this format string, so it cannot be told when the bytes left: log the date \
                      and the time"
                .into(),
            position: 0,
        }),
    }
}

/// Decides which directives are read: the best of each field, and only what the role and the detail need.
fn choose(directives: &mut [(Directive, bool)], dialect: Dialect<'_>) {
    let has = |field: &Field| directives.iter().any(|(directive, _)| directive.field == *field);
    let (request, url) = (has(&Field::Request), has(&Field::Url));
    let fields: Vec<(std::mem::Discriminant<Field>, u8)> =
        directives.iter().map(|(d, _)| (std::mem::discriminant(&d.field), d.rank)).collect();
    let authority = directives.iter().filter(|(d, _)| d.field == Field::ClientAuthority);
    let authority = authority.map(|(directive, _)| directive.rank).min();
    for (place, (directive, wanted)) in directives.iter_mut().enumerate() {
        let this = (std::mem::discriminant(&directive.field), directive.rank);
        let best = !fields.iter().enumerate().any(|(other, (field, rank))| {
            *field == this.0 && (*rank < this.1 || (*rank == this.1 && other < place))
        });
        *wanted = match directive.field {
            Field::Stamp(..) => *wanted,
            // Chosen for each line among those that are not `-`.
            Field::Domain | Field::Upstream => true,
            Field::Client => best && authority.is_none_or(|rank| directive.rank < rank),
            Field::Method | Field::Url => best && !request,
            Field::Path => best && !request && !url,
            _ => best,
        };
        *wanted &= directive.field.is_asked(dialect.role, dialect.context.detail);
    }
}

/// Pairs each directive with what ends it.
fn steps(directives: Vec<(Directive, bool)>, literals: Vec<Vec<u8>>) -> Result<Box<[Step]>, SpecError> {
    let mut steps = Vec::with_capacity(directives.len());
    let mut directives = directives.into_iter().peekable();
    for literal in literals {
        let Some((directive, wanted)) = directives.next() else { break };
        let next = directives.peek().map(|(next, _)| next);
        let end = match (literal.is_empty(), next) {
            // Editors and shells leave blanks at the end of a string.
            (_, None) if literal.trim_ascii_end().is_empty() => End::Line,
            (_, None) => End::Last(literal.trim_ascii_end().into()),
            (false, Some(_)) => End::Literal(literal.into()),
            (true, Some(_)) if directive.field.delimits_itself() => End::Itself,
            (true, Some(next)) => match (&directive.field, &next.field) {
                (Field::Domain | Field::OwnName | Field::Port | Field::OwnPort, Field::Url | Field::Path) => {
                    End::Before(b'/')
                }
                _ => {
                    let message = "two values stand side by side, so where the first ends cannot be told: put a blank \
                                   or another mark between them";
                    return Err(SpecError { message: message.into(), position: next.position });
                }
            },
        };
        let plain = directive.padding == Padding::None
            && !directive.encoding.may_be_quoted()
            && !directive.field.is_list()
            && !directive.field.delimits_itself();
        let plain_end = match &end {
            End::Literal(literal) if plain => <[u8; 1]>::try_from(literal.as_ref()).ok().map(|[byte]| byte),
            _ => None,
        };
        // A quote may be part of the value.
        let plain_end = plain_end.filter(|byte| *byte != b'"');
        steps.push(Step {
            plain_end,
            free_text: directive.field.is_free_text() && !directive.one_word,
            field: directive.field,
            wanted,
            rank: directive.rank,
            encoding: directive.encoding,
            padding: directive.padding,
            end,
        });
    }
    Ok(steps.into())
}
