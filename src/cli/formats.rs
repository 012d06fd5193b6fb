//! `outflow formats`.

use super::Ending;
use crate::formats::KINDS;
use anyhow::Result;
use clap::Args;
use std::io::{Write, stdout};

#[derive(Debug, Args)]
pub(super) struct Arguments {}

pub(super) fn run(_arguments: &Arguments) -> Result<Ending> {
    let mut to = stdout().lock();
    for kind in KINDS {
        let roles: Vec<String> = kind.roles.iter().map(|role| format!("{role:?}").to_lowercase()).collect();
        writeln!(to, "{:<15} {:<18} {}", kind.name, roles.join("|"), kind.about)?;
    }
    Ok(Ending::Nothing)
}
