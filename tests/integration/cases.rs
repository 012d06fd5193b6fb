//! One case for each detector that fires and one that stays silent: traffic written down as a table.

use crate::outflow::{feed, repository};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// A file of `tests/cases/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// What it shows; for the reader.
    #[serde(rename = "about")]
    _about: String,
    /// The detector it is about.
    detector: String,
    #[serde(default)]
    log: Log,
    traffic: Vec<Traffic>,
    /// The incidents that must be within the budget, the worst first. The detector is silent where it speaks in none of them.
    incidents: Vec<Expected>,
}

impl Case {
    fn fires(&self) -> bool {
        self.incidents.iter().any(|incident| incident.detectors.contains(&self.detector))
    }
}

/// What log tells of the traffic.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Log {
    /// A proxy's, in the W3C extended format, which names its columns.
    #[default]
    Proxy,
    /// Zeek's of connections that the host opened.
    Flow,
    /// Zeek's of connections that the destination opened: the host answers.
    Answers,
    /// Zeek's of connections that the host opened, to others of ours too.
    Flows,
    /// A bucket's of S3, called by the host's address.
    Bucket,
    /// Zeek's of questions for the destination, with names that carry so many bytes.
    Dns,
}

/// Transfers at even distances.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Traffic {
    /// `10.1.2.3`, or `10.1.2.3+5` for so many hosts from there on.
    pub(crate) host: String,
    /// With a `*`, `places` of them in turn, by number.
    pub(crate) destination: String,
    #[serde(default)]
    pub(crate) places: Option<u32>,
    /// By how much the numbers of one host's places differ from those of the next; 0: all go to the same.
    #[serde(default)]
    pub(crate) places_apart: u32,
    pub(crate) from: jiff::Timestamp,
    pub(crate) to: jiff::Timestamp,
    /// Minutes.
    pub(crate) every: i64,
    pub(crate) bytes_out: u64,
    /// Only from the first to before the second of these hours of the day.
    #[serde(default)]
    pub(crate) hours: Option<(i8, i8)>,
    /// Of the destination.
    #[serde(default = "https")]
    pub(crate) port: u16,
    /// By this factor more every day.
    #[serde(default)]
    pub(crate) grows: Option<f64>,
    #[serde(default)]
    pub(crate) bytes_in: u64,
    #[serde(default)]
    pub(crate) agent: String,
    /// Of a proxy's log: it does not say how much was sent.
    #[serde(default)]
    pub(crate) blind: bool,
    /// Of a proxy's log; otherwise PUT.
    #[serde(default)]
    pub(crate) method: Option<String>,
    /// Of a bucket's log; otherwise REST.GET.OBJECT.
    #[serde(default)]
    pub(crate) operation: Option<String>,
    /// Of a bucket's log; otherwise nobody in particular.
    #[serde(default)]
    pub(crate) requester: Option<String>,
}

fn https() -> u16 {
    443
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    host: String,
    destination: String,
    bytes_out: u64,
    /// All of these speak.
    detectors: Vec<String>,
    /// At the latest.
    detected_by: jiff::Timestamp,
}

impl Log {
    pub(crate) fn head(self) -> &'static str {
        match self {
            Log::Proxy => {
                "#Software: SGOS\n#Fields: date time c-ip cs-host cs-method sc-status cs-bytes sc-bytes cs(User-Agent) s-action\n"
            }
            Log::Flow | Log::Flows | Log::Answers | Log::Bucket | Log::Dns => "",
        }
    }

    fn row(self, at: jiff::Timestamp, ip: Ipv4Addr, to: &str, bytes_out: u64, traffic: &Traffic) -> String {
        let (back, seconds) = (traffic.bytes_in, at.as_second());
        let agent = if traffic.agent.is_empty() { "-" } else { &traffic.agent };
        match self {
            Log::Proxy => {
                let stamp = at.strftime("%Y-%m-%d %H:%M:%S");
                let method = traffic.method.as_deref().unwrap_or("PUT");
                let bytes_out = if traffic.blind { "-".to_owned() } else { bytes_out.to_string() };
                format!("{stamp} {ip} {to} {method} 200 {bytes_out} {back} {agent} TCP_MISS\n")
            }
            Log::Flow | Log::Flows => {
                connection(seconds, (&ip.to_string(), bytes_out), (to, traffic.port, back))
            }
            Log::Answers => connection(seconds, (to, back), (&ip.to_string(), traffic.port, bytes_out)),
            Log::Bucket => {
                let stamp = at.strftime("%d/%b/%Y:%H:%M:%S +0000");
                let bucket = ip.to_string().replace('.', "-");
                let operation = traffic.operation.as_deref().unwrap_or("REST.GET.OBJECT");
                let requester = traffic.requester.as_deref().unwrap_or("-");
                format!(
                    "owner bucket-{bucket} [{stamp}] {to} {requester} ID {operation} key \"GET /key HTTP/1.1\" 200 - {bytes_out} {bytes_out} 20 10 \"-\" \"curl/7.88.1\" -\n"
                )
            }
            Log::Dns => {
                let name = format!("{seconds:0>width$x}", width = bytes_out as usize);
                format!(
                    "{{\"ts\":{seconds}.0,\"uid\":\"C{seconds}\",\"id.orig_h\":\"{ip}\",\"id.orig_p\":50000,\"id.resp_h\":\"10.0.0.53\",\"id.resp_p\":53,\"proto\":\"udp\",\"query\":\"{name}.{to}\",\"qtype_name\":\"TXT\"}}\n"
                )
            }
        }
    }
}

/// A row of Zeek's conn.log: when, who opened it and sent how much, who answered at which port and sent how much.
fn connection(seconds: i64, (from, sent): (&str, u64), (to, port, answered): (&str, u16, u64)) -> String {
    format!(
        "{{\"ts\":{seconds}.0,\"uid\":\"C{seconds}\",\"id.orig_h\":\"{from}\",\"id.orig_p\":50000,\"id.resp_h\":\"{to}\",\"id.resp_p\":{port},\"proto\":\"tcp\",\"duration\":1.0,\"orig_bytes\":{sent},\"resp_bytes\":{answered},\"conn_state\":\"SF\"}}\n"
    )
}

impl Traffic {
    fn rows(&self, log: Log, number: i64, rows: &mut Vec<(jiff::Timestamp, String)>) {
        let (first, count) = self.host.split_once('+').unwrap_or((&self.host, "1"));
        let first: Ipv4Addr = first.parse().unwrap();
        for host in 0..count.parse().unwrap() {
            let ip = Ipv4Addr::from_bits(first.to_bits() + host);
            // Hosts do not tick in step.
            let start = self.from + jiff::SignedDuration::from_secs(i64::from(host * 37 % 60) + number);
            let (mut at, mut turn) = (start, 0);
            while at < self.to {
                let place = host * self.places_apart + turn % self.places.unwrap_or(1);
                let to = self.destination.replace('*', &place.to_string());
                let days = (at.as_second() - start.as_second()) / 86_400;
                let grown = self.grows.unwrap_or(1.0).powi(i32::try_from(days).unwrap());
                #[expect(clippy::cast_sign_loss, reason = "a product of positive numbers")]
                let bytes_out = (self.bytes_out as f64 * grown) as u64;
                let hour = at.to_zoned(jiff::tz::TimeZone::UTC).hour();
                if self.hours.is_none_or(|(from, to)| (from..to).contains(&hour)) {
                    rows.push((at, log.row(at, ip, &to, bytes_out, self)));
                }
                at += jiff::SignedDuration::from_mins(self.every);
                turn += 1;
            }
        }
    }
}

impl Case {
    /// As a log.
    pub(crate) fn log(&self) -> String {
        let rows = rows(self.log, &self.traffic).into_iter().map(|(_, row)| row);
        self.log.head().to_owned() + &rows.collect::<String>()
    }
}

/// The lines of a log, with the moments at which they are written.
pub(crate) fn rows(log: Log, traffic: &[Traffic]) -> Vec<(jiff::Timestamp, String)> {
    let mut rows = Vec::new();
    for (traffic, number) in traffic.iter().zip(0i64..) {
        traffic.rows(log, number, &mut rows);
    }
    rows.sort();
    rows
}

/// All cases, by file name.
pub(crate) fn all() -> Vec<(String, Case)> {
    let mut cases: Vec<(String, Case)> = std::fs::read_dir(repository("tests/cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let case = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path.file_stem().unwrap().to_string_lossy().into_owned(), case)
        })
        .collect();
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    cases
}

fn speaking(incident: &Value) -> BTreeSet<String> {
    let names =
        incident["detectors"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned());
    names.collect()
}

/// What is wrong with what a case gives; nothing if all is as it says.
fn wrong(case: &Case) -> Vec<String> {
    let run = feed(&["scan", "--json"], &[case.log().as_bytes()]);
    let incidents = run.rows("incident");
    let mut wrong = Vec::new();
    let mut check = |right: bool, what: String| wrong.extend((!right).then_some(what));
    check(incidents.len() == case.incidents.len(), format!("{} incidents: {incidents:#?}", incidents.len()));
    check(run.code == i32::from(!incidents.is_empty()), format!("code {}: {}", run.code, run.stderr));
    for (incident, expected) in incidents.iter().zip(&case.incidents) {
        let is = |key: &str, value: Value| incident[key] == value;
        // Empty: spread over several.
        let destination = Some(expected.destination.as_str()).filter(|name| !name.is_empty());
        check(is("host", expected.host.as_str().into()), format!("host {}", incident["host"]));
        check(is("destination", destination.into()), format!("destination {}", incident["destination"]));
        check(is("bytes_out", expected.bytes_out.into()), format!("bytes_out {}", incident["bytes_out"]));
        let speaking = speaking(incident);
        check(expected.detectors.iter().all(|name| speaking.contains(name)), format!("{speaking:?}"));
        check(case.fires() || !speaking.contains(&case.detector), format!("not silent: {speaking:?}"));
        let detected: jiff::Timestamp = incident["detected_at"].as_str().unwrap().parse().unwrap();
        check(detected <= expected.detected_by, format!("detected_at {detected}"));
    }
    wrong
}

#[test]
fn every_case_gives_its_incidents() {
    let wrong: Vec<(String, Vec<String>)> = all()
        .into_iter()
        .map(|(name, case)| (name, wrong(&case)))
        .filter(|(_, wrong)| !wrong.is_empty())
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_detector_has_a_case_that_fires_and_one_that_is_silent() {
    let cases = all();
    for detector in outflow::detectors::DETECTORS {
        let of = |fires: bool| {
            cases.iter().any(|(_, case)| case.detector == detector.name && case.fires() == fires)
        };
        assert!(of(true) && of(false), "{} needs a case of each kind in tests/cases", detector.name);
        for part in ["What it sees", "How", "What fools it", "Source:"] {
            assert!(detector.manual.contains(part), "{}: the manual has no \"{part}\"", detector.name);
        }
    }
}
