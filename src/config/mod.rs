//! The configuration file, `outflow.toml`: text in, a [`Config`] out, or the line and column of what is wrong with it.
//!
//! The shapes of the file (`raw`, `node`) only say which keys there are; [`Config`] is what the stages receive. A new section
//! is a field of the one, a field of the other, and the lines in [`read`] that make the second of the first. Nothing here
//! reads files: paths are resolved against the folder that the caller gives.

mod error;
mod format;
mod kept;
mod node;
mod raw;
mod service;
#[cfg(test)]
mod tests;

pub use error::ConfigError;

use crate::event::Role;
use crate::event::catalogue::Service;
use crate::formats::generic::mapped::Mapping;
use crate::formats::{Context, SpecError, detect};
use crate::incidents::Budget;
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
    /// What is read where the command line names nothing.
    pub sources: Vec<SourceConfig>,
}

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
    for (section, value) in raw.not_yet() {
        if let Some(value) = value {
            let message = format!("{section} does not work yet in this version: take the section out");
            return Err(at(value.span().start, message));
        }
    }
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
        sources: Vec::new(),
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
    let context = Context { own: Arc::clone(&config.formats), ..Context::default() };
    for source in &raw.source {
        let paths = source.paths.get_ref();
        if paths.is_empty() {
            return Err(at(source.paths.span().start, "a source needs at least one path".into()));
        }
        if let Some(format) = source.format.as_ref().filter(|format| !is_auto(format.get_ref())) {
            detect::named(format.get_ref(), &context).map_err(|error| in_string(text, format, &error))?;
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
            format: source
                .format
                .as_ref()
                .map(|format| format.get_ref().clone())
                .filter(|name| name != "auto"),
            format_from: source.format_from.as_ref().map(|conf| folder.join(conf.get_ref())),
            role: source.role.as_ref().map(|role| format::role(text, role)).transpose()?,
            host: source.host.clone(),
        });
    }
    Ok(config)
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
