//! `[[listen]]`: where messages come in that are in no file.

use super::error::ConfigError;
use super::raw::RawListen;
use super::{address, checked_format, checked_name, format};
use crate::event::Role;
use crate::formats::Context;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// A `[[listen]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenConfig {
    /// What it is called: in metrics, and the folder of its spool. Only letters, digits, `-`, `_` and `.`; no two are the same.
    pub name: String,
    /// Where messages come in.
    pub at: ListenAt,
    /// `NAME` or `KIND:STRING`; `None`: find out.
    pub format: Option<String>,
    /// The role, where a format allows more than one.
    pub role: Option<Role>,
    /// The host that a server's log watches.
    pub host: Option<String>,
}

/// Where messages come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAt {
    /// A datagram is a message.
    Udp(SocketAddr),
    /// RFC 6587: messages end with a newline, or their length goes before them.
    Tcp(SocketAddr),
    /// RFC 5425: the same within TLS.
    Tls {
        /// Where.
        address: SocketAddr,
        /// The PEM file of the certificate and those that vouch for it.
        cert: PathBuf,
        /// The PEM file of its private key.
        key: PathBuf,
    },
    /// A datagram socket in the file system, as `/dev/log` is.
    Unix(PathBuf),
    /// What is written to the daemon, line by line.
    Stdin,
}

const SCHEMES: &[&str] = &["udp", "tcp", "tls", "unix"];

/// All of them.
pub(super) fn listeners(
    text: &str,
    raw: &[Spanned<RawListen>],
    folder: &Path,
    context: &Context,
) -> Result<Vec<ListenConfig>, ConfigError> {
    let mut listeners: Vec<ListenConfig> = Vec::new();
    for raw in raw {
        let start = raw.span().start;
        let listener = listener(text, start, raw.get_ref(), folder, context)?;
        if listeners.iter().any(|other| other.name == listener.name) {
            let message = format!(
                "two listeners are called \"{}\": give one of them another name = \"…\"",
                listener.name
            );
            return Err(ConfigError::at(text, start, message));
        }
        listeners.push(listener);
    }
    Ok(listeners)
}

fn listener(
    text: &str,
    start: usize,
    raw: &RawListen,
    folder: &Path,
    context: &Context,
) -> Result<ListenConfig, ConfigError> {
    let at = |start: usize, message: &str| ConfigError::at(text, start, message.into());
    let (place, called) = match (&raw.syslog, raw.stdin.as_ref().filter(|stdin| *stdin.get_ref())) {
        (Some(syslog), None) => (socket(text, syslog, raw, folder)?, syslog.get_ref().as_str()),
        (None, Some(_)) => (ListenAt::Stdin, "stdin"),
        (Some(_), Some(stdin)) => {
            return Err(at(
                stdin.span().start,
                "a listener has a syslog or stdin, not both: write two [[listen]]",
            ));
        }
        (None, None) => {
            return Err(at(
                start,
                "say where messages come in: syslog = \"udp://127.0.0.1:5514\", or stdin = true",
            ));
        }
    };
    let is_tls = matches!(place, ListenAt::Tls { .. });
    if let Some(file) = raw.cert.as_ref().or(raw.key.as_ref()).filter(|_| !is_tls) {
        return Err(at(file.span().start, "a certificate and its key are for syslog = \"tls://…\""));
    }
    let name = match &raw.name {
        Some(name) => checked_name(text, name)?,
        None => named_after(called),
    };
    Ok(ListenConfig {
        name,
        at: place,
        format: checked_format(text, raw.format.as_ref(), context)?,
        role: raw.role.as_ref().map(|role| format::role(text, role)).transpose()?,
        host: raw.host.clone(),
    })
}

fn socket(
    text: &str,
    syslog: &Spanned<String>,
    raw: &RawListen,
    folder: &Path,
) -> Result<ListenAt, ConfigError> {
    let (scheme, rest) = address::split(text, syslog, SCHEMES)?;
    if scheme == "unix" {
        return Ok(ListenAt::Unix(folder.join(rest)));
    }
    let address: SocketAddr = rest.parse().map_err(|_| {
        let message = format!(
            "\"{rest}\" is no address with a port: write {scheme}://127.0.0.1:5514, or {scheme}://0.0.0.0:5514 for all networks"
        );
        ConfigError::at(text, syslog.span().start, message)
    })?;
    match scheme {
        "udp" => Ok(ListenAt::Udp(address)),
        "tcp" => Ok(ListenAt::Tcp(address)),
        _ => match (&raw.cert, &raw.key) {
            (Some(cert), Some(key)) => Ok(ListenAt::Tls {
                address,
                cert: folder.join(cert.get_ref()),
                key: folder.join(key.get_ref()),
            }),
            _ => {
                let message = "tls:// needs cert = \"FILE.pem\" and key = \"FILE.pem\"";
                Err(ConfigError::at(text, syslog.span().start, message.into()))
            }
        },
    }
}

/// `udp://127.0.0.1:5514` → `udp-127.0.0.1-5514`: a name that is a folder.
fn named_after(what: &str) -> String {
    let mut name = String::new();
    for letter in what.chars() {
        match letter {
            letter if letter.is_ascii_alphanumeric() || letter == '.' => name.push(letter),
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    name.truncate(super::NAME_MAX);
    name
}
