//! The keys of the file. Only their shapes; what values mean is resolved in `read`.

use super::node::Node;
use serde::Deserialize;
use serde::de::IgnoredAny;
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
    // Named, so that they are refused as what does not work yet, and not as misspelt.
    store: Option<Spanned<IgnoredAny>>,
    listen: Option<Spanned<IgnoredAny>>,
    output: Option<Spanned<IgnoredAny>>,
    allow: Option<Spanned<IgnoredAny>>,
}

impl Raw {
    /// Sections that are planned: whoever wrote one would believe that it does something.
    pub(super) fn not_yet(&self) -> [(&'static str, Option<&Spanned<IgnoredAny>>); 4] {
        [
            ("[store]", self.store.as_ref()),
            ("[[listen]]", self.listen.as_ref()),
            ("[[output]]", self.output.as_ref()),
            ("[[allow]]", self.allow.as_ref()),
        ]
    }
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
