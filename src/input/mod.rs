//! Where bytes come from: standard input, files, globs and directories, plain or compressed.
//!
//! [`expand`] turns command-line arguments into [`Place`]s, each file once; [`open`] turns a place into a reader of
//! decompressed UTF-8-or-bytes. Compression is told by content and never by name.
//!
//! It knows neither lines nor formats, prints nothing and keeps no clock. It is synchronous: tailing, listeners and
//! brokers have their own roads. Nothing is memory-mapped: a log cut short while it is read would be SIGBUS.

mod compression;
mod decoders;
mod fault;
mod members;
mod open;
mod paths;
mod source;
pub mod tail;
mod text;

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

pub use compression::Compression;
pub use fault::{Broken, Fault};
pub use open::{Opened, open, open_reader, written};
pub use paths::{Expanded, expand};

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Standard input.
    Stdin,
    /// A regular file, a named pipe, or what `/dev/fd/N` stands for.
    File(PathBuf),
}

impl Place {
    /// The path as messages name it; `-` for standard input.
    pub fn path(&self) -> &Path {
        match self {
            Place::Stdin => Path::new("-"),
            Place::File(path) => path,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Stdin => f.write_str("standard input"),
            Place::File(path) => write_path(f, path),
        }
    }
}

/// What could not be read and why. The caller reports it, reads the rest and exits with 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The path or pattern, `-` for standard input.
    pub path: PathBuf,
    /// What is wrong and what to do about it, to stand after the path and a colon.
    pub what: String,
}

impl Trouble {
    fn new(path: &Path, what: impl Into<String>) -> Trouble {
        Trouble { path: path.to_path_buf(), what: what.into() }
    }

    /// The operating system's refusal, with what a person can do about the two usual ones.
    fn io(path: &Path, error: &std::io::Error) -> Trouble {
        let what = match error.kind() {
            std::io::ErrorKind::NotFound => "no such file or directory; check the path".to_owned(),
            std::io::ErrorKind::PermissionDenied => {
                "permission denied; give this user read access (on many systems the group \"adm\" reads logs)"
                    .to_owned()
            }
            _ => error.to_string(),
        };
        Trouble { path: path.to_path_buf(), what }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_path(f, &self.path)?;
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for Trouble {}

/// A path for a person. Whoever can create a file in a log directory chooses its name, so control characters
/// (terminal sequences, line feeds) are shown and not sent.
fn write_path(f: &mut fmt::Formatter<'_>, path: &Path) -> fmt::Result {
    for character in path.to_string_lossy().chars() {
        match character.is_control() {
            true => write!(f, "{}", character.escape_default())?,
            false => f.write_char(character)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod names {
    use super::*;

    #[test]
    fn names_reach_the_terminal_without_its_commands() {
        let trouble = Trouble::new(Path::new("a\x1b[2Jb\n.log"), "is a directory");
        assert_eq!(trouble.to_string(), "a\\u{1b}[2Jb\\n.log: is a directory");
        assert_eq!(Place::File("é.log".into()).to_string(), "é.log");
    }
}
