//! Waiting: for something to do, for the next try, and for the end.

use ring::rand::{SecureRandom, SystemRandom};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long to wait after a failure.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// After the first; each further one doubles it.
    pub first: Duration,
    /// Never longer than this.
    pub most: Duration,
}

impl Default for Pace {
    /// From a second to five minutes: a receiver that was down for a day is found again soon after, at 12 tries an hour.
    fn default() -> Pace {
        Pace { first: Duration::from_secs(1), most: Duration::from_secs(300) }
    }
}

/// Exponential back-off with jitter, so that many daemons do not come back at once.
#[derive(Debug)]
pub(super) struct Backoff {
    pace: Pace,
    failures: u32,
}

impl Backoff {
    pub(super) fn new(pace: Pace) -> Backoff {
        Backoff { pace, failures: 0 }
    }

    /// Half to all of what is due.
    pub(super) fn next(&mut self) -> Duration {
        let factor = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        self.failures = (self.failures + 1).min(31);
        let due = self.pace.first.saturating_mul(factor).min(self.pace.most);
        let mut random = [255];
        // Without randomness it is all of it.
        let _ = SystemRandom::new().fill(&mut random);
        due.mul_f64(0.5 + f64::from(random[0]) / 510.0)
    }

    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[derive(Debug, Default)]
struct State {
    /// Counts the wakings.
    wakings: u64,
    /// When everything must have ended.
    end: Option<Instant>,
}

/// What all threads wait on.
#[derive(Debug, Default)]
pub(super) struct Pause {
    state: Mutex<State>,
    changed: Condvar,
}

impl Pause {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wake(&self) {
        self.state().wakings += 1;
        self.changed.notify_all();
    }

    pub(super) fn stop(&self, end: Instant) {
        self.state().end = Some(end);
        self.changed.notify_all();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.state().end.is_some()
    }

    pub(super) fn is_over(&self) -> bool {
        self.state().end.is_some_and(|end| Instant::now() >= end)
    }

    /// How often somebody woke so far; for [`Pause::wait`].
    pub(super) fn seen(&self) -> u64 {
        self.state().wakings
    }

    /// Waits until somebody has woken since `seen`, or the end comes, or so long.
    pub(super) fn wait(&self, seen: u64, most: Duration) {
        let idle = |state: &mut State| state.wakings == seen && state.end.is_none();
        drop(self.changed.wait_timeout_while(self.state(), most, idle));
    }

    /// Waits so long, or until the end comes.
    pub(super) fn rest(&self, duration: Duration) {
        drop(self.changed.wait_timeout_while(self.state(), duration, |state| state.end.is_none()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_most() {
        let pace = Pace { first: Duration::from_millis(100), most: Duration::from_secs(2) };
        let mut backoff = Backoff::new(pace);
        for due in [100, 200, 400, 800, 1_600, 2_000, 2_000] {
            let due = Duration::from_millis(due);
            let wait = backoff.next();
            assert!(wait >= due / 2 && wait <= due, "{wait:?} {due:?}");
        }
        for _ in 0..100 {
            assert!(backoff.next() <= pace.most);
        }
        backoff.reset();
        assert!(backoff.next() <= pace.first);
    }

    #[test]
    fn the_end_ends_every_wait() {
        let pause = Pause::default();
        pause.stop(Instant::now());
        pause.wait(0, Duration::from_secs(3600));
        pause.rest(Duration::from_secs(3600));
        assert!(pause.is_stopping() && pause.is_over());
    }
}
