//! The hours of the week in which a host usually sends.
//!
//! A bit for each of the 168 hours of the week (UTC). Bits are kept for four to eight weeks, in two generations, so that a
//! host's hours may change; and come in after two days only, so that a theft does not make its own hour usual.

use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a generation is gathered.
const GENERATION: i64 = 28;

/// Days until what a host did becomes what is usual.
const LAG: usize = 2;

/// How long until a timetable says something: every day of the week was seen.
const KNOWN: Span = Span::DAY.times(8);

/// From so many hours of the week on it is one. A host that sends at any time leaves three given hours of the day out with
/// probability (7/8)^n after n hours: of 32 hours, one in 72.
const HOURS_MIN: u32 = 32;

/// In the same night or the same day off: no usual hour is so near, in hours.
const NEAR: usize = 4;

/// The hours of a day, as bits of the hour of the day, by day of the week.
type Week = [u32; 7];

/// See the module.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Timetable {
    /// When it was begun.
    first: Timestamp,
    /// This generation, and the one before it.
    usual: [Week; 2],
    /// The number of this generation.
    generation: i64,
    /// Days since the epoch that are not in it yet, with their hours, the oldest first.
    recent: [(i64, u32); LAG],
}

impl Timetable {
    pub(super) fn new(first: Timestamp) -> Timetable {
        Timetable { first, ..Timetable::default() }
    }

    /// The host sent at this time; what it did under suspicion is not learned.
    pub(super) fn note(&mut self, now: Timestamp, suspect: bool) {
        let (day, hour) = hour_of(now);
        if self.recent[LAG - 1].0 < day {
            let (oldest, hours) = self.recent[0];
            if !suspect {
                self.learn(oldest, hours);
            }
            self.recent.rotate_left(1);
            self.recent[LAG - 1] = (day, 0);
        }
        if let Some((_, hours)) = self.recent.iter_mut().find(|(recent, _)| *recent == day) {
            *hours |= 1 << hour;
        }
    }

    fn learn(&mut self, day: i64, hours: u32) {
        let generation = day.div_euclid(GENERATION);
        if generation > self.generation {
            let before = std::mem::take(&mut self.usual[0]);
            self.usual[1] = if generation == self.generation + 1 { before } else { Week::default() };
            self.generation = generation;
        }
        self.usual[0][weekday(day)] |= hours;
    }

    /// Whether the host has a timetable that leaves this hour out: it sent on no day of the week within an hour of this time
    /// of the day, or never within four hours of this hour of the week. A machine that sends day and night has none.
    pub fn leaves_out(&self, now: Timestamp) -> bool {
        let (day, hour) = hour_of(now);
        let week: Week = std::array::from_fn(|weekday| self.usual[0][weekday] | self.usual[1][weekday]);
        let used = |day: i64, hour: usize| week[weekday(day)] >> hour & 1 == 1;
        // The hour so many hours from now, which may lie on another day.
        let near = |apart: usize| {
            let at = 24 + hour + apart - NEAR;
            (day + i64::try_from(at / 24).unwrap_or(1) - 1, at % 24)
        };
        let hours: u32 = week.iter().map(|hours| hours.count_ones()).sum();
        let known = now - self.first >= KNOWN && hours >= HOURS_MIN;
        let day_off = || (0..=2 * NEAR).map(near).all(|(day, hour)| !used(day, hour));
        let night = || (NEAR - 1..=NEAR + 1).map(near).all(|(_, hour)| (0..7).all(|day| !used(day, hour)));
        known && (day_off() || night())
    }
}

/// Day since the epoch, and hour of the day.
fn hour_of(now: Timestamp) -> (i64, usize) {
    let hour = now.0.div_euclid(Span::HOUR.0);
    (hour.div_euclid(24), usize::try_from(hour.rem_euclid(24)).unwrap_or_default())
}

fn weekday(day: i64) -> usize {
    usize::try_from(day.rem_euclid(7)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64, hour: i64) -> Timestamp {
        Timestamp(0) + Span::DAY.times(day) + Span::HOUR.times(hour)
    }

    /// Three weeks of working days from `from` to `to`.
    fn office(from: i64, to: i64) -> Timetable {
        let mut table = Timetable::new(at(0, 0));
        for day in (0..21).filter(|day| day % 7 < 5) {
            (from..to).for_each(|hour| table.note(at(day, hour), false));
        }
        table
    }

    #[test]
    fn nights_and_days_off_are_left_out() {
        let table = office(8, 18);
        // Working hours, an hour before and after them, the night; a day off at noon.
        let hours = [(21, 12), (21, 7), (21, 18), (21, 2), (21, 22), (26, 12)];
        assert_eq!(
            hours.map(|(day, hour)| table.leaves_out(at(day, hour))),
            [false, false, false, true, true, true]
        );
        assert!(!Timetable::new(at(0, 0)).leaves_out(at(30, 2)), "it never sent");
        assert!(!office(0, 24).leaves_out(at(21, 2)), "day and night");
        assert!(!office(8, 12).leaves_out(at(21, 2)), "too few hours");
    }

    #[test]
    fn a_new_hour_is_learned_within_a_week_but_not_under_suspicion() {
        for suspect in [false, true] {
            let mut table = office(8, 18);
            let out: Vec<bool> = (21..30)
                .map(|day| {
                    table.note(at(day, 2), suspect);
                    table.leaves_out(at(day, 2))
                })
                .collect();
            assert_eq!(out[..7], [true; 7]);
            assert_eq!(out[7..], [suspect; 2]);
        }
    }
}
