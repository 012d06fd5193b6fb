//! How far event time has come: the moment before which no line will be booked any more.
//!
//! A log with unread lines holds event time where it is. One that was read to its end may grow at any moment; until it
//! does, event time passes in it as on the wall. One that is silent for [`LINGER`] holds nobody up: should it speak again, of a
//! time that has passed, its lines are late, and counted as such.

use crate::units::{Span, Timestamp};
use std::time::Duration;

/// How long a log that was read to its end is waited for. Servers write their logs out every few seconds at least
/// (Squid and nginx with buffers up to a minute).
pub(super) const LINGER: Duration = Duration::from_secs(60);

/// A log, as far as event time goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reached {
    /// The newest moment seen in it, or the one at which it begins.
    pub(super) newest: Timestamp,
    /// For how long there was nothing to read; `None`: there is.
    pub(super) idle: Option<Duration>,
    /// It is not waited for: it is over, or was written to long ago.
    pub(super) past: bool,
}

impl Reached {
    /// Its event time, were it to grow now.
    fn now(&self) -> Timestamp {
        let idle = self.idle.map_or(0, |idle| i64::try_from(idle.as_micros()).unwrap_or(i64::MAX));
        Timestamp(self.newest.0.saturating_add(idle)).min(Timestamp::MAX)
    }

    fn is_awaited(&self) -> bool {
        match self.idle {
            None => true,
            Some(idle) => !self.past && idle < LINGER,
        }
    }
}

/// How far all have come; `None` where there is none.
pub(super) fn watermark(logs: impl Iterator<Item = Reached>, lateness: Span) -> Option<Timestamp> {
    let (mut slowest, mut furthest): (Option<Timestamp>, Option<Timestamp>) = (None, None);
    for log in logs {
        furthest = furthest.max(Some(log.now()));
        if log.is_awaited() {
            slowest = Some(slowest.map_or(log.now(), |slowest| slowest.min(log.now())));
        }
    }
    Some(slowest.or(furthest)? - lateness)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(newest: i64, idle: Option<u64>, past: bool) -> Reached {
        let newest = Timestamp(0) + Span::HOUR.times(newest);
        Reached { newest, idle: idle.map(Duration::from_secs), past }
    }

    fn hours(logs: &[Reached]) -> Option<f64> {
        watermark(logs.iter().copied(), Span(0)).map(|at| at.0 as f64 / Span::HOUR.0 as f64)
    }

    #[test]
    fn what_is_unread_holds_event_time() {
        assert_eq!(hours(&[]), None);
        assert_eq!(hours(&[log(5, None, false), log(9, Some(0), false)]), Some(5.0));
        assert_eq!(
            hours(&[log(5, None, true), log(9, Some(0), false)]),
            Some(5.0),
            "rotated, and not read yet"
        );
    }

    #[test]
    fn a_log_at_its_end_is_waited_for_and_then_not() {
        assert_eq!(hours(&[log(5, Some(36), false), log(9, None, false)]), Some(5.01));
        assert_eq!(hours(&[log(5, Some(60), false), log(9, None, false)]), Some(9.0));
        assert_eq!(hours(&[log(5, Some(1), true), log(9, None, false)]), Some(9.0));
    }

    #[test]
    fn when_all_are_silent_time_goes_on() {
        assert_eq!(hours(&[log(5, Some(3600), false), log(9, Some(7200), false)]), Some(11.0));
    }
}
