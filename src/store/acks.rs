//! What people have acknowledged: a file of lines beside the store, which they may add to while a daemon writes that.
//!
//! Nothing is ever taken out of it: of two lines about the same host and destination the later holds, and one that ends in the
//! past takes back what was said before.

use super::StoreError;
use crate::incidents::Ack;
use crate::units::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The file in the store's folder.
pub const ACKS: &str = "acks.jsonl";

/// Bytes of it that are read: a hundred thousand lines, more than anybody writes.
const READ_MAX: u64 = 32 << 20;

/// A line.
#[derive(Serialize, Deserialize)]
struct Row {
    id: String,
    host: String,
    destination: Option<String>,
    since: String,
    until: String,
    reason: String,
    /// When it was given, by the clock of who gave it.
    given: String,
}

/// What the file says.
#[derive(Clone, Debug, Default)]
pub struct Acks {
    /// In the order of the file.
    pub given: Arc<[Ack]>,
    /// Lines that cannot be read.
    pub unread: usize,
}

/// Adds a line for the store in a folder; durable when this returns. `now` is the time of day.
///
/// # Errors
/// As the file system's.
pub fn acknowledge(folder: &Path, ack: &Ack, now: Timestamp) -> Result<(), StoreError> {
    let path = folder.join(ACKS);
    let row = Row {
        id: ack.id.clone(),
        host: ack.host.clone(),
        destination: ack.destination.clone(),
        since: ack.since.to_string(),
        until: ack.until.to_string(),
        reason: ack.reason.clone(),
        given: now.to_string(),
    };
    let write = || {
        let is_new = !path.exists();
        let mut file = OpenOptions::new().create(true).append(true).read(true).open(&path)?;
        // In one write, so that two who write at once do not mix; what was torn off before ends here.
        let torn = if ends_whole(&mut file)? { "" } else { "\n" };
        file.write_all(format!("{torn}{}\n", serde_json::to_string(&row)?).as_bytes())?;
        file.sync_all()?;
        if is_new { File::open(folder)?.sync_all() } else { Ok(()) }
    };
    write().map_err(|error| StoreError::Access(error).at(&path))
}

/// Whether the last line of a file has its end.
fn ends_whole(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// What is acknowledged in the store of a folder; nothing where there is no such file.
///
/// # Errors
/// As the file system's.
pub fn acks(folder: &Path) -> Result<Acks, StoreError> {
    let path = folder.join(ACKS);
    let mut bytes = Vec::new();
    match File::open(&path).and_then(|file| file.take(READ_MAX).read_to_end(&mut bytes)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Acks::default()),
        read => read.map_err(|error| StoreError::Access(error).at(&path))?,
    };
    let (mut given, mut unread) = (Vec::new(), 0);
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        match read(line) {
            Some(ack) => given.push(ack),
            None => unread += 1,
        }
    }
    Ok(Acks { given: given.into(), unread })
}

fn read(line: &[u8]) -> Option<Ack> {
    let Row { id, host, destination, since, until, reason, .. } = serde_json::from_slice(line).ok()?;
    Some(Ack { id, host, destination, since: since.parse().ok()?, until: until.parse().ok()?, reason })
}

/// Looks whether the file has changed.
#[derive(Debug)]
pub struct AckWatch {
    folder: PathBuf,
    /// Length and time of the file that was read last.
    seen: Option<(u64, SystemTime)>,
}

impl AckWatch {
    /// Of the store in this folder; nothing was read yet.
    pub fn new(folder: &Path) -> AckWatch {
        AckWatch { folder: folder.to_path_buf(), seen: None }
    }

    /// What the file says, if it is another than the last time.
    ///
    /// # Errors
    /// As [`acks`]; the next call tries again.
    pub fn changed(&mut self) -> Result<Option<Acks>, StoreError> {
        let path = self.folder.join(ACKS);
        let found = fs::metadata(&path).and_then(|data| Ok((data.len(), data.modified()?)));
        let found = match found {
            Ok(found) => Some(found),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(StoreError::Access(error).at(&path)),
        };
        if found == self.seen {
            return Ok(None);
        }
        let acks = acks(&self.folder)?;
        self.seen = found;
        Ok(Some(acks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ack(id: &str, until: i64) -> Ack {
        Ack {
            id: id.into(),
            host: "db-17".into(),
            destination: Some("vault.example".into()),
            since: Timestamp(0),
            until: Timestamp(until * 1_000_000),
            reason: "a \"test\"\n".into(),
        }
    }

    #[test]
    fn what_is_added_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let mut watch = AckWatch::new(folder.path());
        assert!(watch.changed().unwrap().is_none() && acks(folder.path()).unwrap().given.is_empty());
        acknowledge(folder.path(), &ack("a", 5), Timestamp(0)).unwrap();
        assert_eq!(watch.changed().unwrap().unwrap().given[..], [ack("a", 5)]);
        assert!(watch.changed().unwrap().is_none());
        acknowledge(folder.path(), &ack("b", 7), Timestamp(0)).unwrap();
        assert_eq!(watch.changed().unwrap().unwrap().given[..], [ack("a", 5), ack("b", 7)]);
        // The later holds.
        let of = |detected| {
            let given = acks(folder.path()).unwrap().given;
            Ack::of(&given, "db-17", Some("vault.example"), Timestamp(detected)).map(|ack| ack.id.clone())
        };
        assert_eq!((of(6_000_000), of(7_000_000), of(-1)), (Some("b".into()), None, None));
        acknowledge(folder.path(), &ack("c", 0), Timestamp(0)).unwrap();
        assert_eq!(of(6_000_000), None, "taken back");
    }

    #[test]
    fn a_torn_line_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(ACKS), "{\"id\":\"torn").unwrap();
        acknowledge(folder.path(), &ack("a", 5), Timestamp(0)).unwrap();
        let read = acks(folder.path()).unwrap();
        assert_eq!((&read.given[..], read.unread), (&[ack("a", 5)][..], 1));
    }
}
