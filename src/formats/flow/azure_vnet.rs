//! Azure virtual network flow logs: tuples of a flow's state, in JSON, with milliseconds and IANA protocol numbers.
//!
//! The bytes of both directions since the flow's last tuple stand on continued (`C`) and ended (`E`) ones; beginnings
//! (`B`) and denied flows (`D`) count nothing.

use super::azure_tuples::{self, Tuple};
use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Event, Role, number};
use crate::formats::{Context, Detail, Format, Kind, Scratch, Sight, Sniffed, SpecError};
use crate::units::Timestamp;
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "azure-vnet",
    about: "Azure VNet flow logs, a document or a record a line",
    roles: &[Role::Flow],
    compile,
    sniff,
    is_header: None,
};

#[derive(Debug)]
struct AzureVnet {
    detail: Detail,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    if !spec.trim().is_empty() {
        let message = "VNet flow logs have one layout: write azure-vnet alone".to_owned();
        return Err(SpecError { message, position: 0 });
    }
    Ok(Arc::new(AzureVnet { detail: context.detail }))
}

impl Format for AzureVnet {
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
        Sight { role: Role::Flow, source_bytes: true, destination_bytes: true, remedy: "" }
    }
}

fn event<'a>(tuple: &Tuple<'a>, detail: Detail) -> Result<Event<'a>, Reject> {
    if tuple.count != 13 {
        return Err(tuple.wrong(Reason::Malformed, 0));
    }
    let stamp = number(tuple.cell(0)).and_then(|millis: i64| millis.checked_mul(1_000));
    let event = tuple.event("azure.vnet", stamp.and_then(Timestamp::from_micros), detail)?;
    let aside = match tuple.cell(7) {
        b"B" => Some(Aside::Unfinished),
        b"D" => Some(Aside::Refused),
        _ => None,
    };
    Ok(Event { aside, ..event })
}

/// JSON whose first tuple has a VNet's state in the eighth cell and whether it was encrypted in the ninth.
fn sniff(lines: &[&[u8]], _context: &Context) -> Sniffed {
    let scratch = Scratch::new();
    let Some(tuple) = azure_tuples::first(lines, &scratch) else { return Sniffed::No };
    let fits = matches!(tuple.cell(7), b"B" | b"C" | b"E" | b"D") && number::<u8>(tuple.cell(5)).is_some();
    if tuple.count == 13 && fits {
        let why = "JSON with the flowTuples of a virtual network";
        return Sniffed::Yes { spec: String::new(), why: why.into() };
    }
    Sniffed::No
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Endpoint;
    use crate::formats::tests_support::{
        counted, damaged, details_agree, detected, rejected_lines, sniffed, survives,
    };
    use proptest::prelude::*;

    const LINE: &str = r#"{"records":[{"time":"2023-03-29T01:03:00.0000000Z","flowLogVersion":4,"flowLogGUID":"g","macAddress":"000D3AF87856","category":"FlowLogFlowEvent","flowRecords":{"flows":[{"aclID":"a","flowGroups":[{"rule":"DefaultRule_AllowInternetOutBound","flowTuples":["1680051720000,10.1.2.3,203.0.113.9,50123,443,6,O,B,NX,0,0,0,0","1680051723456,10.1.2.3,203.0.113.9,50123,443,6,O,C,NX,8000,10000184,5,224","1680051723456,203.0.113.66,10.1.2.3,50123,22,6,I,D,NX,0,0,0,0"]}]}]}}]}"#;

    #[test]
    fn a_document() {
        let end = |ip: &str, port, bytes| Endpoint {
            ip: Some(ip.parse().unwrap()),
            port: Some(port),
            bytes: Some(bytes),
            domain: None,
        };
        let expected = Event {
            dataset: "azure.vnet",
            role: Role::Flow,
            timestamp: Timestamp(1_680_051_723_456_000),
            source: end("10.1.2.3", 50123, 10_000_184),
            destination: end("203.0.113.9", 443, 224),
            transport: Some(b"tcp"),
            ..Event::default()
        };
        assert_eq!(counted(&KIND, &[LINE]), (vec![expected], vec![]));
    }

    #[test]
    fn hostile_lines() {
        rejected_lines(
            &KIND,
            &[
                ("{}", Reason::Malformed),
                (&LINE.replace("10000184", "many"), Reason::BadNumber),
                (&LINE.replace("1680051723456,10", "99999999999999999999,10"), Reason::BadTimestamp),
                (&LINE.replace(",C,NX", ",C"), Reason::Malformed),
            ],
        );
        assert!(compile("x", &Context::default()).is_err());
    }

    #[test]
    fn sniffing() {
        detected(&KIND, &[LINE]);
        assert_eq!(sniffed(&KIND, &[]), "no");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4),
            edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
            cut in prop_oneof![Just(0), any::<usize>()],
        ) {
            survives(&KIND, &lines);
            let lines = damaged(&[LINE], &edits, cut);
            survives(&KIND, &lines);
            details_agree(&KIND, "", &lines);
        }
    }
}
