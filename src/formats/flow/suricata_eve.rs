//! Suricata's EVE JSON: `flow` and `netflow` records carry the bytes, `dns` queries are questions; everything else repeats
//! transfers that the flow record of the same `flow_id` tells.
//!
//! So a transfer is counted once: `http`, `tls`, `fileinfo` and `alert` records give events only to [`Detail::Full`], and
//! never byte counts. A sensor that writes both `flow` and `netflow` tells each transfer in both; `netflow` counts only
//! where the layout says so (`suricata-eve:netflow`), which detection does for logs that have no `flow` among their first lines.
//! A flow record is written when the flow has ended or timed out, so it is stamped with the beginning that it tells.

mod record;
#[cfg(test)]
mod tests;

use crate::event::reject::Reject;
use crate::event::{Event, Role};
use crate::formats::{Context, Detail, Format, Kind, Scratch, Sight, Sniffed, SpecError, json};
use record::Type;
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "suricata-eve",
    about: "Suricata eve.json: flow (or, as 'suricata-eve:netflow', netflow) records and dns queries",
    roles: &[Role::Flow, Role::Dns],
    compile,
    sniff,
    is_header: None,
};

const REMEDY: &str = "switch flow records on in suricata.yaml (outputs: - eve-log: types: - flow)";

/// Which records carry the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    /// Bidirectional `flow` records.
    Flow,
    /// One-way `netflow` records.
    Netflow,
    /// `flow` records, of which none was seen when the log was looked at.
    Unseen,
}

#[derive(Debug)]
struct SuricataEve {
    counted: Counted,
    detail: Detail,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let counted = match spec.trim() {
        "" | "flow" => Counted::Flow,
        "netflow" => Counted::Netflow,
        "no-flow" => Counted::Unseen,
        other => {
            let message = format!(
                "\"{other}\" is no kind of record that carries bytes: write suricata-eve:flow or suricata-eve:netflow"
            );
            return Err(SpecError { message, position: 0 });
        }
    };
    Ok(Arc::new(SuricataEve { counted, detail: context.detail }))
}

impl Format for SuricataEve {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        if line.is_empty() {
            return Ok(());
        }
        let record = record::read(line, scratch)?;
        let wanted = match record.kind {
            Type::Flow => self.counted != Counted::Netflow,
            Type::Netflow => self.counted == Counted::Netflow,
            Type::Dns => true,
            Type::Http | Type::Tls | Type::Fileinfo | Type::Alert => self.detail == Detail::Full,
            Type::Other => false,
        };
        if wanted { record.events(line, scratch, self.detail, events) } else { Ok(()) }
    }

    fn sight(&self) -> Sight {
        let seen = self.counted != Counted::Unseen;
        Sight {
            role: Role::Flow,
            source_bytes: seen,
            destination_bytes: seen && self.counted == Counted::Flow,
            remedy: REMEDY,
        }
    }
}

/// JSON lines most of which have an `event_type` and a `timestamp`; which of them carry bytes decides the layout.
fn sniff(lines: &[&[u8]], _context: &Context) -> Sniffed {
    let scratch = Scratch::new();
    let lines: Vec<&[u8]> = lines.iter().copied().filter(|line| !line.is_empty()).collect();
    let types: Vec<Type> = lines
        .iter()
        .filter(|line| line.first() == Some(&b'{') && json::members(line).next().is_some())
        .filter_map(|line| record::read(line, &scratch).ok())
        .map(|record| record.kind)
        .collect();
    if types.is_empty() || types.len() * 2 <= lines.len() {
        return Sniffed::No;
    }
    let (spec, why) = if types.contains(&Type::Flow) {
        ("", "JSON lines with an event_type, flow among them")
    } else if types.contains(&Type::Netflow) {
        ("netflow", "JSON lines with an event_type, netflow among them and no flow")
    } else {
        ("no-flow", "JSON lines with an event_type, no flow among them")
    };
    Sniffed::Yes { spec: spec.into(), why: why.into() }
}
