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
        if arguments.json {
            let row = json!({
                "type": "format", "schema": SCHEMA, "name": kind.name, "roles": roles(kind), "about": kind.about,
                "source_bytes": sight.as_ref().map(|sight| sight.source_bytes),
                "destination_bytes": sight.as_ref().map(|sight| sight.destination_bytes),
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
        if let Some(blind) = sight.and_then(|sight| sight.blind()) {
            writeln!(to, "{:<16} as it comes: {blind}", "")?;
        }
    }
    Ok(Ending::Nothing)
}
