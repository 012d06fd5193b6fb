//! `outflow watch`.

use super::Ending;
use super::doors::{Doors, Wanted};
use super::judge::JudgeArguments;
use super::read::{Prepared, ReadArguments, now};
use crate::batch::in_pool;
use crate::config::{ListenAt, ListenConfig};
use crate::daemon::http::Shown;
use crate::daemon::listen::Listeners;
use crate::daemon::status::Status;
use crate::daemon::{
    Engine, Followed, Keeper, Step, StoredOutbox, Supervisor, complain, note, settings, start_journal,
};
use crate::formats::Detail;
use crate::incidents::Ack;
use crate::input::Trouble;
use crate::store::{ACKS, AckWatch, Opening, StoreError};
use crate::units::Span;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::collections::BTreeSet;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How often logs are looked at while they grow. An incident is out within two seconds of its window's close.
const LOOK: Duration = Duration::from_millis(250);

/// How often they are looked at when nothing has come for a while.
const REST: Duration = Duration::from_secs(1);

/// After a failed write: how long until the next try. Nothing is read until it succeeds.
const AGAIN: Duration = Duration::from_secs(2);

/// How long outputs may take to tell what is left when the process is to stop. What they do not is told after the next start.
const LAST_WORDS: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    read: ReadArguments,
    #[command(flatten)]
    judge: JudgeArguments,
    /// The folder that keeps what must survive [default: as the configuration says, else /var/lib/outflow]
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Write state down so often while lines come [default: as the configuration says, else 5s]
    #[arg(long, value_name = "SPAN")]
    commit_every: Option<Span>,
    /// How long totals by day and incidents are kept [default: as the configuration says, else 400d]
    #[arg(long, value_name = "SPAN")]
    retain: Option<Span>,
    /// Read logs that are there at the first start from their end
    #[arg(long)]
    from_end: bool,
    /// Read what is there, write it down, and end
    #[arg(long)]
    once: bool,
    /// Move a store that cannot be used aside, and begin again without a past
    #[arg(long)]
    new_store: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    let prepared = arguments.read.prepare(Detail::Judged)?;
    let listening = arguments.read.listeners(&prepared);
    let folder = arguments.folder(&prepared);
    let followed = arguments.read.followed(&prepared, arguments.from_end, (&listening, folder))?;
    if followed.is_empty() {
        bail!(
            "nothing to follow: name files or globs, - for standard input, or a [[source]] or [[listen]] in the configuration"
        );
    }
    start_journal(prepared.config.log);
    let mut watch = Watch::open(arguments, &prepared, (&listening, followed))?;
    watch.supervisor.ready();
    let ending = in_pool(|| watch.run(arguments));
    if !watch.doors.outputs.stop(LAST_WORDS) {
        note("some outputs did not tell everything: they go on after the next start");
    }
    watch.keeper.close();
    ending
}

impl Arguments {
    /// The store's.
    fn folder<'a>(&'a self, prepared: &'a Prepared) -> &'a Path {
        self.store.as_ref().unwrap_or(&prepared.config.store.path)
    }

    /// What comes in and goes out. What is to end when it has read what is there listens to standard input only.
    fn doors(&self, prepared: &Prepared, listening: &[ListenConfig]) -> Wanted {
        let listens = |one: &&ListenConfig| !self.once || one.at == ListenAt::Stdin;
        Wanted {
            listeners: listening.iter().filter(listens).cloned().collect(),
            spool: prepared.config.limits.spool,
            outputs: prepared.config.outputs.clone(),
            http: (!self.once).then(|| prepared.config.http.clone()),
        }
    }
}

/// A daemon at work.
struct Watch {
    engine: Engine,
    keeper: Keeper,
    /// Where the store is.
    folder: PathBuf,
    doors: Doors,
    /// No file is followed but what listeners keep.
    only_listens: bool,
    began: Instant,
    stop: Arc<AtomicBool>,
    /// The configuration is to be read again.
    reload: Arc<AtomicBool>,
    /// Something changed since it was written down.
    dirty: bool,
    /// Something is to be written down soon.
    urgent: bool,
    told: usize,
    supervisor: Supervisor,
    /// For the web server; renewed every second.
    status: Arc<RwLock<Status>>,
    /// What people have acknowledged.
    acks: (AckWatch, Arc<[Ack]>),
    /// What was said already.
    said: BTreeSet<(PathBuf, String)>,
}

impl Watch {
    fn open(
        arguments: &Arguments,
        prepared: &Prepared,
        (listening, followed): (&[ListenConfig], Vec<Followed>),
    ) -> Result<Watch> {
        let stored = &prepared.config.store;
        let folder = arguments.folder(prepared);
        let only_listens = only_listens(&followed);
        let lateness = arguments.judge.lateness();
        let opening = if arguments.new_store { Opening::Anew } else { Opening::AsItIs };
        let every = arguments.commit_every.unwrap_or(stored.commit_every);
        let every = Duration::from_micros(every.0.unsigned_abs());
        let retain = arguments.retain.unwrap_or(stored.retain);
        let (mut keeper, kept) = Keeper::open(folder, settings(lateness), opening, (every, retain))?;
        let scan = arguments.judge.endless(prepared)?.with_rules(prepared.config.allow.clone());
        let (scan, about) = (scan, (prepared.estate.clone(), lateness));
        let open_max = prepared.config.limits.open_files;
        let engine = match kept {
            Some(kept) => kept.into_engine(followed, scan, about, open_max),
            None => Engine::anew(followed, scan, about, open_max),
        };
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
            // The second one ends the process at once.
            signal_hook::flag::register_conditional_shutdown(signal, 2, Arc::clone(&stop))?;
            signal_hook::flag::register(signal, Arc::clone(&stop))?;
        }
        let reload = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::clone(&reload))?;
        let (began, said) = (Instant::now(), BTreeSet::new());
        let (supervisor, status) = (Supervisor::default(), Arc::default());
        let wanted = arguments.doors(prepared, listening);
        keeper.set_outputs(wanted.outputs.iter().map(|output| output.name.clone()).collect());
        let (outbox, shown) = (StoredOutbox::new(keeper.store()), Arc::clone(&status));
        let shown = Shown { status: shown, outbox, began };
        let doors = Doors::open(&wanted, folder.to_path_buf(), shown)?;
        let acks = (AckWatch::new(folder), Arc::default());
        Ok(Watch {
            engine,
            keeper,
            folder: folder.to_path_buf(),
            doors,
            only_listens,
            began,
            stop,
            reload,
            dirty: false,
            urgent: false,
            told: 0,
            supervisor,
            status,
            acks,
            said,
        })
    }

    /// Whether the end has come when all that is there was read: nothing more will come, or nothing more is wanted.
    fn is_last_round(&self, arguments: &Arguments) -> bool {
        let listeners = self.doors.listeners.as_ref();
        let over = listeners.is_none_or(Listeners::are_over);
        over && (arguments.once || (self.only_listens && listeners.is_some()))
    }

    fn run(&mut self, arguments: &Arguments) -> Result<Ending> {
        let (mut look_at, mut quiet_since) = (Duration::ZERO, None);
        let mut last_round = false;
        loop {
            let time = self.began.elapsed();
            if !last_round && self.is_last_round(arguments) {
                (last_round, look_at) = (true, time);
            }
            self.supervisor.alive();
            self.show(time);
            if self.stop.load(Ordering::Relaxed) {
                self.supervisor.stopping();
                self.doors.stop_listening();
                self.commit_at_last()?;
                return Ok(Ending::Nothing);
            }
            if self.reload.swap(false, Ordering::Relaxed) {
                self.supervisor.reloading();
                match self.reload(arguments) {
                    Ok(()) => note("the configuration was read again"),
                    Err(error) => {
                        complain("configuration", &format!("{error:#}: the configuration stays as it was"))
                    }
                }
                self.supervisor.ready();
                look_at = time;
            }
            let mut urgent = false;
            if time >= look_at {
                self.heed();
                let step = self.engine.look(time, now());
                urgent = self.hear(step);
                if let Some(listeners) = &self.doors.listeners {
                    let troubles = listeners.take_troubles();
                    self.hear(Step { troubles, ..Step::default() });
                }
                let quiet = quiet_since.is_some_and(|since| time.saturating_sub(since) > LOOK * 40);
                look_at = time + if quiet { REST } else { LOOK };
            }
            let step = self.engine.step(time);
            let read = step.read;
            self.dirty |= read;
            urgent |= self.hear(step);
            self.urgent |= urgent;
            if (self.urgent && self.keeper.is_due_soon(time)) || (self.dirty && self.keeper.is_due(time)) {
                self.commit_or_wait()?;
            }
            if read {
                quiet_since = None;
            } else if last_round && self.engine.is_idle() {
                self.commit_at_last()?;
                return Ok(if self.told > 0 { Ending::Found } else { Ending::Nothing });
            } else {
                quiet_since.get_or_insert(time);
                std::thread::sleep(look_at.saturating_sub(self.began.elapsed()));
            }
        }
    }

    /// Looks what people have acknowledged since.
    fn heed(&mut self) {
        match self.acks.0.changed() {
            Ok(None) => {}
            Ok(Some(acks)) => {
                if acks.unread > 0 {
                    let path = self.folder.join(ACKS);
                    self.trouble(path, format!("{} lines cannot be read", acks.unread));
                }
                self.acks.1 = Arc::clone(&acks.given);
                self.engine.acknowledge(acks.given);
            }
            Err(error) => self.trouble(self.folder.join(ACKS), error.to_string()),
        }
    }

    fn trouble(&mut self, path: PathBuf, what: String) {
        self.hear(Step { troubles: vec![Trouble { path, what }], ..Step::default() });
    }

    /// Leaves for the web server how things are, once a second.
    fn show(&mut self, time: Duration) {
        let shown = self.status.read().unwrap_or_else(PoisonError::into_inner).at;
        if shown > Duration::ZERO && time.saturating_sub(shown) < REST {
            return;
        }
        let wall = now();
        let status = Status {
            files: self.engine.files(wall).collect(),
            listeners: self.doors.listeners.as_ref().map(Listeners::states).unwrap_or_default(),
            read: self.engine.read_status(wall),
            outputs: self.doors.outputs.states(),
            told: self.told,
            allowed: self.engine.scan().allowed(),
            acks: Arc::clone(&self.acks.1),
            checkpoint: self.keeper.last(),
            at: time,
        };
        *self.status.write().unwrap_or_else(PoisonError::into_inner) = status;
    }

    /// Reads the configuration again. What was read and judged stays.
    fn reload(&mut self, arguments: &Arguments) -> Result<()> {
        let prepared = arguments.read.prepare(Detail::Judged)?;
        let listening = arguments.read.listeners(&prepared);
        let kept = (&*listening, &*self.folder);
        let followed = arguments.read.followed(&prepared, arguments.from_end, kept)?;
        let guidance = arguments.judge.guidance(&prepared)?;
        let wanted = arguments.doors(&prepared, &listening);
        self.doors.set(&wanted)?;
        self.keeper.set_outputs(wanted.outputs.iter().map(|output| output.name.clone()).collect());
        self.only_listens = only_listens(&followed);
        self.engine.reload(followed, prepared.estate, guidance);
        self.said.clear();
        Ok(())
    }

    /// Says what is wrong, each thing once; gives whether something must be written down soon.
    fn hear(&mut self, step: Step) -> bool {
        for trouble in step.troubles {
            if self.said.insert((trouble.path.clone(), trouble.what.clone())) {
                complain("trouble", &format!("{}: {}", trouble.path.display(), trouble.what));
            }
        }
        step.urgent
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let began = self.began;
        let lines = self.engine.unsent().to_vec();
        if let Some(listeners) = &self.doors.listeners {
            listeners.sync().map_err(StoreError::Access)?;
        }
        let spent = self.engine.spent();
        self.keeper.commit(&mut self.engine, || began.elapsed())?;
        for file in spent {
            if let Err(error) = file.remove() {
                complain("spool", &format!("{error}: a file that was read stays in the spool"));
            }
        }
        (self.dirty, self.urgent) = (false, false);
        self.told += lines.len();
        if !self.doors.outputs.is_empty() {
            self.doors.outputs.wake();
            return Ok(());
        }
        let mut to = stdout().lock();
        for line in lines {
            // A closed pipe is nobody's trouble: what is told stands in the store.
            let _ = writeln!(to, "{line}");
        }
        Ok(())
    }

    /// Writes state down; where that fails, waits until it succeeds or the process is to stop. Reading pauses meanwhile: what is
    /// not written down would be read again.
    fn commit_or_wait(&mut self) -> Result<()> {
        let mut failed = false;
        while let Err(error) = self.commit() {
            if !error.may_pass() {
                return Err(error.into());
            }
            if !std::mem::replace(&mut failed, true) {
                let (store, why) = (self.folder.display(), error.kind());
                complain("state", &format!("{store}: {why}; reading pauses until state can be written"));
            }
            if self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            self.supervisor.alive();
            self.show(self.began.elapsed());
            std::thread::sleep(AGAIN);
        }
        if failed {
            note("state can be written again: reading goes on");
        }
        Ok(())
    }

    fn commit_at_last(&mut self) -> Result<()> {
        self.commit().context("the last lines were not written down and will be read again")
    }
}

/// No file is followed but what listeners keep.
fn only_listens(followed: &[Followed]) -> bool {
    followed.iter().all(|followed| followed.group.own)
}
