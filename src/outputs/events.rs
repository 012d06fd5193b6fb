//! The lines of `outflow parse`: one ECS object for each event; absent means that the log does not say.

use super::SCHEMA;
use crate::event::direction::Verdict;
use crate::event::{Endpoint, Event, Role};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// Where an event stands and what it means.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The path of the source.
    pub file: &'a str,
    /// Where its line begins.
    pub offset: u64,
    /// The number of its line, from 1.
    pub line: u64,
    /// The name of the watched host, where there is one.
    pub host: Option<&'a str>,
    /// The name of the destination group, where there is one.
    pub destination: Option<&'a str>,
}

/// Writes events as JSON lines.
#[derive(Debug)]
pub struct EventWriter {
    /// The next line is the first of all.
    pub first: bool,
}

impl EventWriter {
    /// Appends one line.
    pub fn write(
        &mut self,
        event: &Event<'_>,
        verdict: &Verdict<'_>,
        place: Place<'_>,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        let mut object = Map::new();
        if std::mem::take(&mut self.first) {
            object.insert("schema".into(), SCHEMA.into());
        }
        object.insert("@timestamp".into(), event.timestamp.to_string().into());
        let mut about = Map::from_iter([("dataset".to_owned(), Value::from(event.dataset))]);
        if let Some(duration) = event.duration {
            // ECS counts event.duration in nanoseconds.
            about.insert("duration".into(), duration.0.saturating_mul(1_000).into());
            about.insert("start".into(), event.began().to_string().into());
            about.insert("end".into(), event.closed().to_string().into());
        }
        object.insert("event".into(), about.into());
        put(&mut object, "source", endpoint(&event.source));
        put(&mut object, "destination", endpoint(&event.destination));
        put(&mut object, "user", fields([("name", text(event.user))]));
        let method = fields([("method", text(event.method))]);
        let status = fields([("status_code", event.status.map(Value::from))]);
        put(&mut object, "http", fields([("request", non_empty(method)), ("response", non_empty(status))]));
        let path = event.url.and_then(|url| path(url, event.role));
        put(&mut object, "url", fields([("original", text(event.url)), ("path", text(path))]));
        put(&mut object, "user_agent", fields([("original", text(event.user_agent))]));
        put(
            &mut object,
            "network",
            fields([
                ("transport", text(event.transport)),
                ("protocol", text(event.protocol)),
                ("bytes", event.total.map(Value::from)),
                ("direction", Some(verdict.name().into())),
            ]),
        );
        if let Some(question) = event.question {
            let question =
                fields([("name", text(Some(question.name))), ("type", text(question.record_type))]);
            object.insert("dns".into(), json!({ "question": question }));
        }
        put(&mut object, "observer", fields([("name", text(event.observer))]));
        let mut outflow = fields([
            ("host", place.host.map(Value::from)),
            ("destination", place.destination.map(Value::from)),
        ]);
        if let Some(aside) = event.aside {
            outflow.insert("aside".into(), aside.name().into());
        } else if let Verdict::Egress(egress) = verdict {
            outflow.insert("bytes_out".into(), egress.bytes_out.map_or(Value::Null, Value::from));
            if egress.either_way {
                outflow.insert("either_way".into(), true.into());
            }
        }
        outflow.insert("file".into(), place.file.into());
        outflow.insert("offset".into(), place.offset.into());
        outflow.insert("line".into(), place.line.into());
        object.insert("outflow".into(), outflow.into());
        serde_json::to_writer(&mut *to, &object)?;
        to.write_all(b"\n")
    }
}

fn put(object: &mut Map<String, Value>, name: &str, part: Map<String, Value>) {
    if !part.is_empty() {
        object.insert(name.to_owned(), part.into());
    }
}

fn fields<const N: usize>(pairs: [(&str, Option<Value>); N]) -> Map<String, Value> {
    pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn non_empty(part: Map<String, Value>) -> Option<Value> {
    (!part.is_empty()).then(|| part.into())
}

fn text(bytes: Option<&[u8]>) -> Option<Value> {
    bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned().into())
}

fn endpoint(end: &Endpoint<'_>) -> Map<String, Value> {
    fields([
        ("domain", text(end.domain)),
        ("ip", end.ip.map(|ip| ip.to_string().into())),
        ("port", end.port.map(Value::from)),
        ("bytes", end.bytes.map(Value::from)),
    ])
}

/// The path of a URL without query and fragment: absolute, without its scheme (`files.example/a`, as firewalls write it) or
/// already a path. `None` where there is none, as in the `files.example:443` of CONNECT.
fn path(url: &[u8], role: Role) -> Option<&[u8]> {
    // What follows a query's own mark is no scheme: `files.example/a?to=https://b.example/c`.
    let scheme =
        memchr::memmem::find(url, b"://").filter(|at| memchr::memchr3(b'/', b'?', b'#', url) > Some(*at));
    let after_scheme = scheme.and_then(|at| url.get(at + 3..));
    let from_path = match after_scheme {
        Some(rest) => memchr::memchr(b'/', rest).and_then(|slash| rest.get(slash..)).unwrap_or(b"/"),
        // The name of an object in a store is all path.
        None if role == Role::Store => url,
        None => url.get(memchr::memchr(b'/', url)?..)?,
    };
    let end = memchr::memchr2(b'?', b'#', from_path).unwrap_or(from_path.len());
    from_path.get(..end)
}
