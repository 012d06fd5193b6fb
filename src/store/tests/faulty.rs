//! Storage that fails: writes run out, and what was not synced is lost or torn when power is cut.

use redb::StorageBackend;
use std::io;
use std::sync::{Arc, Mutex};

/// Shared, so that it outlives the database over it.
#[derive(Clone, Debug)]
pub(crate) struct Faulty(Arc<Mutex<Storage>>);

#[derive(Debug)]
struct Storage {
    /// As it is seen while the power is on.
    seen: Vec<u8>,
    /// As it was at the last sync.
    synced: Vec<u8>,
    /// Writes since.
    since: Vec<(usize, Vec<u8>)>,
    /// How many more calls that change something succeed.
    left: u64,
    random: u64,
}

impl Storage {
    fn random(&mut self) -> u64 {
        // Xorshift, Marsaglia 2003.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    fn spend(&mut self) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
        Ok(())
    }
}

impl Faulty {
    pub(crate) fn new(seed: u64) -> Faulty {
        let (seen, synced, since) = (Vec::new(), Vec::new(), Vec::new());
        Faulty(Arc::new(Mutex::new(Storage { seen, synced, since, left: u64::MAX, random: seed | 1 })))
    }

    /// From now on so many writes succeed, and no more.
    pub(crate) fn fail_after(&self, writes: u64) {
        self.0.lock().unwrap().left = writes;
    }

    pub(crate) fn heal(&self) {
        self.fail_after(u64::MAX);
    }

    /// The power is cut and comes back: each write since the last sync was done, or not, or in part.
    pub(crate) fn cut_power(&self) {
        let mut storage = self.0.lock().unwrap();
        let mut bytes = std::mem::take(&mut storage.synced);
        // The length is kept by the file system's own journal.
        let length = if storage.random().is_multiple_of(2) { storage.seen.len() } else { bytes.len().max(1) };
        bytes.resize(bytes.len().max(length), 0);
        for (place, data) in std::mem::take(&mut storage.since) {
            let done = match storage.random() % 3 {
                0 => 0,
                1 => data.len(),
                _ => usize::try_from(storage.random()).unwrap_or(0) % (data.len() + 1),
            };
            if let Some(room) = bytes.get_mut(place..place + done) {
                room.copy_from_slice(&data[..done]);
            }
        }
        storage.seen.clone_from(&bytes);
        storage.synced = bytes;
        storage.left = u64::MAX;
    }
}

impl StorageBackend for Faulty {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let storage = self.0.lock().unwrap();
        let start = usize::try_from(offset).unwrap();
        let bytes = storage.seen.get(start..start + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut storage = self.0.lock().unwrap();
        storage.spend()?;
        storage.seen.resize(usize::try_from(length).unwrap(), 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut storage = self.0.lock().unwrap();
        storage.spend()?;
        storage.synced = storage.seen.clone();
        storage.since.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut storage = self.0.lock().unwrap();
        storage.spend()?;
        let start = usize::try_from(offset).unwrap();
        storage
            .seen
            .get_mut(start..start + data.len())
            .ok_or(io::ErrorKind::UnexpectedEof)?
            .copy_from_slice(data);
        storage.since.push((start, data.to_vec()));
        Ok(())
    }
}
