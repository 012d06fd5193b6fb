//! What the daemon says of itself while it runs: on standard error, for people or as JSON, from a level on.

use crate::config::{LogConfig, LogFormat, LogLevel};
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
