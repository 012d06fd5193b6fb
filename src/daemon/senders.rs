//! Senders of listeners, whose files are read one after the other as if they were one log.

use super::engine::Engine;
use super::listen::{self, Spent};
use super::log::Log;
use crate::input::tail::Mark;
use std::collections::BTreeSet;
use std::path::Path;

impl Engine {
    /// Marks of listeners' files, by sender and then in the order in which they were written.
    fn senders_files(&self) -> Vec<(&Path, u64, &Mark)> {
        let own = |mark: &&Mark| self.followed.get(mark.group as usize).is_some_and(|one| one.group.own);
        let mut files: Vec<(&Path, u64, &Mark)> = self
            .tail
            .marks()
            .filter(own)
            .filter(|mark| mark.is_live())
            .filter_map(|mark| Some((mark.path.parent()?, listen::base(&mark.path)?, mark)))
            .collect();
        files.sort_by_key(|(sender, base, _)| (*sender, *base));
        files
    }

    /// Of a sender's files only the first with something to read is read; the next is read on as that one was.
    /// Says whether some that are `ready` must wait.
    pub(super) fn read_senders_in_order(&mut self, ready: &mut Vec<u32>) -> bool {
        let (mut later, mut next_files): (BTreeSet<u32>, Vec<(u32, Log)>) = Default::default();
        let files = self.senders_files();
        for ((sender, _, file), (of, base, next)) in files.iter().zip(files.iter().skip(1)) {
            if of != sender {
                continue;
            }
            if later.contains(&file.number) || self.tail.behind(file.number) > 0 {
                later.insert(next.number);
            } else if let Some(log) = self.logs.get(&file.number).filter(|log| log.source.is_some())
                && self.logs.get(&next.number).is_some_and(|log| log.source.is_none())
            {
                next_files.push((next.number, log.next_file((*base, log.before.1 + file.lines))));
            }
        }
        self.logs.extend(next_files);
        ready.retain(|number| !later.contains(number));
        !later.is_empty()
    }

    /// Files of listeners that may be removed once what was read is written down: all but the last of each sender, into which
    /// its listener writes.
    pub fn spent(&self) -> Vec<Spent> {
        let files = self.senders_files();
        let pairs = files.iter().zip(files.iter().skip(1)).filter(|(file, next)| file.0 == next.0);
        // What was learned of the sender must have gone over to the next file.
        let known = |mark: &Mark| self.logs.get(&mark.number).is_some_and(|log| log.source.is_some());
        let read = pairs.filter(|(file, next)| self.tail.behind(file.2.number) == 0 && known(next.2));
        read.map(|((.., mark), _)| Spent::new(mark.path.clone(), mark.offset)).collect()
    }
}
