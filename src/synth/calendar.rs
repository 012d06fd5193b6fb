//! The hours of the log as people live them: which weekday, a working day or not, patch day, month end.
//!
//! All in UTC; time zones of sites are not modelled yet.

use crate::units::{Span, Timestamp};

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
}

impl Hour {
    /// Hour `index` of a log that starts at `start`, a midnight in UTC.
    pub(super) fn new(start: Timestamp, index: u32) -> Hour {
        let moment = start + Span::HOUR.times(i64::from(index));
        let zoned = jiff::Timestamp::from_microsecond(moment.0).unwrap_or_default();
        let date = zoned.to_zoned(jiff::tz::TimeZone::UTC).date();
        Hour {
            index,
            start: moment,
            of_day: usize::try_from(index % 24).unwrap_or(0),
            day: index / 24,
            weekday: date.weekday().to_monday_zero_offset(),
            day_of_month: date.day(),
            days_in_month: date.days_in_month(),
        }
    }

    /// The moment `fraction` (0 to 1, or beyond for later hours) into the hour, in whole milliseconds.
    pub(super) fn at(&self, fraction: f64) -> Timestamp {
        let millis = (fraction.max(0.0) * 3_600_000.0).round() as i64;
        self.start + Span(millis.saturating_mul(1000))
    }

    /// Monday to Friday.
    pub(super) fn is_working_day(&self) -> bool {
        self.weekday < 5
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
        self.is_working_day() && working_days_left < 2
    }
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
    /// How busy this hour is against the mean hour of a working day.
    pub(super) fn weight(self, hour: &Hour) -> f64 {
        let (shape, weekend) = match self {
            Rhythm::Always => return 1.0,
            Rhythm::Office => (&OFFICE, 0.12),
            Rhythm::Public => (&PUBLIC, 0.8),
            Rhythm::Night => (&NIGHT, 1.0),
        };
        let factor = if hour.is_working_day() { 1.0 } else { weekend };
        factor * shape.get(hour.of_day).copied().unwrap_or(1.0)
    }
}

/// A span of this many seconds in whole milliseconds, at least one.
pub(super) fn milliseconds(seconds: f64) -> Span {
    let millis = (seconds * 1000.0).round().max(1.0) as i64;
    Span(millis.saturating_mul(1000))
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
}
