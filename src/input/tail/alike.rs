//! Logs by how they begin, so that a file that was found is compared with few of ten thousand.

use super::Log;
use super::mark::Front;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::path::{Path, PathBuf};

/// What logs begin with, as of one look. Logs that have changed since may be named though they are no longer alike, and none
/// is missing that is added.
#[derive(Debug, Default)]
pub(super) struct Alike {
    /// Those of which nothing was read, by all that is known of them.
    unread: BTreeMap<Vec<u8>, Vec<u32>>,
    /// The others, by the length and the checksum of their fronts.
    read: BTreeMap<(usize, u32), Vec<u32>>,
    /// The lengths of these.
    lengths: BTreeSet<usize>,
    /// Those that have no file under any name.
    seeking: Vec<u32>,
    /// Those of which something was read, by the folder and the name without its last extension.
    names: BTreeMap<(PathBuf, String), Vec<u32>>,
}

impl Alike {
    /// Of these logs.
    pub(super) fn of<'l>(logs: impl Iterator<Item = &'l Log>) -> Alike {
        let mut alike = Alike::default();
        logs.for_each(|log| alike.add(log));
        alike
    }

    /// One more.
    pub(super) fn add(&mut self, log: &Log) {
        let mark = &log.mark;
        if log.own {
            return;
        }
        if log.seeks() {
            self.seeking.push(mark.number);
        }
        if mark.offset > 0 {
            let name = name_of(&mark.path);
            let stem = name.rsplit_once('.').map_or(name.as_ref(), |(stem, _)| stem);
            self.names.entry((folder_of(&mark.path), stem.to_owned())).or_default().push(mark.number);
            let (length, sum) = mark.head();
            self.lengths.insert(length);
            self.read.entry((length, sum)).or_default().push(mark.number);
        } else if !mark.front.is_empty() {
            self.unread.entry(mark.front.clone()).or_default().push(mark.number);
        }
    }

    /// Logs of which nothing was read, and that begin like this or this like them.
    pub(super) fn unread(&self, front: &[u8]) -> Vec<u32> {
        let longer = self.unread.range::<[u8], _>((Bound::Excluded(front), Bound::Unbounded));
        let longer = longer.take_while(|(own, _)| own.starts_with(front));
        let mut numbers: Vec<u32> = longer.flat_map(|(_, numbers)| numbers).copied().collect();
        // Of the keys up to a text, its prefixes are found from the longest on: what lies between shares less and less of it.
        let mut text = front;
        while let Some((own, alike)) =
            self.unread.range::<[u8], _>((Bound::Unbounded, Bound::Included(text))).next_back()
        {
            let shared = own.iter().zip(text).take_while(|(a, b)| a == b).count();
            let is_prefix = shared == own.len();
            if is_prefix {
                numbers.extend(alike);
            }
            let Some(rest) = text.get(..shared.saturating_sub(usize::from(is_prefix))) else { break };
            text = rest;
            if text.is_empty() {
                break;
            }
        }
        numbers.sort_unstable();
        numbers
    }

    /// Logs of which something was read, and that a rotation may call so: `web.log` may become `web.log.1` or `web-2023.log`.
    pub(super) fn called(&self, path: &Path) -> Vec<u32> {
        let (folder, name) = (folder_of(path), name_of(path));
        let ends = name.match_indices(|character: char| !character.is_alphanumeric()).map(|(at, _)| at);
        let stems = ends.chain([name.len()]).filter_map(|end| name.get(..end));
        let called = stems.filter_map(|stem| self.names.get(&(folder.clone(), stem.to_owned())));
        called.flatten().copied().collect()
    }

    /// Logs of which something was read that begin like this, and all that have no file.
    pub(super) fn likely(&self, front: &mut Front) -> Vec<u32> {
        let mut numbers = self.seeking.clone();
        for length in &self.lengths {
            let Some(sum) = front.sum(*length) else { break };
            numbers.extend(self.read.get(&(*length, sum)).into_iter().flatten());
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

fn name_of(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tail::mark::{Identity, Mark};
    use proptest::prelude::*;

    fn log(number: u32, text: &str, is_read: bool) -> Log {
        let mut mark = Mark::new(number, 0, "a.log".into(), Identity::default());
        if is_read {
            mark.pass(text.as_bytes());
        } else {
            mark.front = text.into();
        }
        Log::new(mark)
    }

    proptest! {
        #[test]
        fn those_that_begin_alike_are_named(texts in proptest::collection::vec("[ab]{1,6}", 0..40), text in "[ab]{1,6}") {
            for is_read in [false, true] {
                let logs: Vec<Log> = (0..).zip(&texts).map(|(number, text)| log(number, text, is_read)).collect();
                let alike = Alike::of(logs.iter());
                let named = if is_read { alike.likely(&mut Front::new(text.clone().into())) } else { alike.unread(text.as_bytes()) };
                let like = |own: &String| text.starts_with(own.as_str()) || (!is_read && own.starts_with(&text));
                let expected: Vec<u32> = (0..).zip(&texts).filter(|(_, own)| like(own)).map(|(number, _)| number).collect();
                prop_assert_eq!(named, expected);
            }
        }
    }
}
