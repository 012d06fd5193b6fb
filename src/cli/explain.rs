//! `outflow explain`: a detector's manual, or an incident and whether its lines still say what it says.

mod incident;
mod rederive;

use super::Ending;
use super::judge::JudgeArguments;
use super::read::ReadArguments;
use crate::detectors::{DETECTORS, detector};
use anyhow::Result;
use clap::Args;
use std::io::{Write, stdout};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A detector, or an incident's id or how it begins; without one, all detectors are listed
    #[arg(value_name = "DETECTOR|ID")]
    name: Option<String>,
    #[command(flatten)]
    read: ReadArguments,
    #[command(flatten)]
    judge: JudgeArguments,
    /// Take the incident from this file of JSON lines, as outflow scan --json and watch write it (- for standard input)
    #[arg(long, value_name = "FILE")]
    incidents: Option<PathBuf>,
    /// Take the incident from the store of outflow watch
    #[arg(long, value_name = "DIR", conflicts_with = "incidents")]
    store: Option<PathBuf>,
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
            None => return incident::run(arguments, name),
        },
    }
    Ok(Ending::Nothing)
}
