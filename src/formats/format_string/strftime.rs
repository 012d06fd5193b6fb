//! Time stamps laid out by `strftime(3)`: the letters that servers' log formats use, in the C locale.
//!
//! A pattern reads from the front of the text and says how far it came, so that stamps with blanks in them end where
//! they end.

use super::stamp::{Moment, Part};
use crate::event::number;
use crate::formats::time;
use crate::units::{Span, Timestamp};
use jiff::civil::Date;

/// A compiled layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    items: Box<[Item]>,
    /// It is [`CLF`].
    clf: bool,
    /// Without a zone in the text it is UTC, rather than the source's zone.
    utc: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Byte(u8),
    Year,
    YearOfCentury,
    Month,
    MonthName,
    Day,
    Hour,
    /// `AM` or `PM`, after the hour or before it.
    Half,
    Minute,
    Second,
    Zone,
    /// `UTC`, `CET`: a name says too little; the source's zone holds.
    ZoneName,
    Epoch,
    /// Decimals of the second: no letter of C's, but of Python's and others who write logs.
    Decimals,
    /// Letters that repeat what other parts say.
    Letters,
    /// Digits that repeat what other parts say.
    Digits,
}

/// The layout that HAProxy always writes and others often do, which is read on a road of its own.
const CLF: &str = "%d/%b/%Y:%T";

/// Layouts that stand for longer ones.
const SHORT: [(char, &str); 8] = [
    ('F', "%Y-%m-%d"),
    ('T', "%H:%M:%S"),
    ('R', "%H:%M"),
    ('D', "%m/%d/%y"),
    ('x', "%m/%d/%y"),
    ('X', "%H:%M:%S"),
    ('r', "%I:%M:%S %p"),
    ('c', "%a %b %e %H:%M:%S %Y"),
];

impl Pattern {
    /// Compiles a layout. `Err` is the byte position of a letter that is not known.
    pub fn new(layout: &str, utc: bool) -> Result<Pattern, usize> {
        let (mut items, mut clf) = (Vec::new(), Vec::new());
        compile(layout, &mut items)?;
        compile(CLF, &mut clf)?;
        Ok(Pattern { clf: items == clf, items: items.into(), utc })
    }

    /// Which parts of a moment it gives.
    pub fn parts(&self) -> Part {
        let has = |item: Item| self.items.contains(&item);
        if has(Item::Epoch) {
            return Part::INSTANT;
        }
        let mut parts = Part::NONE;
        if (has(Item::Year) || has(Item::YearOfCentury))
            && (has(Item::Month) || has(Item::MonthName))
            && has(Item::Day)
        {
            parts = parts.and(Part::DATE);
        }
        if has(Item::Hour) && has(Item::Minute) {
            parts = parts.and(Part::CLOCK);
        }
        if has(Item::Zone) || (self.utc && parts.has(Part::CLOCK)) {
            parts = parts.and(Part::ZONE);
        }
        parts
    }

    /// Reads a stamp from the front of `text` into `moment` and says how long it is.
    #[inline]
    pub fn read(&self, text: &[u8], moment: &mut Moment) -> Option<usize> {
        if self.clf
            && let Some(stamp) = text.first_chunk()
            && let Some((date, of_day)) = time::clf_civil(stamp)
        {
            (moment.date, moment.of_day) = (Some(date), Some(of_day));
            moment.east = self.utc.then_some(0).or(moment.east);
            return Some(stamp.len());
        }
        self.read_plainly(text, moment)
    }

    fn read_plainly(&self, text: &[u8], moment: &mut Moment) -> Option<usize> {
        let mut rest = text;
        let mut civil = Civil::default();
        for item in &self.items {
            rest = civil.item(*item, rest)?;
        }
        let east = civil.east.or(self.utc.then_some(0));
        moment.instant = civil.epoch.or(moment.instant);
        moment.east = east.or(moment.east);
        moment.fraction += civil.decimals;
        if let (Some(year), Some(month), Some(day)) = (civil.year, civil.month, civil.day) {
            moment.date = Some(Date::new(year, month, day).ok()?);
        }
        if let (Some(hour), Some(minute)) = (civil.hour, civil.minute) {
            let hour = match civil.afternoon {
                Some(true) if hour < 12 => hour + 12,
                Some(false) if hour == 12 => 0,
                _ => hour,
            };
            // Second 60 is a leap second and counts as the first of the next minute.
            (hour < 24 && minute < 60 && civil.second <= 60).then_some(())?;
            moment.of_day = Some(Span(((hour * 60 + minute) * 60 + civil.second) * Span::SECOND.0));
        }
        text.len().checked_sub(rest.len())
    }
}

fn compile(layout: &str, items: &mut Vec<Item>) -> Result<(), usize> {
    let mut letters = layout.char_indices();
    while let Some((at, letter)) = letters.next() {
        if letter != '%' {
            items.extend(
                layout
                    .as_bytes()
                    .get(at..at + letter.len_utf8())
                    .unwrap_or_default()
                    .iter()
                    .copied()
                    .map(Item::Byte),
            );
            continue;
        }
        // glibc's flags change only the padding, and numbers are read with any.
        let Some((_, letter)) =
            letters.find(|(_, letter)| !matches!(letter, '-' | '_' | '0' | '^' | 'E' | 'O'))
        else {
            return Err(at);
        };
        items.push(match letter {
            'Y' | 'G' => Item::Year,
            'y' => Item::YearOfCentury,
            'm' => Item::Month,
            'b' | 'B' | 'h' => Item::MonthName,
            'd' | 'e' => Item::Day,
            'H' | 'k' | 'I' | 'l' => Item::Hour,
            'p' | 'P' => Item::Half,
            'M' => Item::Minute,
            'S' => Item::Second,
            'z' => Item::Zone,
            'Z' => Item::ZoneName,
            's' => Item::Epoch,
            'f' => Item::Decimals,
            'a' | 'A' => Item::Letters,
            'j' | 'u' | 'w' | 'U' | 'V' | 'W' => Item::Digits,
            'n' => Item::Byte(b'\n'),
            't' => Item::Byte(b'\t'),
            '%' => Item::Byte(b'%'),
            _ => match SHORT.iter().find(|(short, _)| *short == letter) {
                Some((_, long)) => {
                    compile(long, items)?;
                    continue;
                }
                None => return Err(at),
            },
        });
    }
    Ok(())
}

#[derive(Default)]
struct Civil {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    hour: Option<i64>,
    minute: Option<i64>,
    second: i64,
    afternoon: Option<bool>,
    east: Option<i64>,
    epoch: Option<Timestamp>,
    /// In microseconds.
    decimals: i64,
}

impl Civil {
    /// Reads one item from the front of `text`; what is left.
    fn item<'a>(&mut self, item: Item, text: &'a [u8]) -> Option<&'a [u8]> {
        match item {
            Item::Byte(byte) => return text.strip_prefix(&[byte]),
            Item::Letters | Item::ZoneName => {
                return split(text, 32, u8::is_ascii_alphabetic).map(|(_, rest)| rest);
            }
            Item::MonthName => {
                let (name, rest) = split(text, 9, u8::is_ascii_alphabetic)?;
                self.month = Some(i8::try_from(time::month(name.get(..3)?)?).ok()?);
                return Some(rest);
            }
            Item::Half => {
                let (half, rest) = text.split_at_checked(2)?;
                self.afternoon = Some(half.eq_ignore_ascii_case(b"pm"));
                return (half.eq_ignore_ascii_case(b"pm") || half.eq_ignore_ascii_case(b"am"))
                    .then_some(rest);
            }
            Item::Zone => {
                if let Some(rest) = text.strip_prefix(b"Z") {
                    self.east = Some(0);
                    return Some(rest);
                }
                let length = if text.get(3) == Some(&b':') { 6 } else { 5 };
                let (zone, rest) = text.split_at_checked(length)?;
                self.east = Some(time::offset(zone)?);
                return Some(rest);
            }
            _ => {}
        }
        let width = match item {
            Item::Year => 4,
            Item::Digits => 3,
            Item::Decimals => 9,
            Item::Epoch => 12,
            _ => 2,
        };
        let (digits, rest) = split(text.trim_ascii_start(), width, u8::is_ascii_digit)?;
        match item {
            Item::Year => self.year = Some(number(digits)?),
            // POSIX: 69 to 99 are of the twentieth century.
            Item::YearOfCentury => {
                let year: u64 = number(digits)?;
                self.year = i16::try_from(if year < 69 { 2000 + year } else { 1900 + year }).ok();
            }
            Item::Month => self.month = Some(number(digits)?),
            Item::Day => self.day = Some(number(digits)?),
            Item::Hour => self.hour = Some(number(digits)?),
            Item::Minute => self.minute = Some(number(digits)?),
            Item::Second => self.second = number(digits)?,
            Item::Decimals => self.decimals = time::fraction(digits)?,
            Item::Epoch => self.epoch = Some(Timestamp::from_seconds(number(digits)?)?),
            _ => {}
        }
        Some(rest)
    }
}

/// The longest front of `text`, at most `most` and at least one byte long, whose bytes all fit.
fn split(text: &[u8], most: usize, fits: fn(&u8) -> bool) -> Option<(&[u8], &[u8])> {
    let length = text.iter().take(most).take_while(|byte| fits(byte)).count();
    if length == 0 { None } else { text.split_at_checked(length) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    fn read(layout: &str, text: &str) -> Option<String> {
        let mut moment = Moment::default();
        let length = Pattern::new(layout, false).unwrap().read(text.as_bytes(), &mut moment)?;
        assert_eq!(length, text.len(), "{layout}");
        moment.finish(&TimeZone::UTC).map(|stamp| stamp.to_string())
    }

    #[test]
    fn layouts_seen_in_logs() {
        for (layout, text) in [
            ("%Y-%m-%dT%H:%M:%S%z", "2023-03-29T01:02:03+0000"),
            ("%FT%T%z", "2023-03-29T02:02:03+01:00"),
            ("%d/%b/%Y:%T %z", "29/Mar/2023:01:02:03 +0000"),
            ("%d/%B/%Y %H.%M.%S", "29/March/2023 01.02.03"),
            ("%c", "Wed Mar 29 01:02:03 2023"),
            ("%D %r", "03/29/23 01:02:03 AM"),
            ("%s", "1680051723"),
            ("%Y%m%d%H%M%S", "20230329010203"),
            ("%F %T,%f", "2023-03-29 01:02:03,000"),
            ("%a, %-d %b %Y %T %Z", "Wed, 29 Mar 2023 01:02:03 GMT"),
        ] {
            assert_eq!(read(layout, text), Some("2023-03-29T01:02:03Z".into()), "{layout}");
        }
        assert_eq!(
            read("%T.%f %F", "01:02:03.1234567 2023-03-29"),
            Some("2023-03-29T01:02:03.123456Z".into())
        );
        assert_eq!(read("%D %r", "03/09/23 12:02:03 PM"), Some("2023-03-09T12:02:03Z".into()));
        assert_eq!(read("%D %r", "03/09/23 12:02:03 AM"), Some("2023-03-09T00:02:03Z".into()));
        assert_eq!(read("%c", "Wed Mar  9 01:02:03 2023"), Some("2023-03-09T01:02:03Z".into()));
        for (layout, text) in [
            ("%F %T", "2023-02-30 01:02:03"),
            ("%F %T", "2023-03-29 24:02:03"),
            ("%F", "2023-03"),
            ("%F %T", "x"),
        ] {
            assert_eq!(read(layout, text), None, "{text}");
        }
    }

    #[test]
    fn what_a_layout_lacks() {
        let parts = |layout| Pattern::new(layout, false).unwrap().parts();
        assert!(parts("%d/%b/%Y:%T %z").has(Part::INSTANT));
        assert_eq!(parts("%T"), Part::CLOCK);
        assert_eq!(parts("%d/%b %T"), Part::CLOCK);
        assert_eq!(Pattern::new("%F %Q", false), Err(3));
        assert_eq!(Pattern::new("%", false), Err(0));
    }

    proptest! {
        #[test]
        fn the_fast_road_is_the_plain_one(
            text in "[0-3][0-9]/(Jan|feb|MAR|[A-Za-z]{2,4})/20[0-9]{2}:[0-2][0-9]:[0-6][0-9]:[0-6][0-9].?.?|[0-9/:a-z]{0,22}",
            utc: bool,
        ) {
            let (pattern, mut fast, mut plain) = (Pattern::new("%d/%b/%Y:%H:%M:%S", utc).unwrap(), Moment::default(), Moment::default());
            prop_assert!(pattern.clf);
            let length = pattern.read(text.as_bytes(), &mut fast);
            prop_assert_eq!(length, pattern.read_plainly(text.as_bytes(), &mut plain));
            prop_assert!(length.is_none() || fast == plain);
        }

        #[test]
        fn no_text_panics(layout in "(%[YymbdeHIpMSzZsajcr]|[ :/-]){0,8}", text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut moment = Moment::default();
            let _ = Pattern::new(&layout, true).unwrap().read(&text, &mut moment);
            let _ = moment.finish(&TimeZone::UTC);
        }
    }
}
