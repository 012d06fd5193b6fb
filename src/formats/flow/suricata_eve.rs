//! Suricata's EVE JSON: `flow` and `netflow` records carry the bytes, `dns` queries are questions; everything else repeats
//! transfers that the flow record of the same `flow_id` tells.
//!
//! So a transfer is counted once: where there are flow records, `http`, `tls`, `fileinfo` and `alert` records stand aside,
//! and only [`Detail::Full`] reads them. A sensor that writes both `flow` and `netflow` tells each transfer in both;
//! `netflow` counts only where the layout says so (`suricata-eve:netflow`), which detection does for logs that have no `flow`
//! among their first lines. Without either, what went through flows is what there is: the sizes of files in both directions
//! (`suricata-eve:fileinfo`), else the bodies of responses (`suricata-eve:http`). A flow record that comes all the same tells
//! the same `flow_id` and counts as far as it tells more.
//! A flow record is written when the flow has ended or timed out, so it is stamped with the beginning that it tells.

mod record;
#[cfg(test)]
mod tests;

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Event, Role, Session, Telling, number};
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
    /// Sizes in `fileinfo` records; no flow was seen when the log was looked at.
    Fileinfo,
    /// Sizes in `http` records; neither flow nor fileinfo was seen.
    Http,
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
        "fileinfo" => Counted::Fileinfo,
        "http" => Counted::Http,
        "no-flow" => Counted::Unseen,
        other => {
            let message = format!(
                "\"{other}\" is no kind of record that carries bytes: write suricata-eve: and one of flow, netflow, fileinfo, http"
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
        let kind = record.kind;
        let counts = match kind {
            Type::Flow => self.counted != Counted::Netflow,
            Type::Fileinfo if self.counted == Counted::Fileinfo => true,
            Type::Http if self.counted == Counted::Http => true,
            Type::Netflow => self.counted == Counted::Netflow,
            Type::Dns => true,
            // Where nothing tells bytes, what was asked for is all there is to see.
            Type::Http | Type::Tls => self.counted == Counted::Unseen,
            Type::Fileinfo | Type::Alert | Type::Other => false,
        };
        if !counts && self.detail < Detail::Full {
            return Ok(());
        }
        let first = events.len();
        let read = match self.counted {
            Counted::Fileinfo | Counted::Http if counts => self.sized(record, line, scratch, events),
            _ => record.events(line, scratch, self.detail, events),
        };
        if let Err(reject) = read {
            events.truncate(first);
            // What is not summed is no reason for a reject: both details count the same lines.
            return if counts { Err(reject) } else { Ok(()) };
        }
        for event in events.get_mut(first..).unwrap_or_default() {
            event.aside = event.aside.or((!counts).then_some(Aside::Repeated));
        }
        Ok(())
    }

    fn sight(&self) -> Sight {
        use Counted::{Flow, Http, Unseen};
        Sight {
            role: Role::Flow,
            source_bytes: !matches!(self.counted, Unseen | Http),
            destination_bytes: matches!(self.counted, Flow | Http),
            remedy: REMEDY,
        }
    }
}

impl SuricataEve {
    /// Reads a record that counts by the size of its file or body.
    fn sized<'a>(
        &self,
        record: record::Record<'a>,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let first = events.len();
        let (kind, flow_id, size) = (record.kind, record.flow_id, record.size(scratch)?);
        let size = match size {
            b"" => None,
            text => Some(number(text).ok_or_else(|| Reject::of(Reason::BadNumber, line, text))?),
        };
        record.events(line, scratch, self.detail, events)?;
        for event in events.iter_mut().skip(first) {
            self.count(kind, flow_id, size, event);
        }
        Ok(())
    }

    /// Where flow records are not what is counted, gives the sizes of files and bodies, and what joins them with a flow
    /// record that may come all the same.
    fn count<'a>(&self, kind: Type, flow_id: &'a [u8], size: Option<u64>, event: &mut Event<'a>) {
        let telling = match (self.counted, kind) {
            (_, Type::Flow) => Telling::Whole,
            (Counted::Fileinfo, Type::Fileinfo) => {
                // The source of such a record sent the file.
                (event.source.bytes, event.one_way) = (size, true);
                Telling::Part
            }
            (Counted::Http, Type::Http) => {
                event.destination.bytes = size;
                Telling::Part
            }
            _ => return,
        };
        event.session = (!flow_id.is_empty()).then_some(Session { id: flow_id, telling });
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
    } else if types.contains(&Type::Fileinfo) {
        ("fileinfo", "JSON lines with an event_type, no flow among them: the sizes of files are counted")
    } else if types.contains(&Type::Http) {
        ("http", "JSON lines with an event_type, no flow among them: the bodies of responses are counted")
    } else {
        ("no-flow", "JSON lines with an event_type, no flow among them")
    };
    Sniffed::Yes { spec: spec.into(), why: why.into() }
}
