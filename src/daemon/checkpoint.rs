//! All of an engine in one transaction: written every few seconds, read once at the start.

use super::engine::{Engine, Followed};
use super::log::{Log, SourceKept};
use super::older;
use crate::baseline::Trail;
use crate::estate::Estate;
use crate::input::tail::{Mark, Tail};
use crate::pipeline::{DayRow, Judged, Scan, Source, Sums};
use crate::store::{Opening, Snapshot, Store, StoreError, Written};
use crate::tally::Counts;
use crate::units::{Span, Timestamp};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The form in which everything is written; to be raised by whoever changes a field of what is kept, who then also says in
/// `older` how the one before is read. 2: logs know what their sender sent before.
pub(super) const FORM: u32 = 2;

/// The oldest form that can be carried over.
const OLDEST: u32 = 1;

/// How long the file of a log that vanished is looked for under other names.
const PATIENCE: Duration = Duration::from_secs(60);

/// Share of the time that may go into writing state down: where a write takes longer, the next comes later.
const COST: u32 = 5;

/// How long what was told waits for more to be told with it.
const SOON: Duration = Duration::from_millis(500);

/// So many lines of the outbox are kept after all outputs have sent them, for whoever asks.
const SENT_KEPT: u64 = 1000;

/// What an engine remembered.
#[derive(Debug)]
pub struct Kept {
    sums: Sums<Trail>,
    judged: Judged,
    marks: Vec<Mark>,
    logs: BTreeMap<u32, Log>,
    sources: Vec<Source>,
    past: Counts,
    lost: u64,
}

/// The settings on which the meaning of the sums depends, as text.
pub fn settings(lateness: Span) -> String {
    format!("--lateness {}s", lateness.0 / Span::SECOND.0)
}

fn written(settings: &str) -> Written<'_> {
    Written { form: FORM, oldest: OLDEST, settings }
}

impl Kept {
    /// What a store holds; `None` where nothing was written yet.
    ///
    /// # Errors
    /// As the store's.
    pub fn read(snapshot: &Snapshot) -> Result<Option<Kept>, StoreError> {
        let Some(sums) = snapshot.get("sums")? else { return Ok(None) };
        let missing = || StoreError::Damaged("a part of the state is missing".into());
        let logs = match snapshot.written()? {
            Some((form, _)) if form > FORM => {
                return Err(StoreError::Newer { found: form, known: FORM });
            }
            Some((1, _)) => older::logs_of_form_1(snapshot)?,
            _ => snapshot.get("logs")?,
        };
        let mut judged: Judged = snapshot.get("judged")?.ok_or_else(missing)?;
        // Stores of before there were rules and peers lack them.
        let (allowed, peers) = (snapshot.get("allowed")?, snapshot.get("peers")?);
        judged.recall(allowed.unwrap_or_default(), peers.unwrap_or_default());
        let sources: Vec<SourceKept> = snapshot.get("sources")?.ok_or_else(missing)?;
        Ok(Some(Kept {
            sums,
            judged,
            marks: snapshot.get("marks")?.ok_or_else(missing)?,
            logs: logs.ok_or_else(missing)?,
            sources: sources.into_iter().map(Source::from).collect(),
            // Stores of before numbers were given again lack it.
            past: snapshot.get("past")?.unwrap_or_default(),
            lost: snapshot.get("lost")?.ok_or_else(missing)?,
        }))
    }

    /// The scan that it was, to be asked or finished, and its sources.
    pub fn into_scan(self, mut scan: Scan) -> (Scan, Vec<Source>) {
        scan.resume(self.sums, self.judged);
        (scan, self.sources)
    }

    /// A scan of other logs that begins with what was learned here, the sources that it names, and the moment from which
    /// on lines are judged.
    pub fn into_history(self, scan: Scan) -> (Scan, Vec<Source>, Timestamp) {
        let from = self.sums.floor().unwrap_or(Timestamp::MIN);
        (scan.with_history(self.sums, self.judged), self.sources, from)
    }

    /// An engine that goes on where this one stopped, and holds at most `open_max` files open.
    pub fn into_engine(
        self,
        followed: Vec<Followed>,
        mut scan: Scan,
        about: (Estate, Span),
        open_max: usize,
    ) -> Engine {
        scan.resume(self.sums, self.judged);
        let groups = followed.iter().map(|followed| followed.group.clone()).collect();
        let tail = Tail::new(groups, self.marks, PATIENCE, open_max);
        let mut engine = Engine::new(tail, followed, scan, about);
        (engine.logs, engine.sources) = (self.logs, self.sources);
        (engine.past, engine.lost) = (self.past, self.lost);
        engine
    }
}

impl Engine {
    /// An engine without a past, which holds at most `open_max` files open.
    pub fn anew(followed: Vec<Followed>, scan: Scan, about: (Estate, Span), open_max: usize) -> Engine {
        let groups = followed.iter().map(|followed| followed.group.clone()).collect();
        let tail = Tail::new(groups, Vec::new(), PATIENCE, open_max);
        Engine::new(tail, followed, scan, about)
    }
}

/// Opens a store, at first and again after a write has failed.
type Opener = Box<dyn Fn(Opening) -> Result<Store, StoreError> + Send>;

/// Writes engines down.
pub struct Keeper {
    opener: Opener,
    settings: String,
    /// `None` after a write failed, until it could be opened again.
    store: Arc<Mutex<Option<Store>>>,
    every: Duration,
    retain: Span,
    /// How many windows were closed when judgements were written last.
    closed: Option<u64>,
    /// When it was written last, and how long that took.
    last: Option<(Duration, Duration)>,
    /// Days that are over and not yet written.
    days: Vec<(Timestamp, Vec<DayRow>)>,
    /// Those that send what is told.
    outputs: Vec<String>,
}

impl Keeper {
    /// Opens the store in a folder, to be written every so often at most; days and incidents are kept for `retain`.
    ///
    /// # Errors
    /// As the store's.
    pub fn open(
        folder: &Path,
        settings: String,
        opening: Opening,
        (every, retain): (Duration, Span),
    ) -> Result<(Keeper, Option<Kept>), StoreError> {
        let folder = folder.to_path_buf();
        let own = settings.clone();
        let opener = move |opening| Store::open(&folder, written(&own), opening);
        Keeper::with(Box::new(opener), opening, (every, retain), settings)
    }

    pub(super) fn with(
        opener: Opener,
        opening: Opening,
        (every, retain): (Duration, Span),
        settings: String,
    ) -> Result<(Keeper, Option<Kept>), StoreError> {
        let store = opener(opening)?;
        let kept = Kept::read(&store.snapshot()?)?;
        let keeper = Keeper {
            opener,
            settings,
            store: Arc::new(Mutex::new(Some(store))),
            every,
            retain,
            closed: None,
            last: None,
            days: Vec::new(),
            outputs: Vec::new(),
        };
        Ok((keeper, kept))
    }

    /// The store, for those who read it and for what outputs have sent. `None` while it cannot be written.
    pub fn store(&self) -> Arc<Mutex<Option<Store>>> {
        Arc::clone(&self.store)
    }

    /// Closes the store for everybody, so that whoever opens it next need not put it in order first.
    pub fn close(&self) {
        *self.store.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// These outputs send what is told; what all have sent is let go.
    pub fn set_outputs(&mut self, outputs: Vec<String>) {
        self.outputs = outputs;
    }

    /// Whether it is time to write.
    pub fn is_due(&self, now: Duration) -> bool {
        self.last.is_none_or(|(at, took)| now.saturating_sub(at) >= self.every.max(took * COST))
    }

    /// Whether it is time to write because something was told. In a rush of incidents half of the time goes into writing at
    /// most.
    pub fn is_due_soon(&self, now: Duration) -> bool {
        self.last.is_none_or(|(at, took)| now.saturating_sub(at) >= took.max(SOON))
    }

    /// When state was written last, and how long that took.
    pub fn last(&self) -> Option<(Duration, Duration)> {
        self.last
    }

    /// Writes everything down. After an error nothing is lost: the next call opens the store again and writes all of it.
    ///
    /// # Errors
    /// As the store's: the disk is full, a device failed.
    pub fn commit(&mut self, engine: &mut Engine, clock: impl Fn() -> Duration) -> Result<(), StoreError> {
        let began = clock();
        self.days.extend(engine.scan.take_days());
        let shared = Arc::clone(&self.store);
        let mut store = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let written = self.open_again(&mut store).and_then(|store| self.write(store, engine));
        let ended = clock();
        self.last = Some((ended, ended.saturating_sub(began)));
        match written {
            Ok(()) => {
                self.closed = Some(engine.scan.closed());
                self.days.clear();
                engine.unsent.clear();
                Ok(())
            }
            Err(error) => {
                // After a failed write nothing is known of what is on the disk: all of it is written anew.
                *store = None;
                self.closed = None;
                Err(error)
            }
        }
    }

    fn open_again<'s>(&self, store: &'s mut Option<Store>) -> Result<&'s Store, StoreError> {
        if store.is_none() {
            *store = Some((self.opener)(Opening::AsItIs)?);
        }
        store.as_ref().ok_or(StoreError::Empty)
    }

    fn write(&self, store: &Store, engine: &mut Engine) -> Result<(), StoreError> {
        let mut batch = store.batch()?;
        batch.about(written(&self.settings))?;
        let closed = engine.scan.closed();
        if self.closed != Some(closed) {
            if let Some(newest) = engine.scan.oldest_open() {
                engine.scan.forget(newest - self.retain);
                batch.forget_days((newest - self.retain).floor(Span::DAY))?;
            }
            batch.put("judged", engine.scan.judged())?;
            batch.put("allowed", engine.scan.judged().allowed())?;
            batch.put("peers", engine.scan.judged().peers())?;
        }
        batch.put("sums", engine.scan.sums())?;
        batch.put("marks", &engine.tail.marks().collect::<Vec<_>>())?;
        batch.put("logs", &engine.logs)?;
        batch.put("sources", &engine.sources.iter().map(SourceKept::from).collect::<Vec<_>>())?;
        batch.put("past", &engine.past)?;
        batch.put("lost", &engine.lost)?;
        for (day, rows) in &self.days {
            batch.add_day(*day, rows)?;
        }
        for line in &engine.unsent {
            batch.send(line)?;
        }
        batch.drop_sent(&self.outputs, SENT_KEPT)?;
        batch.commit()
    }
}
