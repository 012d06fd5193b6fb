//! Whose log it is: a server's or a proxy's, told from its fields; and in which dialect its values are written.

use crate::event::Role;

/// What to say where neither the fields nor the software tell.
pub(super) const ASK: &str = "a W3C log whose fields do not tell a server's log from a proxy's, and its bytes mean the \
                              opposite in the two: pass --role server (a web server wrote it) or --role proxy";

/// A role, and what told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) role: Role,
    /// A field, or `#Software`.
    pub(super) by: &'static str,
}

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// No quotes; blanks in a value are `+`; `time-taken` in milliseconds.
    Iis,
    /// Tabs between columns, values percent-encoded; `time-taken` in seconds.
    CloudFront,
    /// ProxySG and the rest: values with blanks stand in quotes; `time-taken` in milliseconds unless it has decimals.
    Elff,
}

/// The word for a role in a spec.
pub(super) fn word(role: Role) -> &'static str {
    if role == Role::Proxy { "proxy" } else { "server" }
}

/// Fields that only a proxy has: what it did with the request, and its other leg.
const PROXY: [&str; 19] = [
    "s-action",
    "s-hierarchy",
    "sc-filter-result",
    "sc-filter-category",
    "rs(content-type)",
    "cs-categories",
    "cs-category",
    "s-supplier-name",
    "s-supplier-ip",
    "s-supplier-country",
    "x-exception-id",
    "r-ip",
    "r-host",
    "r-port",
    "r-dns",
    "s-object-source",
    "x-resultcode-httpstatus",
    "x-hierarchy-origin",
    "x-acltag",
];

/// Fields that only a server's log has.
const SERVER: [&str; 6] =
    ["s-computername", "s-sitename", "sc-win32-status", "sc-substatus", "s-siteid", "x-edge-location"];

/// Words of `#Software` that tell a role.
const SOFTWARE: [(&str, Role); 8] = [
    ("internet information services", Role::Server),
    ("microsoft http api", Role::Server),
    ("sgos", Role::Proxy),
    ("proxysg", Role::Proxy),
    ("security and acceleration", Role::Proxy),
    ("threat management gateway", Role::Proxy),
    ("squid", Role::Proxy),
    ("asyncos", Role::Proxy),
];

/// The role that the fields (in lower case) or the software tell. A proxy's marks come first: ISA Server and ProxySG log
/// `s-computername` and `s-sitename` too, while no web server has a remote host.
pub(super) fn told(fields: &[String], software: &[u8]) -> Option<Told> {
    let has = |name: &&str| fields.iter().any(|field| field == *name);
    let begins = |prefix: &str| fields.iter().any(|field| field.starts_with(prefix));
    if let Some(by) = PROXY.iter().find(|name| has(name)) {
        return Some(Told { role: Role::Proxy, by });
    }
    if begins("x-bluecoat-") || begins("rs(") {
        return Some(Told { role: Role::Proxy, by: "a field of its leg to the origin" });
    }
    if let Some(by) = SERVER.iter().find(|name| has(name)) {
        return Some(Told { role: Role::Server, by });
    }
    if begins("x-edge-") {
        return Some(Told { role: Role::Server, by: "a field of an edge location" });
    }
    if let Some((_, role)) = SOFTWARE.iter().find(|(word, _)| mentions(software, word)) {
        return Some(Told { role: *role, by: "#Software" });
    }
    // A proxy's own address tells little; with the port on which it was asked it is a server's.
    (has(&"s-ip") && has(&"s-port")).then_some(Told { role: Role::Server, by: "s-ip with s-port" })
}

impl Dialect {
    pub(super) fn of(fields: &[String], software: &[u8], role: Role) -> Dialect {
        let has = |name: &str| fields.iter().any(|field| field == name);
        if fields.iter().any(|field| field.starts_with("x-edge-")) {
            return Dialect::CloudFront;
        }
        let iis = ["sc-win32-status", "sc-substatus", "s-siteid"].into_iter().any(has)
            || mentions(software, "microsoft internet information")
            || mentions(software, "microsoft http api");
        if iis && role == Role::Server { Dialect::Iis } else { Dialect::Elff }
    }
}

/// Whether `text` holds `word` (in lower case), in any case.
fn mentions(text: &[u8], word: &str) -> bool {
    text.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}
