//! A file, a line for each incident, rotated by size.
//!
//! The file has each incident once, also after a crash between writing and moving the cursor: before anything is added, its last
//! lines are compared with what is to be told. A line that a crash tore is cut first. A file is rotated only between batches, so
//! that what a batch wrote lies in one file.

use super::files::sync_folder;
use super::{Failure, Item, Receiver};
use crate::units::Bytes;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

pub(super) struct Jsonl {
    path: PathBuf,
    rotate_at: u64,
    keep: u32,
    /// Open, whole, and at its end; `None` after a failure, so that nothing is believed of it.
    file: Option<File>,
}

impl Jsonl {
    pub(super) fn new(path: &Path, rotate_at: Bytes, keep: u32) -> Jsonl {
        Jsonl { path: path.to_owned(), rotate_at: rotate_at.0, keep, file: None }
    }

    fn write(&mut self, items: &[Item]) -> io::Result<()> {
        let lines: Vec<String> = items.iter().map(|item| format!("{}\n", item.text)).collect();
        let (mut file, already) = match self.file.take().filter(|file| self.is_still_there(file)) {
            Some(file) => (file, 0),
            None => self.open(&lines)?,
        };
        if already == 0 && file.metadata()?.len() >= self.rotate_at {
            drop(file);
            self.rotate()?;
            file = self.open(&[])?.0;
        }
        let text: String = lines.iter().skip(already).map(String::as_str).collect();
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        self.file = Some(file);
        Ok(())
    }

    /// Somebody may have moved it away, as logrotate does.
    fn is_still_there(&self, file: &File) -> bool {
        let identity = |of: io::Result<fs::Metadata>| of.ok().map(|of| (of.dev(), of.ino()));
        let ours = identity(file.metadata());
        ours.is_some() && ours == identity(fs::metadata(&self.path))
    }

    /// The file without a torn line, and how many of the lines are its last ones already.
    fn open(&self, lines: &[String]) -> io::Result<(File, usize)> {
        let mut options = OpenOptions::new();
        // Names of hosts and places are for the group of those who read logs at most.
        let mut file = options.read(true).append(true).create(true).mode(0o640).open(&self.path)?;
        sync_folder(&self.path)?;
        let whole = whole_lines(&mut file)?;
        if whole < file.metadata()?.len() {
            file.set_len(whole)?;
            file.sync_all()?;
        }
        let already = (1..=lines.len()).rev().find_map(|count| {
            let text: String = lines.iter().take(count).map(String::as_str).collect();
            ends_with(&mut file, whole, text.as_bytes()).map(|ends| ends.then_some(count)).transpose()
        });
        Ok((file, already.transpose()?.unwrap_or(0)))
    }

    /// PATH.1 is the newest of the older files, PATH.N the oldest.
    fn rotate(&self) -> io::Result<()> {
        let numbered = |number: u32| {
            let mut path = self.path.clone().into_os_string();
            path.push(format!(".{number}"));
            PathBuf::from(path)
        };
        let gone = |result: io::Result<()>| match result {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        };
        if self.keep == 0 {
            gone(fs::remove_file(&self.path))?;
        } else {
            for number in (1..self.keep).rev() {
                gone(fs::rename(numbered(number), numbered(number + 1)))?;
            }
            gone(fs::rename(&self.path, numbered(1)))?;
        }
        sync_folder(&self.path)
    }
}

impl Receiver for Jsonl {
    fn deliver(&mut self, items: &[Item]) -> Result<usize, Failure> {
        match self.write(items) {
            Ok(()) => Ok(items.len()),
            Err(error) => Err(Failure::later(format!("{}: {error}", self.path.display()))),
        }
    }
}

/// Where the last whole line ends.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    const BLOCK: u64 = 1 << 16;
    let mut end = file.metadata()?.len();
    let mut block = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        file.seek(SeekFrom::Start(start))?;
        block.clear();
        Read::by_ref(file).take(end - start).read_to_end(&mut block)?;
        if let Some(at) = memchr::memrchr(b'\n', &block) {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

fn ends_with(file: &mut File, length: u64, text: &[u8]) -> io::Result<bool> {
    let Some(start) = length.checked_sub(text.len() as u64) else { return Ok(false) };
    file.seek(SeekFrom::Start(start))?;
    let mut found = Vec::with_capacity(text.len());
    Read::by_ref(file).take(text.len() as u64).read_to_end(&mut found)?;
    Ok(found == text)
}
