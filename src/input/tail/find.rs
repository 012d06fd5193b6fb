//! Which file is which log: what a look at the folders makes of what is there.
//!
//! First the logs that are known, by their files; what is left over is a new log, or a known one under another name.

use super::alike::Alike;
use super::content::{self, Content, Named};
use super::mark::{HEAD, Identity, Mark, Mode, State};
use super::sought::{Turns, length_of};
use super::{Group, Log, News, OVER_MAX, QUIET, Tail};
use crate::input::{Place, expand};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A file that was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) group: u32,
    pub(super) id: Identity,
    /// Its size, and when it was written to, in nanoseconds since the epoch.
    pub(super) seen: (u64, u64),
}

impl Found {
    pub(super) fn named(&self) -> Named<'_> {
        Named { path: &self.path, id: self.id }
    }
}

/// How well a file is known that is no log yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sight {
    /// It was not there at the last look.
    First,
    /// It has changed since.
    Growing,
    /// It has not.
    Settled,
    /// Nor did it before.
    Old,
}

impl Tail {
    /// Looks what there is and what has grown. Cheap where nothing has changed.
    pub fn look(&mut self, now: Duration) -> Vec<News> {
        let mut news = Vec::new();
        let mut troubles = BTreeSet::new();
        let mut found = self.found(&mut troubles);
        let mut blank = self.take_blank(&found);
        for log in self.logs.values_mut().filter(|log| log.mark.state == State::Live) {
            log.stalled = false;
            let (path, seen) = (log.mark.path.clone(), log.mark.seen);
            let file = found.get(&log.mark.id);
            if let Some(file) = file {
                log.own = is_own(&self.groups, file.group);
            }
            let patience = if log.own { Duration::ZERO } else { self.patience };
            match file {
                Some(file) if log.is_still(file, &mut troubles) => {
                    found.remove(&log.mark.id);
                    log.mark.renamed |= log.mark.path != path;
                    log.rest(log.mark.seen == seen, now, patience);
                }
                Some(_) => log.lose(),
                None => log.vanish(now, patience),
            }
        }
        // What was a copy of a log that lost its file may be all that is left of it.
        let mut left: Vec<Found> = found.into_values().collect();
        left.sort_by(|a, b| (a.group, &a.path).cmp(&(b.group, &b.path)));
        if !left.is_empty() {
            let copies = self.known_copies();
            left.retain(|file| !copies.contains(&(file.id, file.seen.0)));
        }
        let before = std::mem::take(&mut self.unsettled);
        let mut alike = if left.is_empty() { Alike::default() } else { Alike::of(self.logs.values()) };
        for file in left {
            let sight = match before.get(&file.id) {
                _ if self.first => Sight::Settled,
                None => Sight::First,
                Some((seen, 0)) if *seen == file.seen => Sight::Settled,
                Some((seen, _)) if *seen == file.seen => Sight::Old,
                Some(_) => Sight::Growing,
            };
            let looks = if sight < Sight::Settled { 0 } else { 1 };
            match self.turns(&file, sight, &alike) {
                Ok(Turns::New) => {
                    let blank = blank.remove(&file.id);
                    let known = blank.and_then(|log| self.writes_on(log, &file, &mut troubles));
                    let number = known.unwrap_or_else(|| self.begin(file));
                    if known.is_none() {
                        news.push(News::Begun(number));
                    }
                    self.logs.get(&number).into_iter().for_each(|log| alike.add(log));
                }
                Ok(Turns::CopyOf(number)) => {
                    blank.remove(&file.id);
                    if let Some(log) = self.logs.get_mut(&number) {
                        log.mark.copies.retain(|(id, _)| *id != file.id);
                        log.mark.copies.push((file.id, file.seen.0));
                    }
                }
                Ok(Turns::Is(number)) => {
                    if self.found_again(number, &file, &mut news).is_ok() {
                        blank.remove(&file.id);
                    } else {
                        self.unsettled.insert(file.id, (file.seen, looks));
                    }
                }
                Ok(Turns::Unsettled) => _ = self.unsettled.insert(file.id, (file.seen, looks)),
                // Logs are being rotated: it has another name already.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.unsettled.insert(file.id, (file.seen, looks));
                }
                Err(error) => _ = troubles.insert((file.path, trouble(&error))),
            }
        }
        self.logs.extend(blank.into_values().map(|log| (log.mark.number, log)));
        self.give_up(now, &mut news);
        self.hold();
        let said = std::mem::replace(&mut self.troubles, troubles);
        let new = self.troubles.difference(&said).cloned();
        news.extend(new.map(|(path, what)| News::Trouble { path, what }));
        self.first = false;
        news
    }

    /// Takes out the logs that had no line when they were found, and have changed since. Copies and compressed files are
    /// empty at first too: which of them a file is shows only now.
    fn take_blank(&mut self, found: &BTreeMap<Identity, Found>) -> BTreeMap<Identity, Log> {
        let is_blank = |log: &Log| {
            let changed = |file: &Found| file.seen != log.mark.seen;
            let mark = &log.mark;
            mark.state == State::Live
                && mark.offset == 0
                && mark.mode != Some(Mode::Plain)
                && found.get(&mark.id).is_some_and(changed)
        };
        self.logs.extract_if(.., |_, log| is_blank(log)).map(|(_, log)| (log.mark.id, log)).collect()
    }

    /// A log that had no line is none of the known ones; gives its number where it goes on as it began.
    fn writes_on(
        &mut self,
        mut log: Log,
        file: &Found,
        troubles: &mut BTreeSet<(PathBuf, String)>,
    ) -> Option<u32> {
        log.mark.renamed |= log.mark.path != file.path;
        let number = log.mark.number;
        log.is_still(file, troubles).then(|| {
            self.logs.insert(number, log);
            number
        })
    }

    /// All files that the groups stand for, each once.
    fn found(&self, troubles: &mut BTreeSet<(PathBuf, String)>) -> BTreeMap<Identity, Found> {
        let mut found = BTreeMap::new();
        for (group, number) in self.groups.iter().zip(0..) {
            let expanded = expand(&group.paths);
            let said = expanded.troubles.into_iter().map(|trouble| (trouble.path, trouble.what));
            // Where nothing was written yet, nothing is wrong.
            troubles.extend(said.filter(|_| !group.own));
            for place in expanded.places {
                let Place::File(path) = place else { continue };
                // Gone since: the next look will not find it.
                let Ok(metadata) = std::fs::metadata(&path) else { continue };
                let written =
                    metadata.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
                let written = written.and_then(|at| u64::try_from(at.as_nanos()).ok()).unwrap_or(0);
                let (id, seen) = (Identity::of(&metadata), (metadata.len(), written));
                found.entry(id).or_insert(Found { path, group: number, id, seen });
            }
        }
        found
    }

    /// Files that were found to be copies, and their sizes then. Only while their logs have files of their own.
    fn known_copies(&self) -> BTreeSet<(Identity, u64)> {
        let settled = |log: &&Log| !matches!(log.mark.state, State::Astray { .. });
        self.logs.values().filter(settled).flat_map(|log| log.mark.copies.iter().copied()).collect()
    }

    /// Opens files that have something to be read, so that it can be read whatever becomes of their names.
    fn hold(&mut self) {
        let room = self.open_max.saturating_sub(self.open_files());
        let wanting =
            |log: &&mut Log| log.content.is_none() && log.mark.mode == Some(Mode::Plain) && log.is_ready();
        for log in self.logs.values_mut().filter(wanting).take(room) {
            // What cannot be opened is said when it is to be read.
            log.content = Content::open(log.mark.named(), Mode::Plain, log.mark.offset).ok();
        }
        self.open = self.open_files();
    }

    fn begin(&mut self, file: Found) -> u32 {
        let mut mark = Mark::new(self.next, file.group, file.path.clone(), file.id);
        mark.mode = content::mode(file.named()).ok().flatten();
        mark.seen = file.seen;
        self.next += 1;
        mark.front = content::front(mark.named(), HEAD).unwrap_or_default();
        let number = mark.number;
        let from_end = self.groups.get(file.group as usize).is_some_and(|group| group.from_end);
        let mut log = Log::new(mark);
        log.own = is_own(&self.groups, file.group);
        if self.first && from_end {
            log.pass_all();
        }
        self.logs.insert(number, log);
        number
    }

    /// The text of a log that had lost its file stands in this one.
    fn found_again(&mut self, number: u32, file: &Found, news: &mut Vec<News>) -> io::Result<()> {
        let Some(log) = self.logs.get_mut(&number) else { return Ok(()) };
        let (mode, written) = (content::mode(file.named())?, log.written());
        let length = mode.map_or(Ok(written), |mode| length_of(file, mode))?;
        if log.mark.state == State::Over {
            news.push(News::Begun(number));
        }
        if length < written {
            // Copied before the last lines were written, and gone with the file that had them.
            news.push(News::Lost { number, bytes: written - length });
        }
        (log.mark.path, log.mark.id, log.mark.seen) = (file.path.clone(), file.id, file.seen);
        (log.mark.mode, log.mark.state) = (mode, State::Live);
        log.mark.copies.clear();
        log.mark.ended = false;
        *log = Log::new(log.mark.clone());
        Ok(())
    }

    /// Logs that nobody has found for long enough.
    fn give_up(&mut self, now: Duration, news: &mut Vec<News>) {
        for log in self.logs.values_mut() {
            let State::Astray { unread } = log.mark.state else { continue };
            let since = *log.gone.get_or_insert(now);
            if now.saturating_sub(since) < self.patience && !log.own {
                continue;
            }
            log.mark.state = State::Over;
            (log.content, log.last) = (None, false);
            let number = log.mark.number;
            if unread > 0 {
                news.push(News::Lost { number, bytes: unread });
            }
            news.push(News::Over(number));
        }
        self.logs.retain(|_, log| !(log.own && log.mark.state == State::Over));
        let mut over: Vec<u32> = self
            .logs
            .values()
            .filter(|log| log.mark.state == State::Over)
            .map(|log| log.mark.number)
            .collect();
        let surplus = over.len().saturating_sub(OVER_MAX);
        over.truncate(surplus);
        over.iter().for_each(|number| _ = self.logs.remove(number));
    }
}

impl Log {
    /// A file that had another name, of a log that is written elsewhere by now: after a time, its last line is whole.
    fn rest(&mut self, still: bool, now: Duration, patience: Duration) {
        if !self.mark.renamed || !still {
            (self.resting, self.last) = (None, false);
            return;
        }
        let since = *self.resting.get_or_insert(now);
        self.last = now.saturating_sub(since) >= patience;
    }

    /// Whether this file, which has the log's identity, still is the log; then takes in what has changed of it.
    fn is_still(&mut self, file: &Found, troubles: &mut BTreeSet<(PathBuf, String)>) -> bool {
        self.gone = None;
        self.mark.path.clone_from(&file.path);
        // Groups may have changed their order since.
        self.mark.group = file.group;
        if self.mark.seen == file.seen && (self.mark.offset > 0 || !self.mark.front.is_empty()) {
            self.quiet = self.quiet.saturating_add(1);
            if self.quiet == QUIET && !self.is_ready() {
                self.content = None;
            }
            return true;
        }
        self.quiet = 0;
        if self.mark.mode.is_none() {
            self.mark.mode = match content::mode(file.named()) {
                // It has another name already: the next look finds it there.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return true,
                mode => mode.ok().flatten(),
            };
        }
        match self.mark.mode {
            Some(Mode::Plain) => {
                // Also where no more than unread text is gone: a copy may have it.
                if file.seen.0 < self.mark.seen.0.max(self.mark.offset) || !self.begins_as_before(file) {
                    return false;
                }
                let holds = match &self.content {
                    Some(content) => Ok(self.still_holds(content)),
                    None => {
                        Content::open(file.named(), Mode::Plain, 0).map(|content| self.still_holds(&content))
                    }
                };
                match holds {
                    Ok(true) => {}
                    Ok(false) => return false,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return true,
                    Err(error) => {
                        troubles.insert((file.path.clone(), trouble(&error)));
                        // Looked at again; nothing is read meanwhile.
                        return true;
                    }
                }
            }
            Some(Mode::Stream) => {
                // It has grown, or is another: it is read again up to where reading stopped.
                if self.mark.offset > 0 {
                    match content::sum(file.named(), self.mark.offset) {
                        Ok((Some(sum), _)) if self.mark.is_sum(sum) => {}
                        Err(error) if error.kind() == io::ErrorKind::NotFound => return true,
                        // It is being written anew, or broke off: what is good of it was read.
                        Ok((None, _)) | Err(_) => {
                            self.mark.seen = file.seen;
                            return true;
                        }
                        Ok(_) => return false,
                    }
                }
                (self.content, self.mark.ended, self.long) = (None, false, None);
            }
            None => {}
        }
        self.mark.seen = file.seen;
        if self.mark.mode == Some(Mode::Plain) {
            self.mark.ended = false;
        }
        true
    }

    /// Whether a log of which nothing was read has the same beginning as ever.
    fn begins_as_before(&mut self, file: &Found) -> bool {
        if self.mark.offset > 0 {
            return true;
        }
        let Ok(front) = content::front(file.named(), HEAD) else { return true };
        let same = front.starts_with(&self.mark.front);
        if same {
            self.mark.front = front;
        }
        same
    }

    /// Its file holds another text now.
    fn lose(&mut self) {
        let unread = match self.mark.mode {
            Some(Mode::Plain) => self.mark.seen.0.saturating_sub(self.mark.offset),
            _ => 0,
        };
        self.mark.state = State::Astray { unread };
        self.ends = self.content.take().map(|content| content.ends).unwrap_or_default();
        self.gone = None;
    }

    /// Its file is not found under any name. While it is open it can be read to its end.
    fn vanish(&mut self, now: Duration, patience: Duration) {
        let since = *self.gone.get_or_insert(now);
        let plain = self.content.as_ref().filter(|_| self.mark.mode == Some(Mode::Plain));
        if plain.is_some_and(|content| !self.still_holds(content)) {
            // Truncated before it was removed.
            return self.lose();
        }
        if let Some(size) = self.content.as_ref().and_then(Content::size) {
            self.mark.seen.0 = size;
        }
        let unread = self.mark.seen.0.saturating_sub(self.mark.offset);
        match (&self.content, self.mark.mode) {
            // The server may write on until it opens its log anew, and a copy may turn up.
            (Some(_), Some(Mode::Plain)) => {
                if now.saturating_sub(since) >= patience {
                    // What is left is its last line. When that is read, it is over.
                    if unread == 0 {
                        self.mark.state = State::Astray { unread: 0 };
                    }
                    self.last = true;
                }
            }
            (_, Some(Mode::Stream)) => {
                if self.mark.ended || self.content.is_none() {
                    let unread = if self.mark.ended { 0 } else { self.mark.seen.0 };
                    self.mark.state = State::Astray { unread };
                }
            }
            _ => self.mark.state = State::Astray { unread },
        }
    }

    /// Takes all that is there for read.
    fn pass_all(&mut self) {
        let Some(mode) = self.mark.mode else { return };
        let Ok(mut content) = Content::open(self.mark.named(), mode, 0) else { return };
        while let Ok(content::Got::Text(text)) =
            content.read(self.mark.offset, Default::default(), mode == Mode::Stream)
        {
            let lines = memchr::memchr_iter(b'\n', &text).count() as u64;
            self.mark.pass(&text);
            self.mark.lines += lines;
        }
    }
}

/// Whether we write the files of a group ourselves.
pub(super) fn is_own(groups: &[Group], number: u32) -> bool {
    groups.get(number as usize).is_some_and(|group| group.own)
}

/// What an operator can do.
fn trouble(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "may not be read: give the daemon's user the right, or take it out of the paths".into()
        }
        _ => error.to_string(),
    }
}
