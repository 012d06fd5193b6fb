//! What the service manager is told: ready, alive, reading its configuration again, stopping. Without one, nothing is said.

use sd_notify::NotifyState;
use std::time::{Duration, Instant};

/// The service manager that started the daemon, if one did.
#[derive(Debug)]
pub struct Supervisor {
    /// It wants to hear so often that the daemon is alive.
    every: Option<Duration>,
    /// When it heard so last.
    last: Instant,
}

impl Default for Supervisor {
    fn default() -> Supervisor {
        // Twice within the time after which it would act, as sd_watchdog_enabled(3) recommends.
        let every = sd_notify::watchdog_enabled().map(|limit| limit / 2);
        Supervisor { every, last: Instant::now() }
    }
}

impl Supervisor {
    /// Everything is open; reading begins, or goes on after [`Supervisor::reloading`].
    pub fn ready(&self) {
        say(&[NotifyState::Ready]);
    }

    /// The configuration is read again.
    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => say(&[NotifyState::Reloading, now]),
            Err(_) => say(&[NotifyState::Reloading]),
        }
    }

    /// The last is written down.
    pub fn stopping(&self) {
        say(&[NotifyState::Stopping]);
    }

    /// Called at every turn of the loop; says that it turns, as often as is wanted.
    pub fn alive(&mut self) {
        if self.every.is_some_and(|every| self.last.elapsed() >= every) {
            self.last = Instant::now();
            say(&[NotifyState::Watchdog]);
        }
    }
}

fn say(states: &[NotifyState<'_>]) {
    // Whoever does not listen is not needed to go on.
    let _ = sd_notify::notify(states);
}
