//! How long a transfer took: a number of some unit, or as Go prints it (`1m2.5s`, `350µs`).

use crate::event::number;
use crate::event::reject::Reason;
use crate::formats::time;
use crate::units::Span;

/// Three centuries, in microseconds: more is no duration, and a double keeps the microseconds of that.
const MOST: f64 = 1e16;

/// A time taken, in units of that many microseconds. A negative one comes from a clock that was set back, or stands for
/// none, and says nothing; a `+` marks one that was still running.
pub(in crate::formats) fn duration(text: &[u8], unit: i64) -> Result<Option<Span>, Reason> {
    if matches!(text, b"" | [b'-', ..]) {
        return Ok(None);
    }
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let span = if unit == Span::SECOND.0 {
        time::seconds(text)
    } else {
        number::<i64>(text).and_then(|count| count.checked_mul(unit)).map(Span)
    };
    span.or_else(|| decimal(text, unit)).or_else(|| go(text)).map(Some).ok_or(Reason::BadNumber)
}

/// A time taken in nanoseconds.
pub(in crate::formats) fn nanoseconds(text: &[u8]) -> Result<Option<Span>, Reason> {
    if matches!(text, b"" | [b'-', ..]) {
        return Ok(None);
    }
    number::<i64>(text).map(|count| Some(Span(count / 1_000))).ok_or(Reason::BadNumber)
}

/// What the plain readers refuse: decimals of a unit below the second, more decimals than a clock has, an exponent.
#[cold]
fn decimal(text: &[u8], unit: i64) -> Option<Span> {
    let digits = text.first()?.is_ascii_digit() && text.last()?.is_ascii_digit();
    let value: f64 = std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()?;
    span(value * unit as f64)
}

/// `1h2m3.5s`, `1.2ms`, `350µs`, `12ns`.
#[cold]
fn go(text: &[u8]) -> Option<Span> {
    const UNITS: [(&str, f64); 7] =
        [("ns", 1e-3), ("µs", 1.0), ("us", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 6e7), ("h", 3.6e9)];
    // The longest has every unit once: 2562047h47m16.854775807s.
    let mut rest = std::str::from_utf8(text).ok().filter(|text| (1..=32).contains(&text.len()))?;
    let mut micros = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (count, after) = rest.split_at(digits);
        let (unit, length) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        // `m` begins `ms` too, which stands before it.
        micros += count.parse::<f64>().ok()? * length;
        rest = after.get(unit.len()..)?;
    }
    span(micros)
}

fn span(micros: f64) -> Option<Span> {
    (0.0..MOST).contains(&micros).then_some(Span(micros.round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_spelling() {
        let second = Span::SECOND.0;
        for (text, unit, micros) in [
            ("5", 1_000, Some(5_000)),
            ("+5", 1_000, Some(5_000)),
            ("0.25", second, Some(250_000)),
            ("0.25", 1_000, Some(250)),
            ("1.2345678901234567", second, Some(1_234_568)),
            ("5e-05", second, Some(50)),
            ("1m2.5s", second, Some(62_500_000)),
            ("12ms", 1_000, Some(12_000)),
            ("350µs", second, Some(350)),
            ("1500ns", second, Some(2)),
            ("-1", 1_000, None),
            ("-", 1_000, None),
            ("", 1_000, None),
        ] {
            assert_eq!(duration(text.as_bytes(), unit), Ok(micros.map(Span)), "{text}");
        }
        for wrong in ["x", "1x", "1e99", "s", "1.2.3s", "inf", "nan", "5 ms"] {
            assert_eq!(duration(wrong.as_bytes(), second), Err(Reason::BadNumber), "{wrong}");
        }
        assert_eq!(nanoseconds(b"1500000"), Ok(Some(Span(1_500))));
        assert_eq!(nanoseconds(b"1.5"), Err(Reason::BadNumber));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9.eE+hmnsuµ-]{0,12}|\\PC{0,12}", unit in 1i64..2_000_000) {
            let _ = (duration(text.as_bytes(), unit), nanoseconds(text.as_bytes()));
        }
    }
}
