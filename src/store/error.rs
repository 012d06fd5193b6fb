//! What can go wrong with a store; each says what to do next.

use redb::{CommitError, DatabaseError, StorageError, TableError, TransactionError};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a store cannot be used.
#[derive(Debug)]
pub enum StoreError {
    /// Another process writes it.
    InUse,
    /// It has no store, or one that was never written to.
    Empty,
    /// Its pages are not what was written.
    Damaged(String),
    /// A later version wrote it.
    Newer {
        /// The form found.
        found: u32,
        /// The newest that this version knows.
        known: u32,
    },
    /// An earlier version wrote it, and this one cannot read that form.
    Older {
        /// The form found.
        found: u32,
        /// The one that this version writes.
        known: u32,
    },
    /// It was written under settings that change what its sums mean.
    Settings {
        /// Those found.
        found: String,
        /// Those wanted.
        wanted: String,
    },
    /// Reading or writing failed.
    Access(io::Error),
    /// One of the others, and where.
    At(PathBuf, Box<StoreError>),
}

impl StoreError {
    pub(super) fn at(self, path: &Path) -> StoreError {
        StoreError::At(path.to_path_buf(), Box::new(self))
    }

    /// What is wrong, without the place.
    pub fn kind(&self) -> &StoreError {
        match self {
            StoreError::At(_, error) => error.kind(),
            other => other,
        }
    }

    /// Whether trying again may help: the disk was full, or a device failed.
    pub fn may_pass(&self) -> bool {
        matches!(self.kind(), StoreError::Access(_) | StoreError::InUse)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::InUse => {
                write!(
                    to,
                    "another outflow has this store open: stop it, or give this one a store of its own"
                )
            }
            StoreError::Empty => write!(to, "nothing was stored here yet: run outflow watch first"),
            StoreError::Damaged(what) => write!(
                to,
                "the store is damaged ({what}) and was left as it is: put back a backup of the file, or pass \
                 --new-store to move it aside and begin again without a past"
            ),
            StoreError::Newer { found, known } => write!(
                to,
                "a later version wrote this store (form {found}; this one knows {known}): use that version, or \
                 pass --new-store to move it aside"
            ),
            StoreError::Older { found, known } => write!(
                to,
                "an earlier version wrote this store (form {found}; this one writes {known}) in a form that \
                 cannot be carried over: pass --new-store to move it aside and begin again"
            ),
            StoreError::Settings { found, wanted } => write!(
                to,
                "this store was written with {found}, and {wanted} is wanted now: set it back, or pass \
                 --new-store to move the store aside and begin again"
            ),
            StoreError::Access(error) => write!(to, "{error}{}", what_to_do(error)),
            StoreError::At(path, error) => write!(to, "{}: {error}", path.display()),
        }
    }
}

/// What an operator can do where the file system refuses.
fn what_to_do(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ": free some space there",
        io::ErrorKind::ReadOnlyFilesystem => {
            ": mount it so that it can be written, or name another folder with --store or [store] path"
        }
        io::ErrorKind::PermissionDenied => {
            ": give the daemon's user the right to the folder and its files, or name another with --store or [store] path"
        }
        _ => "",
    }
}

impl std::error::Error for StoreError {}

impl From<StorageError> for StoreError {
    fn from(error: StorageError) -> StoreError {
        match error {
            StorageError::Corrupted(what) => StoreError::Damaged(what),
            StorageError::Io(error) => StoreError::Access(error),
            other => StoreError::Access(io::Error::other(other.to_string())),
        }
    }
}

impl From<DatabaseError> for StoreError {
    fn from(error: DatabaseError) -> StoreError {
        match error {
            DatabaseError::DatabaseAlreadyOpen => StoreError::InUse,
            DatabaseError::Storage(StorageError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
                StoreError::Damaged("it does not begin like a store".into())
            }
            DatabaseError::Storage(error) => error.into(),
            other => StoreError::Damaged(other.to_string()),
        }
    }
}

impl From<TransactionError> for StoreError {
    fn from(error: TransactionError) -> StoreError {
        match error {
            TransactionError::Storage(error) => error.into(),
            other => StoreError::Access(io::Error::other(other.to_string())),
        }
    }
}

impl From<TableError> for StoreError {
    fn from(error: TableError) -> StoreError {
        match error {
            TableError::Storage(error) => error.into(),
            other => StoreError::Damaged(other.to_string()),
        }
    }
}

impl From<CommitError> for StoreError {
    fn from(error: CommitError) -> StoreError {
        match error {
            CommitError::Storage(error) => error.into(),
            other => StoreError::Access(io::Error::other(other.to_string())),
        }
    }
}

impl From<postcard::Error> for StoreError {
    fn from(error: postcard::Error) -> StoreError {
        StoreError::Damaged(format!("what is written in it does not read: {error}"))
    }
}
