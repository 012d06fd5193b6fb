//! What commands that ask a daemon's store have in common.

use super::{config, say};
use crate::config::Config;
use crate::incidents::Ack;
use crate::store::{self, ACKS, Snapshot};
use anyhow::Result;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Arguments of every command that reads a store.
#[derive(Clone, Debug, Args)]
pub(super) struct StoreArguments {
    /// The folder that outflow watch keeps its state in [default: as the configuration says, else /var/lib/outflow]
    #[arg(long, value_name = "DIR")]
    pub(super) store: Option<PathBuf>,
    /// The daemon's configuration: [store], inventory, [[service]], [[allow]]
    #[arg(short = 'c', long = "config", value_name = "FILE.toml")]
    pub(super) config: Option<PathBuf>,
}

impl StoreArguments {
    /// The configuration that is named, or the defaults.
    pub(super) fn configuration(&self) -> Result<Config> {
        self.config.as_deref().map_or_else(|| Ok(Config::default()), config::read)
    }

    /// What the last commit left.
    pub(super) fn snapshot(&self, config: &Config) -> Result<Snapshot> {
        Ok(store::read(self.folder(config))?)
    }

    /// Where the store is.
    pub(super) fn folder<'a>(&'a self, config: &'a Config) -> &'a Path {
        self.store.as_ref().unwrap_or(&config.store.path)
    }

    /// What people have acknowledged; says what of that cannot be read.
    pub(super) fn acks(&self, config: &Config) -> Result<Arc<[Ack]>> {
        let acks = store::acks(self.folder(config))?;
        if acks.unread > 0 {
            say(&format!(
                "{}: {} lines cannot be read",
                self.folder(config).join(ACKS).display(),
                acks.unread
            ));
        }
        Ok(acks.given)
    }
}
