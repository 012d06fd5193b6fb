//! One transaction: all of it is written, or nothing.

use super::{ABOUT, CURSORS, DAYS, OUTBOX, PARTS, PIECE, StoreError, Written};
use crate::pipeline::DayRow;
use crate::units::Timestamp;
use redb::{ReadableTable, Table, WriteTransaction};
use serde::Serialize;
use std::io::{self, Write};

/// Rows of one piece of a day.
const ROWS: usize = 2048;

/// A transaction that is being filled. Dropped, it never was.
pub struct Batch {
    transaction: WriteTransaction,
}

impl Batch {
    pub(super) fn new(transaction: WriteTransaction) -> Batch {
        Batch { transaction }
    }

    /// Says in what form everything is written from now on.
    ///
    /// # Errors
    /// As the file system's.
    pub fn about(&self, written: Written<'_>) -> Result<(), StoreError> {
        let mut table = self.transaction.open_table(ABOUT)?;
        table.insert("form", written.form.to_string().as_str())?;
        table.insert("settings", written.settings)?;
        Ok(())
    }

    /// Writes a value under a name, over what was there.
    ///
    /// # Errors
    /// As the file system's.
    pub fn put(&mut self, name: &str, value: &impl Serialize) -> Result<(), StoreError> {
        let table = self.transaction.open_table(PARTS)?;
        let mut pieces = Pieces { table, name, number: 0, piece: Vec::with_capacity(PIECE), failed: None };
        let written = postcard::to_io(value, &mut pieces).map(|_| ());
        let flushed = pieces.end();
        if let Some(error) = pieces.failed {
            return Err(error.into());
        }
        written?;
        flushed.map_err(StoreError::Access)
    }

    /// Adds the totals of a day that is over.
    ///
    /// # Errors
    /// As the file system's.
    pub fn add_day(&mut self, day: Timestamp, rows: &[DayRow]) -> Result<(), StoreError> {
        let mut table = self.transaction.open_table(DAYS)?;
        // A restart between two halves of a day adds to it.
        let next = table.range((day.0, 0)..=(day.0, u32::MAX))?.next_back().transpose()?;
        let first = next.map_or(0, |(key, _)| key.value().1 + 1);
        for (number, rows) in (first..).zip(rows.chunks(ROWS)) {
            let bytes = postcard::to_stdvec(rows)?;
            table.insert((day.0, number), bytes.as_slice())?;
        }
        Ok(())
    }

    /// Lets go of days before `moment`.
    ///
    /// # Errors
    /// As the file system's.
    pub fn forget_days(&mut self, moment: Timestamp) -> Result<(), StoreError> {
        self.transaction.open_table(DAYS)?.retain_in(..(moment.0, 0), |_, _| false)?;
        Ok(())
    }

    /// Puts a line into the outbox; gives its number, from 1.
    ///
    /// # Errors
    /// As the file system's.
    pub fn send(&mut self, line: &str) -> Result<u64, StoreError> {
        let mut about = self.transaction.open_table(ABOUT)?;
        let last = about.get("sent")?.and_then(|last| last.value().parse::<u64>().ok()).unwrap_or(0);
        about.insert("sent", (last + 1).to_string().as_str())?;
        self.transaction.open_table(OUTBOX)?.insert(last + 1, line)?;
        Ok(last + 1)
    }

    /// An output has sent everything up to this number.
    ///
    /// # Errors
    /// As the file system's.
    pub fn sent(&mut self, output: &str, number: u64) -> Result<(), StoreError> {
        self.transaction.open_table(CURSORS)?.insert(output, number)?;
        Ok(())
    }

    /// Lets go of the lines that all of these outputs have sent, and of the cursors of others; but of the last `keep`
    /// lines none.
    ///
    /// # Errors
    /// As the file system's.
    pub fn drop_sent(&mut self, outputs: &[String], keep: u64) -> Result<(), StoreError> {
        let mut cursors = self.transaction.open_table(CURSORS)?;
        cursors.retain(|output, _| outputs.iter().any(|one| one == output))?;
        let mut outbox = self.transaction.open_table(OUTBOX)?;
        let last = outbox.last()?.map_or(0, |(number, _)| number.value());
        let mut all = last.saturating_sub(keep);
        for output in outputs {
            all = all.min(cursors.get(output.as_str())?.map_or(0, |number| number.value()));
        }
        outbox.retain_in(..=all, |_, _| false)?;
        Ok(())
    }

    /// Makes it all durable.
    ///
    /// # Errors
    /// As the file system's; then nothing of it was written, or all of it and only the word of that was lost.
    pub fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit()?)
    }
}

/// Cuts what is written into pieces.
struct Pieces<'t, 'n> {
    table: Table<'t, (&'static str, u32), &'static [u8]>,
    name: &'n str,
    number: u32,
    piece: Vec<u8>,
    failed: Option<redb::StorageError>,
}

impl Pieces<'_, '_> {
    fn hand_on(&mut self) -> io::Result<()> {
        match self.table.insert((self.name, self.number), self.piece.as_slice()) {
            Ok(_) => {
                self.number += 1;
                self.piece.clear();
                Ok(())
            }
            Err(error) => {
                self.failed = Some(error);
                Err(io::ErrorKind::Other.into())
            }
        }
    }

    /// The last piece, and none behind it.
    fn end(&mut self) -> io::Result<()> {
        self.hand_on()?;
        let behind = (self.name, self.number)..=(self.name, u32::MAX);
        match self.table.retain_in(behind, |_, _| false) {
            Ok(()) => Ok(()),
            Err(error) => {
                self.failed = Some(error);
                Err(io::ErrorKind::Other.into())
            }
        }
    }
}

impl Write for Pieces<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (fits, _) = bytes.split_at(bytes.len().min(PIECE - self.piece.len()));
        self.piece.extend_from_slice(fits);
        if self.piece.len() >= PIECE {
            self.hand_on()?;
        }
        Ok(fits.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
