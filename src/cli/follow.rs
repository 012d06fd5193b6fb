//! What `outflow watch` follows and listens to.

use super::read::{Prepared, ReadArguments, told};
use crate::batch::How;
use crate::config::{ListenAt, ListenConfig};
use crate::daemon::Followed;
use crate::daemon::listen::spool_of;
use crate::input::tail::Group;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl ReadArguments {
    /// What to listen to: `-` among the arguments is standard input; without arguments, as the configuration says.
    pub(super) fn listeners(&self, prepared: &Prepared) -> Vec<ListenConfig> {
        let stdin = || ListenConfig {
            name: "stdin".into(),
            at: ListenAt::Stdin,
            format: None,
            role: None,
            host: None,
        };
        match self.paths.is_empty() {
            true => prepared.config.listeners.clone(),
            false => {
                self.paths.iter().filter(|path| path.as_os_str() == "-").take(1).map(|_| stdin()).collect()
            }
        }
    }

    /// The logs to follow: the paths among the arguments, else the sources of the configuration; then what these listeners keep
    /// in the store's folder.
    pub(super) fn followed(
        &self,
        prepared: &Prepared,
        from_end: bool,
        (listeners, store): (&[ListenConfig], &Path),
    ) -> Result<Vec<Followed>> {
        let one = |paths: Vec<PathBuf>, how: How| Followed {
            group: Group { paths, from_end, own: false },
            how: Arc::new(how),
        };
        let mut followed: Vec<Followed> = Vec::new();
        let files: Vec<PathBuf> = self.paths.iter().filter(|path| path.as_os_str() != "-").cloned().collect();
        if !files.is_empty() {
            followed.push(one(files, prepared.how.clone()));
        }
        for source in prepared.config.sources.iter().filter(|_| self.paths.is_empty()) {
            followed.push(one(source.paths.clone(), self.of_source(source, &prepared.how)?));
        }
        for listener in listeners {
            let how = self.of(
                &prepared.how,
                told(listener.format.as_deref(), None)?,
                (listener.role, listener.host.clone()),
            );
            let group = Group { paths: vec![spool_of(store, &listener.name)], from_end: false, own: true };
            followed.push(Followed { group, how: Arc::new(how) });
        }
        Ok(followed)
    }
}
