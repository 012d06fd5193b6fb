//! What survives: offsets, sums, baselines, incidents and the outbox, in one file that is never half written.
//!
//! Everything that must agree is written in one transaction of redb: where reading stopped and what was read until there.
//! A process killed at any moment leaves the last whole transaction. What is large is cut into pieces,
//! so that nothing has to be held twice in memory to be written.
//!
//! One process writes; others read beside it ([`read`]) and see its last commit. What people have to say of incidents stands in a
//! file of its own beside it ([`acks`]), which anybody may add to.

mod acks;
mod batch;
mod error;
mod snapshot;
#[cfg(test)]
pub(crate) mod tests;

pub use acks::{ACKS, AckWatch, Acks, acknowledge, acks};
pub use batch::Batch;
pub use error::StoreError;
pub use snapshot::{Snapshot, read};

use redb::{Builder, ConcurrencyMode, Database, ReadableDatabase, StorageBackend, TableDefinition};
use std::fs;
use std::path::{Path, PathBuf};

/// The file in the store's folder.
pub const FILE: &str = "outflow.redb";

/// Bytes of one value: with its key it just fits into a run of pages of a quarter megabyte (runs are powers of two), which is
/// found in a fragmented file where one of a gigabyte is not.
const PIECE: usize = (256 << 10) - 512;

/// Memory for pages, in bytes. State is written whole and read once: a larger cache would hold what nobody asks for.
const CACHE: usize = 32 << 20;

/// Pieces of what is remembered, by its name and their number.
const PARTS: TableDefinition<'_, (&str, u32), &[u8]> = TableDefinition::new("parts");
/// Rows of a day, by its start in microseconds since the epoch and the number of the piece.
const DAYS: TableDefinition<'_, (i64, u32), &[u8]> = TableDefinition::new("days");
/// What is to be sent, by its number.
const OUTBOX: TableDefinition<'_, u64, &str> = TableDefinition::new("outbox");
/// Up to which number each output has sent.
const CURSORS: TableDefinition<'_, &str, u64> = TableDefinition::new("cursors");
/// The form of what is written, and the settings that it depends on.
const ABOUT: TableDefinition<'_, &str, &str> = TableDefinition::new("about");

/// What a store must have been written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written<'s> {
    /// The version of the form.
    pub form: u32,
    /// The oldest version that can be carried over.
    pub oldest: u32,
    /// Settings on which the meaning of the sums depends, as text.
    pub settings: &'s str,
}

/// What to do where the store there cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Say why.
    AsItIs,
    /// Move it aside and begin with an empty one.
    Anew,
}

/// An open store.
#[derive(Debug)]
pub struct Store {
    database: Database,
}

impl Store {
    /// Opens the store in a folder, which is made where it is not there. Every page is checked.
    ///
    /// # Errors
    /// Where another process has it open, it is damaged, of a newer version or of other settings, or the folder cannot be
    /// used.
    pub fn open(folder: &Path, written: Written<'_>, opening: Opening) -> Result<Store, StoreError> {
        let path = folder.join(FILE);
        let at = |error: StoreError| error.at(&path);
        fs::create_dir_all(folder).map_err(|error| StoreError::Access(error).at(folder))?;
        if opening == Opening::Anew && path.exists() {
            set_aside(&path).map_err(|error| at(StoreError::Access(error)))?;
        }
        if path.exists() {
            let database = builder().open(&path).map_err(|error| at(error.into()))?;
            return Store { database }.checked(written).map_err(at);
        }
        Store::create(&path, written).map_err(at)
    }

    /// A new store gets its name when it is whole: a process that ends while making it leaves none.
    fn create(path: &Path, written: Written<'_>) -> Result<Store, StoreError> {
        let unfinished = path.with_extension("redb.new");
        let database = match builder().create(&unfinished).map_err(StoreError::from) {
            Err(StoreError::Damaged(_)) => {
                fs::remove_file(&unfinished).map_err(StoreError::Access)?;
                builder().create(&unfinished)?
            }
            created => created?,
        };
        let store = Store { database }.checked(written)?;
        // Unlike a rename, a link never takes the place of a store that another process made meanwhile.
        fs::hard_link(&unfinished, path).map_err(StoreError::Access)?;
        fs::remove_file(&unfinished).map_err(StoreError::Access)?;
        // The folder's entry for the file must be as durable as the file.
        let folder = path.parent().unwrap_or(path);
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::Access)?;
        Ok(store)
    }

    /// The same over something else than a file.
    ///
    /// # Errors
    /// As [`Store::open`]'s.
    pub fn over(backend: impl StorageBackend, written: Written<'_>) -> Result<Store, StoreError> {
        let mut builder = builder();
        // Other things than files have no locks that processes share.
        builder.set_concurrency_mode(ConcurrencyMode::ExclusiveWriter);
        let database = builder.create_with_backend(backend)?;
        Store { database }.checked(written)
    }

    /// Makes sure that what is there was written in this form, and says so in an empty store.
    fn checked(self, written: Written<'_>) -> Result<Store, StoreError> {
        let there = self.snapshot()?.written()?;
        match there {
            None => {
                let batch = self.batch()?;
                batch.about(written)?;
                batch.commit()?;
            }
            Some((form, _)) if form > written.form => {
                return Err(StoreError::Newer { found: form, known: written.form });
            }
            Some((form, _)) if form < written.oldest => {
                return Err(StoreError::Older { found: form, known: written.form });
            }
            Some((_, settings)) if settings != written.settings => {
                return Err(StoreError::Settings { found: settings, wanted: written.settings.to_owned() });
            }
            Some(_) => {}
        }
        Ok(self)
    }

    /// Begins a transaction; waits for another to end.
    ///
    /// # Errors
    /// As the file system's.
    pub fn batch(&self) -> Result<Batch, StoreError> {
        Ok(Batch::new(self.database.begin_write()?))
    }

    /// What the last commit left.
    ///
    /// # Errors
    /// As the file system's.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Ok(Snapshot::new(self.database.begin_read()?))
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    builder.set_concurrency_mode(ConcurrencyMode::SingleWriter);
    builder.set_check_integrity_on_open(true);
    builder
}

/// Renames a file to the first free name that says what it was.
fn set_aside(path: &Path) -> std::io::Result<PathBuf> {
    let free = (1u32..)
        .map(|number| path.with_extension(format!("redb.aside-{number}")))
        .find(|name| !name.exists());
    let free = free.unwrap_or_else(|| path.with_extension("redb.aside"));
    fs::rename(path, &free)?;
    Ok(free)
}
