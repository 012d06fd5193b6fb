//! What the text of a field means: sizes and spans in the writer's units, time stamps in the writer's layout.

use crate::event::number;
use crate::event::reject::Reason;
use crate::formats::format_string::duration::{duration, nanoseconds};
use crate::formats::format_string::stamp::Moment;
use crate::formats::format_string::strftime::Pattern;
use crate::formats::format_string::{Part, Style};
use crate::formats::time::{self, Local};
use crate::units::{Bytes, Span, Timestamp};
use jiff::tz::TimeZone;

/// How a number of bytes is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// In units of this many bytes.
    Units(u64),
    /// In bits.
    Bits,
    /// With its unit behind it: `1.5 MB`, `12KiB`.
    Written,
}

/// Names of units of size, in the field's own spelling.
pub const SIZES: &[(&str, Size)] = &[
    ("B", Size::Units(1)),
    ("kB", Size::Units(1_000)),
    ("KB", Size::Units(1_000)),
    ("MB", Size::Units(1_000_000)),
    ("GB", Size::Units(1_000_000_000)),
    ("TB", Size::Units(1_000_000_000_000)),
    ("KiB", Size::Units(1 << 10)),
    ("MiB", Size::Units(1 << 20)),
    ("GiB", Size::Units(1 << 30)),
    ("TiB", Size::Units(1 << 40)),
    ("bit", Size::Bits),
    ("written", Size::Written),
];

impl Size {
    /// Bytes; parts of a byte are rounded.
    pub fn read(self, text: &[u8]) -> Option<u64> {
        match self {
            Size::Units(unit) => match number::<u64>(text) {
                Some(count) => count.checked_mul(unit),
                None => decimal(text, unit),
            },
            Size::Bits => number::<u64>(text).map(|bits| bits.div_ceil(8)),
            Size::Written => std::str::from_utf8(text).ok()?.parse::<Bytes>().ok().map(|Bytes(bytes)| bytes),
        }
    }
}

/// What whole numbers do not cover: `1.5`, `2e6`.
#[cold]
fn decimal(text: &[u8], unit: u64) -> Option<u64> {
    // A double counts whole bytes exactly up to here.
    const MOST: f64 = (1_u64 << 53) as f64;
    let digits = text.first()?.is_ascii_digit() && text.last()?.is_ascii_digit();
    let value: f64 = std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()?;
    let bytes = value * unit as f64;
    #[expect(clippy::cast_sign_loss, reason = "it was looked at just now")]
    (0.0..MOST).contains(&bytes).then(|| bytes.round() as u64)
}

/// How a span of time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// In units of this many microseconds; what has its unit behind it (`1m2.5s`) is read as well.
    Micros(i64),
    /// In nanoseconds.
    Nanoseconds,
}

/// Names of units of time.
pub const LENGTHS: &[(&str, Length)] = &[
    ("ns", Length::Nanoseconds),
    ("us", Length::Micros(1)),
    ("ms", Length::Micros(1_000)),
    ("s", Length::Micros(Span::SECOND.0)),
    ("min", Length::Micros(Span::MINUTE.0)),
    ("h", Length::Micros(Span::HOUR.0)),
    ("written", Length::Micros(Span::SECOND.0)),
];

impl Length {
    /// The span; a negative one says nothing.
    pub fn read(self, text: &[u8]) -> Result<Option<Span>, Reason> {
        match self {
            Length::Micros(unit) => duration(text, unit),
            Length::Nanoseconds => nanoseconds(text),
        }
    }
}

/// How a time stamp is laid out.
#[derive(Clone, Debug, PartialEq)]
pub struct Clock {
    layout: Layout,
    /// The zone of stamps that carry none; `None`: the source's.
    zone: Option<TimeZone>,
}

#[derive(Clone, Debug, PartialEq)]
enum Layout {
    Style(Style),
    Nanoseconds,
    /// Without a year.
    MonthFirst,
}

/// Names of layouts; anything with a `%` is one of `strftime(3)`.
const LAYOUTS: &[&str] = &["any", "epoch", "epoch-ms", "epoch-us", "epoch-ns", "rfc3339", "clf", "syslog"];

impl Clock {
    /// Compiles the name of a layout, or a pattern.
    ///
    /// # Errors
    /// A sentence, where it is neither, or lacks what makes a moment.
    pub fn new(layout: &str, zone: Option<TimeZone>) -> Result<Clock, String> {
        let layout = match layout {
            "any" => Layout::Style(Style::Any),
            "epoch" => Layout::Style(Style::Epoch),
            "epoch-ms" => Layout::Style(Style::EpochUnits(1_000)),
            "epoch-us" => Layout::Style(Style::EpochUnits(1)),
            "epoch-ns" => Layout::Nanoseconds,
            "rfc3339" => Layout::Style(Style::Iso),
            "clf" => Layout::Style(Style::Clf),
            "syslog" => Layout::MonthFirst,
            pattern if pattern.contains('%') => Layout::Style(Style::Pattern(whole(pattern)?)),
            _ => {
                let names = LAYOUTS.join(", ");
                return Err(format!(
                    "there is no layout \"{layout}\": write one of {names}, or a pattern such as \"%Y-%m-%d %H:%M:%S\""
                ));
            }
        };
        Ok(Clock { layout, zone })
    }

    /// The moment that fills `text`.
    pub fn read(&self, text: &[u8], local: &Local) -> Option<Timestamp> {
        let zone = self.zone.as_ref().unwrap_or(&local.zone);
        match &self.layout {
            Layout::Style(style) => {
                let mut moment = Moment::default();
                style.read(text, zone, &mut moment)?;
                moment.finish(zone)
            }
            Layout::Nanoseconds => Timestamp::from_micros(number::<i64>(text)? / 1_000),
            Layout::MonthFirst => time::month_first(text, zone, local.near),
        }
    }
}

/// A pattern that gives the day and the time of day.
fn whole(pattern: &str) -> Result<Pattern, String> {
    let compiled = Pattern::new(pattern, false)
        .map_err(|at| format!("strftime has no such letter, at column {} of \"{pattern}\"", at + 1))?;
    let lacks = [(Part::DATE, "the year, month and day"), (Part::CLOCK, "the hour and minute")];
    match lacks.into_iter().find(|(part, _)| !compiled.parts().has(*part)) {
        Some((_, what)) => Err(format!("the layout \"{pattern}\" lacks {what}")),
        None => Ok(compiled),
    }
}
