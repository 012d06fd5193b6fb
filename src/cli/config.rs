//! `-c FILE.toml`: the configuration from the disk; `outflow config` checks and prints it.

use super::read::now;
use super::{Ending, say};
use crate::config::{self, Config, ListenAt, Target};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say whether a configuration can be used, and whether the files that it names can be read
    Check {
        /// The configuration
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print every setting, its value and where that comes from: a line of the file, or the default. What is printed is
    /// itself a configuration, except that addresses of webhooks are shortened
    Print {
        /// The configuration
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Runs `outflow config`.
pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    let mut out = std::io::stdout().lock();
    match &arguments.action {
        Action::Check { file } => {
            let config = read(file)?;
            let mut ending = Ending::Nothing;
            for (key, path) in files(&config) {
                if let Err(error) = File::open(path) {
                    say(&format!("{}: {key} = {}: {error}", file.display(), path.display()));
                    ending = Ending::Trouble;
                }
            }
            let today = now();
            for rule in config.allow.iter().filter(|rule| rule.is_over(today)) {
                let until = rule.until.map_or(String::new(), |until| until.to_string());
                let (file, line, reason) = (file.display(), rule.line, &rule.reason);
                say(&format!("{file}: line {line}: this [[allow]] has expired, at {until}: {reason}"));
            }
            if ending == Ending::Nothing {
                let (sources, listeners) = (config.sources.len(), config.listeners.len());
                let (outputs, rules) = (config.outputs.len(), config.allow.len());
                writeln!(
                    out,
                    "can be used: {sources} [[source]], {listeners} [[listen]], {outputs} [[output]], {rules} [[allow]]"
                )?;
            }
            Ok(ending)
        }
        Action::Print { file } => {
            let printed = text(file)
                .and_then(|text| Ok(config::print(&text, folder(file))?))
                .with_context(|| file.display().to_string())?;
            out.write_all(printed.as_bytes())?;
            Ok(Ending::Nothing)
        }
    }
}

/// The files that must be there, each with the key that names it.
fn files(config: &Config) -> Vec<(&'static str, &Path)> {
    let mut files = Vec::new();
    files.extend(config.inventory.as_deref().map(|path| ("inventory", path)));
    files.extend(config.asn.as_deref().map(|path| ("asn", path)));
    files.extend(config.http.token_file.as_deref().map(|path| ("token_file", path)));
    for listener in &config.listeners {
        if let ListenAt::Tls { cert, key, .. } = &listener.at {
            files.extend([("cert", cert.as_path()), ("key", key.as_path())]);
        }
    }
    for output in &config.outputs {
        let (ca, secret) = match &output.to {
            Target::Syslog { ca, .. } => (ca.as_deref(), None),
            Target::Webhook { ca, secret_file, .. } => (ca.as_deref(), secret_file.as_deref()),
            Target::Exec { command, .. } => {
                // A bare name is looked for in PATH when it is run.
                let program = command.first().map(Path::new);
                files.extend(program.filter(|path| path.is_absolute()).map(|path| ("exec", path)));
                (None, None)
            }
            Target::Jsonl { .. } | Target::Stdout => (None, None),
        };
        files.extend(ca.map(|path| ("ca", path)));
        files.extend(secret.map(|path| ("secret_file", path)));
    }
    files
}

fn folder(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}

/// A longer file is none that somebody wrote, in bytes.
const FILE_MAX: u64 = 4 << 20;

/// Reads the file; paths in it start from its own folder.
pub(super) fn read(path: &Path) -> Result<Config> {
    text(path)
        .and_then(|text| Ok(config::read(&text, folder(path))?))
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
