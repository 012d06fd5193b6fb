//! What must survive of a log that is followed: which file it is, how far it was read, and by what its text is known
//! again under another name.

use super::content::Named;
use crc32fast::Hasher;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::PathBuf;

/// So much of a log's front is compared before all of it is, in bytes.
pub(super) const HEAD: usize = 1024;

/// So many bytes before the offset are looked at before reading on.
const BEFORE: usize = 256;

/// A file, as the file system knows it. The number of an inode is given again as soon as it is free (measured on ext4: 20 of 20
/// times), its birth is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    /// Nanoseconds since the epoch; 0 where the file system does not say.
    born: u64,
}

impl Identity {
    /// Of an open file, or of what stands under a path.
    #[cfg(unix)]
    pub(super) fn of(metadata: &Metadata) -> Identity {
        use std::os::unix::fs::MetadataExt;
        let born = metadata.created().ok().and_then(|born| born.duration_since(std::time::UNIX_EPOCH).ok());
        let born = born.and_then(|born| u64::try_from(born.as_nanos()).ok()).unwrap_or(0);
        Identity { device: metadata.dev(), inode: metadata.ino(), born }
    }

    /// Of an open file, or of what stands under a path.
    #[cfg(not(unix))]
    pub(super) fn of(metadata: &Metadata) -> Identity {
        let born = metadata.created().ok().and_then(|born| born.duration_since(std::time::UNIX_EPOCH).ok());
        Identity {
            born: born.and_then(|born| u64::try_from(born.as_nanos()).ok()).unwrap_or(0),
            ..Identity::default()
        }
    }
}

/// How the bytes on disk become text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Mode {
    /// They are the text: it can be read from any place.
    Plain,
    /// They are compressed, in another encoding, or one JSON document: the text comes from the front only.
    Stream,
}

/// What became of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    /// Its file is there, or still open.
    Live,
    /// Its file is gone or holds another log; a copy may turn up. So many bytes were seen and not read.
    Astray {
        /// Bytes seen and not read.
        unread: u64,
    },
    /// It was given up, and its text is remembered so that a late copy is not read again.
    Over,
}

/// One log, as of what was handed on of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mark {
    /// Its number, which no other log ever has.
    pub number: u32,
    /// The number of the group by which it was found.
    pub group: u32,
    /// Where its file is, or was last.
    pub path: PathBuf,
    /// Bytes of text handed on.
    pub offset: u64,
    /// Lines handed on.
    pub lines: u64,
    pub(super) id: Identity,
    pub(super) mode: Option<Mode>,
    pub(super) state: State,
    /// Checksum of all text handed on.
    sum: u32,
    /// The same of the first [`HEAD`] bytes of it.
    head: u32,
    /// The last bytes of it.
    before: Vec<u8>,
    /// The first bytes, up to [`HEAD`], of a log of which nothing was read: all that it can be known by.
    pub(super) front: Vec<u8>,
    /// Its file has had another name: whoever wrote it writes elsewhere by now.
    pub(super) renamed: bool,
    /// The size of its file when it was last looked at, and when that was written to, in nanoseconds since the epoch.
    pub(super) seen: (u64, u64),
    /// The stream was read to its end, as the file was then.
    pub(super) ended: bool,
    /// Files whose text is the same, and the sizes at which they were found so.
    pub(super) copies: Vec<(Identity, u64)>,
}

impl Mark {
    pub(super) fn new(number: u32, group: u32, path: PathBuf, id: Identity) -> Mark {
        Mark {
            number,
            group,
            path,
            offset: 0,
            lines: 0,
            id,
            mode: None,
            state: State::Live,
            sum: 0,
            head: 0,
            before: Vec::new(),
            front: Vec::new(),
            renamed: false,
            seen: (0, 0),
            ended: false,
            copies: Vec::new(),
        }
    }

    /// Its file, where it was last.
    pub(super) fn named(&self) -> Named<'_> {
        Named { path: &self.path, id: self.id }
    }

    /// Whether its file is there.
    pub fn is_live(&self) -> bool {
        self.state == State::Live
    }

    /// Some more text was handed on.
    pub(super) fn pass(&mut self, text: &[u8]) {
        let left = usize::try_from((HEAD as u64).saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let front = text.get(..left.min(text.len())).unwrap_or_default();
        self.head = resumed(self.head, front);
        self.sum = resumed(self.sum, text);
        self.offset += text.len() as u64;
        self.before.extend_from_slice(text.get(text.len().saturating_sub(BEFORE)..).unwrap_or_default());
        let surplus = self.before.len().saturating_sub(BEFORE);
        self.before.drain(..surplus);
        self.front = Vec::new();
    }

    /// The ends of the last lines, at most so many, of a text that goes on from here, and the checksums of all text up to them.
    /// Headers are left out: other logs begin with the same.
    pub(super) fn ends(&self, text: &[u8], most: usize) -> Vec<(u64, u32)> {
        // The end of the last line ends nothing that is left out.
        let begin = memchr::memrchr_iter(b'\n', text).nth(most).map_or(0, |newline| newline + 1);
        let (before, text) = text.split_at(begin);
        let (mut offset, mut sum) = (self.offset + begin as u64, resumed(self.sum, before));
        let lines = text.split_inclusive(|byte| *byte == b'\n').map(|line| {
            offset += line.len() as u64;
            sum = resumed(sum, line);
            (line, (offset, sum))
        });
        lines.filter(|(line, _)| !line.starts_with(b"#")).map(|(_, end)| end).collect()
    }

    /// The bytes that must stand before the offset.
    pub(super) fn before(&self) -> &[u8] {
        &self.before
    }

    /// How much of its front is compared at first, and the checksum of that.
    pub(super) fn head(&self) -> (usize, u32) {
        (usize::try_from(self.offset.min(HEAD as u64)).unwrap_or(HEAD), self.head)
    }

    /// Whether a text with this front may be this log's: a look at little, before all of it is compared.
    pub(super) fn begins_like(&self, front: &mut Front) -> bool {
        let (length, sum) = self.head();
        // A text that is shorter yet is compared when it has grown.
        front.sum(length) == Some(sum)
    }

    /// Whether a text with this checksum over the first `offset` bytes is this log's.
    pub(super) fn is_sum(&self, sum: u32) -> bool {
        self.sum == sum
    }
}

/// The first bytes of a text, to be compared with those of many logs.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) text: Vec<u8>,
    /// Checksums, by length: most logs ask for the same one.
    sums: BTreeMap<usize, u32>,
}

impl Front {
    pub(super) fn new(text: Vec<u8>) -> Front {
        Front { text, sums: BTreeMap::new() }
    }

    /// Checksum of the first `length` bytes; `None` where there are fewer.
    pub(super) fn sum(&mut self, length: usize) -> Option<u32> {
        let text = self.text.get(..length)?;
        Some(*self.sums.entry(length).or_insert_with(|| resumed(0, text)))
    }
}

/// A checksum (CRC-32) with more text in it.
pub(super) fn resumed(sum: u32, text: &[u8]) -> u32 {
    let mut hasher = Hasher::new_with_initial(sum);
    hasher.update(text);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_last_ends_are_the_last_of_all(text in "([ab]{0,3}\n){0,9}[ab]{0,2}", before in "[ab]{0,3}", most in 1usize..5) {
            let mut mark = Mark::new(0, 0, "a.log".into(), Identity::default());
            mark.pass(before.as_bytes());
            let all = mark.ends(text.as_bytes(), usize::MAX);
            let last = mark.ends(text.as_bytes(), most);
            prop_assert!(last.len() >= most.min(all.len()) && all.ends_with(&last));
            mark.pass(text.as_bytes());
            prop_assert_eq!(all.last().map_or(mark.offset, |(end, _)| *end), mark.offset);
            prop_assert!(all.last().is_none_or(|(_, sum)| mark.is_sum(*sum)));
        }
    }
}
