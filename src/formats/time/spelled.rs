//! Stamps that spell the month, and stamps whose style only their text tells.

use super::{clf, clock, epoch, in_zone, iso, micros, month, offset, with_year, zones};
use crate::event::number;
use crate::units::Timestamp;
use jiff::tz::TimeZone;

/// Seconds, milliseconds, microseconds or nanoseconds since the epoch, told apart by their size: 10^11 seconds is the
/// year 5138 and as milliseconds 1973, and so on upwards, so that no stamp after 1973 has two readings. Seconds may have
/// decimals.
pub fn epoch_of_any_unit(text: &[u8]) -> Option<Timestamp> {
    if memchr::memchr(b'.', text).is_some() {
        return epoch(text).filter(|stamp| stamp.0 < 100_000_000_000 * 1_000_000);
    }
    let value: i64 = number(text)?;
    let micros = match value {
        0..100_000_000_000 => value.checked_mul(1_000_000)?,
        100_000_000_000..100_000_000_000_000 => value.checked_mul(1_000)?,
        100_000_000_000_000..100_000_000_000_000_000 => value,
        _ => value / 1_000,
    };
    Timestamp::from_micros(micros)
}

/// `Mar 29 01:02:03`, `Mar  9 01:02:03.456`, `Mar 29 2023 01:02:03`, `Mar 29 2023 01:02:03 UTC`, `… +0100`: the stamps of
/// BSD syslog, Cisco and CEF. Without a year it is the latest that is not after `near`; without a zone (or with a name that has no
/// one meaning) the time is in `zone`.
pub fn month_first(text: &[u8], zone: &TimeZone, near: Option<Timestamp>) -> Option<Timestamp> {
    let mut words = text.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let (name, day, third) = (words.next()?, words.next()?, words.next()?);
    let (month, day) = (month(name)?, number(day.strip_suffix(b",").unwrap_or(day))?);
    let (year, of_day) = match number::<i64>(third) {
        Some(year) => (Some(year), clock(words.next()?)?),
        None => (None, clock(third)?),
    };
    let told = words.next();
    if words.next().is_some() {
        return None;
    }
    let within = |zone: &TimeZone| match year {
        Some(year) => {
            let local = micros(year, month, day, of_day)?;
            if *zone == TimeZone::UTC { Timestamp::from_micros(local) } else { in_zone(local, zone) }
        }
        None => with_year(month, day, of_day, zone, near),
    };
    let Some(name) = told else { return within(zone) };
    let east = offset(name).or_else(|| offset(name.strip_prefix(b"GMT")?));
    let east = match east {
        Some(east) => Some(east),
        None => zones::east(name, within(zone)?, zone),
    };
    let Some(east) = east else { return within(zone) };
    Timestamp::from_micros(within(&TimeZone::UTC)?.0.checked_sub(east)?)
}

/// Cuts a stamp of [`month_first`] off the front of a text: the stamp, and what follows its blank. A zone is its part where a colon
/// follows, as Cisco writes it.
pub fn split_month_first(text: &[u8]) -> Option<(&[u8], &[u8])> {
    month(text.get(..3)?)?;
    let mut at = 3;
    let mut words = 0;
    loop {
        let blanks = text.get(at..)?.iter().take_while(|&&byte| byte == b' ').count();
        let word = text.get(at + blanks..)?;
        let length = word.iter().take_while(|&&byte| matches!(byte, b'0'..=b'9' | b':' | b'.')).count();
        if blanks == 0 || length == 0 || words == 3 {
            return None;
        }
        words += 1;
        at += blanks + length;
        // A colon behind the seconds is Cisco's and no part of the clock.
        let word = word.get(..length)?;
        if memchr::memchr(b':', word).is_some() {
            let stamp = text.get(..at)?;
            let stamp = stamp.strip_suffix(b":").unwrap_or(stamp);
            let zone = zone_before_colon(text.get(stamp.len()..)?);
            let (stamp, rest) = text.split_at_checked(stamp.len() + zone)?;
            return Some((stamp, rest.strip_prefix(b" ").unwrap_or(rest)));
        }
    }
}

/// The length of ` EDT` where ` EDT:` follows a clock.
fn zone_before_colon(rest: &[u8]) -> usize {
    let [b' ', rest @ ..] = rest else { return 0 };
    let length = rest.iter().take(5).take_while(|byte| byte.is_ascii_uppercase()).count();
    let (name, after) = rest.split_at(length);
    if after.first() == Some(&b':') && zones::is_name(name) { 1 + length } else { 0 }
}

/// `Wed Mar 29 01:02:03 2023`, as C's ctime writes it, in `zone`.
pub fn ctime(text: &[u8], zone: &TimeZone) -> Option<Timestamp> {
    let mut words = text.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let (_weekday, name, day) = (words.next()?, words.next()?, words.next()?);
    let (of_day, year) = (clock(words.next()?)?, number(words.next()?)?);
    let local = micros(year, month(name)?, number(day)?, of_day)?;
    if *zone == TimeZone::UTC { Timestamp::from_micros(local) } else { in_zone(local, zone) }
}

/// A stamp in any of the styles above, told by its first letters; for formats whose documentation leaves the style open.
pub fn any_style(text: &[u8], zone: &TimeZone, near: Option<Timestamp>) -> Option<Timestamp> {
    let text = text.trim_ascii();
    match text {
        [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-' | b'/', ..] => iso(text, zone),
        [b'0'..=b'9', b'0'..=b'9', b'/', b'A'..=b'Z' | b'a'..=b'z', ..] => clf(text),
        [b'0'..=b'9', ..] => epoch_of_any_unit(text),
        _ => month_first(text, zone, near).or_else(|| ctime(text, zone)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NEAR: Option<Timestamp> = Some(Timestamp(1_680_051_723_000_000));

    fn shown(text: &str) -> String {
        any_style(text.as_bytes(), &TimeZone::UTC, NEAR).map_or("-".into(), |stamp| stamp.to_string())
    }

    #[test]
    fn every_style() {
        for text in [
            "1680051723",
            "1680051723000",
            "1680051723000000",
            "1680051723000000000",
            "1680051723.000",
            "Mar 29 01:02:03",
            "Mar 29 2023 01:02:03",
            "Mar 29 2023 02:02:03 +0100",
            "Mar 29 02:02:03.000 GMT+01:00",
            "Mar 29 2023 01:02:03.000 UTC",
            "Mar 28 2023 21:02:03 EDT",
            "Mar 29 03:02:03 CEST",
            "Mar 29 2023 01:02:03 IST",
            "Wed Mar 29 01:02:03 2023",
            "2023-03-29T01:02:03Z",
            "2023/03/29 01:02:03",
            "29/Mar/2023:01:02:03 +0000",
        ] {
            assert_eq!(shown(text), "2023-03-29T01:02:03Z", "{text}");
        }
        for wrong in [
            "",
            "yesterday",
            "Mar 29",
            "Mar 32 01:02:03",
            "Mar 29 01:02:03 2023 UTC x",
            "99999999999999999999",
        ] {
            assert_eq!(shown(wrong), "-", "{wrong}");
        }
    }

    #[test]
    fn the_year_is_the_latest_also_across_new_year() {
        let near = |text: &str| text.parse::<Timestamp>().ok();
        let shown = |text: &str, at: &str| {
            month_first(text.as_bytes(), &TimeZone::UTC, near(at))
                .map_or("-".into(), |stamp| stamp.to_string())
        };
        assert_eq!(shown("Dec 31 23:59:59", "2024-01-01T00:00:10Z"), "2023-12-31T23:59:59Z");
        assert_eq!(shown("Jan  1 00:00:01", "2023-12-31T23:59:59Z"), "2024-01-01T00:00:01Z");
        assert_eq!(shown("Feb 29 12:00:00", "2026-03-01T00:00:00Z"), "2024-02-29T12:00:00Z");
        // A file that was last written in November holds no line of the next spring, and one of the last December.
        assert_eq!(shown("Mar 29 01:02:03", "2023-11-26T00:00:00Z"), "2023-03-29T01:02:03Z");
        assert_eq!(shown("Dec 15 01:02:03", "2023-11-26T00:00:00Z"), "2022-12-15T01:02:03Z");
        assert_eq!(shown("Nov 28 01:02:03", "2023-11-26T00:00:00Z"), "2023-11-28T01:02:03Z");
        assert_eq!(month_first(b"Mar 29 01:02:03", &TimeZone::UTC, None), None);
    }

    #[test]
    fn stamps_are_cut_off_the_front() {
        let cut = |text: &'static str| split_month_first(text.as_bytes());
        assert_eq!(cut("Mar 29 01:02:03 host x"), Some((&b"Mar 29 01:02:03"[..], &b"host x"[..])));
        assert_eq!(cut("Mar  9 2023 01:02:03: %ASA"), Some((&b"Mar  9 2023 01:02:03"[..], &b": %ASA"[..])));
        assert_eq!(
            cut("Mar  9 2023 01:02:03 EDT: %ASA"),
            Some((&b"Mar  9 2023 01:02:03 EDT"[..], &b": %ASA"[..]))
        );
        assert_eq!(cut("Mar  9 2023 01:02:03 EDT x"), Some((&b"Mar  9 2023 01:02:03"[..], &b"EDT x"[..])));
        assert_eq!(cut("Mar 29 01:02:03.123 x"), Some((&b"Mar 29 01:02:03.123"[..], &b"x"[..])));
        for wrong in ["", "Mar", "Mar 29", "Mar x", "Marble 29 01:02:03", "Mar 1 2 3 01:02:03"] {
            assert_eq!(cut(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(text in proptest::collection::vec(any::<u8>(), 0..40), digits in "[0-9.]{0,24}") {
            _ = (any_style(&text, &TimeZone::UTC, NEAR), any_style(digits.as_bytes(), &TimeZone::UTC, None));
            _ = (split_month_first(&text), split_month_first(&[b"Mar ", &text[..]].concat()));
            _ = (ctime(&text, &TimeZone::UTC), month_first(&[b"Mar 29 ", &text[..]].concat(), &TimeZone::UTC, NEAR));
        }
    }
}
