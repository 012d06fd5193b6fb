//! The fast road of reading: layouts whose values are separated by blanks, as Squid's are.
//!
//! The blanks of a line are found together ([`Marks`]) and counted off; a run of values that nobody wants is a number of
//! blanks to pass. It answers only for lines that the plain road (`attempt` in `read.rs`) reads at its first try, and then
//! says the same; for all others it says nothing, and the plain road reads them from the beginning.

use super::escape::Encoding;
use super::field::{Field, Padding};
use super::layout::{End, Step};
use super::read::client;
use super::stamp::Style;
use crate::event::{Event, number_in};
use crate::formats::time;
use crate::framing::Marks;
use crate::units::Span;
use std::ops::Range;
use wide::u8x16;

/// How the values of a line are found by counting blanks.
#[derive(Debug)]
pub(super) struct Quick {
    moves: Box<[Move]>,
    /// Some values are for [`Layout::fill`], and have to be settled together.
    pub(super) fills: bool,
}

/// What is done between blanks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Move {
    /// Passes this many blanks.
    Skip(usize),
    /// Passes one blank, before which this byte must stand: two values that nobody wants.
    SkipPair(u8),
    /// Reads the value before the next blank.
    Value(Take),
    /// The same behind the blanks that fill it up to its width.
    Padded(Take),
    /// Reads two values with this byte between them, before the next blank.
    Pair(Take, u8, Take),
    /// Reads the rest of the line.
    Rest(Take),
}

/// What is made of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Take {
    /// Nothing: nobody wants it.
    Nothing,
    /// The only stamp, in seconds since the epoch.
    Epoch,
    /// The client.
    Client,
    /// Bytes from it.
    SourceBytes,
    /// Bytes to it.
    DestinationBytes,
    /// How long it took, in units of so many microseconds.
    Duration(i64),
    /// Whatever the step with this number says.
    Fill(usize),
}

impl Take {
    fn of(number: usize, step: &Step, stamps: usize) -> Take {
        match &step.field {
            _ if !step.wanted => Take::Nothing,
            _ if step.encoding.may_be_quoted() => Take::Fill(number),
            Field::Stamp(Style::Epoch, _) if stamps == 1 => Take::Epoch,
            Field::Client => Take::Client,
            Field::SourceBytes => Take::SourceBytes,
            Field::DestinationBytes { .. } => Take::DestinationBytes,
            Field::Duration(unit) => Take::Duration(*unit),
            _ => Take::Fill(number),
        }
    }
}

impl Quick {
    /// The moves for these steps; `None` where blanks alone do not separate them.
    pub(super) fn new(lead: &[u8], steps: &[Step]) -> Option<Quick> {
        let (last, others) = steps.split_last()?;
        if !lead.is_empty() || last.end != End::Line || !is_plain(last) || last.padding != Padding::None {
            return None;
        }
        let stamps =
            steps.iter().filter(|step| step.wanted && matches!(step.field, Field::Stamp(..))).count();
        let mut moves: Vec<Move> = Vec::new();
        let mut others = others.iter().enumerate();
        while let Some((place, step)) = others.next() {
            let take = Take::of(place, step, stamps);
            let next = match (step.plain_end, step.padding) {
                (Some(b' '), _) if !step.wanted => Move::Skip(1),
                (Some(b' '), _) => Move::Value(take),
                (Some(byte), _) => {
                    let (second, step_after) = others.next()?;
                    if step_after.plain_end != Some(b' ') {
                        return None;
                    }
                    match (take, Take::of(second, step_after, stamps)) {
                        (Take::Nothing, Take::Nothing) => Move::SkipPair(byte),
                        (one, other) => Move::Pair(one, byte, other),
                    }
                }
                (None, Padding::Left) if is_plain(step) && step.end == End::Literal((*b" ").into()) => {
                    Move::Padded(take)
                }
                _ => return None,
            };
            match (moves.last_mut(), next) {
                (Some(Move::Skip(count)), Move::Skip(more)) => *count += more,
                (_, next) => moves.push(next),
            }
        }
        moves.push(Move::Rest(Take::of(steps.len() - 1, last, stamps)));
        let filled = |take: Take| matches!(take, Take::Fill(_));
        let fills = stamps != 1
            || moves.iter().any(|next| match *next {
                Move::Value(take) | Move::Padded(take) | Move::Rest(take) => filled(take),
                Move::Pair(one, _, other) => filled(one) || filled(other),
                Move::Skip(_) | Move::SkipPair(_) => false,
            });
        Some(Quick { moves: moves.into(), fills })
    }

    /// Reads every value that is wanted; `fill` is given those that are not plain numbers, with the number of their step.
    /// `None` where the line is not so simple.
    #[inline]
    pub(super) fn read<'a>(
        &self,
        line: &'a [u8],
        event: &mut Event<'a>,
        mut fill: impl FnMut(&mut Event<'a>, usize, Range<usize>) -> Option<()>,
    ) -> Option<()> {
        let mut take = |take: Take, start: usize, end: usize| {
            match take {
                Take::Nothing => {}
                Take::Epoch => event.timestamp = time::epoch(line.get(start..end)?)?,
                Take::Client => client(line.get(start..end)?, &mut event.source).ok()?,
                Take::SourceBytes => event.source.bytes = Some(number_in(line, start, end)?),
                Take::DestinationBytes => event.destination.bytes = Some(number_in(line, start, end)?),
                Take::Duration(unit) if unit != Span::SECOND.0 => {
                    event.duration = Some(Span(number_in::<i64>(line, start, end)?.checked_mul(unit)?));
                }
                Take::Duration(_) => event.duration = Some(time::seconds(line.get(start..end)?)?),
                Take::Fill(step) => fill(event, step, start..end)?,
            }
            Some(())
        };
        let mut blanks = Marks::new(line, b' ');
        let mut at = 0;
        for next in &self.moves {
            let mut end = match *next {
                Move::Rest(_) => line.len(),
                Move::Skip(count) => blanks.pass(count)?,
                _ => blanks.next()?,
            };
            match *next {
                Move::Skip(_) => {}
                Move::SkipPair(byte) => _ = first(byte, line, at, end)?,
                Move::Value(value) | Move::Rest(value) => take(value, at, end)?,
                Move::Padded(value) => {
                    while end == at {
                        at += 1;
                        end = blanks.next()?;
                    }
                    take(value, at, end)?;
                }
                Move::Pair(one, byte, other) => {
                    let middle = first(byte, line, at, end)?;
                    take(one, at, middle)?;
                    take(other, middle + 1, end)?;
                }
            }
            at = end + 1;
        }
        Some(())
    }
}

/// Nothing but the text behind it ends the value.
fn is_plain(step: &Step) -> bool {
    step.encoding != Encoding::Shell
        && !step.field.is_list()
        && !matches!(step.field, Field::Stamp(Style::Clf | Style::Pattern(_), _))
}

/// Where the byte stands first between two places of the line. What lies before them is compared too and then shifted out,
/// so that the length, which is another in nearly every line, asks no question.
#[inline]
fn first(byte: u8, line: &[u8], start: usize, end: usize) -> Option<usize> {
    let length = end.checked_sub(start)?;
    match line.get(..end)?.last_chunk::<16>() {
        Some(block) if (1..=16).contains(&length) => {
            let found = u8x16::new(*block).simd_eq(u8x16::splat(byte)).to_bitmask() >> (16 - length);
            (found != 0).then(|| start + found.trailing_zeros() as usize)
        }
        _ => memchr::memchr(byte, line.get(start..end)?).map(|place| start + place),
    }
}
