//! `outflow formats`.

use super::Ending;
use crate::formats::{Context, KINDS, Kind, Sight};
use crate::outputs::SCHEMA;
use anyhow::Result;
use clap::Args;
use serde_json::json;
use std::io::{Write, stdout};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}

/// Formats that were read from what real programs wrote, and which ones: the captures in `sample-logs/`. Any other was written
/// from its vendor's documentation.
const TESTED_WITH: [(&str, &str); 16] = [
    ("nfdump-csv", "nfdump 1.7.1"),
    ("bind-query", "BIND 9.18.49"),
    ("unbound", "Unbound 1.17.1"),
    ("dnsmasq", "dnsmasq 2.90"),
    ("squid", "Squid 5.7, Traffic Server 9.2"),
    ("tinyproxy", "tinyproxy 1.11.1"),
    ("nginx", "nginx 1.22.1"),
    ("nginx-json", "nginx 1.22.1"),
    ("apache", "Apache 2.4"),
    ("lighttpd", "lighttpd 1.4.69"),
    ("haproxy", "HAProxy 2.6.12"),
    ("varnish", "Varnish 7.1.1"),
    ("caddy", "Caddy 2.6.2"),
    ("envoy", "Envoy 1.40.0"),
    ("traefik", "Traefik 3.7.15"),
    ("traefik-clf", "Traefik 3.7.15"),
];

/// What a kind shows as it comes, without a format string; `None` where it needs a header or a string to say.
fn sight(kind: &Kind) -> Option<Sight> {
    (kind.compile)("", &Context::default()).ok().map(|format| format.sight())
}

fn roles(kind: &Kind) -> String {
    let roles: Vec<String> = kind.roles.iter().map(|role| format!("{role:?}").to_lowercase()).collect();
    roles.join("|")
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    let mut to = stdout().lock();
    for (kind, place) in KINDS.iter().zip(0..) {
        let sight = sight(kind);
        let tested = TESTED_WITH.iter().find(|(name, _)| *name == kind.name).map(|(_, program)| *program);
        if arguments.json {
            let row = json!({
                "type": "format", "schema": SCHEMA, "name": kind.name, "roles": roles(kind), "about": kind.about,
                "source_bytes": sight.as_ref().map(|sight| sight.source_bytes),
                "destination_bytes": sight.as_ref().map(|sight| sight.destination_bytes),
                "tested_with": tested,
                "remedy": sight.as_ref().map(|sight| sight.remedy).filter(|remedy| !remedy.is_empty()),
            });
            serde_json::to_writer(&mut to, &row)?;
            writeln!(to)?;
            continue;
        }
        if place == 0 {
            writeln!(to, "{:<16} {:<13} {:<9} {:<9} ABOUT", "FORMAT", "ROLE", "UPLOADS", "DOWNLOADS")?;
        }
        let shown = |seen: fn(&Sight) -> bool| match &sight {
            Some(sight) if seen(sight) => "yes",
            Some(_) => "no",
            None => "header",
        };
        let (up, down) = (shown(|sight| sight.source_bytes), shown(|sight| sight.destination_bytes));
        writeln!(to, "{:<16} {:<13} {up:<9} {down:<9} {}", kind.name, roles(kind), kind.about)?;
        if let Some(program) = tested {
            writeln!(to, "{:<16} tested with {program}", "")?;
        }
        if let Some(blind) = sight.and_then(|sight| sight.blind()) {
            writeln!(to, "{:<16} as it comes: {blind}", "")?;
        }
    }
    if !arguments.json {
        writeln!(to, "Formats that say no \"tested with\" were written from their vendors' documentation.")?;
    }
    Ok(Ending::Nothing)
}

#[cfg(test)]
mod tests {
    use super::TESTED_WITH;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_called_tested_was_captured() {
        let table = include_str!("../../sample-logs/README.md");
        let rows = table.lines().filter(|line| line.starts_with("| `"));
        let captured: BTreeSet<&str> =
            rows.filter_map(|row| row.split(" | `").nth(1)?.split(['`', ':']).next()).collect();
        assert_eq!(TESTED_WITH.iter().map(|(name, _)| *name).collect::<BTreeSet<_>>(), captured);
        for (name, programs) in TESTED_WITH {
            for program in programs.split(", ") {
                assert!(table.contains(program), "{name}: {program}");
            }
        }
    }
}
