//! Command-line arguments → places to read, each once.
//!
//! An argument that names something is taken literally even if it looks like a pattern: shells have expanded it
//! already. Directories are walked; there and in patterns, hidden files and what is no regular file are passed over.
//! What cannot be found or entered is trouble beside the good places, never the end.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

use glob::MatchOptions;
use walkdir::{DirEntry, WalkDir};

use super::{Place, Trouble};

/// What the arguments stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    /// In the order of the arguments, files of a directory or pattern by name; a file named twice stands once.
    pub places: Vec<Place>,
    /// What could not be found or entered.
    pub troubles: Vec<Trouble>,
}

/// Expands arguments: `-` is standard input, as is no argument at all; else a path, a directory or a pattern.
pub fn expand<S: AsRef<OsStr>>(arguments: &[S]) -> Expanded {
    let mut expansion = Expansion::default();
    if arguments.is_empty() {
        expansion.stdin();
    }
    for argument in arguments {
        expansion.argument(argument.as_ref());
    }
    expansion.result
}

#[derive(Default)]
struct Expansion {
    result: Expanded,
    /// Files and directories met so far: hard links, symlinks and overlapping patterns name a file twice.
    seen: BTreeSet<Identity>,
}

impl Expansion {
    fn argument(&mut self, argument: &OsStr) {
        let path = Path::new(argument);
        if argument == "-" {
            return self.stdin();
        }
        match fs::metadata(path) {
            Ok(metadata) => self.named(path, &metadata),
            // A link whose target is gone is no pattern.
            Err(error) if fs::symlink_metadata(path).is_ok() => self.lost_link(path, &error),
            Err(error) => match argument.to_str() {
                Some(pattern) if pattern.contains(['*', '?', '[']) => self.pattern(pattern),
                _ => self.trouble(Trouble::io(path, &error)),
            },
        }
    }

    fn stdin(&mut self) {
        // `outflow - access.log < access.log` reads one file.
        let new = match fs::metadata("/dev/stdin") {
            Ok(metadata) if !is_device(&metadata) => {
                self.seen.insert(identity(Path::new("/dev/stdin"), &metadata))
            }
            _ => true,
        };
        if new && !self.result.places.contains(&Place::Stdin) {
            self.result.places.push(Place::Stdin);
        }
    }

    /// What an argument names itself: a directory, a file, a named pipe, a `/dev/fd/N`.
    fn named(&mut self, path: &Path, metadata: &Metadata) {
        if metadata.is_dir() {
            self.directory(path);
        } else if is_device(metadata) {
            self.result.places.push(Place::File(path.to_path_buf()));
        } else {
            self.file(path, metadata);
        }
    }

    fn file(&mut self, path: &Path, metadata: &Metadata) {
        if self.seen.insert(identity(path, metadata)) {
            self.result.places.push(Place::File(path.to_path_buf()));
        }
    }

    fn pattern(&mut self, pattern: &str) {
        // As a shell does it: `*` stays within one directory and does not match hidden files.
        let options = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let matches = match glob::glob_with(pattern, options) {
            Ok(matches) => matches,
            Err(error) => {
                return self.trouble(Trouble::new(
                    Path::new(pattern),
                    format!("is no file and no pattern ({error})"),
                ));
            }
        };
        let mut found = false;
        for entry in matches {
            match entry {
                Err(error) => {
                    found = true;
                    self.trouble(Trouble::io(error.path(), error.error()));
                }
                Ok(path) => match fs::metadata(&path) {
                    Err(error) => {
                        found = true;
                        self.lost_link(&path, &error);
                    }
                    Ok(metadata) if metadata.is_dir() => {
                        found = true;
                        self.directory(&path);
                    }
                    Ok(metadata) if metadata.is_file() => {
                        found = true;
                        self.file(&path, &metadata);
                    }
                    Ok(_) => {}
                },
            }
        }
        if !found {
            self.trouble(Trouble::new(
                Path::new(pattern),
                "matches no file; check the pattern and the directory",
            ));
        }
    }

    fn directory(&mut self, path: &Path) {
        // Links among directories can spell a tree of exponential size; each directory is entered once. The root of a
        // walk always is: to name a directory twice is no trouble.
        let mut found = false;
        let mut walk = WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            match entry {
                Err(error) => {
                    let lost = error.path().unwrap_or(path);
                    if error.depth() > 0 && is_hidden(lost.file_name()) {
                        continue;
                    }
                    found = true;
                    self.walk_error(lost, &error);
                }
                Ok(entry) if entry.depth() > 0 && is_hidden(Some(entry.file_name())) => {
                    skip(&mut walk, &entry)
                }
                Ok(entry) => match entry.metadata() {
                    Err(error) => {
                        found = true;
                        self.walk_error(entry.path(), &error);
                    }
                    Ok(metadata) if metadata.is_dir() => {
                        if !self.seen.insert(identity(entry.path(), &metadata)) && entry.depth() > 0 {
                            found = true;
                            skip(&mut walk, &entry);
                        }
                    }
                    Ok(metadata) if metadata.is_file() => {
                        found = true;
                        self.file(entry.path(), &metadata);
                    }
                    Ok(_) => {}
                },
            }
        }
        if !found {
            let what = "is a directory without files to read; hidden files and what is no regular file are passed over";
            self.trouble(Trouble::new(path, what));
        }
    }

    fn walk_error(&mut self, path: &Path, error: &walkdir::Error) {
        let trouble = match (error.loop_ancestor(), error.io_error()) {
            (Some(ancestor), _) => Trouble::new(
                path,
                format!("is a link back to {}, a loop, and is not followed", ancestor.display()),
            ),
            (None, Some(error)) if path.is_symlink() => return self.lost_link(path, error),
            (None, Some(error)) => Trouble::io(path, error),
            (None, None) => Trouble::new(path, error.to_string()),
        };
        self.trouble(trouble);
    }

    fn lost_link(&mut self, path: &Path, error: &io::Error) {
        let trouble = match error.kind() {
            io::ErrorKind::NotFound => {
                Trouble::new(path, "is a link to something that does not exist; mend or remove the link")
            }
            _ => Trouble::io(path, error),
        };
        self.trouble(trouble);
    }

    fn trouble(&mut self, trouble: Trouble) {
        self.result.troubles.push(trouble);
    }
}

fn is_hidden(name: Option<&OsStr>) -> bool {
    name.is_some_and(|name| name.as_encoded_bytes().first() == Some(&b'.'))
}

/// Leaves out a directory's content; a file has none, and to skip there would leave out its siblings.
fn skip(walk: &mut walkdir::IntoIter, entry: &DirEntry) {
    if entry.file_type().is_dir() {
        walk.skip_current_dir();
    }
}

/// A file whatever its names: device and inode.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(_: &Path, metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// A terminal or `/dev/null`, which nobody counts twice.
#[cfg(unix)]
fn is_device(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_char_device()
}

/// A file by its canonical path: symbolic links are seen through, hard links are not.
#[cfg(not(unix))]
type Identity = std::path::PathBuf;

#[cfg(not(unix))]
fn identity(path: &Path, _: &Metadata) -> Identity {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(not(unix))]
fn is_device(metadata: &Metadata) -> bool {
    !metadata.is_file()
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
