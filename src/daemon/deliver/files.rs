//! Small things about files that several outputs need.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// A secret or a certificate is never longer, in bytes.
const SMALL_MAX: u64 = 1 << 20;

/// Reads a small file; the error names it and says nothing of what is in it.
pub(super) fn read_small(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(SMALL_MAX).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// Makes durable what was created, renamed or removed in the folder of this path.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
