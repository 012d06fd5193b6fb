//! The hours of the log as people live them: which weekday, a working day or not, patch day, month end.
//!
//! The log and what is tied to dates are in UTC; habits follow the clock of the host's site (see [`SITES`]).

use super::arithmetic::whole;
use crate::units::{Span, Timestamp};
use jiff::civil::Date;

/// One hour of the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hour {
    /// From 0, since the start of the log.
    pub(super) index: u32,
    /// Its first moment.
    pub(super) start: Timestamp,
    /// 0 to 23.
    pub(super) of_day: usize,
    /// From 0, since the start of the log.
    pub(super) day: u32,
    /// 0 Monday to 6 Sunday.
    pub(super) weekday: i8,
    /// 1 to 31.
    day_of_month: i8,
    /// 28 to 31.
    days_in_month: i8,
    /// By the clock of each of [`SITES`].
    local: [Local; SITES.len()],
}

/// An hour by the clock of a site.
#[derive(Clone, Copy, Debug)]
struct Local {
    /// 0 to 23.
    of_day: usize,
    is_working_day: bool,
}

/// Where hosts stand: hours ahead of UTC, and hosts per thousand. No summer time.
pub(super) const SITES: [(i32, u32); 4] = [(0, 720), (1, 130), (-5, 100), (8, 50)];

impl Hour {
    /// Hour `index` of a log that starts at `start`, a midnight in UTC.
    pub(super) fn new(start: Timestamp, index: u32) -> Hour {
        let moment = start + Span::HOUR.times(i64::from(index));
        let date = date(moment);
        let local = SITES.map(|(ahead, _)| {
            let date = self::date(moment + Span::HOUR.times(i64::from(ahead)));
            let of_day = i64::from(index % 24) + i64::from(ahead);
            Local {
                of_day: usize::try_from(of_day.rem_euclid(24)).unwrap_or(0),
                is_working_day: date.weekday().to_monday_zero_offset() < 5 && !is_holiday(date),
            }
        });
        Hour {
            index,
            start: moment,
            of_day: usize::try_from(index % 24).unwrap_or(0),
            day: index / 24,
            weekday: date.weekday().to_monday_zero_offset(),
            day_of_month: date.day(),
            days_in_month: date.days_in_month(),
            local,
        }
    }

    /// 0 to 23, by the clock of a site.
    pub(super) fn local_hour(&self, site: usize) -> usize {
        self.local.get(site).map_or(self.of_day, |local| local.of_day)
    }

    /// The moment `fraction` (0 to 1, or beyond for later hours) into the hour, in whole milliseconds.
    pub(super) fn at(&self, fraction: f64) -> Timestamp {
        self.start + Span(in_micros(whole(fraction * 3_600_000.0)))
    }

    /// Monday to Friday and no holiday, in UTC.
    pub(super) fn is_working_day(&self) -> bool {
        self.local.first().is_some_and(|local| local.is_working_day)
    }

    /// Which Tuesday of the month this day is, from 1; `None` on other days. Vendors publish on the second, and a
    /// preview for testers on the fourth.
    pub(super) fn tuesday(&self) -> Option<i8> {
        (self.weekday == 1).then_some((self.day_of_month + 6) / 7)
    }

    /// One of the last two working days of the month, when pay runs and books close.
    pub(super) fn is_month_end(&self) -> bool {
        let mut working_days_left = 0;
        for later in 1..=(self.days_in_month - self.day_of_month) {
            working_days_left += i32::from((self.weekday + later) % 7 < 5);
        }
        self.weekday < 5 && working_days_left < 2
    }
}

fn date(moment: Timestamp) -> Date {
    let stamp = jiff::Timestamp::from_microsecond(moment.0).unwrap_or_default();
    stamp.to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// The bank holidays of England, which the whole company keeps; those that fall on a weekend are not moved.
fn is_holiday(date: Date) -> bool {
    let monday = date.weekday().to_monday_zero_offset() == 0;
    match (date.month(), date.day()) {
        (1, 1) | (12, 25 | 26) => true,
        (5, day) if monday => day <= 7 || day > 24,
        (8, day) if monday => day > 24,
        (3 | 4, _) => {
            let easter = easter(date.year());
            let from = |days: i64| easter.checked_add(jiff::Span::new().days(days)).ok();
            from(-2) == Some(date) || from(1) == Some(date)
        }
        _ => false,
    }
}

/// Easter Sunday by the anonymous Gregorian rule (Nature, 1876), for the years 1970 to 9999.
fn easter(year: i16) -> Date {
    let year = i32::from(year);
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    let (month, day) = (i8::try_from(sum / 31).unwrap_or(4), i8::try_from(sum % 31 + 1).unwrap_or(1));
    Date::new(i16::try_from(year).unwrap_or(1970), month, day).unwrap_or_default()
}

/// When in the day and the week something is done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rhythm {
    /// Machines: day and night.
    Always,
    /// Staff: working hours, hardly on weekends.
    Office,
    /// The public: waking hours, a little less on weekends.
    Public,
    /// Jobs: the small hours, every night.
    Night,
}

/// Shares of a day's activity by hour, each summing to 24.
const OFFICE: [f64; 24] = [
    0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.5, 1.2, 2.2, 2.7, 2.7, 2.5, 1.8, 2.3, 2.5, 2.4, 1.4, 0.4, 0.2, 0.1, 0.1,
    0.1, 0.1, 0.1,
];
const PUBLIC: [f64; 24] = [
    0.4, 0.3, 0.2, 0.2, 0.2, 0.3, 0.5, 0.8, 1.1, 1.3, 1.4, 1.4, 1.4, 1.3, 1.3, 1.3, 1.3, 1.4, 1.5, 1.6, 1.6,
    1.5, 1.1, 0.6,
];
const NIGHT: [f64; 24] = [
    4.0, 5.0, 5.0, 4.0, 2.0, 0.5, 0.1, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.2,
    0.5, 1.0, 1.5,
];

impl Rhythm {
    /// How busy this hour is at a site against the mean hour of a working day.
    pub(super) fn weight(self, hour: &Hour, site: usize) -> f64 {
        let (shape, weekend) = match self {
            Rhythm::Always => return 1.0,
            Rhythm::Office => (&OFFICE, 0.12),
            Rhythm::Public => (&PUBLIC, 0.8),
            Rhythm::Night => (&NIGHT, 1.0),
        };
        let is_working_day = hour.local.get(site).is_some_and(|local| local.is_working_day);
        let factor = if is_working_day { 1.0 } else { weekend };
        factor * shape.get(hour.local_hour(site)).copied().unwrap_or(1.0)
    }
}

/// A span of this many seconds in whole milliseconds, at least one.
pub(super) fn milliseconds(seconds: f64) -> Span {
    Span(in_micros(whole(seconds * 1000.0).max(1)))
}

fn in_micros(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX).saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_days() {
        for shape in [OFFICE, PUBLIC, NIGHT] {
            assert!((shape.iter().sum::<f64>() - 24.0).abs() < 1e-9, "{shape:?}");
        }
    }

    #[test]
    fn march_2023() {
        let start: Timestamp = "2023-03-01".parse().unwrap();
        let days = |keep: fn(&Hour) -> bool| -> Vec<i8> {
            (0..31).map(|day| Hour::new(start, day * 24)).filter(keep).map(|h| h.day_of_month).collect()
        };
        assert_eq!(days(|hour| hour.tuesday() == Some(2)), [14]);
        assert_eq!(days(|hour| hour.tuesday() == Some(4)), [28]);
        assert_eq!(days(Hour::is_month_end), [30, 31]);
        assert_eq!(days(|hour| hour.weekday == 6), [5, 12, 19, 26]);
    }

    #[test]
    fn holidays_of_2023() {
        let start: Timestamp = "2023-01-01".parse().unwrap();
        let off: Vec<String> = (0..365)
            .map(|day| Hour::new(start, day * 24))
            .filter(|hour| hour.weekday < 5 && !hour.is_working_day())
            .map(|hour| date(hour.start).to_string())
            .collect();
        assert_eq!(
            off,
            [
                "2023-04-07",
                "2023-04-10",
                "2023-05-01",
                "2023-05-29",
                "2023-08-28",
                "2023-12-25",
                "2023-12-26"
            ]
        );
    }

    #[test]
    fn sites_have_their_own_clocks() {
        // Friday 23:00 UTC is Saturday in the east and Friday evening in the west.
        let hour = Hour::new("2023-03-24".parse().unwrap(), 23);
        assert_eq!([0, 1, 2, 3].map(|site| hour.local_hour(site)), [23, 0, 18, 7]);
        let working = [0, 1, 2, 3].map(|site| Rhythm::Office.weight(&hour, site) > 0.05);
        assert_eq!(working, [true, false, true, true]);
        assert!(Rhythm::Office.weight(&hour, 3) < 0.2, "Saturday morning");
        assert_eq!(SITES.iter().map(|site| site.1).sum::<u32>(), 1000);
    }
}
