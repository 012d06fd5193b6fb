//! What comes in at one listener: a spool for each sender, bounds that one sender cannot use up for others, and what became of
//! every message.

use super::spool::Spool;
use crate::input::Trouble;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Most senders told apart; who comes later shares a spool with others.
const SENDERS_MAX: usize = 1024;

/// Who shares it.
const OTHERS: &str = "others";

/// One sender may use this part of what a listener keeps: four that flood leave nothing, three do.
const SHARE: u64 = 4;

/// What waits for a file is written when it is so much, in bytes; else a few times a second.
const WAITING_MAX: usize = 256 << 10;

/// What became of messages, since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ListenerState {
    /// The listener's name.
    pub name: String,
    /// Where it listens: the address, whose port may be the system's choice.
    pub at: String,
    /// Senders told apart.
    pub senders: usize,
    /// Messages taken.
    pub messages: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Messages that came when the spool was full, and are lost.
    pub dropped: u64,
    /// Datagrams that the kernel dropped because they came faster than they were taken.
    pub dropped_by_kernel: u64,
    /// Messages that were too long, and are lost.
    pub too_long: u64,
    /// Streams that broke off amid a message.
    pub broken: u64,
    /// Connections that were closed at once because there were too many, or that did not speak TLS.
    pub refused: u64,
    /// Bytes that are kept until they are read.
    pub spooled: u64,
    /// Bytes of these that are in no file yet: a crash would lose them.
    pub unwritten: u64,
}

/// A listener's senders.
#[derive(Debug)]
pub(super) struct Intake {
    folder: PathBuf,
    /// Most bytes kept.
    most: u64,
    senders: BTreeMap<String, Spool>,
    /// Bytes kept, as counted last, and what came since.
    kept: u64,
    /// Files written to since they were made durable.
    unsynced: BTreeSet<PathBuf>,
    /// A file could not be written to: nothing more is taken until one can.
    stuck: bool,
    troubles: Vec<Trouble>,
    pub(super) state: ListenerState,
}

impl Intake {
    /// Takes up what an earlier process has kept in this folder.
    pub(super) fn open(name: &str, folder: PathBuf, most: u64) -> std::io::Result<Intake> {
        std::fs::create_dir_all(&folder)?;
        let mut senders = BTreeMap::new();
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            if let Some(sender) = entry.file_name().to_str().filter(|_| entry.path().is_dir()) {
                senders.insert(sender.to_owned(), Spool::open(entry.path())?);
            }
        }
        let kept = senders.values().map(Spool::kept).sum();
        let state = ListenerState { name: name.into(), senders: senders.len(), ..ListenerState::default() };
        Ok(Intake {
            folder,
            most,
            senders,
            kept,
            unsynced: BTreeSet::new(),
            stuck: false,
            troubles: Vec::new(),
            state,
        })
    }

    /// A message of a sender that cannot wait. It is dropped, and counted, where there is no room for it.
    pub(super) fn offer(&mut self, sender: &str, message: &[u8]) {
        match self.is_full(sender) {
            true => self.state.dropped += 1,
            false => self.take(sender, message),
        }
    }

    /// A message of a stream, which was read because there was room.
    pub(super) fn take(&mut self, sender: &str, message: &[u8]) {
        let before = self.kept;
        let Some(spool) = self.spool(sender) else {
            self.state.dropped += 1;
            return;
        };
        let had = spool.waiting();
        spool.push(message);
        let (waiting, came) = (spool.waiting(), spool.waiting() - had);
        self.kept = before + came as u64;
        self.state.messages += u64::from(came > 0);
        self.state.bytes += came as u64;
        if waiting >= WAITING_MAX {
            self.flush(sender);
        }
    }

    /// Whether there is no room for more of a sender. Streams wait until there is.
    pub(super) fn is_full(&self, sender: &str) -> bool {
        let sender = self.senders.get(sender).or_else(|| self.senders.get(OTHERS));
        let share = sender.is_some_and(|spool| spool.kept() >= self.most / SHARE);
        self.stuck || self.kept >= self.most || share
    }

    fn spool(&mut self, sender: &str) -> Option<&mut Spool> {
        let sender = match self.senders.len() >= SENDERS_MAX && !self.senders.contains_key(sender) {
            true => OTHERS,
            false => sender,
        };
        if !self.senders.contains_key(sender) {
            match Spool::open(self.folder.join(sender)) {
                Ok(spool) => _ = self.senders.insert(sender.to_owned(), spool),
                Err(error) => {
                    self.say(&self.folder.join(sender), &error);
                    return None;
                }
            }
            self.state.senders = self.senders.len();
        }
        self.senders.get_mut(sender)
    }

    fn flush(&mut self, sender: &str) {
        let sender = if self.senders.contains_key(sender) { sender } else { OTHERS };
        let Some(spool) = self.senders.get_mut(sender) else { return };
        let flushed = spool.flush();
        self.stuck = flushed.is_err();
        match flushed {
            Ok(file) => self.unsynced.extend(file),
            Err(error) => self.say(&self.folder.join(sender), &error),
        }
    }

    /// Writes what waits.
    pub(super) fn flush_all(&mut self) {
        let waiting = self.senders.iter().filter(|(_, spool)| spool.waiting() > 0);
        let waiting: Vec<String> = waiting.map(|(sender, _)| sender.clone()).collect();
        waiting.iter().for_each(|sender| self.flush(sender));
    }

    /// Whether room may run out soon.
    pub(super) fn is_crowded(&self) -> bool {
        self.kept >= self.most / 2 || self.senders.values().any(|spool| spool.kept() >= self.most / SHARE / 2)
    }

    /// Counts what is kept anew. Where that is much, all senders begin new files, so that those that are read can go.
    pub(super) fn count(&mut self) {
        let crowded = self.is_crowded();
        for spool in self.senders.values_mut().filter(|spool| spool.kept() > 0) {
            spool.count();
            if crowded || spool.kept() >= self.most / SHARE / 2 {
                // A disk that is full shows when lines are written.
                let _ = spool.part();
            }
        }
        self.kept = self.senders.values().map(Spool::kept).sum();
    }

    /// How it fares.
    pub(super) fn state(&self) -> ListenerState {
        let unwritten = self.senders.values().map(|spool| spool.waiting() as u64).sum();
        ListenerState { spooled: self.kept, unwritten, ..self.state.clone() }
    }

    /// Files that are not durable yet.
    pub(super) fn take_unsynced(&mut self) -> BTreeSet<PathBuf> {
        std::mem::take(&mut self.unsynced)
    }

    /// They could not be made durable.
    pub(super) fn put_unsynced(&mut self, files: BTreeSet<PathBuf>) {
        self.unsynced.extend(files);
    }

    /// What an operator should hear of.
    pub(super) fn take_troubles(&mut self) -> Vec<Trouble> {
        std::mem::take(&mut self.troubles)
    }

    fn say(&mut self, path: &Path, error: &std::io::Error) {
        let what = format!("{error}: what comes in waits, streams are not read on and datagrams are dropped");
        let trouble = Trouble { path: path.to_path_buf(), what };
        if !self.troubles.contains(&trouble) {
            self.troubles.push(trouble);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn one_sender_leaves_room_for_others() {
        let folder = tempfile::tempdir().unwrap();
        let mut intake = Intake::open("test", folder.path().into(), 4_000).unwrap();
        for _ in 0..100 {
            intake.offer("10.0.0.1", &[b'x'; 99]);
        }
        intake.offer("10.0.0.2", b"small");
        assert_eq!((intake.state.messages, intake.state.dropped, intake.state.senders), (11, 90, 2));
        intake.flush_all();
        intake.count();
        assert_eq!(intake.state().spooled, 1_006);
        assert_eq!(
            fs::read_to_string(folder.path().join(format!("10.0.0.2/{:020}.log", 0))).unwrap(),
            "small\n"
        );
        assert_eq!(intake.take_unsynced().len(), 2);
        // The next file is there already, so what is read is removed, and there is room again.
        assert!(folder.path().join(format!("10.0.0.1/{:020}.log", 1_000)).exists());
        fs::remove_file(folder.path().join(format!("10.0.0.1/{:020}.log", 0))).unwrap();
        intake.count();
        intake.offer("10.0.0.1", b"again");
        intake.flush_all();
        assert_eq!((intake.state.messages, intake.state.dropped), (12, 90));
        assert_eq!(
            fs::read_to_string(folder.path().join(format!("10.0.0.1/{:020}.log", 1_000))).unwrap(),
            "again\n"
        );
    }

    #[test]
    fn the_bound_is_of_all() {
        let folder = tempfile::tempdir().unwrap();
        let mut intake = Intake::open("test", folder.path().into(), 1_000).unwrap();
        for sender in 0..20 {
            for _ in 0..3 {
                intake.offer(&format!("10.0.0.{sender}"), &[b'x'; 99]);
            }
        }
        assert_eq!((intake.state.messages, intake.state.dropped), (10, 50));
    }

    #[test]
    fn senders_beyond_the_bound_share_a_spool() {
        let folder = tempfile::tempdir().unwrap();
        let mut intake = Intake::open("test", folder.path().into(), 1_000_000).unwrap();
        for sender in 0..SENDERS_MAX + 10 {
            intake.offer(&sender.to_string(), b"x");
        }
        assert_eq!(
            (intake.state.messages as usize, intake.state.senders),
            (SENDERS_MAX + 10, SENDERS_MAX + 1)
        );
        // Another process finds them again.
        intake.flush_all();
        let intake = Intake::open("test", folder.path().into(), 1_000_000).unwrap();
        assert_eq!((intake.state.senders, intake.kept), (SENDERS_MAX + 1, 2 * (SENDERS_MAX as u64 + 10)));
    }
}
