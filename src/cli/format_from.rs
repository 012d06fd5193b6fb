//! `--format-from CONF`: reads a server's configuration, and what it includes, from the disk.

use crate::formats::conf::{self, Defined, Included, Layouts, Missing};
use anyhow::{Context, Result, anyhow};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A longer file is none that somebody wrote, in bytes.
const FILE_MAX: u64 = 16 << 20;

/// What stands in the configuration that `argument` names, as `CONF` or `CONF#LAYOUT`.
pub(super) fn layouts(argument: &str) -> Result<Layouts> {
    let (conf, wanted) = match argument.rsplit_once('#') {
        // A `#` may be part of the path.
        Some((conf, wanted)) if !Path::new(argument).exists() => (conf, Some(wanted.to_owned())),
        _ => (argument, None),
    };
    let read = || -> Result<Vec<Defined>> {
        let text = text(Path::new(conf)).map_err(|error| anyhow!(refused(&error)))?;
        let folder = Path::new(conf).parent().unwrap_or(Path::new("")).to_path_buf();
        Ok(conf::read(&text, &mut |pattern, missing| included(&folder, pattern, missing))?)
    };
    let defined = read().with_context(|| format!("--format-from {conf}"))?;
    Ok(Layouts { conf: conf.to_owned(), wanted, defined })
}

fn text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(io::Error::other(format!("longer than {FILE_MAX} bytes: that is no configuration")));
    }
    // Comments in old encodings do no harm.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn refused(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file; check the path".into(),
        io::ErrorKind::PermissionDenied => {
            "permission denied; run as a user that may read it, or copy its log format to --format 'KIND:STRING'".into()
        }
        _ => error.to_string(),
    }
}

/// The files that an include's pattern means: relative to the folder of the main file, as servers take them that were
/// installed there; a folder stands for all files below it (Apache).
fn included(folder: &Path, pattern: &str, missing: Missing) -> Result<Vec<Included>, String> {
    let full = folder.join(pattern);
    let mut paths = Vec::new();
    if pattern.contains(['*', '?', '[']) && !full.exists() {
        let full = full.to_string_lossy();
        let found =
            glob::glob(&full).map_err(|error| format!("cannot read the pattern \"{pattern}\": {error}"))?;
        for path in found {
            let path = path.map_err(|error| {
                format!("cannot read {}: {}", error.path().display(), refused(error.error()))
            })?;
            files(&path, &mut paths)?;
        }
    } else {
        match fs::metadata(&full) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && missing == Missing::Fine => {}
            _ => files(&full, &mut paths)?,
        }
    }
    let read = |path: PathBuf| {
        let cannot = |what: &str| format!("cannot read {}: {what}", path.display());
        // A pipe would be waited for.
        if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(cannot("it is no file"));
        }
        let text = text(&path).map_err(|error| cannot(&refused(&error)))?;
        Ok(Included { path: path.to_string_lossy().into_owned(), text })
    };
    paths.into_iter().map(read).collect()
}

/// The file, or the files of the folder, in the order of their names.
fn files(path: &Path, paths: &mut Vec<PathBuf>) -> Result<(), String> {
    if !path.is_dir() {
        paths.push(path.to_path_buf());
        return Ok(());
    }
    for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
        let entry = entry.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        if !entry.file_type().is_dir() {
            paths.push(entry.into_path());
        }
    }
    Ok(())
}
