//! The time stamps of logs, read without allocation. Each function reads a stamp that fills its whole text; `None` means
//! that the text is no such stamp or lies outside the years 1970 to 9999.

mod spelled;
mod words;
mod zones;

pub use spelled::{any_style, ctime, epoch_of_any_unit, month_first, split_month_first};

use super::Context;
use crate::event::{number, seconds_and_millis};
use crate::units::{Span, Timestamp};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// What stamps lack: how those without a zone or a year are read.
#[derive(Clone, Debug)]
pub struct Local {
    /// The zone of stamps that carry none.
    pub zone: TimeZone,
    /// See [`Context::near`].
    pub near: Option<Timestamp>,
}

impl Local {
    /// As the caller knows it.
    pub fn of(context: &Context) -> Local {
        Local { zone: context.zone.clone(), near: context.near }
    }

    /// [`any_style`] in this zone.
    pub fn any(&self, text: &[u8]) -> Option<Timestamp> {
        any_style(text, &self.zone, self.near)
    }
}

/// Seconds since the epoch with up to nine decimals: `1751328000`, `1751328000.123`, `1751328000.123456`.
pub fn epoch(text: &[u8]) -> Option<Timestamp> {
    if let Ok(usual) = text.try_into()
        && let Some((seconds, millis)) = seconds_and_millis(usual)
    {
        return Timestamp::from_micros(i64::try_from(seconds * 1_000_000 + millis * 1000).ok()?);
    }
    // Seconds have ten digits from 2001 to 2286; a dot before the eleventh place would be no digit.
    let dot = match text.get(10) {
        Some(b'.') => 10,
        _ => memchr::memchr(b'.', text).unwrap_or(text.len()),
    };
    let seconds: i64 = number(text.get(..dot)?)?;
    let micros = match text.get(dot..)? {
        [] => 0,
        [_, decimals @ ..] => fraction(decimals)?,
    };
    Timestamp::from_micros(seconds.checked_mul(1_000_000)?.checked_add(micros)?)
}

/// A span in seconds with decimals: `12`, `0.004`.
pub fn seconds(text: &[u8]) -> Option<Span> {
    epoch(text).map(|stamp| Span(stamp.0))
}

/// The digits after a decimal point as microseconds; digits past the sixth are cut off.
pub fn fraction(digits: &[u8]) -> Option<i64> {
    // The value of the last digit, in nanoseconds.
    const LAST: [i64; 9] = [100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 10, 1];
    let last = LAST.get(digits.len().checked_sub(1)?)?;
    number::<i64>(digits).map(|value| value * last / 1000)
}

/// The common log format: `29/Mar/2023:01:02:03 +0100`, with or without fraction (`03.456`).
pub fn clf(text: &[u8]) -> Option<Timestamp> {
    let (civil, zone) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let (whole, decimals) = civil.split_first_chunk()?;
    if zone.first() != Some(&b' ') {
        return None;
    }
    let (date, of_day) = clf_civil(whole)?;
    let of_day = of_day.0 + below_a_second(decimals)?;
    let local = micros(date.year().into(), date.month().into(), date.day().into(), of_day)?;
    Timestamp::from_micros(local.checked_sub(offset(zone.get(1..)?)?)?)
}

/// The same without decimals and zone, `29/Mar/2023:01:02:03`: the day, and what had passed of it.
#[inline]
pub fn clf_civil(text: &[u8; 20]) -> Option<(Date, Span)> {
    let [d, ay, b'/', m, o, n, b'/', y, e, a, r, b':', clock @ ..] = text else { return None };
    let day = two(&[*d, *ay])?;
    let (month, year) = (month(&[*m, *o, *n])?, number(&[*y, *e, *a, *r])?);
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    Some((date, Span(words::clock(clock)? * Span::SECOND.0)))
}

/// ISO 8601 / RFC 3339: `2023-03-29T01:02:03.456Z`, a blank for the `T`, `+0100` or `+01:00`, or no zone at all, which is
/// then read in `zone`.
pub fn iso(text: &[u8], zone: &TimeZone) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let (date_mark, rest) = rest.split_first()?;
    if !matches!(date_mark, b'T' | b't' | b' ' | b'_') {
        return None;
    }
    let decimals = match rest.get(8..) {
        Some([b'.' | b',', digits @ ..]) => {
            1 + digits.iter().take_while(|byte| byte.is_ascii_digit()).count()
        }
        _ => 0,
    };
    let (clock_text, zone_text) = rest.split_at_checked(8 + decimals)?;
    date_time(date, clock_text, zone_text, zone)
}

/// The stamp of BIND's logs: `28-Mar-2023 12:34:56.789`, in `zone`.
pub fn dashed(text: &[u8], zone: &TimeZone) -> Option<Timestamp> {
    let (date, clock_text) = text.split_at_checked(12)?;
    let (day, month) = (two(date.get(..2)?)?, month(date.get(3..6)?)?);
    let year: i64 = number(date.get(7..11)?)?;
    if [date.get(2)?, date.get(6)?, date.get(11)?] != [&b'-', &b'-', &b' '] {
        return None;
    }
    let local = micros(year, month, day, clock(clock_text)?)?;
    if *zone == TimeZone::UTC { Timestamp::from_micros(local) } else { in_zone(local, zone) }
}

/// A date and a clock that stand in two fields (W3C): `2023-03-29` and `01:02:03`, in `zone`.
pub fn date_and_time(date: &[u8], clock_text: &[u8], zone: &TimeZone) -> Option<Timestamp> {
    date_time(date, clock_text, b"", zone)
}

/// The same, with the name of a zone in a third field (`CEST`). A name without a meaning leaves it to `zone`.
pub fn date_time_and_zone(date: &[u8], clock_text: &[u8], name: &[u8], zone: &TimeZone) -> Option<Timestamp> {
    let about = date_time(date, clock_text, b"", zone)?;
    let Some(east) = zones::east(name, about, zone) else { return Some(about) };
    Timestamp::from_micros(date_time(date, clock_text, b"", &TimeZone::UTC)?.0.checked_sub(east)?)
}

fn date_time(date: &[u8], clock_text: &[u8], zone_text: &[u8], zone: &TimeZone) -> Option<Timestamp> {
    let (front, day) = date.split_first_chunk()?;
    let ((year, month), day) = (words::year_and_month(front)?, two(day)?);
    let local = micros(year, month, day, clock(clock_text)?)?;
    match zone_text {
        b"" if *zone == TimeZone::UTC => Timestamp::from_micros(local),
        b"" => in_zone(local, zone),
        b"Z" | b"z" => Timestamp::from_micros(local),
        b" UTC" | b" GMT" => Timestamp::from_micros(local),
        _ => Timestamp::from_micros(local.checked_sub(offset(zone_text.trim_ascii_start())?)?),
    }
}

/// Civil microseconds as if UTC, moved to `zone`. A clock time that occurs twice (end of summer time) is the first of the
/// two; one that never occurs is read with the offset before the gap (RFC 5545, as jiff's "compatible").
#[cold]
fn in_zone(local: i64, zone: &TimeZone) -> Option<Timestamp> {
    let civil: DateTime = jiff::Timestamp::from_microsecond(local).ok()?.to_zoned(TimeZone::UTC).datetime();
    let stamp = zone.to_ambiguous_zoned(civil).compatible().ok()?.timestamp();
    Timestamp::from_micros(stamp.as_microsecond())
}

/// `Jan` … `Dec`, in any case, as 1 to 12.
pub fn month(text: &[u8]) -> Option<i64> {
    // This bit is all in which a small letter differs from its capital.
    let name = <[u8; 3]>::try_from(text).ok()?.map(|byte| byte | 0x20);
    Some(match &name {
        b"jan" => 1,
        b"feb" => 2,
        b"mar" => 3,
        b"apr" => 4,
        b"may" => 5,
        b"jun" => 6,
        b"jul" => 7,
        b"aug" => 8,
        b"sep" => 9,
        b"oct" => 10,
        b"nov" => 11,
        b"dec" => 12,
        _ => return None,
    })
}

/// Exactly two digits.
fn two(text: &[u8]) -> Option<i64> {
    match text {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            Some(i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
        }
        _ => None,
    }
}

/// `hh:mm:ss` with optional decimals after `.` or `,`, as microseconds of the day. Second 60 (a leap second) counts as
/// the first of the next minute.
fn clock(text: &[u8]) -> Option<i64> {
    let (whole, decimals) = text.split_first_chunk()?;
    Some(words::clock(whole)? * Span::SECOND.0 + below_a_second(decimals)?)
}

/// Microseconds from nothing, or from decimals with their mark.
#[inline]
fn below_a_second(text: &[u8]) -> Option<i64> {
    match text {
        [] => Some(0),
        [b'.' | b',', digits @ ..] => fraction(digits),
        _ => None,
    }
}

/// `+0100`, `-05:30`, `+01` as microseconds east of UTC.
pub fn offset(text: &[u8]) -> Option<i64> {
    let (sign, digits) = text.split_first()?;
    let (hours, minutes) = match digits.len() {
        2 => (digits, &b"00"[..]),
        4 => digits.split_at(2),
        5 if digits.get(2) == Some(&b':') => (digits.get(..2)?, digits.get(3..)?),
        _ => return None,
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    if hours > 18 || minutes > 59 {
        return None;
    }
    let micros = (hours * 60 + minutes) * Span::MINUTE.0;
    match sign {
        b'+' => Some(micros),
        b'-' => Some(-micros),
        _ => None,
    }
}

/// A civil date and the microseconds of its day, as if in UTC.
fn micros(year: i64, month: i64, day: i64, of_day: i64) -> Option<i64> {
    let days = days(year, month, day)?;
    days.checked_mul(Span::DAY.0)?.checked_add(of_day)
}

/// Days from the epoch to a date of the proleptic Gregorian calendar; `None` for a date that does not exist.
/// The formula counts days of 400-year eras that begin in March, so that leap days come last (H. Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms").
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day < 1 || day > last {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// A stamp without a year: in the latest year in which it is not after `near`, as no line is written after its file was; but
/// for a week, for clocks that go ahead and for 1 January in a file last written on 31 December elsewhere. `of_day` is in
/// microseconds. Looks back far enough for 29 February.
pub fn with_year(
    month: i64,
    day: i64,
    of_day: i64,
    zone: &TimeZone,
    near: Option<Timestamp>,
) -> Option<Timestamp> {
    const YEAR: i64 = 31_556_952 * 1_000_000;
    const WEEK: i64 = 7 * 86_400 * 1_000_000;
    let near = near?;
    // Good to a day, which the search around it forgives.
    let about = 1970 + near.0 / YEAR;
    let in_year = |year| {
        let local = micros(year, month, day, of_day)?;
        if *zone == TimeZone::UTC { Timestamp::from_micros(local) } else { in_zone(local, zone) }
    };
    let latest = near.0.saturating_add(WEEK);
    (about - 8..=about + 1).rev().filter_map(in_year).find(|stamp| stamp.0 <= latest)
}

/// A civil date and time given in parts, in `zone`; the parts are checked.
pub fn civil(date: Date, of_day: Span, zone: &TimeZone) -> Option<Timestamp> {
    let local = micros(date.year().into(), date.month().into(), date.day().into(), of_day.0)?;
    if *zone == TimeZone::UTC { Timestamp::from_micros(local) } else { in_zone(local, zone) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(stamp: Option<Timestamp>) -> String {
        stamp.map_or("-".into(), |stamp| stamp.to_string())
    }

    #[test]
    fn every_style() {
        let london = TimeZone::get("Europe/London").unwrap();
        assert_eq!(shown(epoch(b"1751328000.123")), "2025-07-01T00:00:00.123Z");
        assert_eq!(shown(epoch(b"1751328000")), "2025-07-01T00:00:00Z");
        assert_eq!(shown(epoch(b"1751328000.123456789")), "2025-07-01T00:00:00.123456Z");
        assert_eq!(shown(clf(b"29/Mar/2023:01:02:03 +0100")), "2023-03-29T00:02:03Z");
        assert_eq!(shown(clf(b"29/Feb/2024:23:59:60 -0530")), "2024-03-01T05:30:00Z");
        assert_eq!(shown(iso(b"2023-03-29T01:02:03.456+01:00", &TimeZone::UTC)), "2023-03-29T00:02:03.456Z");
        assert_eq!(shown(iso(b"2023-03-29 01:02:03", &london)), "2023-03-29T00:02:03Z");
        assert_eq!(shown(iso(b"2025-07-01T00:00:00.000001+0000", &london)), "2025-07-01T00:00:00.000001Z");
        assert_eq!(shown(date_and_time(b"2023-03-29", b"01:02:03", &TimeZone::UTC)), "2023-03-29T01:02:03Z");
        assert_eq!(shown(dashed(b"29-Mar-2023 01:02:03.456", &london)), "2023-03-29T00:02:03.456Z");
        assert_eq!(shown(dashed(b"29-Mar-2023T01:02:03", &TimeZone::UTC)), "-");
        for wrong in ["", ".", "1.", "-1", "1e9", "99999999999999999999", "1751328000.12a"] {
            assert_eq!(epoch(wrong.as_bytes()), None, "{wrong}");
        }
        for wrong in ["", "29/Mar/2023:01:02:03", "30/Feb/2023:01:02:03 +0000", "29/Mar/2023:24:02:03 +0000"]
        {
            assert_eq!(clf(wrong.as_bytes()), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn epoch_days_agree_with_jiff(day in 0i64..2_932_000, second in 0i64..86_400, zone in -18 * 60i64..18 * 60) {
            let stamp = jiff::Timestamp::from_second(day * 86_400 + second).unwrap();
            let fixed = TimeZone::fixed(jiff::tz::Offset::from_seconds(i32::try_from(zone * 60).unwrap()).unwrap());
            let zoned = stamp.to_zoned(fixed);
            prop_assume!((1970..=9998).contains(&zoned.year()));
            let expected = Some(Timestamp(stamp.as_microsecond()));
            prop_assert_eq!(clf(zoned.strftime("%d/%b/%Y:%H:%M:%S %z").to_string().as_bytes()), expected);
            prop_assert_eq!(iso(zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string().as_bytes(), &TimeZone::UTC), expected);
        }

        #[test]
        fn no_input_panics(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = (epoch(&text), clf(&text), iso(&text, &TimeZone::UTC), date_and_time(&text, &text, &TimeZone::UTC), dashed(&text, &TimeZone::UTC));
        }
    }
}
