//! `outflow explain`.

use super::Ending;
use crate::detectors::{DETECTORS, detector};
use anyhow::{Result, bail};
use clap::Args;
use std::io::{Write, stdout};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A detector; without one, all are listed
    #[arg(value_name = "DETECTOR")]
    name: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    let mut to = stdout().lock();
    match &arguments.name {
        None => {
            for detector in DETECTORS {
                writeln!(to, "{}", detector.manual.lines().next().unwrap_or(detector.name))?;
            }
        }
        Some(name) => match detector(name) {
            Some(detector) => writeln!(to, "{}", detector.manual)?,
            None => {
                let names: Vec<&str> = DETECTORS.iter().map(|detector| detector.name).collect();
                bail!("no detector is called \"{name}\"; there are {}", names.join(", "));
            }
        },
    }
    Ok(Ending::Nothing)
}
