//! An incident's JSON line, as the renderings for other systems read it. What is not there is empty or zero: a line that
//! lacks something is still told.

use crate::units::Timestamp;
use serde_json::Value;
use std::net::IpAddr;

/// One `{"type":"incident",…}` object.
#[derive(Clone, Copy)]
pub(super) struct Row<'a>(pub(super) &'a Value);

/// Techniques of MITRE ATT&CK that incidents name and that are not of the tactic Exfiltration, with theirs.
const OTHER_TACTICS: &[(&str, &str, &str)] = &[
    ("T1074", "TA0009", "Collection"),
    ("T1213", "TA0009", "Collection"),
    ("T1530", "TA0009", "Collection"),
    ("T1071", "TA0011", "Command and Control"),
    ("T1571", "TA0011", "Command and Control"),
    ("T1572", "TA0011", "Command and Control"),
    ("T1562", "TA0005", "Defense Evasion"),
];

/// A technique as other schemas take it apart.
pub(super) struct Technique<'a> {
    /// `T1567`.
    pub(super) id: &'a str,
    /// `T1567.002`, where the incident says it so exactly.
    pub(super) sub: Option<&'a str>,
    /// The tactic's id and name.
    pub(super) tactic: (&'static str, &'static str),
}

impl<'a> Row<'a> {
    pub(super) fn text(self, key: &str) -> &'a str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn count(self, key: &str) -> u64 {
        self.0.get(key).and_then(Value::as_u64).unwrap_or_default()
    }

    pub(super) fn number(self, key: &str) -> f64 {
        self.0.get(key).and_then(Value::as_f64).unwrap_or_default()
    }

    /// Milliseconds since 1970, as OCSF and CEF count.
    pub(super) fn millis(self, key: &str) -> i64 {
        self.text(key).parse::<Timestamp>().map_or(0, |stamp| stamp.0 / 1_000)
    }

    /// The objects of a list.
    pub(super) fn rows(self, key: &str) -> impl Iterator<Item = Row<'a>> {
        self.0.get(key).and_then(Value::as_array).into_iter().flatten().map(Row)
    }

    /// The names of the detectors that spoke, the loudest first.
    pub(super) fn detectors(self) -> Vec<&'a str> {
        self.rows("detectors").map(|detector| detector.text("name")).collect()
    }

    /// The places where it went: the destination, or those that carry it.
    pub(super) fn destinations(self) -> Vec<&'a str> {
        match self.text("destination") {
            "" => self.rows("destinations").map(|place| place.text("name")).collect(),
            destination => vec![destination],
        }
    }

    pub(super) fn techniques(self) -> Vec<Technique<'a>> {
        let all = self.0.get("techniques").and_then(Value::as_array).into_iter().flatten();
        let apart = |written: &'a str| {
            let id = written.split('.').next().unwrap_or_default();
            let other = OTHER_TACTICS.iter().find(|(technique, ..)| *technique == id);
            Technique {
                id,
                sub: (id != written).then_some(written),
                tactic: other.map_or(("TA0010", "Exfiltration"), |(_, id, name)| (id, name)),
            }
        };
        all.filter_map(Value::as_str).map(apart).collect()
    }
}

/// The address that a name is, where it is one.
pub(super) fn address(name: &str) -> Option<IpAddr> {
    name.parse().ok()
}

/// A line for the tests of all renderings, with what an outsider may write into it.
#[cfg(test)]
pub(super) fn sample() -> Value {
    serde_json::json!({
        "type": "incident", "schema": "outflow/1", "id": "dd9b6a0a393a49e4", "rank": 1, "in_budget": true,
        "host": "10.16.0.132", "role": "db-server", "destination": "a|b=c\\d\n\u{202e}.example",
        "detected_at": "2023-03-29T00:30:00Z", "first_seen": "2023-03-29T00:20:00Z",
        "last_seen": "2023-03-31T00:00:00.5Z", "bytes_out": 289_422_878_735_u64,
        "bytes_out_at_detection": 2_158_956_496_u64, "score_at_detection": 11.2, "expected_bytes_out": 173_780,
        "score": 23.4, "severity": "high",
        "detectors": [
            {"name": "rare-destination", "score": 20.4, "observed": 1, "expected": 0, "window": "7d"},
            {"name": "many-places", "score": 19.0, "observed": 1, "expected": 0, "window": "7d"}
        ],
        "techniques": ["T1030", "T1048", "T1567.002", "T1071.004"],
        "destinations": [{"name": "203.0.113.9", "bytes_out": 1, "first_seen": "2023-03-29T00:20:00Z", "hosts": 3}],
        "estate_share": {"hosts": 86, "of": 2999},
        "summary": "10.16.0.132 sent 289 GB to a|b=c\\d\n\u{202e}.example in 47 h",
        "evidence": [{"file": "/var/log/a b.log", "offset": 7_350_588, "line": 54_401, "bytes_out": 2_479_160_400_u64}]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_there() {
        let line = sample();
        let row = Row(&line);
        assert_eq!((row.count("bytes_out"), row.number("score")), (289_422_878_735, 23.4));
        assert_eq!(
            (row.millis("detected_at"), row.millis("last_seen")),
            (1_680_049_800_000, 1_680_220_800_500)
        );
        assert_eq!(row.detectors(), ["rare-destination", "many-places"]);
        let techniques: Vec<_> = row.techniques().iter().map(|t| (t.id, t.sub, t.tactic.0)).collect();
        assert_eq!(
            techniques,
            [
                ("T1030", None, "TA0010"),
                ("T1048", None, "TA0010"),
                ("T1567", Some("T1567.002"), "TA0010"),
                ("T1071", Some("T1071.004"), "TA0011"),
            ]
        );
        assert_eq!(row.destinations(), ["a|b=c\\d\n\u{202e}.example"]);
        let spread = serde_json::json!({"destination": null, "destinations": [{"name": "x"}, {"name": "y"}]});
        assert_eq!(Row(&spread).destinations(), ["x", "y"]);
        let nothing = serde_json::json!([]);
        assert_eq!((Row(&nothing).text("id"), Row(&nothing).millis("detected_at")), ("", 0));
    }
}
