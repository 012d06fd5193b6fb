//! What must hold for every capture, whichever server wrote it.

use crate::capture::{Capture, Driven, Line, Watched};
use crate::outflow::{Format, outflow};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a log says of one host, or of all together.
#[derive(Debug, Default, PartialEq)]
struct Sum {
    events: u64,
    /// `None` where no line says.
    bytes_out: Option<u64>,
    bytes_in: Option<u64>,
}

impl Sum {
    fn add(&mut self, other: Sum) {
        let plus = |a: Option<u64>, b: Option<u64>| a.map_or(b, |a| Some(a + b.unwrap_or(0)));
        self.events += other.events;
        self.bytes_out = plus(self.bytes_out, other.bytes_out);
        self.bytes_in = plus(self.bytes_in, other.bytes_in);
    }

    fn of_row(row: &Value) -> Sum {
        let events = row["events"].as_u64().unwrap_or_else(|| panic!("no events: {row}"));
        Sum { events, bytes_out: row["bytes_out"].as_u64(), bytes_in: row["bytes_in"].as_u64() }
    }
}

/// The watched host of a line, the bytes that left it and the bytes that came to it.
fn watched(capture: &Capture, line: &Line) -> (String, Option<u64>, Option<u64>) {
    match capture.watched {
        Watched::Clients => (line.client.clone(), line.bytes_sent, line.bytes_back),
        Watched::Server(name) => (name.to_owned(), line.bytes_back, line.bytes_sent),
    }
}

/// `volumes` gives for every host exactly what its lines add up to, and counts every line once.
pub(crate) fn volumes_are_what_was_logged(capture: &Capture, format: Format) {
    let mut expected = BTreeMap::<String, Sum>::new();
    for line in capture.readings() {
        let (host, bytes_out, bytes_in) = watched(capture, &line);
        expected.entry(host).or_default().add(Sum { events: 1, bytes_out, bytes_in });
    }
    // By destination the rows are finer; a host's rows add up to the same.
    for by in ["host", "host,destination"] {
        let answer = outflow(&["volumes", "--by", by], capture, format);
        assert_eq!(answer.exit_code, Some(0), "{}: {}", capture.name, answer.errors);
        let mut sums = BTreeMap::<String, Sum>::new();
        for row in &answer.rows {
            if let Some(host) = row["host"].as_str() {
                sums.entry(host.to_owned()).or_default().add(Sum::of_row(row));
            }
        }
        assert_eq!(sums, expected, "{} by {by}", capture.name);
    }
}

/// `parse` reads each line as the test's own splitter does.
pub(crate) fn parse_reads_what_was_logged(capture: &Capture) {
    let answer = outflow(&["parse"], capture, Format::Given);
    let rows: Vec<&Value> = answer.rows.iter().filter(|row| row.get("@timestamp").is_some()).collect();
    let lines = capture.lines();
    assert_eq!(rows.len(), lines.len(), "{}: one event a line; {}", capture.name, answer.errors);
    for (number, ((row, line), text)) in rows.iter().zip(capture.readings()).zip(lines).enumerate() {
        let said = format!("{} line {}: {text}\n{row}", capture.name, number + 1);
        let at = |path: &str| row.pointer(path).unwrap_or(&Value::Null);
        let (host, bytes_out, _) = watched(capture, &line);
        assert_eq!(at("/outflow/line"), number + 1, "{said}");
        assert_eq!(at("/outflow/host"), host.as_str(), "{said}");
        assert_eq!(at("/outflow/bytes_out").as_u64(), bytes_out, "{said}");
        // Varnish does not say who sent what is not HTTP.
        let client = Some(line.client.as_str()).filter(|&client| client != "-");
        assert_eq!(at("/source/ip").as_str(), client, "{said}");
        assert_eq!(at("/source/bytes").as_u64(), line.bytes_sent, "{said}");
        assert_eq!(at("/destination/bytes").as_u64(), line.bytes_back, "{said}");
        assert_eq!(at("/http/response/status_code").as_u64(), line.status.map(u64::from), "{said}");
        let time = at("/@timestamp").as_str().and_then(|time| time.parse::<Timestamp>().ok());
        assert_eq!(time, Some(line.time), "{said}");
        // What is not HTTP has no method, and what is escaped is compared with what was sent, not with what is written.
        if let Some(method) = line.method {
            assert_eq!(at("/http/request/method"), method.as_str(), "{said}");
        }
        if line.agent.as_ref().is_none_or(|agent| !agent.contains('\\')) {
            assert_eq!(at("/user_agent/original").as_str(), line.agent.as_deref(), "{said}");
        }
    }
}

/// What `parse` says of each line, without where the line stands.
pub(crate) fn events(capture: &Capture) -> Vec<Value> {
    let answer = outflow(&["parse"], capture, Format::Given);
    let placeless = |mut row: Value| {
        if let Some(own) = row["outflow"].as_object_mut() {
            for key in ["file", "line", "offset"] {
                own.remove(key);
            }
        }
        row
    };
    answer.rows.into_iter().filter(|row| row.get("@timestamp").is_some()).map(placeless).collect()
}

/// `parse` gives the agents as the client `NETWORK.1`, `NETWORK.2`, … sent them: escapes undone, `-` as absent.
pub(crate) fn agents_are_read_as_sent(capture: &Capture, network: &str, agents: &[&str]) {
    let answer = outflow(&["parse"], capture, Format::Given);
    for (number, &agent) in agents.iter().enumerate() {
        let client = format!("{network}.{}", number + 1);
        let row = answer.rows.iter().find(|row| row.pointer("/source/ip").is_some_and(|ip| *ip == client));
        let row = row.unwrap_or_else(|| panic!("{}: no line of {client}", capture.name));
        let read = row.pointer("/user_agent/original").and_then(Value::as_str);
        assert_eq!(read, Some(agent).filter(|&agent| agent != "-"), "{}: {row}", capture.name);
    }
}

/// `scan` accounts for every line, rejects none, and says `blind` just where it must.
pub(crate) fn scan_accounts_for_every_line(capture: &Capture, blind: Option<&str>) {
    let answer = outflow(&["scan"], capture, Format::Given);
    assert!(
        matches!(answer.exit_code, Some(0 | 1)),
        "{}: {:?} {}",
        capture.name,
        answer.exit_code,
        answer.errors
    );
    let of_type = |name: &str| {
        let rows: Vec<&Value> = answer.rows.iter().filter(|row| row["type"] == name).collect();
        assert_eq!(rows.len(), 1, "{}: one {name} line", capture.name);
        rows[0]
    };
    let (source, summary) = (of_type("source"), of_type("summary"));
    let lines = capture.lines().len();
    for row in [source, summary] {
        assert_eq!(row["lines"], lines, "{}: {row}", capture.name);
        assert_eq!(row["events"], lines, "{}: {row}", capture.name);
    }
    assert_eq!(rejected(source), 0, "{}: {source}", capture.name);
    match blind {
        Some(remedy) => {
            assert!(
                source["blind"].as_str().is_some_and(|said| said.contains(remedy)),
                "{}: {source}",
                capture.name
            );
            assert_eq!(summary["bytes_out"].as_u64().unwrap_or(0), 0, "{}: {summary}", capture.name);
        }
        None => assert!(source["blind"].is_null(), "{}: {source}", capture.name),
    }
}

/// How many lines a `source` row says were rejected.
pub(crate) fn rejected(source: &Value) -> u64 {
    source["rejected"].as_object().map_or(0, |by_reason| by_reason.values().filter_map(Value::as_u64).sum())
}

/// The log holds what the clients sent and got: never less than the bodies, and not much more.
pub(crate) fn log_holds_what_was_driven(capture: &Capture, driven: &[Driven]) {
    let readings = capture.readings();
    for Driven { client, transfers } in driven {
        let lines: Vec<&Line> = readings.iter().filter(|line| line.client == *client).collect();
        // A tunnel is one line, however many requests went through it.
        assert!(
            (1..=transfers.len()).contains(&lines.len()),
            "{}: {} lines of {client}",
            capture.name,
            lines.len()
        );
        let requests = transfers.len();
        if let Some(logged) = lines.iter().map(|line| line.bytes_sent).sum::<Option<u64>>() {
            let sent = transfers.iter().map(|transfer| transfer.uploaded).sum();
            within_headers(&format!("{}: from {client}", capture.name), sent, logged, requests);
        }
        if let Some(logged) = lines.iter().map(|line| line.bytes_back).sum::<Option<u64>>() {
            let sent = transfers.iter().map(|transfer| transfer.downloaded).sum();
            within_headers(&format!("{}: to {client}", capture.name), sent, logged, requests);
        }
    }
}

/// `logged` is at least the bodies and at most 3 % (TLS records, HTTP/2 frames, chunks) and 64 kB a request (headers,
/// certificates) more.
pub(crate) fn within_headers(what: &str, bodies: u64, logged: u64, requests: usize) {
    let most = bodies + bodies * 3 / 100 + 64_000 * requests as u64;
    assert!(
        (bodies..=most).contains(&logged),
        "{what}: bodies of {bodies} bytes, {logged} logged, {most} allowed"
    );
}
