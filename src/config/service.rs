//! `[[service]]`: places that the operator knows, beside those of the catalogue.

use super::raw::RawService;
use super::{ConfigError, Spanned};
use crate::event::catalogue::{Service, Sort, met};

/// A service, and what it is known by.
pub(super) fn read(text: &str, raw: &Spanned<RawService>) -> Result<(Service, Vec<String>), ConfigError> {
    let (start, raw) = (raw.span().start, raw.get_ref());
    let kind = raw.kind.get_ref();
    let Some(sort) = Sort::named(kind) else {
        let kinds = Sort::ALL.map(Sort::name).join(", ");
        let message = format!("there is no kind \"{kind}\": write one of {kinds}");
        return Err(ConfigError::at(text, raw.kind.span().start, message));
    };
    let mut marks = Vec::new();
    for domain in &raw.domain {
        let name = domain.get_ref().trim_matches('.').to_lowercase();
        if let Err(group) = met(&name) {
            let message = format!("destinations are told apart by registered domains: write \"{group}\"");
            return Err(ConfigError::at(text, domain.span().start, message));
        }
        marks.push(name);
    }
    marks.extend(raw.asn.iter().map(|number| format!("AS{number}")));
    let Some(first) = marks.first() else {
        let message = "a service is known by domain = [\"files.example\"] or asn = [64496]".into();
        return Err(ConfigError::at(text, start, message));
    };
    Ok((Service { name: raw.name.clone().unwrap_or_else(|| first.clone()), sort }, marks))
}
