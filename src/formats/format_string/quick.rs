//! The fast road of reading: layouts whose values are separated by blanks, as Squid's are.
//!
//! The blanks of a line are found together ([`Marks`]) and counted off; a run of values that nobody wants is a number of
//! blanks to pass. It answers only for lines that the plain road (`attempt` in `read.rs`) reads at its first try, and then
//! says the same; for all others it says nothing, and the plain road reads them from the beginning.

use super::escape::Encoding;
use super::field::{Field, Padding};
use super::layout::{End, Step};
use super::stamp::Style;
use crate::framing::Marks;
use std::ops::Range;

/// How the values of a line are found by counting blanks.
#[derive(Debug)]
pub(super) struct Quick {
    moves: Box<[Move]>,
}

/// What is done between blanks.
#[derive(Debug, PartialEq)]
enum Move {
    /// Passes this many blanks.
    Skip(usize),
    /// Passes one blank, before which this byte must stand: two values that nobody wants.
    SkipPair(u8),
    /// Reads the value before the next blank.
    Value(usize),
    /// The same behind the blanks that fill it up to its width.
    Padded(usize),
    /// Reads two values with this byte between them, before the next blank.
    Pair(usize, u8, usize),
    /// Reads the rest of the line.
    Rest(usize),
}

impl Quick {
    /// The moves for these steps; `None` where blanks alone do not separate them.
    pub(super) fn new(lead: &[u8], steps: &[Step]) -> Option<Quick> {
        let (last, others) = steps.split_last()?;
        if !lead.is_empty() || last.end != End::Line || !is_plain(last) || last.padding != Padding::None {
            return None;
        }
        let mut moves: Vec<Move> = Vec::new();
        let mut others = others.iter().enumerate().peekable();
        while let Some((place, step)) = others.next() {
            let next = match (step.plain_end, step.padding) {
                (Some(b' '), _) if !step.wanted => Move::Skip(1),
                (Some(b' '), _) => Move::Value(place),
                (Some(byte), _) => {
                    let (second, step_after) = others.next()?;
                    if step_after.plain_end != Some(b' ') {
                        return None;
                    }
                    if step.wanted || step_after.wanted {
                        Move::Pair(place, byte, second)
                    } else {
                        Move::SkipPair(byte)
                    }
                }
                (None, Padding::Left) if is_plain(step) && step.end == End::Literal((*b" ").into()) => {
                    Move::Padded(place)
                }
                _ => return None,
            };
            match (moves.last_mut(), next) {
                (Some(Move::Skip(count)), Move::Skip(more)) => *count += more,
                (_, next) => moves.push(next),
            }
        }
        moves.push(Move::Rest(steps.len() - 1));
        Some(Quick { moves: moves.into() })
    }

    /// Gives `each` the step and the place of every value that is wanted; `None` where the line is not so simple.
    #[inline]
    pub(super) fn read(
        &self,
        line: &[u8],
        mut each: impl FnMut(usize, Range<usize>) -> Option<()>,
    ) -> Option<()> {
        let mut blanks = Marks::new(line, b' ');
        let mut at = 0;
        for next in &self.moves {
            match *next {
                Move::Skip(count) => {
                    let mut end = 0;
                    for _ in 0..count {
                        end = blanks.next()?;
                    }
                    at = end + 1;
                }
                Move::SkipPair(byte) => {
                    let end = blanks.next()?;
                    first(byte, line.get(at..end)?)?;
                    at = end + 1;
                }
                Move::Value(step) => {
                    let end = blanks.next()?;
                    each(step, at..end)?;
                    at = end + 1;
                }
                Move::Padded(step) => {
                    let mut end = blanks.next()?;
                    while end == at {
                        at += 1;
                        end = blanks.next()?;
                    }
                    each(step, at..end)?;
                    at = end + 1;
                }
                Move::Pair(one, byte, other) => {
                    let end = blanks.next()?;
                    let middle = at + first(byte, line.get(at..end)?)?;
                    each(one, at..middle)?;
                    each(other, middle + 1..end)?;
                    at = end + 1;
                }
                Move::Rest(step) => each(step, at..line.len())?,
            }
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

/// Where the byte stands first.
#[inline]
fn first(byte: u8, text: &[u8]) -> Option<usize> {
    memchr::memchr(byte, text)
}
