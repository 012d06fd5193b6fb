//! An incident in the words of the Elastic Common Schema, as an alert; our own line goes along as `outflow`.

use super::row::{Row, address};
use serde_json::{Map, Value, json};

/// The version of the schema that the fields are of.
const VERSION: &str = "8.11.0";

/// One JSON object without a newline.
pub fn render(incident: &Value) -> String {
    let row = Row(incident);
    let destinations = row.destinations();
    let detectors = row.detectors();
    let rule = detectors.first().copied().unwrap_or("outflow");
    let mut source = endpoint(row.text("host"));
    source.insert("bytes".into(), row.count("bytes_out").into());
    let destination = destinations.first().map(|name| endpoint(name)).unwrap_or_default();
    let named = |want_address: bool| -> Vec<&str> {
        let all = std::iter::once(row.text("host")).chain(destinations.iter().copied());
        all.filter(|name| address(name).is_some() == want_address && !name.is_empty()).collect()
    };
    json!({
        "@timestamp": row.text("detected_at"),
        "ecs": {"version": VERSION},
        "message": row.text("summary"),
        "event": {
            "kind": "alert",
            "category": ["network", "threat"],
            "type": ["info"],
            "module": "outflow",
            "dataset": "outflow.incident",
            "provider": "outflow",
            "id": row.text("id"),
            "severity": severity(row.text("severity")),
            "risk_score": row.number("score"),
            "start": row.text("first_seen"),
            "end": row.text("last_seen"),
            "reason": row.text("summary"),
        },
        "rule": {"name": rule, "ruleset": "outflow"},
        "threat": threat(row),
        "host": {"name": row.text("host")},
        "source": source,
        "destination": destination,
        "network": {"direction": "outbound"},
        "related": {"hosts": named(false), "ip": named(true)},
        "observer": {"product": "outflow", "type": "dlp"},
        "log": {"file": {"path": row.rows("evidence").next().map(|line| line.text("file"))}},
        "outflow": incident,
    })
    .to_string()
}

/// Of 100, as Elastic's own detection rules number low, medium, high and critical.
fn severity(name: &str) -> u32 {
    match name {
        "critical" => 99,
        "high" => 73,
        "medium" => 47,
        _ => 21,
    }
}

fn endpoint(name: &str) -> Map<String, Value> {
    let mut endpoint = Map::new();
    endpoint.insert("address".into(), name.into());
    let key = if address(name).is_some() { "ip" } else { "domain" };
    // A network is neither.
    if !name.contains('/') {
        endpoint.insert(key.into(), name.into());
    }
    endpoint
}

fn threat(row: Row<'_>) -> Value {
    let techniques = row.techniques();
    let mut ids: Vec<&str> = techniques.iter().map(|technique| technique.id).collect();
    ids.dedup();
    let mut tactics: Vec<(&str, &str)> = techniques.iter().map(|technique| technique.tactic).collect();
    tactics.sort_unstable();
    tactics.dedup();
    let subs: Vec<&str> = techniques.iter().filter_map(|technique| technique.sub).collect();
    json!({
        "framework": "MITRE ATT&CK",
        "tactic": {
            "id": tactics.iter().map(|(id, _)| id).collect::<Vec<_>>(),
            "name": tactics.iter().map(|(_, name)| name).collect::<Vec<_>>(),
        },
        "technique": {"id": ids, "subtechnique": {"id": subs}},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_the_line_says() {
        let line = super::super::row::sample();
        let text = render(&line);
        assert!(!text.contains('\n'));
        let ecs: Value = serde_json::from_str(&text).unwrap();
        let at = |place: &str| ecs.pointer(place).cloned().unwrap_or_default();
        assert_eq!(at("/event/kind"), "alert");
        assert_eq!(at("/event/id"), line["id"]);
        assert_eq!(at("/event/severity"), 73);
        assert_eq!(
            (at("/source/ip"), at("/source/bytes")),
            (json!("10.16.0.132"), line["bytes_out"].clone())
        );
        assert_eq!(at("/destination/domain"), line["destination"]);
        assert_eq!(at("/threat/tactic/id"), json!(["TA0010", "TA0011"]));
        assert_eq!(at("/threat/technique/subtechnique/id"), json!(["T1567.002", "T1071.004"]));
        assert_eq!(at("/related/ip"), json!(["10.16.0.132"]));
        assert_eq!(at("/outflow"), line);
    }
}
