//! An incident as a Detection Finding of the Open Cybersecurity Schema Framework; our own line goes along as `unmapped`.

use super::row::{Row, address};
use serde_json::{Map, Value, json};

/// The version of the schema that the attributes are of.
const VERSION: &str = "1.7.0";

/// The most characters of a title.
const TITLE_MAX: usize = 200;

/// One JSON object without a newline.
pub fn render(incident: &Value) -> String {
    let row = Row(incident);
    let (severity_id, severity) = severity(row.text("severity"));
    let detectors = row.detectors();
    let title: String = row.text("summary").chars().take(TITLE_MAX).collect();
    let sources: Vec<&str> = row.rows("evidence").map(|line| line.text("file")).collect();
    json!({
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "activity_id": 1,
        "activity_name": "Create",
        "type_uid": 200_401,
        "type_name": "Detection Finding: Create",
        "time": row.millis("detected_at"),
        "start_time": row.millis("first_seen"),
        "end_time": row.millis("last_seen"),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": 1,
        "status": "New",
        "is_alert": true,
        "message": row.text("summary"),
        "metadata": {
            "version": VERSION,
            "uid": row.text("id"),
            "product": {"name": "outflow", "vendor_name": "outflow", "version": env!("CARGO_PKG_VERSION")},
        },
        "finding_info": {
            "uid": row.text("id"),
            "title": title,
            "desc": row.text("summary"),
            "created_time": row.millis("detected_at"),
            "first_seen_time": row.millis("first_seen"),
            "last_seen_time": row.millis("last_seen"),
            "types": ["Exfiltration"],
            "analytic": analytic(detectors.first().copied().unwrap_or("outflow")),
            "related_analytics": detectors.iter().skip(1).map(|name| analytic(name)).collect::<Vec<_>>(),
            "attacks": attacks(row),
            "data_sources": sources,
        },
        "evidences": evidences(row),
        "resources": [resource(row)],
        "observables": observables(row),
        "unmapped": incident,
    })
    .to_string()
}

fn severity(name: &str) -> (u32, &'static str) {
    match name {
        "critical" => (5, "Critical"),
        "high" => (4, "High"),
        "medium" => (3, "Medium"),
        _ => (2, "Low"),
    }
}

fn analytic(name: &str) -> Value {
    json!({"name": name, "uid": name, "type_id": 2, "type": "Behavioral"})
}

fn attacks(row: Row<'_>) -> Vec<Value> {
    let attack = |technique: &super::row::Technique<'_>| {
        let (id, name) = technique.tactic;
        let mut attack = json!({"tactic": {"uid": id, "name": name}, "technique": {"uid": technique.id}});
        if let (Some(sub), Some(attack)) = (technique.sub, attack.as_object_mut()) {
            attack.insert("sub_technique".into(), json!({"uid": sub}));
        }
        attack
    };
    row.techniques().iter().map(attack).collect()
}

fn endpoint(name: &str) -> Map<String, Value> {
    let mut endpoint = Map::new();
    let key = if address(name).is_some() { "ip" } else { "name" };
    endpoint.insert(key.into(), name.into());
    endpoint
}

fn evidences(row: Row<'_>) -> Vec<Value> {
    let destination = row.destinations().first().map(|name| endpoint(name)).unwrap_or_default();
    row.rows("evidence")
        .map(|line| {
            json!({
                "src_endpoint": endpoint(row.text("host")),
                "dst_endpoint": destination,
                "data": line.0,
            })
        })
        .collect()
}

fn resource(row: Row<'_>) -> Map<String, Value> {
    let mut resource = endpoint(row.text("host"));
    resource.insert("name".into(), row.text("host").into());
    resource.insert("type".into(), "Host".into());
    resource
}

/// Host and places, as what can be searched for: 2 is an address, 1 a host's name, 99 something else.
fn observables(row: Row<'_>) -> Vec<Value> {
    let kind = |name: &str| match address(name) {
        Some(_) => (2, "IP Address"),
        None if name.contains('/') => (99, "Network"),
        None => (1, "Hostname"),
    };
    let host = std::iter::once(("evidences[].src_endpoint", row.text("host")));
    let places = row.destinations().into_iter().map(|name| ("evidences[].dst_endpoint", name));
    host.chain(places)
        .map(|(place, name)| {
            let (type_id, r#type) = kind(name);
            json!({"name": place, "type_id": type_id, "type": r#type, "value": name})
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_the_line_says() {
        let line = super::super::row::sample();
        let text = render(&line);
        assert!(!text.contains('\n'));
        let ocsf: Value = serde_json::from_str(&text).unwrap();
        let at = |place: &str| ocsf.pointer(place).cloned().unwrap_or_default();
        assert_eq!((at("/class_uid"), at("/type_uid")), (json!(2004), json!(200_401)));
        assert_eq!((at("/severity_id"), at("/time")), (json!(4), json!(1_680_049_800_000_u64)));
        assert_eq!(at("/finding_info/uid"), line["id"]);
        assert_eq!(at("/finding_info/analytic/name"), "rare-destination");
        assert_eq!(at("/finding_info/attacks/2/sub_technique/uid"), "T1567.002");
        assert_eq!(at("/evidences/0/src_endpoint/ip"), "10.16.0.132");
        assert_eq!(at("/evidences/0/data"), line["evidence"][0]);
        assert_eq!(at("/observables/0/type_id"), 2);
        assert_eq!(at("/unmapped"), line);
    }
}
