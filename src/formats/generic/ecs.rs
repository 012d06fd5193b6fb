//! ECS JSON, as Beats, Elastic Agent and Logstash write it: one object a line, nested or with dotted keys.
//!
//! `source.bytes` is what the source sent. A flow that is still open is told again and again with totals so far
//! (Packetbeat, `flow.final: false`; firewalls that log the beginning too): it counts when it is final. What an alert
//! tells of a flow, the flow's own document tells too. A message to a name server is a question, whoever logged it.
//! Objects without two ends tell of no transfer.

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Event, Question, Role, Stamped, address, number};
use crate::formats::envelope::Opened;
use crate::formats::fields::{Fields, authority};
use crate::formats::json::{Members, Value, members};
use crate::formats::one_line::{self, Settings, holds, sniff_most};
use crate::formats::{Kind, Scratch, Sight, paths};
use crate::units::Span;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "ecs",
    about: "ECS JSON lines (Elastic Common Schema), nested or dotted",
    roles: &[Role::Flow, Role::Proxy, Role::Server, Role::Dns],
    compile: |spec, context| one_line::compile(spec, context, read, SIGHT),
    sniff: |lines, _| {
        sniff_most(lines, is_ecs, "the lines are JSON with ECS's @timestamp, source and destination")
    },
    is_header: None,
};

const SIGHT: Sight = Sight {
    role: Role::Flow,
    source_bytes: true,
    destination_bytes: true,
    remedy: "have the shipper fill source.bytes and destination.bytes",
};

fn is_ecs(line: &[u8]) -> bool {
    let end = |name: &[u8], dotted: &[u8]| holds(line, &[name]) || holds(line, &[dotted]);
    line.first() == Some(&b'{')
        && holds(line, &[b"\"@timestamp\""])
        && ((end(b"\"source\":{", b"\"source.") || end(b"\"source\": {", b"\"source."))
            || (end(b"\"client\":{", b"\"client.") || end(b"\"client\": {", b"\"client.")))
}

const STAMP: usize = 0;
const SRC: usize = 1;
const DST: usize = 2;
const SPORT: usize = 3;
const DPORT: usize = 4;
const SENT: usize = 5;
const RECEIVED: usize = 6;
const SHOST: usize = 7;
const DHOST: usize = 8;
const USER: usize = 9;
const METHOD: usize = 10;
const STATUS: usize = 11;
const URL: usize = 12;
const AGENT: usize = 13;
const TRANSPORT: usize = 14;
const PROTOCOL: usize = 15;
const OBSERVER: usize = 16;
const DURATION: usize = 17;
const START: usize = 18;
const FINAL: usize = 19;
const HTTP_UP: usize = 20;
const HTTP_DOWN: usize = 21;
const URL_HOST: usize = 22;
const CLIENT: usize = 23;
const SERVER: usize = 24;
const CLIENT_SENT: usize = 25;
const SERVER_SENT: usize = 26;
const SADDRESS: usize = 27;
const DADDRESS: usize = 28;
const QNAME: usize = 29;
const QTYPE: usize = 30;
const TOTAL: usize = 31;
const ACTION: usize = 32;
const SORT: usize = 33;
const EMAIL: usize = 34;
const URL_PATH: usize = 35;
const SNI: usize = 36;
const DATASET: usize = 37;
const HOST: usize = 38;
const END: usize = 39;
const DNS: usize = 40;
const SLOTS: usize = 41;

/// What Beats and integrations call the logs of web servers and balancers: such a server is the host that the log watches.
const SERVERS: [&[u8]; 9] = [
    b"apache.access",
    b"apache_tomcat.access",
    b"aws.elb_logs",
    b"haproxy.log",
    b"iis.access",
    b"nginx.access",
    b"nginx.ingress_controller",
    b"nginx_ingress_controller.access",
    b"traefik.access",
];

fn slot(path: &[u8]) -> usize {
    // A document as Elasticsearch's exports wrap it.
    match path.strip_prefix(b"_source.").unwrap_or(path) {
        b"@timestamp" => STAMP,
        b"source.ip" => SRC,
        b"destination.ip" => DST,
        b"source.port" | b"client.port" => SPORT,
        b"destination.port" | b"server.port" => DPORT,
        b"source.bytes" => SENT,
        b"destination.bytes" => RECEIVED,
        b"source.domain" | b"client.domain" => SHOST,
        b"destination.domain" | b"server.domain" => DHOST,
        b"source.address" => SADDRESS,
        b"destination.address" => DADDRESS,
        b"client.ip" => CLIENT,
        b"server.ip" => SERVER,
        b"client.bytes" => CLIENT_SENT,
        b"server.bytes" => SERVER_SENT,
        b"user.name" | b"source.user.name" | b"client.user.name" => USER,
        b"http.request.method" => METHOD,
        // OPNsense's Squid puts it below the body.
        b"http.response.status_code" | b"http.response.body.status_code" => STATUS,
        b"http.request.bytes" | b"http.request.body.bytes" => HTTP_UP,
        b"http.response.bytes" | b"http.response.body.bytes" => HTTP_DOWN,
        b"url.original" | b"url.full" => URL,
        b"url.path" => URL_PATH,
        b"url.domain" => URL_HOST,
        b"tls.client.server_name" => SNI,
        b"user.email" | b"source.user.email" => EMAIL,
        b"user_agent.original" => AGENT,
        b"dns.type" | b"dns.id" => DNS,
        b"dns.question.name" => QNAME,
        b"dns.question.type" => QTYPE,
        b"network.bytes" => TOTAL,
        b"network.transport" => TRANSPORT,
        b"network.protocol" => PROTOCOL,
        b"observer.name" | b"observer.hostname" => OBSERVER,
        b"event.duration" => DURATION,
        b"event.start" => START,
        b"event.end" => END,
        b"event.dataset" => DATASET,
        b"host.name" | b"host.hostname" => HOST,
        b"event.action" | b"aws.vpcflow.action" => ACTION,
        b"event.kind" => SORT,
        b"flow.final" => FINAL,
        _ => SLOTS,
    }
}

fn read<'a>(
    settings: &Settings,
    opened: &Opened<'a>,
    scratch: &'a Scratch,
) -> Result<Option<Event<'a>>, Reject> {
    let line = opened.inner;
    let mut f = Fields::<SLOTS>::new(line);
    paths::scalars(line, scratch, |path, text| f.set(slot(path), text))?;
    let serves = !settings.role_given && f.text(DATASET).is_some_and(|name| SERVERS.contains(&name));
    let role = if serves { Role::Server } else { settings.role };
    let mut event = Event { dataset: "ecs", role, ..Event::default() };
    let ends = [
        (&mut event.source, [SRC, CLIENT], SADDRESS, SHOST, SPORT, [SENT, CLIENT_SENT, HTTP_UP]),
        (&mut event.destination, [DST, SERVER], DADDRESS, DHOST, DPORT, [RECEIVED, SERVER_SENT, HTTP_DOWN]),
    ];
    for (end, ips, other, name, port, bytes) in ends {
        if let Some(text) = f.first(&ips) {
            end.ip = Some(address(text).ok_or_else(|| f.wrong(Reason::BadAddress, text))?);
        } else if let Some(text) = f.text(other) {
            end.set_host(text);
        }
        end.domain = f.text(name).or(end.domain);
        end.port = f.number(port)?;
        let text = f.first(&bytes);
        end.bytes =
            text.map(|text| number(text).ok_or_else(|| f.wrong(Reason::BadNumber, text))).transpose()?;
    }
    let named = |end: &crate::event::Endpoint<'_>| end.ip.is_some() || end.domain.is_some();
    event.url = f.text(URL);
    // A URL, or the `files.example:443` of CONNECT; a path alone names nobody.
    let connect = |url: &[u8]| f.text(METHOD) == Some(b"CONNECT") && !url.starts_with(b"/");
    let url = event.url.filter(|url| holds(url, &[b"://"]) || connect(url));
    let (name, port) = url.map(|url| crate::event::split_authority(authority(url))).unwrap_or_default();
    let name = Some(name).filter(|name| !name.is_empty() && address(name).is_none());
    event.destination.domain = event.destination.domain.or(f.first(&[URL_HOST, SNI])).or(name);
    if event.role == Role::Server && !named(&event.destination) {
        event.destination.domain = f.text(HOST);
    }
    event.destination.port = event.destination.port.or(port);
    event.method = f.text(METHOD);
    event.question = f.text(QNAME).map(|name| Question { name, record_type: f.text(QTYPE) });
    // A firewall adds the first question to the bytes of a whole connection; that is a flow still.
    let message = f.text(DNS).is_some() || event.source.bytes.or(event.destination.bytes).is_none();
    if event.question.is_some() && event.method.is_none() && message {
        event.role = Role::Dns;
        event.protocol = Some(b"dns");
    }
    if !named(&event.source) || !(named(&event.destination) || event.role == Role::Dns) {
        return Ok(None);
    }
    let stamp = |slot| f.stamp(slot, |text| settings.local.any(text));
    event.timestamp = stamp(STAMP)?.ok_or_else(|| Reject::line(Reason::BadTimestamp))?;
    event.duration = f.number::<u64>(DURATION)?.and_then(|nanos| i64::try_from(nanos / 1_000).ok()).map(Span);
    match (stamp(START)?, stamp(END)?) {
        // The stamp of the document may be that of its arrival.
        (Some(start), Some(end)) if start <= end => {
            (event.timestamp, event.stamped) = (start, Stamped::Start);
            event.duration = event.duration.or(Some(end - start));
        }
        // Sensors stamp a flow with its beginning where they know it.
        (start, _) if start == Some(event.timestamp) => event.stamped = Stamped::Start,
        _ => {}
    }
    event.url = event.url.or(f.text(URL_PATH));
    event.user = f.first(&[USER, EMAIL]);
    event.status = f.status(STATUS);
    event.user_agent = f.text(AGENT);
    event.transport = f.text(TRANSPORT);
    event.protocol = event.protocol.or(f.text(PROTOCOL));
    event.observer = f.text(OBSERVER);
    let sent = event.source.bytes;
    // Flow logs of clouds and routers tell one direction, and its bytes are all that there are.
    event.one_way = event.role == Role::Flow
        && sent.is_some()
        && event.destination.bytes.is_none()
        && f.text(TOTAL).and_then(number) == sent;
    event.aside = aside(&event, &f, scratch);
    Ok(Some(event))
}

fn aside(event: &Event<'_>, f: &Fields<'_, SLOTS>, scratch: &Scratch) -> Option<Aside> {
    // Who answers repeats the question.
    let answers =
        event.role == Role::Dns && event.source.port == Some(53) && event.destination.port != Some(53);
    if answers || f.text(SORT) == Some(b"alert") {
        return Some(Aside::Repeated);
    }
    let begun = matches!(f.text(ACTION), Some(b"flow_started" | b"connection-started"));
    if begun || f.text(FINAL) == Some(b"false") {
        return Some(Aside::Unfinished);
    }
    let silent = event.role != Role::Dns && event.destination.bytes.unwrap_or(0) == 0;
    let refused = || matches!(f.text(ACTION), Some(b"REJECT" | b"reject")) || is_denied(f.line(), scratch);
    (silent && refused()).then_some(Aside::Refused)
}

/// Whether `event.type` is, or has among others, `denied`. The word is rare: the line is walked again only for it.
fn is_denied(line: &[u8], scratch: &Scratch) -> bool {
    const DENIED: &[u8] = b"denied";
    let says = |value: Value<'_>| match value {
        Value::Array(items) => items.flatten().any(|item| item.scalar(scratch) == Some(DENIED)),
        value => value.scalar(scratch) == Some(DENIED),
    };
    let typed = |members: Members<'_>, name: &[u8]| {
        members.flatten().any(|(key, value)| key.raw() == name && says(value))
    };
    holds(line, &[b"\"denied\""])
        && (typed(members(line), b"event.type")
            || members(line).flatten().any(|(key, value)| match value {
                Value::Object(inner) => key.raw() == b"event" && typed(inner, b"type"),
                _ => false,
            }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Endpoint;
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const NESTED: &str = r#"{"@timestamp":"2023-03-29T01:02:03.000Z","event":{"dataset":"x","duration":30000000000,"category":["network"]},"source":{"ip":"10.1.2.3","port":50123,"bytes":10000184,"address":"10.1.2.3"},"destination":{"ip":"203.0.113.9","port":443,"bytes":224,"domain":"files.example"},"network":{"transport":"tcp","protocol":"tls"},"user":{"name":"jdoe"},"observer":{"name":"fw-1"}}"#;
    const DOTTED: &str = r#"{"@timestamp":"2023-03-29T01:02:03.000Z","event.duration":30000000000,"source.ip":"10.1.2.3","source.port":"50123","source.bytes":"10000184","destination.ip":"203.0.113.9","destination.port":443,"destination.bytes":224,"destination.domain":"files.example","network.transport":"tcp","network.protocol":"tls","user.name":"jdoe","observer.hostname":"fw-1"}"#;

    #[test]
    fn nested_and_dotted_are_one() {
        let expected = Event {
            dataset: "ecs",
            role: Role::Flow,
            timestamp: AT,
            duration: Some(Span::SECOND.times(30)),
            source: end("10.1.2.3", 50123, Some(10_000_184)),
            destination: Endpoint { domain: Some(b"files.example"), ..end("203.0.113.9", 443, Some(224)) },
            user: Some(b"jdoe"),
            transport: Some(b"tcp"),
            protocol: Some(b"tls"),
            observer: Some(b"fw-1"),
            ..Event::default()
        };
        assert_eq!(one(&KIND, NESTED), expected);
        assert_eq!(one(&KIND, DOTTED), expected);
        let start =
            one(&KIND, &NESTED.replace("\"event\":{", "\"event\":{\"start\":\"2023-03-29T01:02:03.000Z\","));
        assert_eq!(start.stamped, Stamped::Start);
    }

    #[test]
    fn requests_and_open_flows() {
        let http = r#"{"@timestamp":"2023-03-29T01:02:03Z","client":{"ip":"10.1.2.3"},"server":{"domain":"files.example"},"http":{"request":{"method":"PUT","bytes":9},"response":{"bytes":8,"status_code":201}},"url":{"original":"/a"},"user_agent":{"original":"rclone/v1.60.1"}}"#;
        let event = one(&KIND, http);
        assert_eq!(
            (event.source.bytes, event.destination.bytes, event.status),
            (Some(9), Some(8), Some(201))
        );
        let open = NESTED.replacen('{', "{\"flow\":{\"final\":false},", 1);
        assert_eq!(one(&KIND, &open).aside, Some(Aside::Unfinished));
        nothing(&KIND, &[r#"{"@timestamp":"2023-03-29T01:02:03Z","message":"up"}"#]);
        assert_eq!(one(&KIND, &open.replace("false", "true")).source.bytes, Some(10_000_184));
        let blind = one(&KIND, &NESTED.replace(",\"bytes\":10000184", ""));
        assert_eq!(blind.source.bytes, None);
    }

    #[test]
    fn hostile_lines() {
        rejected(&KIND, NESTED, "\"ip\":\"10.1.2.3\"", "\"ip\":\"10.1.2.x\"", Reason::BadAddress);
        rejected(&KIND, NESTED, "\"bytes\":10000184", "\"bytes\":1.5", Reason::BadNumber);
        rejected(&KIND, NESTED, "2023-03-29T01", "2023-03-32T01", Reason::BadTimestamp);
        for line in ["", "hello", "{", &NESTED.replace("@timestamp", "when")] {
            assert!(crate::formats::tests_support::read(&KIND, line).is_err(), "{line}");
        }
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[NESTED]), "ecs");
        assert_eq!(chosen(&[DOTTED]), "ecs");
    }

    proptest! {
        #[test]
        fn broken_lines(
            edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut: prop::sample::Index,
            other in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            torture(&KIND, "", NESTED, &edits, cut, &other);
        }
    }
}
