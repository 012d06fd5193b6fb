//! Quantities as types: bytes, points in time, spans of time, places in a file.
//!
//! Nothing here knows about logs. A setting is written as people write it (`"25MB"`, `"6h"`); a number in JSON is
//! always the plain base unit.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

/// A number of bytes. Shown in decimal units (1 kB = 1000 B), as network people count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Bytes(pub u64);

/// A point in event time: microseconds since 1970-01-01T00:00:00Z. Never read from a wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

/// A span of time in microseconds; a negative span only arises from subtracting time stamps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span(pub i64);

/// A place in the decompressed content of a source: bytes from its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub u64);

impl Timestamp {
    /// The earliest time stamp that a log line may carry (1970-01-01).
    pub const MIN: Timestamp = Timestamp(0);
    /// The latest time stamp that a log line may carry (9999-12-31T23:59:59Z), the end of RFC 3339's years.
    pub const MAX: Timestamp = Timestamp(253_402_300_799_000_000);

    /// Seconds since the epoch as a time stamp; `None` outside [`Timestamp::MIN`]..=[`Timestamp::MAX`].
    pub fn from_seconds(seconds: i64) -> Option<Timestamp> {
        Self::from_micros(seconds.checked_mul(1_000_000)?)
    }

    /// Microseconds since the epoch as a time stamp; `None` outside the years 1970 to 9999.
    pub fn from_micros(micros: i64) -> Option<Timestamp> {
        let stamp = Timestamp(micros);
        (Self::MIN..=Self::MAX).contains(&stamp).then_some(stamp)
    }

    /// The start of the window of length `span` in which this moment lies; windows are aligned to the epoch (UTC).
    pub fn floor(self, span: Span) -> Timestamp {
        Timestamp(self.0 - self.0.rem_euclid(span.0.max(1)))
    }
}

impl Span {
    /// One second.
    pub const SECOND: Span = Span(1_000_000);
    /// Sixty seconds.
    pub const MINUTE: Span = Span(60 * Self::SECOND.0);
    /// Sixty minutes.
    pub const HOUR: Span = Span(60 * Self::MINUTE.0);
    /// Twenty-four hours.
    pub const DAY: Span = Span(24 * Self::HOUR.0);

    /// `count` times this span, saturating.
    pub const fn times(self, count: i64) -> Span {
        Span(self.0.saturating_mul(count))
    }

    /// In seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Add<Span> for Timestamp {
    type Output = Timestamp;
    fn add(self, span: Span) -> Timestamp {
        Timestamp(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Timestamp {
    type Output = Timestamp;
    fn sub(self, span: Span) -> Timestamp {
        Timestamp(self.0.saturating_sub(span.0))
    }
}

impl Sub for Timestamp {
    type Output = Span;
    fn sub(self, earlier: Timestamp) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut value = self.0 as f64;
        if self.0 < 1000 {
            return f.pad(&format!("{} B", self.0));
        }
        for unit in ["kB", "MB", "GB", "TB", "PB", "EB"] {
            value /= 1000.0;
            if value < 999.5 || unit == "EB" {
                let digits = if value < 9.995 {
                    2
                } else if value < 99.95 {
                    1
                } else {
                    0
                };
                return f.pad(&format!("{value:.digits$} {unit}"));
            }
        }
        Ok(())
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC: `2023-03-29T01:02:03Z`, with milliseconds (or microseconds) only where there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stamp = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        let digits = match self.0 {
            micros if micros % 1_000_000 == 0 => 0,
            micros if micros % 1_000 == 0 => 3,
            _ => 6,
        };
        f.pad(&format!("{stamp:.digits$}"))
    }
}

impl fmt::Display for Span {
    /// In the two largest units that matter: `46 h`, `2 d 3 h`, `5 min`, `0.3 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / 1_000_000;
        let text = match seconds {
            0 => format!("{:.1} s", self.seconds()),
            1..120 => format!("{seconds} s"),
            120..7_200 => format!("{} min", seconds / 60),
            7_200..172_800 => match (seconds / 3_600, seconds / 60 % 60) {
                (hours, 0) => format!("{hours} h"),
                (hours, _) if hours >= 10 => format!("{hours} h"),
                (hours, minutes) => format!("{hours} h {minutes} min"),
            },
            _ => match (seconds / 86_400, seconds / 3_600 % 24) {
                (days, 0) => format!("{days} d"),
                (days, hours) => format!("{days} d {hours} h"),
            },
        };
        f.pad(&text)
    }
}

/// A quantity that could not be read, with what was expected. The message is a whole sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitError(String);

impl UnitError {
    /// With a whole sentence that says what was expected.
    pub fn new(message: String) -> UnitError {
        UnitError(message)
    }
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnitError {}

/// Splits `"25MB"` into its number and its unit.
fn number_and_unit(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text.get(..end)?.parse().ok()?;
    Some((number, text.get(end..)?.trim()))
}

impl FromStr for Bytes {
    type Err = UnitError;

    /// `"25MB"`, `"1.5 GiB"`, `"512"`: decimal and binary units, a bare number is bytes.
    fn from_str(text: &str) -> Result<Bytes, UnitError> {
        let wrong =
            || UnitError(format!("\"{text}\" is not a size: write a number and a unit, as in \"25MB\""));
        let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
        let factor: u64 = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" => 1_000,
            "m" | "mb" => 1_000_000,
            "g" | "gb" => 1_000_000_000,
            "t" | "tb" => 1_000_000_000_000,
            "p" | "pb" => 1_000_000_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            "tib" => 1 << 40,
            _ => return Err(wrong()),
        };
        let bytes = number * factor as f64;
        // f64 counts whole bytes exactly up to 2^53, nine petabytes; settings are far below.
        if bytes > 9e15 {
            return Err(wrong());
        }
        #[expect(clippy::cast_sign_loss, reason = "the grammar has no minus sign")]
        Ok(Bytes(bytes.round() as u64))
    }
}

impl FromStr for Span {
    type Err = UnitError;

    /// `"5m"`, `"1h"`, `"1.5d"`, `"30s"`, `"2w"`; the unit is required.
    fn from_str(text: &str) -> Result<Span, UnitError> {
        let wrong = || {
            UnitError(format!(
                "\"{text}\" is not a span of time: write a number and a unit, as in \"5m\" or \"6h\""
            ))
        };
        let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
        let unit = match unit.to_ascii_lowercase().as_str() {
            "ms" => Span(1_000),
            "s" | "sec" => Span::SECOND,
            "m" | "min" => Span::MINUTE,
            "h" => Span::HOUR,
            "d" => Span::DAY,
            "w" => Span::DAY.times(7),
            _ => return Err(wrong()),
        };
        let micros = number * unit.0 as f64;
        // A century is more than any setting needs and keeps sums of spans far from overflow.
        if micros > 3.2e15 {
            return Err(wrong());
        }
        Ok(Span(micros.round() as i64))
    }
}

impl FromStr for Timestamp {
    type Err = UnitError;

    /// RFC 3339 (`2023-03-29T01:02:03Z`), or a date or a date and time without a zone, read as UTC.
    fn from_str(text: &str) -> Result<Timestamp, UnitError> {
        let utc = |civil: jiff::civil::DateTime| {
            civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp())
        };
        text.parse::<jiff::Timestamp>()
            .ok()
            .or_else(|| text.parse::<jiff::civil::DateTime>().ok().and_then(utc))
            .and_then(|stamp| Timestamp::from_micros(stamp.as_microsecond()))
            .ok_or_else(|| {
                UnitError(format!(
                    "\"{text}\" is not a time: write \"2023-03-29\" or \"2023-03-29T01:00:00Z\""
                ))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_and_write() {
        assert_eq!("25MB".parse(), Ok(Bytes(25_000_000)));
        assert_eq!("1.5 GiB".parse(), Ok(Bytes(1_610_612_736)));
        assert_eq!("512".parse(), Ok(Bytes(512)));
        assert!("25 parsecs".parse::<Bytes>().is_err());
        assert!("".parse::<Bytes>().is_err());
        let shown: Vec<String> =
            [0, 999, 1_000, 37_512_345_678, 974_000_000_000, 999_999].map(|b| Bytes(b).to_string()).into();
        assert_eq!(shown, ["0 B", "999 B", "1.00 kB", "37.5 GB", "974 GB", "1.00 MB"]);
    }

    #[test]
    fn spans_read_and_write() {
        assert_eq!("5m".parse(), Ok(Span(300_000_000)));
        assert_eq!("1.5h".parse(), Ok(Span(5_400_000_000)));
        assert!("5".parse::<Span>().is_err());
        let shown: Vec<String> =
            [0, 59, 3_600, 46 * 3_600, 51 * 3_600].map(|s| Span(s * 1_000_000).to_string()).into();
        assert_eq!(shown, ["0.0 s", "59 s", "60 min", "46 h", "2 d 3 h"]);
    }

    #[test]
    fn timestamps_read_and_write() {
        let stamp: Timestamp = "2023-03-29T01:02:03.456Z".parse().unwrap();
        assert_eq!(stamp.to_string(), "2023-03-29T01:02:03.456Z");
        assert_eq!(stamp.floor(Span::HOUR).to_string(), "2023-03-29T01:00:00Z");
        assert_eq!("2023-03-29".parse::<Timestamp>().unwrap().to_string(), "2023-03-29T00:00:00Z");
        assert_eq!(
            "2023-03-29T01:00:00+01:00".parse::<Timestamp>().unwrap().to_string(),
            "2023-03-29T00:00:00Z"
        );
        assert!("yesterday".parse::<Timestamp>().is_err());
    }
}
