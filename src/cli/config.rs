//! `-c FILE.toml`: the configuration from the disk.

use crate::config::{self, Config};
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A longer file is none that somebody wrote, in bytes.
const FILE_MAX: u64 = 4 << 20;

/// Reads the file; paths in it start from its own folder.
pub(super) fn read(path: &Path) -> Result<Config> {
    text(path)
        .and_then(|text| Ok(config::read(&text, path.parent().unwrap_or(Path::new("")))?))
        .with_context(|| path.display().to_string())
}

fn text(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_MAX {
        bail!("longer than {FILE_MAX} bytes: that is no configuration");
    }
    String::from_utf8(bytes).context("a configuration is UTF-8")
}
