//! What commands that ask a daemon's store have in common.

use crate::config::Config;
use crate::store::{self, Snapshot};
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

/// Arguments of every command that reads a store.
#[derive(Clone, Debug, Args)]
pub(super) struct StoreArguments {
    /// The folder that outflow watch keeps its state in [default: as the configuration says, else /var/lib/outflow]
    #[arg(long, value_name = "DIR")]
    pub(super) store: Option<PathBuf>,
    /// The daemon's configuration: [store], inventory, [[service]]
    #[arg(short = 'c', long = "config", value_name = "FILE.toml")]
    pub(super) config: Option<PathBuf>,
}

impl StoreArguments {
    /// What the last commit left.
    pub(super) fn snapshot(&self, config: &Config) -> Result<Snapshot> {
        Ok(store::read(self.store.as_ref().unwrap_or(&config.store.path))?)
    }
}
