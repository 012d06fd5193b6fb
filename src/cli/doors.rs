//! What comes in beside logs, and what goes out: listeners, outputs, the web server. A configuration that is read again changes
//! those that it says something else of, and leaves the others at work.

use crate::config::{HttpConfig, ListenAt, ListenConfig, OutputConfig};
use crate::daemon::complain;
use crate::daemon::deliver::{Deliveries, Pace};
use crate::daemon::http::{self, Shown, Web};
use crate::daemon::listen::Listeners;
use crate::units::Bytes;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::sync::Arc;

/// What is wanted of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// What to listen to.
    pub(super) listeners: Vec<ListenConfig>,
    /// How much each listener keeps until it is read.
    pub(super) spool: Bytes,
    /// Where incidents go.
    pub(super) outputs: Vec<OutputConfig>,
    /// Where health and metrics are served.
    pub(super) http: Option<HttpConfig>,
}

/// All of them at work.
pub(super) struct Doors {
    /// As they are.
    wanted: Wanted,
    store: PathBuf,
    shown: Shown,
    pub(super) listeners: Option<Listeners>,
    pub(super) outputs: Deliveries,
    web: Option<Web>,
}

impl Doors {
    /// Opens them. What listeners keep is kept in the store's folder.
    ///
    /// # Errors
    /// Sentences for a person: an address that is in use, a certificate or a token that cannot be read.
    pub(super) fn open(wanted: &Wanted, store: PathBuf, shown: Shown) -> Result<Doors> {
        let outbox = Arc::new(shown.outbox.clone());
        let outputs = Deliveries::start(&wanted.outputs, outbox, Pace::default())?;
        let before = Wanted { listeners: Vec::new(), http: None, ..wanted.clone() };
        let mut doors = Doors { wanted: before, store, shown, listeners: None, outputs, web: None };
        doors.change(wanted)?;
        Ok(doors)
    }

    /// Changes what is wanted otherwise. After an error all are as they were.
    ///
    /// # Errors
    /// As those of [`Doors::open`].
    pub(super) fn set(&mut self, wanted: &Wanted) -> Result<()> {
        let before = self.wanted.clone();
        let result = self.change(wanted);
        if result.is_err()
            && let Err(error) = self.change(&before)
        {
            complain("configuration", &format!("{error:#}: nor can what was there before begin again"));
        }
        result
    }

    fn change(&mut self, wanted: &Wanted) -> Result<()> {
        self.outputs.change(&wanted.outputs)?;
        self.wanted.outputs.clone_from(&wanted.outputs);
        if wanted.http != self.wanted.http {
            (self.web, self.wanted.http) = (None, None);
            self.web = wanted
                .http
                .as_ref()
                .and_then(|http| serve(http, self.shown.clone()).transpose())
                .transpose()?;
            self.wanted.http.clone_from(&wanted.http);
        }
        if (&wanted.listeners, wanted.spool) != (&self.wanted.listeners, self.wanted.spool) {
            // Who reads standard input cannot be asked to stop.
            if self.wanted.listeners.iter().any(|listener| listener.at == ListenAt::Stdin) {
                bail!(
                    "[[listen]] or the spool's limit has changed: beside standard input that takes a restart"
                );
            }
            self.stop_listening();
            self.wanted.listeners.clear();
            if !wanted.listeners.is_empty() {
                let started = Listeners::start(&wanted.listeners, &self.store, wanted.spool);
                self.listeners = Some(started.map_err(anyhow::Error::msg)?);
            }
            (self.wanted.listeners, self.wanted.spool) = (wanted.listeners.clone(), wanted.spool);
        }
        Ok(())
    }

    /// Nothing comes in any more; what came is in files, and is read after the next start.
    pub(super) fn stop_listening(&mut self) {
        self.listeners.take().into_iter().for_each(Listeners::stop);
    }
}

/// Serves health and metrics. Where nothing was configured, an address that somebody else has is no reason not to watch.
fn serve(config: &HttpConfig, shown: Shown) -> Result<Option<Web>> {
    let token = config.token_file.as_ref().map(|path| {
        let token = std::fs::read(path).with_context(|| format!("token_file {}", path.display()))?;
        let is_empty = token.trim_ascii().is_empty();
        if is_empty { bail!("token_file {}: there is no token in it", path.display()) } else { Ok(token) }
    });
    match http::serve(config.bind, token.transpose()?.as_deref(), shown) {
        Ok(web) => Ok(Some(web)),
        Err(error) if *config == HttpConfig::default() => {
            let address = config.bind;
            complain(
                "http",
                &format!("http://{address}: {error}: health and metrics are not served; set [http] bind"),
            );
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("[http] bind = {}", config.bind)),
    }
}
