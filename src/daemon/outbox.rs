//! What is told stands in the store until every output has sent it.

use super::deliver::Outbox;
use crate::store::{Snapshot, Store, StoreError};
use std::sync::{Arc, Mutex, PoisonError};

/// The outbox of a store that others write too.
#[derive(Clone, Debug)]
pub struct StoredOutbox {
    store: Arc<Mutex<Option<Store>>>,
}

impl StoredOutbox {
    /// The outbox of this store; `None` in it while it cannot be written.
    pub fn new(store: Arc<Mutex<Option<Store>>>) -> StoredOutbox {
        StoredOutbox { store }
    }

    /// What the last commit left; `None` while that cannot be read. The lock is held no longer than it takes to begin.
    pub(super) fn snapshot(&self) -> Option<Snapshot> {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.as_ref()?.snapshot().ok()
    }
}

impl Outbox for StoredOutbox {
    fn after(&self, cursor: u64, most: usize) -> Vec<(u64, String)> {
        self.snapshot().and_then(|snapshot| snapshot.outbox(cursor, most).ok()).unwrap_or_default()
    }

    fn cursor(&self, output: &str) -> u64 {
        self.snapshot().and_then(|snapshot| snapshot.cursor(output).ok()).unwrap_or(0)
    }

    /// Durable when this returns, unless the store cannot be written now.
    fn sent(&self, output: &str, number: u64) {
        let write = |store: &Store| -> Result<(), StoreError> {
            let mut batch = store.batch()?;
            batch.sent(output, number)?;
            batch.commit()
        };
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if store.as_ref().is_some_and(|store| write(store).is_err()) {
            // Whoever writes state next opens it again. What was sent since is sent once more after a crash.
            *store = None;
        }
    }

    fn waiting(&self, output: &str) -> u64 {
        let Some(snapshot) = self.snapshot() else { return 0 };
        let (last, cursor) = (snapshot.last_sent().unwrap_or(0), snapshot.cursor(output).unwrap_or(0));
        last.saturating_sub(cursor)
    }
}
