//! Azure network security group flow logs, versions 1 and 2: tuples of a flow's state, in JSON.
//!
//! Version 2 counts the bytes of both directions since the flow's last tuple, on continued (`C`) and ended (`E`) ones;
//! those of its beginning (`B`) and of denied flows count nothing. Version 1 has no bytes: blind. A flow
//! that passes the group of a subnet and that of an interface is logged by each that has logging on: read one of the two.

use super::azure_tuples::{self, Tuple};
use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Event, Role, number};
use crate::formats::{Context, Detail, Format, Kind, Scratch, Sight, Sniffed, SpecError};
use crate::units::Timestamp;
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "azure-nsg",
    about: "Azure NSG flow logs v1 (no bytes) and v2, a document or a record a line",
    roles: &[Role::Flow],
    compile,
    sniff,
    is_header: None,
};

const REMEDY: &str =
    "set version 2 in the NSG flow log's settings (az network watcher flow-log update --log-version 2)";

#[derive(Debug)]
struct AzureNsg {
    /// The first lines were of version 1.
    without_bytes: bool,
    detail: Detail,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let without_bytes = match spec.trim() {
        "" | "v2" => false,
        "v1" => true,
        other => {
            let message =
                format!("\"{other}\" is no version of NSG flow logs: write azure-nsg:v1 or azure-nsg:v2");
            return Err(SpecError { message, position: 0 });
        }
    };
    Ok(Arc::new(AzureNsg { without_bytes, detail: context.detail }))
}

impl Format for AzureNsg {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        if line.is_empty() {
            return Ok(());
        }
        let before = events.len();
        let read = azure_tuples::each(line, scratch, &mut |text| {
            events.push(event(&Tuple::new(line, text), self.detail)?);
            Ok(())
        });
        read.inspect_err(|_| events.truncate(before))
    }

    fn sight(&self) -> Sight {
        let bytes = !self.without_bytes;
        Sight { role: Role::Flow, source_bytes: bytes, destination_bytes: bytes, remedy: REMEDY }
    }
}

fn event<'a>(tuple: &Tuple<'a>, detail: Detail) -> Result<Event<'a>, Reject> {
    if !matches!(tuple.count, 8 | 13) {
        return Err(tuple.wrong(Reason::Malformed, 0));
    }
    let stamp = number(tuple.cell(0)).and_then(Timestamp::from_seconds);
    let event = tuple.event("azure.nsg", stamp, detail)?;
    let aside = match (tuple.cell(7), tuple.cell(8)) {
        (b"D", _) => Some(Aside::Refused),
        (_, b"B") => Some(Aside::Unfinished),
        _ => None,
    };
    Ok(Event { aside, ..event })
}

/// JSON whose first tuple has NSG's letters for protocol and decision.
fn sniff(lines: &[&[u8]], _context: &Context) -> Sniffed {
    let scratch = Scratch::new();
    let Some(tuple) = azure_tuples::first(lines, &scratch) else { return Sniffed::No };
    if !matches!((tuple.cell(5), tuple.cell(7)), (b"T" | b"U", b"A" | b"D")) {
        return Sniffed::No;
    }
    let spec = if tuple.count == 8 { "v1" } else { "" };
    Sniffed::Yes { spec: spec.into(), why: "JSON with the flowTuples of a network security group".into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Endpoint;
    use crate::formats::tests_support::{
        counted, damaged, details_agree, detected, read_lines, rejected_lines, sniffed, survives,
    };
    use proptest::prelude::*;

    const RECORD: &str = r#"{"time":"2023-03-29T01:03:00.0000000Z","systemId":"0a","category":"NetworkSecurityGroupFlowEvent","resourceId":"/X","operationName":"NetworkSecurityGroupFlowEvents","properties":{"Version":2,"flows":[{"rule":"DefaultRule_AllowInternetOutBound","flows":[{"mac":"000D3AF87856","flowTuples":["1680051720,10.1.2.3,203.0.113.9,50123,443,T,O,A,B,,,,","1680051723,10.1.2.3,203.0.113.9,50123,443,T,O,A,C,8000,10000184,5,224","1680051783,10.1.2.3,203.0.113.9,50123,443,T,O,A,E,1,60,1,40"]}]},{"rule":"DenyAll","flows":[{"mac":"000D3AF87856","flowTuples":["1680051723,203.0.113.66,10.1.2.3,50123,22,T,I,D,B,,,,"]}]}]}}"#;
    const V1: &str = r#"{"records":[{"properties":{"Version":1,"flows":[{"rule":"r","flows":[{"mac":"0","flowTuples":["1680051723,10.1.2.3,203.0.113.9,50123,443,U,O,A","1680051723,203.0.113.66,10.1.2.3,50123,22,T,I,D"]}]}]}}]}"#;

    fn expected() -> Event<'static> {
        let end = |ip: &str, port, bytes| Endpoint {
            ip: Some(ip.parse().unwrap()),
            port: Some(port),
            bytes,
            domain: None,
        };
        Event {
            dataset: "azure.nsg",
            role: Role::Flow,
            timestamp: Timestamp(1_680_051_723_000_000),
            source: end("10.1.2.3", 50123, Some(10_000_184)),
            destination: end("203.0.113.9", 443, Some(224)),
            transport: Some(b"tcp"),
            ..Event::default()
        }
    }

    #[test]
    fn a_record_or_a_document_a_line() {
        for line in [RECORD.to_owned(), format!("{{\"records\":[{RECORD}]}}")] {
            let (events, rejects) = counted(&KIND, &[&line]);
            assert_eq!((events.len(), rejects), (2, vec![]));
            assert_eq!(events[0], expected());
            assert_eq!((events[1].source.bytes, events[1].destination.bytes), (Some(60), Some(40)));
        }
    }

    #[test]
    fn version_1_is_blind() {
        let (events, rejects) = counted(&KIND, &[V1]);
        assert_eq!((events.len(), rejects), (1, vec![]));
        assert_eq!((events[0].source.bytes, events[0].destination.bytes), (None, None));
        assert_eq!(sniffed(&KIND, &[V1]), "yes v1");
        let blind = compile("v1", &Context::default()).unwrap().sight().blind();
        assert!(blind.is_some_and(|say| say.contains("version 2")));
    }

    #[test]
    fn hostile_lines() {
        rejected_lines(
            &KIND,
            &[
                ("{}", Reason::Malformed),
                ("{\"records\":[", Reason::BadJson),
                (&RECORD.replace("10000184", "-1"), Reason::BadNumber),
                (&RECORD.replace("10.1.2.3,203", "10.1.2.300,203"), Reason::BadAddress),
                (&RECORD.replace("1680051783", "x"), Reason::BadTimestamp),
                (&RECORD.replace(",E,", ","), Reason::Malformed),
                (&RECORD.replace(",443,", ",70000,"), Reason::BadNumber),
                (&format!("{}{}", "{\"records\":[".repeat(40), "]}".repeat(40)), Reason::BadJson),
            ],
        );
        assert_eq!(
            read_lines(&KIND, &[r#"{"records":[{"properties":{"flows":[{"flows":[{"flowTuples":[]}]}]}}]}"#])
                .1,
            []
        );
        assert!(compile("v9", &Context::default()).is_err());
    }

    #[test]
    fn sniffing() {
        detected(&KIND, &[RECORD, RECORD]);
        assert_eq!(sniffed(&KIND, &[]), "no");
        assert_eq!(sniffed(&KIND, &["{\"records\":[]}", "hello"]), "no");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4),
            edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
            cut in prop_oneof![Just(0), any::<usize>()],
        ) {
            survives(&KIND, &lines);
            let lines = damaged(&[RECORD, V1], &edits, cut);
            survives(&KIND, &lines);
            details_agree(&KIND, "", &lines);
        }
    }
}
