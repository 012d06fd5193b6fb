//! Messages that are in no file → files: syslog over UDP, TCP, TLS and a socket of this machine, and standard input.
//!
//! What comes in is written to a spool of its sender in the store's folder, and read from there like any log. So what was written survives a
//! crash and counts once; a sender that is faster than the engine fills its own part of the spool and then waits (TCP, TLS,
//! standard input) or loses what does not fit, counted (UDP); one that is slow or silent holds nobody. Syslog has no
//! acknowledgement: what a kernel holds for a process that dies, at most a fifth of a second of messages here, is gone with it.

mod frames;
mod intake;
mod kernel;
mod sockets;
mod spool;
mod stdin;
#[cfg(test)]
mod tests;

pub(super) use spool::base;

pub use intake::ListenerState;
pub use spool::Spent;

use crate::config::ListenConfig;
use crate::framing::LINE_MAX;
use crate::input::Trouble;
use crate::units::Bytes;
use intake::Intake;
use sockets::Socket;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// How often what came in is written to files, and how often what these hold is counted: every so many writes, or where room may
/// run out every time.
const FLUSH: Duration = Duration::from_millis(200);
const COUNT_EVERY: u32 = 5;

/// A listener's senders, for the threads and tasks that take messages.
#[derive(Clone)]
struct Shared(Arc<Mutex<Intake>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Intake> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a listener's messages are kept below the store's folder.
pub fn spool_of(store: &Path, name: &str) -> PathBuf {
    store.join("spool").join(name)
}

/// All listeners at work.
pub struct Listeners {
    all: Vec<Shared>,
    /// Standard input is among them, and has come to its end.
    ended: Arc<AtomicBool>,
    /// There is nothing but standard input.
    only_stdin: bool,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Listeners {
    /// Binds every socket, and takes from then on what comes; each listener keeps at most `spool` until it is read.
    ///
    /// # Errors
    /// Sentences for a person: an address that is in use, a certificate that cannot be read, a folder that cannot be made.
    pub fn start(configs: &[ListenConfig], store: &Path, spool: Bytes) -> Result<Listeners, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let (mut all, mut sockets) = (Vec::new(), Vec::new());
        let ended = Arc::new(AtomicBool::new(false));
        for config in configs {
            let folder = spool_of(store, &config.name);
            let intake = Intake::open(&config.name, folder.clone(), spool.0);
            let mut intake = intake.map_err(|error| format!("{}: {error}", folder.display()))?;
            let bound = {
                let _within = runtime.enter();
                Socket::bind(config).map_err(|what| format!("[[listen]] {}: {what}", config.name))?
            };
            match bound {
                Some((socket, at)) => {
                    intake.state.at = at;
                    let shared = Shared(Arc::new(Mutex::new(intake)));
                    sockets.push((socket, shared.clone()));
                    all.push(shared);
                }
                None => {
                    intake.state.at = "stdin".into();
                    let shared = Shared(Arc::new(Mutex::new(intake)));
                    stdin::start(io::stdin(), shared.clone(), Arc::clone(&ended), LINE_MAX)?;
                    all.push(shared);
                }
            }
        }
        let (stop, stopped) = oneshot::channel();
        let only_stdin = sockets.is_empty();
        let served = all.clone();
        let thread = std::thread::Builder::new().name("listen".into()).spawn(move || {
            let tasks = tokio::task::LocalSet::new();
            tasks.block_on(&runtime, async move {
                for (socket, shared) in sockets {
                    tokio::task::spawn_local(socket.serve(shared));
                }
                tokio::select! {
                    _ = stopped => {}
                    () = keep(&served) => {}
                }
            });
        });
        let thread = Some(thread.map_err(|error| error.to_string())?);
        Ok(Listeners { all, ended, only_stdin, stop: Some(stop), thread })
    }

    /// Whether nothing will ever come again: standard input has ended, and there is nothing else.
    pub fn are_over(&self) -> bool {
        self.only_stdin && self.ended.load(Ordering::Acquire)
    }

    /// Makes durable what was written to files so far: nothing may be taken for read that a loss of power could take back.
    ///
    /// # Errors
    /// As the file system's.
    pub fn sync(&self) -> io::Result<()> {
        for shared in &self.all {
            let unsynced = shared.lock().take_unsynced();
            if let Err(error) = unsynced.iter().try_for_each(|path| made_durable(path)) {
                // The next commit waits for them too.
                shared.lock().put_unsynced(unsynced);
                return Err(error);
            }
        }
        Ok(())
    }

    /// How they fare.
    pub fn states(&self) -> Vec<ListenerState> {
        self.all.iter().map(|shared| shared.lock().state()).collect()
    }

    /// What an operator should hear of, since the last time.
    pub fn take_troubles(&self) -> Vec<Trouble> {
        self.all.iter().flat_map(|shared| shared.lock().take_troubles()).collect()
    }

    /// Takes nothing more, and writes what was taken to files; it is read after the next start.
    pub fn stop(mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It ends by itself unless it panicked; then there is nothing to wait for.
            let _ = thread.join();
        }
        self.all.iter().for_each(|shared| shared.lock().flush_all());
    }
}

fn made_durable(path: &Path) -> io::Result<()> {
    match File::open(path).and_then(|file| file.sync_data()) {
        // It was read and removed.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        synced => synced?,
    }
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Writes what came in, and counts what is kept, for ever.
async fn keep(all: &[Shared]) {
    for round in 0u32.. {
        tokio::time::sleep(FLUSH).await;
        let is_time = round % COUNT_EVERY == 0;
        let drops = if is_time { kernel::drops() } else { BTreeMap::new() };
        for shared in all {
            let mut intake = shared.lock();
            intake.flush_all();
            if is_time || intake.is_crowded() {
                intake.count();
            }
            if let Some(dropped) = drops.get(intake.state.at.as_str()) {
                intake.state.dropped_by_kernel = *dropped;
            }
        }
    }
}
