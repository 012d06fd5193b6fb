//! Which incident is meant, and what can be said of it.

use super::Arguments;
use super::rederive::{Rederived, rederive};
use crate::cli::{Ending, incidents, store};
use crate::detectors::DETECTORS;
use crate::outputs::{self, Explanation, Style};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufWriter, Read, Write, stdin, stdout};
use std::path::Path;
use std::time::Duration;

pub(super) fn run(arguments: &Arguments, name: &str) -> Result<Ending> {
    if arguments.incidents.is_none() && arguments.store.is_none() && !arguments.read.names_files() {
        bail!(
            "\"{name}\" is no detector ({}); where it is an incident, say where that is: --incidents FILE, --store DIR, or the logs",
            DETECTORS.iter().map(|detector| detector.name).collect::<Vec<_>>().join(", ")
        );
    }
    let incident = chosen(&lines(arguments)?, name)?;
    let Rederived { evidence, hours, ending } = rederive(arguments, &incident)?;
    let explanation = Explanation { incident: &incident, lines: &evidence, hours: &hours };
    let mut to = BufWriter::new(stdout().lock());
    if arguments.read.json {
        outputs::explanation_json(&explanation, &mut to)?;
    } else {
        outputs::explanation_text(&explanation, &mut to)?;
    }
    to.flush()?;
    Ok(match ending {
        Ending::Nothing if !explanation.is_whole() => Ending::Found,
        ending => ending,
    })
}

/// All incidents there are, as JSON lines.
fn lines(arguments: &Arguments) -> Result<String> {
    let style = Style { all: true, ..Style::default() };
    let mut lines = Vec::new();
    if let Some(path) = &arguments.incidents {
        if path == Path::new("-") {
            stdin().lock().read_to_end(&mut lines)?;
        } else {
            lines = std::fs::read(path).with_context(|| path.display().to_string())?;
        }
    } else if arguments.store.is_some() {
        let of = store::StoreArguments { store: arguments.store.clone(), config: arguments.read.config() };
        let (scanned, sources, inventory) = incidents::finished(&of)?;
        outputs::write("jsonl", &scanned.report(&sources, &inventory, Duration::ZERO), style, &mut lines)?;
    } else {
        let (opened, scanned) = arguments.judge.scanned(&arguments.read)?;
        let report = scanned.report(&opened.batch.sources, &opened.estate.inventory, Duration::ZERO);
        outputs::write("jsonl", &report, style, &mut lines)?;
    }
    Ok(String::from_utf8_lossy(&lines).into_owned())
}

/// The one whose id begins so; what was told of it last.
fn chosen(lines: &str, name: &str) -> Result<Value> {
    let rows = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let id = |row: &Value| row.get("id").and_then(Value::as_str).map(str::to_owned);
    let incidents = rows.filter(|row| row.get("type").and_then(Value::as_str) == Some("incident"));
    let all: BTreeMap<String, Value> = incidents.filter_map(|row| Some((id(&row)?, row))).collect();
    let mut alike: Vec<(&String, &Value)> = all.iter().filter(|(id, _)| id.starts_with(name)).collect();
    match (alike.pop(), alike.len()) {
        (Some((_, incident)), 0) => Ok(incident.clone()),
        (None, _) => bail!(
            "no detector is called \"{name}\", and the id of none of the {} incidents there begins so: outflow incidents --store DIR --json, or scan --json, names them",
            all.len()
        ),
        (Some(_), more) => bail!("\"{name}\" is how {} incidents begin: write more of the id", more + 1),
    }
}
