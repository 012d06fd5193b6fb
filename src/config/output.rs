//! `[[output]]`: whom incidents are told to.

use super::error::ConfigError;
use super::raw::RawOutput;
use super::watch::{bytes_within, span_within};
use super::{address, checked_name, one_of};
use crate::units::{Bytes, Span};
use std::path::{Path, PathBuf};
use toml::Spanned;

/// An `[[output]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputConfig {
    /// What it is called: in metrics, and where its cursor is kept. No two are the same. Holds no secret.
    pub name: String,
    /// Where incidents go.
    pub to: Target,
    /// In which words.
    pub render: Render,
}

/// Where incidents go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file, a line each.
    Jsonl {
        /// The file.
        path: PathBuf,
        /// A new file is begun before this one is larger.
        rotate_at: Bytes,
        /// How many older files are kept, as `PATH.1` (the newest) to `PATH.N`.
        keep: u32,
    },
    /// Standard output, a line each.
    Stdout,
    /// RFC 5424.
    Syslog {
        /// How it is carried.
        transport: Transport,
        /// Name or address of the receiver.
        host: String,
        /// Its port.
        port: u16,
        /// The PEM file of those who may vouch for it (TLS); `None`: those that the system trusts.
        ca: Option<PathBuf>,
        /// How long it may take, each time.
        time_limit: Span,
    },
    /// A POST each.
    Webhook {
        /// Where. Often a secret: never shown.
        url: String,
        /// What the receiver understands.
        template: Template,
        /// The file with the key of the signature.
        secret_file: Option<PathBuf>,
        /// The PEM file of those who may vouch for it; `None`: those that the system trusts.
        ca: Option<PathBuf>,
        /// How long it may take, each time.
        time_limit: Span,
    },
    /// A program, run once each, with the incident on its standard input.
    Exec {
        /// The program and its arguments; no shell reads them.
        command: Vec<String>,
        /// How long it may take, each time.
        time_limit: Span,
    },
}

/// How syslog is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// RFC 5426.
    Udp,
    /// RFC 6587, with octet counting.
    Tcp,
    /// RFC 5425.
    Tls,
}

/// What the receiver of a webhook understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Template {
    /// The incident itself.
    #[default]
    Generic,
    /// A message of Slack.
    Slack,
    /// A card of Microsoft Teams.
    Teams,
}

/// In which words an incident is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Render {
    /// Our own, as `scan --json` prints it.
    #[default]
    Outflow,
    /// Elastic Common Schema.
    Ecs,
    /// Open Cybersecurity Schema Framework, Detection Finding.
    Ocsf,
    /// Common Event Format. No JSON.
    Cef,
}

const RENDERINGS: &[(&str, Render)] =
    &[("outflow", Render::Outflow), ("ecs", Render::Ecs), ("ocsf", Render::Ocsf), ("cef", Render::Cef)];

const TEMPLATES: &[(&str, Template)] =
    &[("generic", Template::Generic), ("slack", Template::Slack), ("teams", Template::Teams)];

const TRANSPORTS: &[&str] = &["udp", "tcp", "tls"];

/// Files are rotated at this size, and so many older ones are kept, unless the file says otherwise.
const ROTATE_AT: Bytes = Bytes(100_000_000);
const KEEP: u32 = 9;

/// How long a receiver may take, unless the file says otherwise.
const TIME_LIMIT: Span = Span(10 * Span::SECOND.0);

/// All of them.
pub(super) fn outputs(
    text: &str,
    raw: &[Spanned<RawOutput>],
    folder: &Path,
) -> Result<Vec<OutputConfig>, ConfigError> {
    let mut outputs: Vec<OutputConfig> = Vec::new();
    for raw in raw {
        let start = raw.span().start;
        let output = output(text, start, raw.get_ref(), folder)?;
        if outputs.iter().any(|other| other.name == output.name) {
            let message =
                format!("two outputs are called \"{}\": give one of them another name = \"…\"", output.name);
            return Err(ConfigError::at(text, start, message));
        }
        outputs.push(output);
    }
    Ok(outputs)
}

fn output(text: &str, start: usize, raw: &RawOutput, folder: &Path) -> Result<OutputConfig, ConfigError> {
    let at = |start: usize, message: String| ConfigError::at(text, start, message);
    let stdout = raw.stdout.as_ref().filter(|stdout| *stdout.get_ref());
    let mut kinds = [
        ("jsonl", raw.jsonl.as_ref().map(Spanned::span)),
        ("stdout", stdout.map(Spanned::span)),
        ("syslog", raw.syslog.as_ref().map(Spanned::span)),
        ("webhook", raw.webhook.as_ref().map(Spanned::span)),
        ("exec", raw.exec.as_ref().map(Spanned::span)),
    ]
    .into_iter()
    .filter_map(|(kind, span)| Some((kind, span?)));
    let Some((kind, _)) = kinds.next() else {
        return Err(at(
            start,
            "say where incidents go: one of jsonl = \"FILE\", stdout = true, syslog = \"udp://…\", webhook = \"https://…\", exec = [\"PROGRAM\"]".into(),
        ));
    };
    if let Some((other, span)) = kinds.next() {
        return Err(at(
            span.start,
            format!("an output has {kind} or {other}, not both: write two [[output]]"),
        ));
    }
    only_where_they_mean_something(text, raw, kind)?;
    let ca = raw.ca.as_ref().map(|path| folder.join(path.get_ref()));
    let time_limit = raw
        .time_limit
        .as_ref()
        .map_or(Ok(TIME_LIMIT), |span| span_within(text, span, Span(100_000), Span::HOUR))?;
    let (called, to) =
        match (&raw.jsonl, &raw.syslog, &raw.webhook, &raw.exec) {
            (Some(path), ..) => {
                let rotate_at = raw.rotate_at.as_ref().map_or(Ok(ROTATE_AT), |bytes| {
                    bytes_within(text, bytes, Bytes(1_000), Bytes(u64::MAX))
                })?;
                let keep = raw.keep.as_ref().map_or(KEEP, |keep| *keep.get_ref());
                (
                    format!("jsonl:{}", path.get_ref()),
                    Target::Jsonl { path: folder.join(path.get_ref()), rotate_at, keep },
                )
            }
            (_, Some(syslog), ..) => {
                let (transport, host, port) = receiver(text, syslog)?;
                if let Some(ca) = raw.ca.as_ref().filter(|_| transport != Transport::Tls) {
                    return Err(at(ca.span().start, "ca is for syslog = \"tls://…\"".into()));
                }
                (syslog.get_ref().clone(), Target::Syslog { transport, host, port, ca, time_limit })
            }
            (_, _, Some(webhook), _) => {
                let (_, rest) = address::split(text, webhook, &["https", "http"])?;
                let host = address::web_host(rest);
                if host.is_empty() || rest.contains(char::is_whitespace) {
                    let message = "this is no web address: write \"https://hooks.example/path\"".into();
                    return Err(at(webhook.span().start, message));
                }
                let template = raw.template.as_ref().map_or(Ok(Template::Generic), |template| {
                    one_of(text, "template", template, TEMPLATES)
                })?;
                let secret_file = raw.secret_file.as_ref().map(|path| folder.join(path.get_ref()));
                let to =
                    Target::Webhook { url: webhook.get_ref().clone(), template, secret_file, ca, time_limit };
                (format!("webhook:{host}"), to)
            }
            (_, _, _, Some(exec)) => {
                let Some(program) = exec.get_ref().first().filter(|program| !program.is_empty()) else {
                    return Err(at(
                        exec.span().start,
                        "say which program: exec = [\"/usr/local/bin/tell\"]".into(),
                    ));
                };
                (format!("exec:{program}"), Target::Exec { command: exec.get_ref().clone(), time_limit })
            }
            _ => ("stdout".to_owned(), Target::Stdout),
        };
    let name = raw.name.as_ref().map_or(Ok(called), |name| checked_name(text, name))?;
    Ok(OutputConfig { name, render: render(text, raw, &to)?, to })
}

/// The keys of such an output with their defaults as they would be written; "": there is none.
pub(super) fn defaults(to: &Target) -> &'static [(&'static str, &'static str)] {
    match to {
        Target::Jsonl { .. } => &[
            ("jsonl", ""),
            ("rotate_at", "\"100MB\""),
            ("keep", "9"),
            ("render", "\"outflow\""),
            ("name", ""),
        ],
        Target::Stdout => &[("stdout", ""), ("render", "\"outflow\""), ("name", "")],
        Target::Syslog { .. } => {
            &[("syslog", ""), ("ca", ""), ("time_limit", "\"10s\""), ("render", "\"outflow\""), ("name", "")]
        }
        Target::Webhook { template: Template::Slack | Template::Teams, .. } => &[
            ("webhook", ""),
            ("template", ""),
            ("secret_file", ""),
            ("ca", ""),
            ("time_limit", "\"10s\""),
            ("name", ""),
        ],
        Target::Webhook { .. } => &[
            ("webhook", ""),
            ("template", "\"generic\""),
            ("secret_file", ""),
            ("ca", ""),
            ("time_limit", "\"10s\""),
            ("render", "\"outflow\""),
            ("name", ""),
        ],
        Target::Exec { .. } => {
            &[("exec", ""), ("time_limit", "\"10s\""), ("render", "\"outflow\""), ("name", "")]
        }
    }
}

/// A key that does nothing with this kind of output is a mistake, as whoever wrote it believes that it does something.
fn only_where_they_mean_something(text: &str, raw: &RawOutput, kind: &str) -> Result<(), ConfigError> {
    let keys: [(&str, Option<usize>, &[&str]); 6] = [
        ("rotate_at", raw.rotate_at.as_ref().map(|value| value.span().start), &["jsonl"]),
        ("keep", raw.keep.as_ref().map(|value| value.span().start), &["jsonl"]),
        ("template", raw.template.as_ref().map(|value| value.span().start), &["webhook"]),
        ("secret_file", raw.secret_file.as_ref().map(|value| value.span().start), &["webhook"]),
        ("ca", raw.ca.as_ref().map(|value| value.span().start), &["syslog", "webhook"]),
        (
            "time_limit",
            raw.time_limit.as_ref().map(|value| value.span().start),
            &["syslog", "webhook", "exec"],
        ),
    ];
    for (key, start, kinds) in keys {
        if let Some(start) = start.filter(|_| !kinds.contains(&kind)) {
            let message =
                format!("{key} is for outputs with {}, and this one has {kind}", kinds.join(" or "));
            return Err(ConfigError::at(text, start, message));
        }
    }
    Ok(())
}

fn receiver(text: &str, syslog: &Spanned<String>) -> Result<(Transport, String, u16), ConfigError> {
    let (scheme, rest) = address::split(text, syslog, TRANSPORTS)?;
    let (host, port) = address::host_and_port(rest).ok_or_else(|| {
        let message = format!("\"{rest}\" is no host with a port: write {scheme}://siem.example:514");
        ConfigError::at(text, syslog.span().start, message)
    })?;
    let transport = match scheme {
        "udp" => Transport::Udp,
        "tcp" => Transport::Tcp,
        _ => Transport::Tls,
    };
    Ok((transport, host.to_owned(), port))
}

fn render(text: &str, raw: &RawOutput, to: &Target) -> Result<Render, ConfigError> {
    let Some(value) = &raw.render else { return Ok(Render::default()) };
    let render = one_of(text, "rendering", value, RENDERINGS)?;
    let wrong = |message: &str| Err(ConfigError::at(text, value.span().start, message.into()));
    match (to, render) {
        (Target::Webhook { template: Template::Slack | Template::Teams, .. }, _) => {
            wrong("a message for people has no other rendering: render is for template = \"generic\"")
        }
        (Target::Jsonl { .. } | Target::Webhook { .. } | Target::Exec { .. }, Render::Cef) => {
            wrong("CEF is no JSON: it is for outputs with syslog or stdout")
        }
        (_, render) => Ok(render),
    }
}
