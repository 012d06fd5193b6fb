//! Incidents → the world: a file per output, one table.
//!
//! An output gets everything resolved (names, ranks, sentences) and only renders; log-controlled text is escaped for where
//! it goes. To add one: write its file, add its row to [`OUTPUTS`].

mod cef;
mod comparison;
mod diagnosis;
mod drill;
mod ecs;
mod escape;
mod evaluation;
mod events;
mod explanation;
mod floor;
mod html;
mod jsonl;
mod ocsf;
mod report;
mod row;
mod terminal;
mod volumes;

pub use cef::render as cef;
pub use comparison::{Change, Changes, json as comparison_json, table as comparison_table};
pub use diagnosis::{Diagnosis, json as diagnosis_json, text as diagnosis_text};
pub use drill::{DrillRow, DrillSummary, DrillTheft, json as drill_json, table as drill_table};
pub use ecs::render as ecs;
pub use escape::terminal as escaped;
pub use evaluation::{json as evaluation_json, table as evaluation_table};
pub use events::{EventWriter, Place};
pub use explanation::{Evident, Explanation, Found, Named, named};
pub use explanation::{json as explanation_json, text as explanation_text};
pub use floor::{BlindSpot, FloorPrice, FloorProof, FloorReport, FloorRow, FloorSummary, FloorWay};
pub use floor::{json as floor_json, table as floor_table};
pub use jsonl::one as incident_line;
pub use ocsf::render as ocsf;
pub use report::{Campaign, Carrier, Cited, Report, Shares, SourceReport, Summary, Told};
pub use volumes::{KeptRow, kept_json, kept_table};
pub use volumes::{Row as VolumeRow, json as volumes_json, table as volumes_table};

use std::io::{self, Write};

/// The version of all JSON that is printed: fields are added, never renamed.
pub const SCHEMA: &str = "outflow/1";

/// How a report is rendered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Also what lies beyond the budget.
    pub all: bool,
    /// Colours, for a terminal that wants them.
    pub colour: bool,
}

/// A row of the table.
#[derive(Debug)]
pub struct Output {
    /// Its name in settings.
    pub name: &'static str,
    /// Renders a whole report.
    pub write: fn(&Report<'_>, Style, &mut dyn Write) -> io::Result<()>,
}

/// Every output.
pub const OUTPUTS: &[Output] = &[
    Output { name: "terminal", write: terminal::write },
    Output { name: "jsonl", write: jsonl::write },
    Output { name: "html", write: html::write },
];

/// Renders a report with the output of this name; an unknown name renders nothing.
pub fn write(name: &str, report: &Report<'_>, style: Style, to: &mut dyn Write) -> io::Result<()> {
    OUTPUTS
        .iter()
        .find(|output| output.name == name)
        .map_or(Ok(()), |output| (output.write)(report, style, to))
}
