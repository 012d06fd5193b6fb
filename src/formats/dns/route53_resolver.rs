//! Route 53 Resolver query logs of a VPC: one JSON object a line for each query that an instance made.
//!
//! Each line is a query together with its answer, so nothing is counted twice. Answers from the instance's own cache
//! are not logged by the service: a name that is asked again within its lifetime shows once.

use super::head::{SIGHT, query};
use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, Event, Role, address, number};
use crate::formats::{
    Context, Detail, Format, Kind, Scratch, Sight, Sniffed, SpecError, json, time, transport,
};
use jiff::tz::TimeZone;
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "route53-resolver",
    about: "AWS Route 53 Resolver query logs, JSON lines",
    roles: &[Role::Dns],
    compile,
    sniff,
    is_header: None,
};

#[derive(Debug)]
struct Route53Resolver {
    detail: Detail,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    if !spec.trim().is_empty() {
        let message = "Route 53 Resolver logs have one layout: write route53-resolver alone".to_owned();
        return Err(SpecError { message, position: 0 });
    }
    Ok(Arc::new(Route53Resolver { detail: context.detail }))
}

impl Format for Route53Resolver {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        if !line.is_empty() {
            events.push(event(line, scratch, self.detail)?);
        }
        Ok(())
    }

    fn sight(&self) -> Sight {
        SIGHT
    }
}

fn event<'a>(line: &'a [u8], scratch: &'a Scratch, detail: Detail) -> Result<Event<'a>, Reject> {
    let (mut stamp, mut name, mut client) = (&b""[..], None, &b""[..]);
    let (mut record_type, mut port, mut over, mut vpc) = (&b""[..], &b""[..], None, None);
    for member in json::members(line) {
        let (key, value) = member?;
        let text = || value.scalar(scratch).unwrap_or_default();
        match key.decode(scratch) {
            b"query_timestamp" => stamp = text(),
            b"query_name" => name = value.scalar(scratch),
            b"query_type" => record_type = text(),
            b"srcaddr" => client = text(),
            b"srcport" => port = text(),
            b"transport" => over = value.scalar(scratch),
            b"vpc_id" => vpc = value.scalar(scratch),
            _ => {}
        }
    }
    let wrong = |reason, text: &[u8]| Reject::of(reason, line, text);
    let name = name.filter(|_| !stamp.is_empty()).ok_or(Reject::line(Reason::Malformed))?;
    let timestamp = time::iso(stamp, &TimeZone::UTC).ok_or_else(|| wrong(Reason::BadTimestamp, stamp))?;
    let ip = address(client).ok_or_else(|| wrong(Reason::BadAddress, client))?;
    let client = Endpoint { ip: Some(ip), port: number(port), ..Endpoint::default() };
    let mut event = query("aws.route53_resolver", timestamp, client, Some(name), record_type);
    if detail == Detail::Full {
        event.transport = over.map(transport::name);
        event.observer = vpc;
    }
    Ok(event)
}

/// JSON lines most of which read as queries.
fn sniff(lines: &[&[u8]], _context: &Context) -> Sniffed {
    let scratch = Scratch::new();
    let queries = lines.iter().filter(|line| event(line, &scratch, Detail::Sums).is_ok());
    if queries.count() * 2 > lines.len() {
        let why = "JSON lines with query_timestamp, query_name and srcaddr";
        return Sniffed::Yes { spec: String::new(), why: why.into() };
    }
    Sniffed::No
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Question;
    use crate::formats::tests_support::{
        damaged, details_agree, detected, one, rejected_lines, sniffed, survives,
    };
    use crate::units::Timestamp;
    use proptest::prelude::*;

    const LINE: &str = r#"{"version":"1.100000","account_id":"123456789012","region":"eu-west-2","vpc_id":"vpc-0a1b2c3d","query_timestamp":"2023-03-29T01:02:03Z","query_name":"aGVsbG8.tunnel.example.","query_type":"TXT","query_class":"IN","rcode":"NOERROR","answers":[{"Rdata":"x","Type":"TXT","Class":"IN"}],"srcaddr":"10.1.2.3","srcport":"53124","transport":"UDP","srcids":{"instance":"i-0a1b2c3d4e5f"}}"#;

    #[test]
    fn a_query() {
        let expected = Event {
            dataset: "aws.route53_resolver",
            role: Role::Dns,
            timestamp: Timestamp(1_680_051_723_000_000),
            source: Endpoint {
                ip: Some("10.1.2.3".parse().unwrap()),
                port: Some(53124),
                ..Endpoint::default()
            },
            transport: Some(b"udp"),
            protocol: Some(b"dns"),
            observer: Some(b"vpc-0a1b2c3d"),
            question: Some(Question { name: b"aGVsbG8.tunnel.example", record_type: Some(b"TXT") }),
            ..Event::default()
        };
        assert_eq!(one(&KIND, LINE), expected);
        assert_eq!(one(&KIND, &LINE.replace("aGVsbG8.tunnel.example.", ".")).question.unwrap().name, b".");
    }

    #[test]
    fn hostile_lines() {
        rejected_lines(
            &KIND,
            &[
                ("{}", Reason::Malformed),
                ("query", Reason::BadJson),
                (&LINE.replace("query_name", "name"), Reason::Malformed),
                (&LINE.replace("01:02:03Z", "25:02:03Z"), Reason::BadTimestamp),
                (&LINE.replace("10.1.2.3", "10.1.2.300"), Reason::BadAddress),
            ],
        );
        assert!(compile("x", &Context::default()).is_err());
    }

    #[test]
    fn sniffing() {
        detected(&KIND, &[LINE]);
        assert_eq!(sniffed(&KIND, &[]), "no");
        assert_eq!(sniffed(&KIND, &["{\"query_name\":\"a.\"}"]), "no");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4),
            edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
            cut in any::<usize>(),
        ) {
            survives(&KIND, &lines);
            let lines = damaged(&[LINE], &edits, cut);
            survives(&KIND, &lines);
            details_agree(&KIND, "", &lines);
        }
    }
}
