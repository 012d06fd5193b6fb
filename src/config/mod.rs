//! The configuration file, `outflow.toml`: text in, a [`Config`] out, or the line and column of what is wrong with it.
//!
//! The shapes of the file (`raw`, `node`) only say which keys there are; [`Config`] is what the stages receive. A new section
//! is a field of the one, a field of the other, and the lines in [`read`] that make the second of the first. Nothing here
//! reads files: paths are resolved against the folder that the caller gives.

mod address;
mod allow;
mod error;
mod format;
mod kept;
mod listen;
mod node;
mod output;
mod print;
mod raw;
mod service;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_allow;
#[cfg(test)]
mod tests_watch;
mod watch;

pub use error::ConfigError;
pub use listen::{ListenAt, ListenConfig};
pub use output::{OutputConfig, Render, Target, Template, Transport};
pub use print::print;
pub use watch::{HttpConfig, LimitsConfig, LogConfig, LogFormat, LogLevel, StoreConfig};

use crate::event::Role;
use crate::event::catalogue::Service;
use crate::formats::generic::mapped::Mapping;
use crate::formats::spelling::nearest;
use crate::formats::{Context, SpecError, detect};
use crate::incidents::{Allow, Budget};
use ipnet::IpNet;
use jiff::tz::TimeZone;
use raw::Raw;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use toml::Spanned;

/// What the file says; what it leaves out is `None` or empty, and the defaults of the stages hold.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Incidents a day.
    pub budget: Option<Budget>,
    /// Networks whose addresses are ours.
    pub local_networks: Option<Vec<IpNet>>,
    /// The inventory file.
    pub inventory: Option<PathBuf>,
    /// The zone of stamps that carry none.
    pub timezone: Option<TimeZone>,
    /// The formats that the operator describes.
    pub formats: Arc<[Arc<Mapping>]>,
    /// The MMDB file that names the autonomous systems of addresses.
    pub asn: Option<PathBuf>,
    /// The operator's own services, each with what it is known by.
    pub services: Vec<(Service, Vec<String>)>,
    /// What is not told.
    pub allow: Arc<[Allow]>,
    /// What is read where the command line names nothing.
    pub sources: Vec<SourceConfig>,
    /// What is kept, and where.
    pub store: StoreConfig,
    /// Where messages come in that are in no file.
    pub listeners: Vec<ListenConfig>,
    /// Whom incidents are told to.
    pub outputs: Vec<OutputConfig>,
    /// What bounds memory, handles and the disk.
    pub limits: LimitsConfig,
    /// Where health and metrics are served.
    pub http: HttpConfig,
    /// How the daemon talks.
    pub log: LogConfig,
}

/// A longer name of a format, a listener or an output is none, in bytes.
const NAME_MAX: usize = 64;

/// A `[[source]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceConfig {
    /// Files, globs, directories, or `-`.
    pub paths: Vec<PathBuf>,
    /// `NAME` or `KIND:STRING`; `None`: find out.
    pub format: Option<String>,
    /// The server's configuration that says it instead, as `CONF` or `CONF#NAME`.
    pub format_from: Option<PathBuf>,
    /// The role, where a format allows more than one.
    pub role: Option<Role>,
    /// The host that a server's log watches.
    pub host: Option<String>,
}

/// Reads the text of a file that lies in `folder`.
///
/// # Errors
/// For what is no TOML, a key that is not known, and a value that cannot be used.
pub fn read(text: &str, folder: &Path) -> Result<Config, ConfigError> {
    let raw: Raw = toml::from_str(text).map_err(|error| ConfigError::of_toml(text, &error))?;
    let at = |start: usize, message: String| ConfigError::at(text, start, message);
    let mut config = Config {
        budget: raw.budget.map(|budget| parsed(text, &budget)).transpose()?,
        local_networks: raw
            .local_networks
            .map(|networks| {
                networks
                    .iter()
                    .map(|network| parsed_or(text, network, "10.0.0.0/8"))
                    .collect::<Result<_, _>>()
            })
            .transpose()?,
        inventory: raw.inventory.map(|path| folder.join(path)),
        asn: raw.asn.map(|path| folder.join(path)),
        services: raw.service.iter().map(|service| service::read(text, service)).collect::<Result<_, _>>()?,
        timezone: None,
        formats: format::formats(text, raw.format.as_ref())?.into(),
        allow: Arc::default(),
        sources: Vec::new(),
        store: watch::store(text, raw.store.as_ref(), folder)?,
        listeners: Vec::new(),
        outputs: output::outputs(text, &raw.output, folder)?,
        limits: watch::limits(text, raw.limits.as_ref())?,
        http: watch::http(text, raw.http.as_ref(), folder)?,
        log: watch::log(text, raw.log.as_ref())?,
    };
    if let Some(zone) = raw.timezone {
        let no_zone = |_| {
            let name = zone.get_ref();
            at(
                zone.span().start,
                format!("there is no zone \"{name}\": write a name such as \"Europe/London\""),
            )
        };
        config.timezone = Some(TimeZone::get(zone.get_ref()).map_err(no_zone)?);
    }
    // Rules go by the zone, which is known only now.
    let zone = config.timezone.clone().unwrap_or(TimeZone::UTC);
    config.allow = raw.allow.iter().map(|rule| allow::read(text, rule, &zone)).collect::<Result<_, _>>()?;
    let context = Context { own: Arc::clone(&config.formats), ..Context::default() };
    for source in &raw.source {
        let paths = source.paths.get_ref();
        if paths.is_empty() {
            return Err(at(source.paths.span().start, "a source needs at least one path".into()));
        }
        if let Some(conf) = source.format_from.as_ref().filter(|_| source.format.is_some()) {
            let message = "a source has a format or a format_from, not both".into();
            return Err(at(conf.span().start, message));
        }
        config.sources.push(SourceConfig {
            paths: paths
                .iter()
                .map(|path| if path == "-" { path.into() } else { folder.join(path) })
                .collect(),
            format: checked_format(text, source.format.as_ref(), &context)?,
            format_from: source.format_from.as_ref().map(|conf| folder.join(conf.get_ref())),
            role: source.role.as_ref().map(|role| format::role(text, role)).transpose()?,
            host: source.host.clone(),
        });
    }
    config.listeners = listen::listeners(text, &raw.listen, folder, &context)?;
    Ok(config)
}

/// The format that somebody names; `None` where it is to be found out.
fn checked_format(
    text: &str,
    format: Option<&Spanned<String>>,
    context: &Context,
) -> Result<Option<String>, ConfigError> {
    let Some(format) = format else { return Ok(None) };
    let name = format.get_ref();
    if !is_auto(name) {
        detect::named(name, context).map_err(|error| in_string(text, format, &error))?;
    }
    Ok(Some(name.clone()).filter(|name| name != "auto"))
}

/// A name that may be that of a folder.
fn checked_name(text: &str, name: &Spanned<String>) -> Result<String, ConfigError> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let is_name = |name: &str| {
        (1..=NAME_MAX).contains(&name.len()) && !name.starts_with('.') && name.chars().all(is_plain)
    };
    match is_name(name.get_ref()) {
        true => Ok(name.get_ref().clone()),
        false => {
            let message =
                format!("a name has 1 to {NAME_MAX} of a-z, A-Z, 0-9, -, _ and ., and no . at its start");
            Err(ConfigError::at(text, name.span().start, message))
        }
    }
}

/// One of a few words.
fn one_of<T: Copy>(
    text: &str,
    what: &str,
    value: &Spanned<String>,
    words: &[(&str, T)],
) -> Result<T, ConfigError> {
    let asked = value.get_ref();
    if let Some((_, meant)) = words.iter().find(|(word, _)| word == asked) {
        return Ok(*meant);
    }
    let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let near = nearest(asked, &words).map(|near| format!("did you mean \"{near}\"? "));
    let message = format!(
        "there is no {what} \"{asked}\": {}it is one of {}",
        near.unwrap_or_default(),
        words.join(", ")
    );
    Err(ConfigError::at(text, value.span().start, message))
}

/// An error within a format string: at its own column where the string stands as it is, else at the string.
fn in_string(text: &str, format: &Spanned<String>, error: &SpecError) -> ConfigError {
    let start = format.span().start;
    match text.get(start + 1..).is_some_and(|inside| inside.starts_with(format.get_ref())) {
        true => ConfigError::at(text, start + 1 + error.position, error.message.clone()),
        false => ConfigError::at(text, start, error.to_string()),
    }
}

fn is_auto(name: &str) -> bool {
    matches!(name, "auto" | "auto-mixed")
}

/// A value whose own error says what to write.
fn parsed<T: FromStr<Err: Display>>(text: &str, value: &Spanned<String>) -> Result<T, ConfigError> {
    let wrong = |error: T::Err| ConfigError::at(text, value.span().start, error.to_string());
    value.get_ref().parse().map_err(wrong)
}

/// A value whose error is put together here.
fn parsed_or<T: FromStr>(text: &str, value: &Spanned<String>, such_as: &str) -> Result<T, ConfigError> {
    let wrong = |_| {
        let message = format!("\"{}\" cannot be read: write it as in \"{such_as}\"", value.get_ref());
        ConfigError::at(text, value.span().start, message)
    };
    value.get_ref().parse().map_err(wrong)
}
