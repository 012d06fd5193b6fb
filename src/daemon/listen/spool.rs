//! What one sender has sent, on disk until it is read: `FOLDER/OFFSET.log`, files of whole lines that are followed like any other
//! log. A file is called by how many bytes came before it, so that a line keeps its place in the stream when its file is gone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file is not added to when it has grown so long, in bytes: read files are removed whole.
const FILE_MAX: u64 = 16 << 20;

/// Digits of a name: those of the largest offset.
const DIGITS: usize = 20;

/// A sender's files.
#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    /// Bytes that came before the last file.
    base: u64,
    /// Bytes in the last file.
    size: u64,
    /// Whole lines that are not in a file yet.
    waiting: Vec<u8>,
    /// A write failed amid a line, whose rest is the next that waits.
    amid: bool,
    /// Bytes in all files, as counted last.
    kept: u64,
}

/// The name of the file before which so many bytes came.
fn named(folder: &Path, base: u64) -> PathBuf {
    folder.join(format!("{base:0DIGITS$}.log"))
}

/// How many bytes of its sender came before this file.
pub(crate) fn base(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?.strip_suffix(".log")?;
    (name.len() == DIGITS).then(|| name.parse().ok())?
}

impl Spool {
    /// Goes on where the files in a folder end. What a process that was killed has left of a line is made one that says nothing, so
    /// that nothing is ever taken for the rest of it.
    ///
    /// # Errors
    /// As the file system's.
    pub(super) fn open(folder: PathBuf) -> io::Result<Spool> {
        fs::create_dir_all(&folder)?;
        let mut last = None;
        let mut kept = 0;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if let Some(base) = base(&entry.path()) {
                kept += entry.metadata()?.len();
                last = last.max(Some(base));
            }
        }
        let (base, size) = match last {
            Some(base) => (base, mended(&named(&folder, base))?),
            None => (0, 0),
        };
        Ok(Spool { folder, base, size, waiting: Vec::new(), amid: false, kept })
    }

    /// One more message, which becomes a line.
    pub(super) fn push(&mut self, message: &[u8]) {
        let begin = self.waiting.len();
        self.waiting.extend_from_slice(message);
        while self.waiting.len() > begin && matches!(self.waiting.last(), Some(b'\n' | b'\r' | 0)) {
            self.waiting.pop();
        }
        if self.waiting.len() == begin {
            return;
        }
        for byte in self.waiting.get_mut(begin..).unwrap_or_default() {
            if *byte == b'\n' {
                *byte = b' ';
            }
        }
        self.waiting.push(b'\n');
    }

    /// Bytes that are in no file yet.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Bytes that are kept, in files and not.
    pub(super) fn kept(&self) -> u64 {
        self.kept + self.waiting.len() as u64
    }

    /// Counts what is kept in files anew: read ones are removed by others.
    pub(super) fn count(&mut self) {
        let sizes = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let sizes = sizes.filter(|entry| base(&entry.path()).is_some());
        self.kept = sizes.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum();
    }

    /// Begins a new file, so that the one before can be removed when it is read.
    ///
    /// # Errors
    /// As the file system's.
    pub(super) fn part(&mut self) -> io::Result<()> {
        if self.size > 0 && !self.amid {
            let next = self.base + self.size;
            File::create_new(named(&self.folder, next))?;
            (self.base, self.size) = (next, 0);
        }
        Ok(())
    }

    /// Writes what waits; gives the file that was written to, if any. What could not be written waits on.
    ///
    /// # Errors
    /// As the file system's.
    pub(super) fn flush(&mut self) -> io::Result<Option<PathBuf>> {
        if self.waiting.is_empty() {
            return Ok(None);
        }
        if self.size >= FILE_MAX {
            self.part()?;
        }
        let path = named(&self.folder, self.base);
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        while !self.waiting.is_empty() {
            match file.write(&self.waiting) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.amid = self.waiting.get(written - 1) != Some(&b'\n');
                    self.size += written as u64;
                    self.kept += written as u64;
                    self.waiting.drain(..written);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some(path))
    }
}

/// A file that was read to its end and into which nobody writes any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    path: PathBuf,
    size: u64,
}

impl Spent {
    /// All of a file, which was so long.
    pub(crate) fn new(path: PathBuf, size: u64) -> Spent {
        Spent { path, size }
    }

    /// Removes it. One that has grown since is left for the next time.
    ///
    /// # Errors
    /// As the file system's.
    pub fn remove(&self) -> io::Result<()> {
        match fs::metadata(&self.path) {
            Ok(metadata) if metadata.len() == self.size => fs::remove_file(&self.path),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Makes the part of a line at the end of a file a line of blanks; gives how long the file is. It may be read already up to the
/// line before, so nothing may become shorter.
fn mended(path: &Path) -> io::Result<u64> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let size = file.metadata()?.len();
    let whole = whole(&mut file, size)?;
    if whole < size {
        let mut blanks = vec![b' '; usize::try_from(size - whole).map_err(io::Error::other)?];
        blanks.last_mut().into_iter().for_each(|last| *last = b'\n');
        file.seek(SeekFrom::Start(whole))?;
        file.write_all(&blanks)?;
    }
    Ok(size)
}

/// How many bytes of a file are whole lines.
fn whole(file: &mut File, size: u64) -> io::Result<u64> {
    let mut end = size;
    let mut piece = vec![0; 1 << 16];
    while end > 0 {
        let begin = end.saturating_sub(piece.len() as u64);
        let length = usize::try_from(end - begin).map_err(io::Error::other)?;
        let piece = piece.get_mut(..length).unwrap_or_default();
        file.seek(SeekFrom::Start(begin))?;
        file.read_exact(piece)?;
        if let Some(newline) = memchr::memrchr(b'\n', piece) {
            return Ok(begin + newline as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(folder: &Path) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap())
            })
            .collect();
        all.sort();
        all
    }

    #[test]
    fn a_message_is_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path().join("a")).unwrap();
        for message in ["one\n", "two\nlines\r\n", "\n\0", "three\0"] {
            spool.push(message.as_bytes());
        }
        assert!(spool.flush().unwrap().is_some());
        assert!(spool.flush().unwrap().is_none());
        assert_eq!(texts(&folder.path().join("a"))[0].1, "one\ntwo lines\nthree\n");
        assert_eq!(spool.kept(), 20);
    }

    #[test]
    fn files_are_called_by_what_came_before() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path().into()).unwrap();
        for message in ["one", "two"] {
            spool.part().unwrap();
            spool.push(message.as_bytes());
            spool.flush().unwrap();
        }
        // The first is read, and a new process goes on.
        fs::remove_file(named(folder.path(), 0)).unwrap();
        let mut spool = Spool::open(folder.path().into()).unwrap();
        assert_eq!(spool.kept(), 4);
        spool.push(b"three");
        spool.flush().unwrap();
        spool.part().unwrap();
        spool.part().unwrap();
        spool.push(b"four");
        spool.flush().unwrap();
        let names: Vec<String> = texts(folder.path()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, [format!("{:020}.log", 4), format!("{:020}.log", 14)]);
        assert_eq!(base(&named(folder.path(), 14)), Some(14));
    }

    #[test]
    fn what_was_torn_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for (left, mended) in [("one\ntw", "one\n \n"), ("on", " \n"), ("one\n", "one\n"), ("", "")] {
            fs::write(named(folder.path(), 0), left).unwrap();
            let mut spool = Spool::open(folder.path().into()).unwrap();
            spool.push(b"next");
            spool.flush().unwrap();
            assert_eq!(texts(folder.path())[0].1, format!("{mended}next\n"));
        }
    }

    #[test]
    fn what_cannot_be_written_waits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mut spool = Spool::open(path.clone()).unwrap();
        fs::remove_dir(&path).unwrap();
        spool.push(b"one");
        assert!(spool.flush().is_err());
        fs::create_dir(&path).unwrap();
        assert!(spool.flush().unwrap().is_some());
        assert_eq!(texts(&path)[0].1, "one\n");
    }
}
