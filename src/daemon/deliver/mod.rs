//! Told incidents → receivers, each once, in order, however long one was down.
//!
//! Each output has a thread of its own and a cursor in the store. What is to be told stands in an [`Outbox`] that the engine fills in
//! the same transaction as its state; a thread takes a few items, delivers them, and moves its cursor when the receiver
//! has them for good. So a slow receiver holds nobody, memory is bounded by 64 items for each output, and after a crash at
//! most the items of one batch are told once more (a file and its own line are compared first, so a file has each once).

mod exec;
mod files;
mod jsonl;
mod pause;
mod render;
mod stdout;
mod syslog;
#[cfg(test)]
mod tests;
mod tls;
mod webhook;

use super::journal::may_say;
use crate::config::{OutputConfig, Target};
use pause::{Backoff, Pause};
use serde::Serialize;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use pause::Pace;

/// Told incidents that wait for the outputs; kept in the store.
pub trait Outbox: Send + Sync {
    /// What comes after `cursor`, the oldest first, at most `max`: the cursor of each, and its line, one
    /// `{"type":"incident",…}` object. Empty when there is nothing, or when it cannot be read now.
    fn after(&self, cursor: u64, max: usize) -> Vec<(u64, String)>;

    /// How far the output has told; 0: nothing yet.
    fn cursor(&self, output: &str) -> u64;

    /// The output has told everything up to here. Durable soon; what is forgotten in a crash is told once more.
    fn sent(&self, output: &str, upto: u64);

    /// How many wait for the output.
    fn waiting(&self, output: &str) -> u64;
}

/// So many items are taken from the outbox at once.
const BATCH: usize = 64;

/// How often an output looks into the outbox when nobody says that something is there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long an output that is changed may take to end.
const HANDING_OVER: Duration = Duration::from_secs(2);

/// An item on its way.
#[derive(Clone, Debug)]
struct Item {
    /// The incident's id.
    id: String,
    /// Its severity, in our words.
    severity: String,
    /// When it was detected, RFC 3339.
    time: String,
    /// As the receiver wants it.
    text: String,
}

/// Why an item was not taken.
#[derive(Clone, Debug)]
enum Failure {
    /// Try again, but not before so long.
    Later(String, Option<Duration>),
    /// The receiver will never take this item: it is counted and passed over.
    Never(String),
}

impl Failure {
    fn later(error: impl fmt::Display) -> Failure {
        Failure::Later(error.to_string(), None)
    }
}

/// Where items go.
trait Receiver: Send {
    /// Delivers some of the first of these; says how many the receiver has for good, at least one.
    fn deliver(&mut self, items: &[Item]) -> Result<usize, Failure>;
}

/// How an output fares, for the metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OutputState {
    /// Its name.
    pub name: String,
    /// Incidents told since the start.
    pub sent: u64,
    /// Times that it did not work.
    pub failures: u64,
    /// Incidents that the receiver will never take.
    pub refused: u64,
    /// Incidents that wait.
    pub waiting: u64,
    /// What was wrong the last time; `None`: it works.
    pub error: Option<String>,
}

/// An output that cannot be set up; the message says what to do.
#[derive(Debug)]
pub struct SetupError(String);

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SetupError {}

/// All outputs at work.
pub struct Deliveries {
    outbox: Arc<dyn Outbox>,
    pace: Pace,
    workers: Vec<Working>,
}

/// One of them.
struct Working {
    output: OutputConfig,
    pause: Arc<Pause>,
    state: Arc<Mutex<OutputState>>,
    thread: JoinHandle<()>,
}

impl Deliveries {
    /// Sets up every output and begins to tell.
    ///
    /// # Errors
    /// For a certificate or a secret that cannot be read.
    pub fn start(
        outputs: &[OutputConfig],
        outbox: Arc<dyn Outbox>,
        pace: Pace,
    ) -> Result<Deliveries, SetupError> {
        let mut deliveries = Deliveries { outbox, pace, workers: Vec::new() };
        deliveries.change(outputs)?;
        Ok(deliveries)
    }

    /// From now on these outputs tell; those that are among them already go on. After an error all are as they were.
    ///
    /// # Errors
    /// For a certificate or a secret that cannot be read.
    pub fn change(&mut self, outputs: &[OutputConfig]) -> Result<(), SetupError> {
        let is_new = |output: &&OutputConfig| self.workers.iter().all(|working| working.output != **output);
        let mut receivers = Vec::new();
        for output in outputs.iter().filter(is_new) {
            let wrong = |message: String| SetupError(format!("output \"{}\": {message}", output.name));
            receivers.push((output, receiver(output).map_err(wrong)?));
        }
        let (same, other) = std::mem::take(&mut self.workers)
            .into_iter()
            .partition(|working| outputs.contains(&working.output));
        self.workers = same;
        // What they do not tell, those in their places do.
        ended(other, HANDING_OVER);
        for (output, receiver) in receivers {
            let working = self.work(output, receiver);
            self.workers
                .push(working.map_err(|error| SetupError(format!("no thread for an output: {error}")))?);
        }
        Ok(())
    }

    fn work(&self, output: &OutputConfig, receiver: Box<dyn Receiver>) -> io::Result<Working> {
        let state = OutputState { name: output.name.clone(), ..OutputState::default() };
        let (pause, state) = (Arc::<Pause>::default(), Arc::new(Mutex::new(state)));
        let worker = Worker {
            output: output.clone(),
            receiver,
            outbox: Arc::clone(&self.outbox),
            pause: Arc::clone(&pause),
            state: Arc::clone(&state),
            backoff: Backoff::new(self.pace),
        };
        let thread = std::thread::Builder::new().name("deliver".into()).spawn(|| worker.run())?;
        Ok(Working { output: output.clone(), pause, state, thread })
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.workers.is_empty()
    }

    /// Something new is in the outbox.
    pub fn wake(&self) {
        self.workers.iter().for_each(|working| working.pause.wake());
    }

    /// How the outputs fare.
    pub fn states(&self) -> Vec<OutputState> {
        let state = |working: &Working| {
            let mut state = working.state.lock().unwrap_or_else(PoisonError::into_inner).clone();
            state.waiting = self.outbox.waiting(&state.name);
            state
        };
        self.workers.iter().map(state).collect()
    }

    /// Tells what can be told within the limit, then ends; what is left stays in the outbox. True if all threads ended.
    pub fn stop(self, limit: Duration) -> bool {
        ended(self.workers, limit)
    }
}

/// Whether all have ended within the limit.
fn ended(workers: Vec<Working>, limit: Duration) -> bool {
    let end = Instant::now() + limit;
    workers.iter().for_each(|working| working.pause.stop(end));
    while Instant::now() < end && !workers.iter().all(|working| working.thread.is_finished()) {
        std::thread::sleep(Duration::from_millis(5));
    }
    // A thread that waits for its receiver is left to end with the process.
    let finished = workers.into_iter().filter(|working| working.thread.is_finished());
    let mut ended = true;
    for working in finished {
        ended &= working.thread.join().is_ok();
    }
    ended && Instant::now() < end
}

fn receiver(output: &OutputConfig) -> Result<Box<dyn Receiver>, String> {
    Ok(match &output.to {
        Target::Jsonl { path, rotate_at, keep } => Box::new(jsonl::Jsonl::new(path, *rotate_at, *keep)),
        Target::Stdout => Box::new(stdout::Stdout),
        Target::Syslog { transport, host, port, ca, time_limit } => {
            Box::new(syslog::Syslog::new(*transport, host, *port, ca.as_deref(), *time_limit)?)
        }
        Target::Webhook { url, secret_file, ca, time_limit, .. } => {
            Box::new(webhook::Webhook::new(url, secret_file.as_deref(), ca.as_deref(), *time_limit)?)
        }
        Target::Exec { command, time_limit } => Box::new(exec::Exec::new(command, *time_limit)),
    })
}

/// The thread of one output.
struct Worker {
    output: OutputConfig,
    receiver: Box<dyn Receiver>,
    outbox: Arc<dyn Outbox>,
    pause: Arc<Pause>,
    state: Arc<Mutex<OutputState>>,
    backoff: Backoff,
}

impl Worker {
    fn run(mut self) {
        let name = self.output.name.clone();
        let mut cursor = self.outbox.cursor(&name);
        loop {
            let seen = self.pause.seen();
            if self.pause.is_over() {
                return;
            }
            let taken = self.outbox.after(cursor, BATCH);
            if taken.is_empty() {
                if self.pause.is_stopping() {
                    return;
                }
                self.pause.wait(seen, LOOK_EVERY);
                continue;
            }
            let items: Vec<Item> = taken.iter().map(|(_, line)| render::item(&self.output, line)).collect();
            match self.attempt(&items) {
                Ok(done) => {
                    if let Some((upto, _)) = done.checked_sub(1).and_then(|last| taken.get(last)) {
                        cursor = *upto;
                        self.outbox.sent(&name, cursor);
                    }
                }
                // Nothing is tried twice once the end has come: it waits in the outbox.
                Err(_) if self.pause.is_stopping() => return,
                Err(wait) => self.pause.rest(wait),
            }
        }
    }

    /// How many items are done with; or how long to wait before the next try.
    fn attempt(&mut self, items: &[Item]) -> Result<usize, Duration> {
        let name = &self.output.name;
        let result = self.receiver.deliver(items);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(done) => {
                let done = done.clamp(1, items.len());
                state.sent += done as u64;
                if let Some(error) = state.error.take() {
                    tracing::info!(output = name, after = error, "an output works again");
                }
                self.backoff.reset();
                Ok(done)
            }
            Err(Failure::Never(error)) => {
                let id = items.first().map_or("", |item| item.id.as_str());
                state.refused += 1;
                state.failures += 1;
                if let Some(left_out) = may_say("refused") {
                    tracing::error!(
                        output = name,
                        id,
                        error,
                        left_out = (left_out > 0).then_some(left_out),
                        "a receiver refuses an incident: it is passed over"
                    );
                }
                Ok(1)
            }
            Err(Failure::Later(error, at_least)) => {
                state.failures += 1;
                let wait = self.backoff.next().max(at_least.unwrap_or_default());
                if let Some(left_out) = may_say("output") {
                    tracing::warn!(
                        output = name,
                        error,
                        wait_s = wait.as_secs(),
                        left_out = (left_out > 0).then_some(left_out),
                        "an output does not work: it is tried again"
                    );
                }
                state.error = Some(error);
                Err(wait)
            }
        }
    }
}
