//! `outflow config print`: every setting with its value, and where that comes from. What is printed is itself a configuration.
//!
//! What the file says is copied from it letter by letter; the defaults stand in tables here, and a test holds that reading
//! what is printed gives the same configuration.

use super::error::line_and_column;
use super::{ConfigError, address, output, read};
use std::fmt::Write;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A key, and its value as it would be written; "": there is no default.
type Key = (&'static str, &'static str);

const TOP: &[Key] = &[
    ("budget", "\"10/day\""),
    ("local_networks", LOCAL),
    ("inventory", ""),
    ("asn", ""),
    ("timezone", "\"UTC\""),
];

/// As `estate` has them.
const LOCAL: &str = "[\"10.0.0.0/8\", \"172.16.0.0/12\", \"192.168.0.0/16\", \"fc00::/7\"]";

/// `[NAME]`, once.
const SINGLE: &[(&str, &[Key])] = &[
    ("store", &[("path", "\"/var/lib/outflow\""), ("commit_every", "\"5s\""), ("retain", "\"400d\"")]),
    (
        "limits",
        &[("hosts", "4000000"), ("destinations", "4000000"), ("open_files", "512"), ("spool", "\"1GB\"")],
    ),
    ("http", &[("bind", "\"127.0.0.1:9477\""), ("token_file", "")]),
    ("log", &[("format", "\"text\""), ("level", "\"info\"")]),
];

/// `[[source]]`.
const SOURCE: &[Key] =
    &[("paths", ""), ("format", "\"auto\""), ("format_from", ""), ("role", ""), ("host", "")];

/// `[[listen]]`.
const LISTEN: &[Key] = &[
    ("syslog", ""),
    ("stdin", "false"),
    ("name", ""),
    ("cert", ""),
    ("key", ""),
    ("format", "\"auto\""),
    ("role", ""),
    ("host", ""),
];

/// Prints the text of a file that lies in `folder`.
///
/// # Errors
/// As [`read`].
pub fn print(text: &str, folder: &Path) -> Result<String, ConfigError> {
    let config = read(text, folder)?;
    let table = DeTable::parse(text).map_err(|error| ConfigError::of_toml(text, &error))?;
    let table = table.get_ref();
    let mut page = Page { text, printed: String::new() };
    page.keys(table, TOP);
    for (name, keys) in SINGLE {
        let _ = write!(page.printed, "\n[{name}]\n");
        let empty = DeTable::new();
        page.keys(
            find(table, name).and_then(|(_, value)| value.get_ref().as_table()).unwrap_or(&empty),
            keys,
        );
    }
    for source in rows(table, "source") {
        page.head("source");
        let keys = SOURCE.iter().copied();
        // Where the server's own configuration says the format, there is no other.
        let is_said = source.keys().any(|key| key.get_ref() == "format_from");
        page.keys(source, &keys.filter(|(key, _)| !(is_said && *key == "format")).collect::<Vec<_>>());
    }
    for (listen, config) in rows(table, "listen").zip(&config.listeners) {
        page.head("listen");
        page.named(listen, LISTEN, &config.name);
    }
    for (output, config) in rows(table, "output").zip(&config.outputs) {
        page.head("output");
        page.named(output, output::defaults(&config.to), &config.name);
    }
    page.rest(table);
    Ok(page.printed)
}

fn find<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> Option<(Range<usize>, &'t Spanned<DeValue<'i>>)> {
    table.iter().find(|(key, _)| key.get_ref() == name).map(|(key, value)| (key.span(), value))
}

/// The tables of `[[NAME]]`.
fn rows<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> impl Iterator<Item = &'t DeTable<'i>> {
    let rows = find(table, name).and_then(|(_, value)| value.get_ref().as_array());
    rows.into_iter().flat_map(|rows| rows.iter()).filter_map(|row| row.get_ref().as_table())
}

struct Page<'i> {
    text: &'i str,
    printed: String,
}

impl Page<'_> {
    fn line_of(&self, start: usize) -> usize {
        line_and_column(self.text, start).0
    }

    fn head(&mut self, name: &str) {
        let _ = write!(self.printed, "\n[[{name}]]\n");
    }

    /// Each of these keys, from the table or by default.
    fn keys(&mut self, table: &DeTable<'_>, keys: &[Key]) {
        for (key, default) in keys {
            let _ = match find(table, key) {
                Some((_, value)) => {
                    let line = self.line_of(value.span().start);
                    if *key == "webhook" {
                        let address = without_secrets(value.get_ref().as_str().unwrap_or_default());
                        writeln!(
                            self.printed,
                            "{key} = {address} # line {line}, shortened: it may be a secret"
                        )
                    } else {
                        let written = self.text.get(value.span()).unwrap_or_default();
                        writeln!(self.printed, "{key} = {written} # line {line}")
                    }
                }
                None if default.is_empty() => writeln!(self.printed, "# {key}: not set"),
                None => writeln!(self.printed, "{key} = {default} # default"),
            };
        }
    }

    /// The same, of something that has a name in any case.
    fn named(&mut self, table: &DeTable<'_>, keys: &[Key], name: &str) {
        let keys = keys.iter().copied().filter(|(key, _)| *key != "name");
        self.keys(table, &keys.collect::<Vec<_>>());
        match find(table, "name") {
            Some(_) => self.keys(table, &[("name", "")]),
            None => {
                let _ = writeln!(self.printed, "# name: {name:?} unless set");
            }
        }
    }

    /// What has no defaults: formats, services, and the rules of the operator.
    fn rest(&mut self, table: &DeTable<'_>) {
        let known = |name: &str| {
            TOP.iter().any(|(key, _)| *key == name)
                || SINGLE.iter().any(|(key, _)| *key == name)
                || matches!(name, "source" | "listen" | "output")
        };
        for (key, value) in table.iter().filter(|(key, _)| !known(key.get_ref())) {
            let name = key.get_ref();
            match value.get_ref() {
                DeValue::Array(rows) => {
                    for row in rows.iter().filter_map(|row| row.get_ref().as_table()) {
                        self.head(name);
                        self.entries(row, "");
                    }
                }
                DeValue::Table(tables) => {
                    for (key, value) in tables {
                        let inner = self.text.get(key.span()).unwrap_or_default();
                        let _ = write!(self.printed, "\n[{name}.{inner}]\n");
                        if let Some(table) = value.get_ref().as_table() {
                            self.entries(table, "");
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Whatever stands there, in the order of its lines; `[a.b]` below `[a]` as `b.KEY`.
    fn entries(&mut self, table: &DeTable<'_>, above: &str) {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let name = format!("{above}{}", self.text.get(key.span()).unwrap_or_default());
            let written = self.text.get(value.span()).unwrap_or_default();
            match value.get_ref() {
                DeValue::Table(inner) if !written.starts_with('{') => {
                    self.entries(inner, &format!("{name}."));
                }
                _ => {
                    let line = self.line_of(key.span().start);
                    let _ = writeln!(self.printed, "{name} = {written} # line {line}");
                }
            }
        }
    }
}

/// `https://hooks.example/services/T0/B0/x` → `https://hooks.example/...`: whoever has the whole address may write there.
fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let host = address::web_host(rest);
    format!("\"{scheme}://{host}{}\"", if rest == host { "" } else { "/..." })
}
