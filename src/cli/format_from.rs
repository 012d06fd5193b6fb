//! `--format-from`: reads a server's configuration, with what it includes, from the disk.

use crate::batch::Told;
use crate::formats::conf;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// Configurations are some kilobytes long; a larger file is none.
const CONF_MAX: u64 = 16 << 20;

/// Reads `FILE` or `FILE#NAME`.
pub(super) fn told(argument: &str) -> Result<Told> {
    let (path, name) = match argument.rsplit_once('#') {
        Some((path, name)) if !Path::new(argument).exists() => (path, Some(name.to_owned())),
        _ => (argument, None),
    };
    let mut unreadable = None;
    let text = read(Path::new(path))?;
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    let mut include = |pattern: &str| -> Vec<String> {
        let files = matching(&folder.join(pattern));
        let texts = files.iter().filter_map(|file| match read(file) {
            Ok(text) => Some(text),
            Err(error) => {
                unreadable.get_or_insert(error);
                None
            }
        });
        texts.collect()
    };
    let defined = conf::read(&text, &mut include).with_context(|| format!("--format-from {path}"))?;
    if let Some(error) = unreadable {
        return Err(error.context(format!("--format-from {path} includes it")));
    }
    Ok(Told::Conf { path: path.to_owned(), name, defined })
}

/// The files of a pattern in their order. One that matches nothing is none: `IncludeOptional` and nginx allow it, and no
/// layout is lost by it that a log could need without being named as missing.
fn matching(pattern: &Path) -> Vec<PathBuf> {
    if pattern.is_dir() {
        // Apache reads all files of a folder.
        return matching(&pattern.join("*"));
    }
    let found = glob::glob(&pattern.to_string_lossy()).map(|paths| paths.flatten().collect::<Vec<_>>());
    found.unwrap_or_default().into_iter().filter(|path| path.is_file()).collect()
}

fn read(path: &Path) -> Result<String> {
    let size = fs::metadata(path).map(|file| file.len()).with_context(|| path.display().to_string())?;
    if size > CONF_MAX {
        bail!("{}: {size} bytes are no server's configuration", path.display());
    }
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
