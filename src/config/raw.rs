//! The keys of the file. Only their shapes; what values mean is resolved in `read`.

use super::node::Node;
use serde::Deserialize;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) budget: Option<Spanned<String>>,
    pub(super) local_networks: Option<Vec<Spanned<String>>>,
    pub(super) inventory: Option<String>,
    pub(super) asn: Option<String>,
    pub(super) timezone: Option<Spanned<String>>,
    /// `[format.NAME]`, whose keys are the table of fields.
    pub(super) format: Option<Spanned<Node>>,
    #[serde(default)]
    pub(super) source: Vec<RawSource>,
    #[serde(default)]
    pub(super) service: Vec<Spanned<RawService>>,
    pub(super) store: Option<RawStore>,
    #[serde(default)]
    pub(super) listen: Vec<Spanned<RawListen>>,
    #[serde(default)]
    pub(super) output: Vec<Spanned<RawOutput>>,
    pub(super) limits: Option<RawLimits>,
    pub(super) http: Option<RawHttp>,
    pub(super) log: Option<RawLog>,
    #[serde(default)]
    pub(super) allow: Vec<Spanned<RawAllow>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSource {
    pub(super) paths: Spanned<Vec<String>>,
    pub(super) format: Option<Spanned<String>>,
    pub(super) format_from: Option<Spanned<String>>,
    pub(super) role: Option<Spanned<String>>,
    pub(super) host: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawService {
    pub(super) name: Option<String>,
    pub(super) kind: Spanned<String>,
    #[serde(default)]
    pub(super) domain: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) asn: Vec<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAllow {
    pub(super) host: Option<Spanned<String>>,
    pub(super) role: Option<Spanned<String>>,
    pub(super) destination: Option<Spanned<String>>,
    pub(super) port: Option<Spanned<Node>>,
    pub(super) hours: Option<Spanned<String>>,
    pub(super) up_to: Option<Spanned<String>>,
    pub(super) until: Option<Spanned<String>>,
    pub(super) reason: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStore {
    pub(super) path: Option<String>,
    pub(super) commit_every: Option<Spanned<String>>,
    pub(super) retain: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawListen {
    pub(super) syslog: Option<Spanned<String>>,
    pub(super) stdin: Option<Spanned<bool>>,
    pub(super) name: Option<Spanned<String>>,
    pub(super) cert: Option<Spanned<String>>,
    pub(super) key: Option<Spanned<String>>,
    pub(super) format: Option<Spanned<String>>,
    pub(super) role: Option<Spanned<String>>,
    pub(super) host: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOutput {
    pub(super) jsonl: Option<Spanned<String>>,
    pub(super) stdout: Option<Spanned<bool>>,
    pub(super) syslog: Option<Spanned<String>>,
    pub(super) webhook: Option<Spanned<String>>,
    pub(super) exec: Option<Spanned<Vec<String>>>,
    pub(super) name: Option<Spanned<String>>,
    pub(super) render: Option<Spanned<String>>,
    pub(super) rotate_at: Option<Spanned<String>>,
    pub(super) keep: Option<Spanned<u32>>,
    pub(super) template: Option<Spanned<String>>,
    pub(super) secret_file: Option<Spanned<String>>,
    pub(super) ca: Option<Spanned<String>>,
    pub(super) time_limit: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) hosts: Option<Spanned<u32>>,
    pub(super) destinations: Option<Spanned<u32>>,
    pub(super) open_files: Option<Spanned<u32>>,
    pub(super) spool: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHttp {
    pub(super) bind: Option<Spanned<String>>,
    pub(super) token_file: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLog {
    pub(super) format: Option<Spanned<String>>,
    pub(super) level: Option<Spanned<String>>,
}
