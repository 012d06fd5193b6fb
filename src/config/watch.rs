//! What only `outflow watch` needs of its surroundings: `[store]`, `[limits]`, `[http]` and `[log]`.

use super::error::ConfigError;
use super::raw::{RawHttp, RawLimits, RawLog, RawStore};
use super::{one_of, parsed, parsed_or};
use crate::tally;
use crate::units::{Bytes, Span};
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// `[store]`: what is kept, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// Its folder.
    pub path: PathBuf,
    /// How often offsets and state are made durable: 100 ms to 1 h.
    pub commit_every: Span,
    /// How long totals, baselines and incidents are kept: a day to a century.
    pub retain: Span,
}

impl Default for StoreConfig {
    fn default() -> StoreConfig {
        StoreConfig {
            path: "/var/lib/outflow".into(),
            commit_every: Span::SECOND.times(5),
            retain: Span::DAY.times(400),
        }
    }
}

/// `[limits]`: what bounds memory, handles and the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Most hosts told apart; the rest are summed as one.
    pub hosts: usize,
    /// Most destination groups told apart; the rest are summed as one.
    pub destinations: usize,
    /// Most files held open at once. The default is half of the 1,024 handles that Linux gives a process by default.
    pub open_files: usize,
    /// Most bytes that each listener keeps until they are read.
    pub spool: Bytes,
}

impl Default for LimitsConfig {
    fn default() -> LimitsConfig {
        let sums = tally::Settings::default();
        LimitsConfig {
            hosts: sums.hosts_max,
            destinations: sums.destinations_max,
            open_files: 512,
            spool: Bytes(1_000_000_000),
        }
    }
}

/// `[http]`: where health, metrics and the interface for programs are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// Loopback unless there is a token.
    pub bind: SocketAddr,
    /// The file that holds the token.
    pub token_file: Option<PathBuf>,
}

impl Default for HttpConfig {
    fn default() -> HttpConfig {
        HttpConfig { bind: SocketAddr::from(([127, 0, 0, 1], 9477)), token_file: None }
    }
}

/// `[log]`: how the daemon talks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogConfig {
    /// For people or for machines.
    pub format: LogFormat,
    /// The least important that is said.
    pub level: LogLevel,
}

/// How a message is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// How important a message is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something does not work.
    Error,
    /// Something may not work for long.
    Warn,
    /// What a person who looks after it wants to know.
    #[default]
    Info,
    /// What a person who looks for a fault wants to know.
    Debug,
}

const LOG_FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];

const LOG_LEVELS: &[(&str, LogLevel)] = &[
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
];

pub(super) fn store(text: &str, raw: Option<&RawStore>, folder: &Path) -> Result<StoreConfig, ConfigError> {
    let mut store = StoreConfig::default();
    let Some(raw) = raw else { return Ok(store) };
    if let Some(path) = &raw.path {
        store.path = folder.join(path);
    }
    if let Some(span) = &raw.commit_every {
        store.commit_every = span_within(text, span, Span(100_000), Span::HOUR)?;
    }
    if let Some(span) = &raw.retain {
        store.retain = span_within(text, span, Span::DAY, Span::DAY.times(36_500))?;
    }
    Ok(store)
}

pub(super) fn limits(text: &str, raw: Option<&RawLimits>) -> Result<LimitsConfig, ConfigError> {
    let mut limits = LimitsConfig::default();
    let Some(raw) = raw else { return Ok(limits) };
    let number = |value: &Spanned<u32>, least: u32| {
        at_least(text, value.span().start, *value.get_ref(), least).map(|number| number as usize)
    };
    if let Some(hosts) = &raw.hosts {
        limits.hosts = number(hosts, 1)?;
    }
    if let Some(destinations) = &raw.destinations {
        limits.destinations = number(destinations, 1)?;
    }
    if let Some(files) = &raw.open_files {
        limits.open_files = number(files, 8)?;
    }
    if let Some(spool) = &raw.spool {
        limits.spool = bytes_within(text, spool, Bytes(1_000_000), Bytes(u64::MAX))?;
    }
    Ok(limits)
}

pub(super) fn http(text: &str, raw: Option<&RawHttp>, folder: &Path) -> Result<HttpConfig, ConfigError> {
    let mut http = HttpConfig::default();
    let Some(raw) = raw else { return Ok(http) };
    http.token_file = raw.token_file.as_ref().map(|path| folder.join(path));
    if let Some(bind) = &raw.bind {
        http.bind = parsed_or(text, bind, "127.0.0.1:9477")?;
        if !http.bind.ip().is_loopback() && http.token_file.is_none() {
            let message = "others can reach this address: bind to 127.0.0.1, or set token_file, whose token they must send";
            return Err(ConfigError::at(text, bind.span().start, message.into()));
        }
    }
    Ok(http)
}

pub(super) fn log(text: &str, raw: Option<&RawLog>) -> Result<LogConfig, ConfigError> {
    let mut log = LogConfig::default();
    let Some(raw) = raw else { return Ok(log) };
    if let Some(format) = &raw.format {
        log.format = one_of(text, "format of the log", format, LOG_FORMATS)?;
    }
    if let Some(level) = &raw.level {
        log.level = one_of(text, "level", level, LOG_LEVELS)?;
    }
    Ok(log)
}

fn at_least<T: PartialOrd + Display>(text: &str, start: usize, value: T, least: T) -> Result<T, ConfigError> {
    let too_little = || ConfigError::at(text, start, format!("{value} is too little: write {least} or more"));
    if value < least { Err(too_little()) } else { Ok(value) }
}

/// A span of time that makes sense here.
pub(super) fn span_within(
    text: &str,
    value: &Spanned<String>,
    least: Span,
    most: Span,
) -> Result<Span, ConfigError> {
    let span: Span = parsed(text, value)?;
    within(text, value, span, least, most)
}

/// A number of bytes that makes sense here.
pub(super) fn bytes_within(
    text: &str,
    value: &Spanned<String>,
    least: Bytes,
    most: Bytes,
) -> Result<Bytes, ConfigError> {
    let bytes: Bytes = parsed(text, value)?;
    within(text, value, bytes, least, most)
}

fn within<T: PartialOrd + Display>(
    text: &str,
    value: &Spanned<String>,
    quantity: T,
    least: T,
    most: T,
) -> Result<T, ConfigError> {
    let bound = match (quantity < least, quantity > most) {
        (true, _) => format!("too little: write {least} or more"),
        (_, true) => format!("too much: write {most} or less"),
        (false, false) => return Ok(quantity),
    };
    Err(ConfigError::at(text, value.span().start, format!("\"{}\" is {bound}", value.get_ref())))
}
