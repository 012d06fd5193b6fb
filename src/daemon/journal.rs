//! What the daemon says of itself while it runs: on standard error, for people or as JSON, from a level on, and of each kind no more
//! than somebody reads.

use crate::config::{LogConfig, LogFormat, LogLevel};
use crate::outputs::escaped;
use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tracing_subscriber::filter::LevelFilter;

/// Begins to say what is at least as important as the configuration wants. The first call in a process counts.
pub fn start(config: LogConfig) {
    let level = match config.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let journal = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(false);
    // Whoever started another before keeps it.
    let _ = match config.format {
        LogFormat::Text => journal.try_init(),
        LogFormat::Json => journal.json().flatten_event(true).try_init(),
    };
}

/// So many messages of a kind are said in a [`PERIOD`].
const MOST: u32 = 20;

/// See [`MOST`].
const PERIOD: Duration = Duration::from_secs(60);

/// Messages of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Kind {
    /// When the period began, since the first message of any kind.
    since: Duration,
    /// Said in it.
    said: u32,
    /// Left out since the last that was said.
    held: u64,
}

impl Kind {
    /// Whether one more is said now, and how many like it were left out before it.
    fn next(&mut self, now: Duration) -> Option<u64> {
        if now.saturating_sub(self.since) >= PERIOD {
            (self.since, self.said) = (now, 0);
        }
        if self.said >= MOST {
            self.held += 1;
            return None;
        }
        self.said += 1;
        Some(std::mem::take(&mut self.held))
    }
}

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
static KINDS: Mutex<BTreeMap<&str, Kind>> = Mutex::new(BTreeMap::new());

/// Whether one more message of this kind may be said, and how many of it were left out before: more than twenty a minute hide what
/// else is said, and fill the disk that the state needs. What is left out is counted elsewhere.
pub(super) fn may_say(kind: &'static str) -> Option<u64> {
    let now = BEGAN.elapsed();
    let mut kinds = KINDS.lock().unwrap_or_else(PoisonError::into_inner);
    kinds.entry(kind).or_default().next(now)
}

/// Says that something is wrong, unless enough of this kind was said in the last minute.
pub fn complain(kind: &'static str, message: &str) {
    match may_say(kind) {
        Some(0) => tracing::warn!("{}", escaped(message)),
        Some(left_out) => tracing::warn!(left_out, "{}", escaped(message)),
        None => {}
    }
}

/// Says how things stand.
pub fn note(message: &str) {
    tracing::info!("{}", escaped(message));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_said_no_more_and_counted() {
        let (mut kind, second) = (Kind::default(), Duration::from_secs(1));
        let said = (0..100).filter(|_| kind.next(second) == Some(0)).count();
        assert_eq!(said, MOST as usize);
        assert_eq!(kind.next(PERIOD - second), None);
        assert_eq!(kind.next(PERIOD), Some(81), "how many were left out comes with the next");
        assert_eq!(kind.next(PERIOD), Some(0));
        // A quiet kind is never held.
        assert!((0..50).all(|minute| kind.next(PERIOD * (2 + minute)).is_some()));
        // Kinds do not hold each other.
        (0..200).for_each(|_| _ = may_say("a test"));
        assert_eq!((may_say("a test"), may_say("another test")), (None, Some(0)));
    }
}
