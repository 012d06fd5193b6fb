//! The styles in which a format string can ask for the time, and a moment put together from several of them
//! (`%ts.%03tu`, or a date, a clock and a zone in three directives).

use super::strftime::Pattern;
use crate::event::number;
use crate::formats::time;
use crate::units::{Span, Timestamp};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// What a stamp says, as a set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part(u8);

impl Part {
    /// Nothing.
    pub const NONE: Part = Part(0);
    /// The day.
    pub const DATE: Part = Part(1);
    /// The time of day.
    pub const CLOCK: Part = Part(2);
    /// The zone.
    pub const ZONE: Part = Part(4);
    /// Decimals of a second, alone.
    pub const FRACTION: Part = Part(8);
    /// Day, time and zone: all that is needed.
    pub const INSTANT: Part = Part(7);

    /// Both.
    #[must_use]
    pub const fn and(self, other: Part) -> Part {
        Part(self.0 | other.0)
    }

    /// Whether all of `other` is in it.
    pub const fn has(self, other: Part) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is in it.
    pub const fn overlaps(self, other: Part) -> bool {
        self.0 & other.0 != 0
    }
}

/// How a stamp is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Style {
    /// Seconds since the epoch, with or without decimals.
    Epoch,
    /// Whole units since the epoch, each this many microseconds long.
    EpochUnits(i64),
    /// The part of the second alone.
    Fraction {
        /// The length of its unit in microseconds.
        unit: i64,
        /// It is filled up with zeros to all its digits, so that after `seconds.` it is the decimals.
        decimals: bool,
    },
    /// `29/Mar/2023:01:02:03 +0100`.
    Clf,
    /// `2023-03-29T01:02:03+01:00`.
    Iso,
    /// As `strftime(3)` would write it.
    Pattern(Pattern),
    /// Any of these: since the epoch in seconds, milli-, micro- or nanoseconds, ISO 8601, the common log format. For
    /// writers that let the operator choose.
    Any,
}

/// The length of a stamp in the common log format.
pub const CLF_LENGTH: usize = 26;

impl Style {
    /// Which parts of a moment it gives.
    pub fn parts(&self) -> Part {
        match self {
            Style::Epoch | Style::Clf | Style::Iso | Style::Any => Part::INSTANT,
            Style::EpochUnits(_) => Part::INSTANT.and(Part::FRACTION),
            Style::Fraction { .. } => Part::FRACTION,
            Style::Pattern(pattern) => pattern.parts(),
        }
    }

    /// Reads a stamp that fills `text`; `None` if it does not.
    pub fn read(&self, text: &[u8], zone: &TimeZone, moment: &mut Moment) -> Option<()> {
        match self {
            Style::Epoch => moment.instant = Some(time::epoch(text)?),
            Style::Clf => moment.instant = Some(time::clf(text)?),
            Style::Iso => moment.instant = Some(time::iso(text, zone)?),
            Style::Any => moment.instant = Some(any(text, zone)?),
            Style::EpochUnits(unit) => {
                let micros = number::<i64>(text)?.checked_mul(*unit)?;
                moment.instant = Some(Timestamp::from_micros(micros)?);
            }
            Style::Fraction { unit, .. } => {
                let fraction = number::<i64>(text)?.checked_mul(*unit)?;
                moment.fraction = (fraction < Span::SECOND.0).then_some(fraction)?;
            }
            Style::Pattern(pattern) => {
                let length = pattern.read(text, moment)?;
                (length == text.len()).then_some(())?;
            }
        }
        Some(())
    }
}

/// A stamp in one of the styles of [`Style::Any`].
fn any(text: &[u8], zone: &TimeZone) -> Option<Timestamp> {
    // 10^11 seconds is the year 5138, and as milliseconds 1973; so is each unit's own range apart from the next.
    let in_seconds = time::epoch(text).filter(|stamp| stamp.0 < 100_000_000_000 * Span::SECOND.0);
    in_seconds.or_else(|| time::iso(text, zone)).or_else(|| small_units(text)).or_else(|| time::clf(text))
}

#[cold]
fn small_units(text: &[u8]) -> Option<Timestamp> {
    let dot = memchr::memchr(b'.', text).unwrap_or(text.len());
    let whole: i64 = match number(text.get(..dot)?) {
        Some(whole) => whole,
        // Exponents, and more decimals than a clock has.
        None => {
            let seconds: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
            return (0.0..1e11).contains(&seconds).then_some(Timestamp((seconds * 1e6).round() as i64));
        }
    };
    let micros = match whole {
        ..100_000_000_000 => {
            let seconds: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
            (seconds * 1e6).round() as i64
        }
        100_000_000_000..100_000_000_000_000 => whole * 1_000,
        100_000_000_000_000..100_000_000_000_000_000 => whole,
        _ => whole / 1_000,
    };
    Timestamp::from_micros(micros)
}

/// A moment as far as it has been read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moment {
    /// Day, time and zone together.
    pub instant: Option<Timestamp>,
    /// The day.
    pub date: Option<Date>,
    /// The time of that day.
    pub of_day: Option<Span>,
    /// Microseconds east of UTC, at most 18 hours either way.
    pub east: Option<i64>,
    /// Microseconds to add, below a second.
    pub fraction: i64,
}

impl Moment {
    /// The moment, with `zone` where the line names none; `None` if a part is missing or it lies outside 1970 to 9999.
    pub fn finish(&self, zone: &TimeZone) -> Option<Timestamp> {
        let whole = match (self.instant, self.east) {
            (Some(instant), _) => instant,
            // Moved by hand: the civil time itself may lie a day outside the range that the moment is in.
            (None, Some(east)) => time::civil(self.date?, self.of_day?, &TimeZone::UTC)? - Span(east),
            (None, None) => time::civil(self.date?, self.of_day?, zone)?,
        };
        Timestamp::from_micros(whole.0.checked_add(self.fraction)?)
    }
}
