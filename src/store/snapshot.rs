//! What the last commit left, to be read.

use super::{ABOUT, CURSORS, DAYS, FILE, OUTBOX, PARTS, StoreError, builder};
use crate::pipeline::DayRow;
use crate::units::Timestamp;
use redb::{
    Database, DatabaseError, Key, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable,
    TableDefinition, TableError, Value,
};
use serde::de::DeserializeOwned;
use std::path::Path;

/// A moment of the store that does not change while others write on.
pub struct Snapshot {
    transaction: ReadTransaction,
    /// Where this process had to put the store in order: closed, it could not be read, and on a full disk not be opened again.
    _database: Option<Database>,
}

/// Reads the store in a folder, also while another process writes it; sees its last commit.
///
/// # Errors
/// Where there is none, it is damaged, or it cannot be read.
pub fn read(folder: &Path) -> Result<Snapshot, StoreError> {
    let path = folder.join(FILE);
    let at = |error: StoreError| error.at(&path);
    if !path.exists() {
        return Err(at(StoreError::Empty));
    }
    let (transaction, database) = match builder().open_read_only(&path) {
        Ok(database) => (database.begin_read(), None),
        // Its writer was killed: as nobody writes, this process may put it in order.
        Err(DatabaseError::RepairAborted) => {
            let database = builder().open(&path).map_err(|error| at(error.into()))?;
            (database.begin_read(), Some(database))
        }
        Err(error) => return Err(at(error.into())),
    };
    let transaction = transaction.map_err(|error| at(error.into()))?;
    let snapshot = Snapshot { transaction, _database: database };
    match snapshot.written()? {
        Some(_) => Ok(snapshot),
        None => Err(at(StoreError::Empty)),
    }
}

impl Snapshot {
    pub(super) fn new(transaction: ReadTransaction) -> Snapshot {
        Snapshot { transaction, _database: None }
    }

    /// A table; `None` where nothing was ever written into it.
    fn table<K: Key + 'static, V: Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
    ) -> Result<Option<ReadOnlyTable<K, V>>, StoreError> {
        match self.transaction.open_table(table) {
            Ok(table) => Ok(Some(table)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The form and the settings it was written with; `None` where nothing was written.
    ///
    /// # Errors
    /// As the file system's, and where it is damaged.
    pub fn written(&self) -> Result<Option<(u32, String)>, StoreError> {
        let Some(about) = self.table(ABOUT)? else { return Ok(None) };
        let text = |key: &str| Ok::<_, StoreError>(about.get(key)?.map(|value| value.value().to_owned()));
        Ok(match (text("form")?, text("settings")?) {
            (Some(form), Some(settings)) => {
                let form = form.parse().map_err(|_| StoreError::Damaged("its form is no number".into()))?;
                Some((form, settings))
            }
            _ => None,
        })
    }

    /// The value under a name.
    ///
    /// # Errors
    /// As the file system's, and where it is damaged.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        let Some(parts) = self.table(PARTS)? else { return Ok(None) };
        let mut bytes: Vec<u8> = Vec::new();
        for piece in parts.range((name, 0)..=(name, u32::MAX))? {
            bytes.extend_from_slice(piece?.1.value());
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        Ok(Some(postcard::from_bytes(&bytes)?))
    }

    /// Gives the rows of the days that begin in `from..until`, oldest first.
    ///
    /// # Errors
    /// As the file system's, and where it is damaged.
    pub fn days(
        &self,
        from: Timestamp,
        until: Timestamp,
        mut give: impl FnMut(Timestamp, DayRow),
    ) -> Result<(), StoreError> {
        let Some(days) = self.table(DAYS)? else { return Ok(()) };
        for piece in days.range((from.0, 0)..(until.0, 0))? {
            let (key, bytes) = piece?;
            let rows: Vec<DayRow> = postcard::from_bytes(bytes.value())?;
            rows.into_iter().for_each(|row| give(Timestamp(key.value().0), row));
        }
        Ok(())
    }

    /// The last day of which there are rows.
    ///
    /// # Errors
    /// As the file system's.
    pub fn last_day(&self) -> Result<Option<Timestamp>, StoreError> {
        let Some(days) = self.table(DAYS)? else { return Ok(None) };
        Ok(days.last()?.map(|(key, _)| Timestamp(key.value().0)))
    }

    /// At most `most` lines of the outbox, the newest first.
    ///
    /// # Errors
    /// As the file system's.
    pub fn newest(&self, most: usize) -> Result<Vec<String>, StoreError> {
        let Some(outbox) = self.table(OUTBOX)? else { return Ok(Vec::new()) };
        let lines = outbox.range::<u64>(..)?.rev().take(most);
        lines.map(|line| line.map(|(_, line)| line.value().to_owned()).map_err(Into::into)).collect()
    }

    /// At most `most` lines of the outbox behind this number, with theirs.
    ///
    /// # Errors
    /// As the file system's.
    pub fn outbox(&self, after: u64, most: usize) -> Result<Vec<(u64, String)>, StoreError> {
        let Some(outbox) = self.table(OUTBOX)? else { return Ok(Vec::new()) };
        let lines = outbox.range(after.saturating_add(1)..)?.take(most);
        lines
            .map(|line| {
                line.map(|(number, line)| (number.value(), line.value().to_owned())).map_err(Into::into)
            })
            .collect()
    }

    /// The number of the last line that was ever put into the outbox.
    ///
    /// # Errors
    /// As the file system's.
    pub fn last_sent(&self) -> Result<u64, StoreError> {
        let Some(about) = self.table(ABOUT)? else { return Ok(0) };
        Ok(about.get("sent")?.and_then(|last| last.value().parse().ok()).unwrap_or(0))
    }

    /// Up to which number an output has sent.
    ///
    /// # Errors
    /// As the file system's.
    pub fn cursor(&self, output: &str) -> Result<u64, StoreError> {
        let Some(cursors) = self.table(CURSORS)? else { return Ok(0) };
        Ok(cursors.get(output)?.map_or(0, |number| number.value()))
    }
}
