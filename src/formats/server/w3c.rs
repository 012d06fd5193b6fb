//! The W3C extended log format: IIS, ProxySG (ELFF), CloudFront and whatever else names its columns in `#Fields:`.
//!
//! The name of the format says nothing about whose log it is: IIS watches a server, ProxySG watches clients, and the same
//! `sc-bytes` is egress in one and a download in the other. `role.rs` decides from the fields, or asks for `--role`;
//! `headless.rs` knows rows whose header is lost, `json.rs` rows that became objects with the fields for keys; `layout.rs` says which
//! columns are read, `split.rs` cuts rows, `row.rs` says what they mean.

mod headless;
pub(in crate::formats) mod json;
mod layout;
mod role;
mod row;
mod split;
#[cfg(test)]
mod tests_dialects;
#[cfg(test)]
mod tests;

use crate::event::reject::{Reason, Reject};
use crate::event::{Event, Role};
use crate::formats::{Context, Detail, Format, Kind, Scratch, Sight, Sniffed, SpecError};
use layout::Layout;
use role::{Dialect, Told};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "w3c",
    about: "W3C extended log (#Fields: …): IIS, CloudFront, Blue Coat / ProxySG ELFF",
    roles: &[Role::Server, Role::Proxy],
    compile,
    sniff,
    is_header: Some(|line| line.first() == Some(&b'#')),
};

/// What the headers so far have said, and how to read the rows below them.
#[derive(Clone, Debug)]
struct W3c {
    /// `#Software`, which settles the role where the fields do not.
    software: Box<[u8]>,
    /// The day of `#Date`, for rows that carry a time only.
    date: Option<Box<[u8]>>,
    /// As told so far; a header that does not tell keeps it.
    role: Option<Role>,
    /// `--role`: no header changes it.
    role_fixed: bool,
    detail: Detail,
    rows: Rows,
    /// ProxySG's own formats, where the rows are a proxy's.
    own: Arc<[Layout]>,
}

#[derive(Clone, Debug)]
enum Rows {
    /// There was no `#Fields` yet.
    Untold,
    /// There was one that names too little, or whose role nobody can tell.
    Unusable,
    Told(Layout),
}

/// `w3c` waits for a header; `w3c:date time c-ip …` gives the fields; `w3c:proxy date time …` the role as well, for these
/// fields and for later headers that do not tell. (Files of both roles may stand behind one another, so that only
/// `--role` fixes it for all.)
fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let (stated, fields) = match spec.trim_start().split_once([' ', '\t']) {
        Some(("server", fields)) => (Some(Role::Server), fields),
        Some(("proxy", fields)) => (Some(Role::Proxy), fields),
        _ => (None, spec),
    };
    let role = context.role.or(stated);
    let mut format = W3c {
        software: Box::default(),
        date: None,
        role,
        role_fixed: role.is_some(),
        detail: context.detail,
        rows: Rows::Untold,
        own: Arc::default(),
    };
    if !fields.trim().is_empty() {
        format.lay_out(fields.as_bytes()).map_err(|message| SpecError { message, position: 0 })?;
    }
    format.role_fixed = context.role.is_some();
    Ok(Arc::new(format))
}

impl W3c {
    /// Reads the rows below by these fields; what is wrong with them, as a sentence, where that cannot be.
    fn lay_out(&mut self, fields: &[u8]) -> Result<(), String> {
        self.rows = Rows::Unusable;
        let keys = layout::keys(fields);
        let fields = layout::names(fields);
        let told = role::told(&fields, &self.software);
        if !self.role_fixed
            && let Some(Told { role, .. }) = told
        {
            self.role = Some(role);
        }
        let role = self.role.ok_or_else(|| role::ASK.to_owned())?;
        let dialect = Dialect::of(&fields, &self.software, role);
        self.rows = Rows::Told(Layout::new(&fields, role, dialect, self.detail)?.with_keys(keys));
        self.own = match (role, dialect) {
            (Role::Proxy, Dialect::Elff) => headless::proxysg(),
            _ => Arc::default(),
        };
        Ok(())
    }
}

impl W3c {
    /// A row of one of ProxySG's own formats below a header with fewer columns: the proxy writes a header when it opens a
    /// file, and not when its log's format is changed; and collectors cut columns out of headers. (A row with fewer columns
    /// than its header may be cut off in a number.)
    #[cold]
    fn changed<'a>(&self, told: &Layout, line: &'a [u8], scratch: &'a Scratch) -> Option<Event<'a>> {
        if self.own.is_empty() || !split::is_longer(told, line) {
            return None;
        }
        self.own.iter().find_map(|layout| {
            let event = row::event(layout, None, line, scratch).ok()?;
            headless::fits(&event).then_some(event)
        })
    }
}

/// The text after a directive such as `Fields`, in any case: `#Fields: …`.
fn directive<'l>(line: &'l [u8], name: &str) -> Option<&'l [u8]> {
    let (word, rest) = line.strip_prefix(b"#")?.split_at_checked(name.len())?;
    let rest = rest.strip_prefix(b":")?;
    word.eq_ignore_ascii_case(name.as_bytes()).then_some(rest.trim_ascii())
}

impl Format for W3c {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        match (line.first(), &self.rows) {
            (None | Some(b'#'), _) => Ok(()),
            (_, Rows::Told(layout)) => {
                let event = row::event(layout, self.date.as_deref(), line, scratch);
                events.push(event.or_else(|reject| self.changed(layout, line, scratch).ok_or(reject))?);
                Ok(())
            }
            (_, Rows::Untold) => Err(Reject::line(Reason::NoHeader)),
            (_, Rows::Unusable) => Err(Reject::line(Reason::BadHeader)),
        }
    }

    fn header(&self, line: &[u8]) -> Option<Result<Arc<dyn Format>, Reject>> {
        let mut format = self.clone();
        if let Some(fields) = directive(line, "Fields") {
            // What is wrong with them shows in the rejects of the rows below.
            _ = format.lay_out(fields);
        } else if let Some(software) = directive(line, "Software") {
            format.software = software.into();
        } else {
            let date = directive(line, "Date").or_else(|| directive(line, "Start-Date"))?;
            format.date = Some(date.get(..10)?.into());
        }
        Some(Ok(Arc::new(format)))
    }

    fn sight(&self) -> Sight {
        match &self.rows {
            Rows::Told(layout) => layout.sight(),
            Rows::Untold | Rows::Unusable => Sight {
                role: self.role.unwrap_or(Role::Server),
                source_bytes: false,
                destination_bytes: false,
                remedy: "no usable #Fields line yet; name the columns with --format 'w3c:date time c-ip …'",
            },
        }
    }
}

/// A `#Fields:` header that names a time and a client, or JSON objects with such keys.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let keys = json::keys(lines);
    let header = lines.iter().find_map(|line| directive(line, "Fields"));
    let Some(fields) = header.or(keys.as_deref().map(str::as_bytes)) else {
        return headless::sniff(lines, context);
    };
    let software = lines.iter().find_map(|line| directive(line, "Software")).unwrap_or_default();
    let names = layout::names(fields);
    let told = role::told(&names, software);
    let role = context.role.or(told.map(|told| told.role));
    // Exchange, the Windows firewall and others have "#Fields:" too, without the client of a web request.
    let readable =
        |role| Layout::new(&names, role, Dialect::of(&names, software, role), context.detail).is_ok();
    match (role, told) {
        (role, _) if !readable(role.unwrap_or(Role::Server)) => Sniffed::No,
        (Some(role), told) => Sniffed::Yes {
            spec: format!("{} {}", role::word(role), names.join(" ")),
            why: {
                let fields =
                    if header.is_some() { "a #Fields header" } else { "JSON objects of W3C's fields" };
                match told {
                    Some(told) => {
                        format!("{fields}, and {} marks it as the log of a {}", told.by, role::word(role))
                    }
                    None => format!("{fields}, read as the log of a {} as --role says", role::word(role)),
                }
            },
        },
        (None, _) => Sniffed::Unsure { say: role::ASK.to_owned() },
    }
}
