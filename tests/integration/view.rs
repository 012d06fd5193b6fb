//! The estate as a whole: its days, its alarms, and what several hosts have in common.

use crate::cases::Case;
use crate::outflow::{feed, repository, run};
use serde_json::{Value, json};

#[test]
fn the_days_of_an_estate_and_its_campaign() {
    let run = run(&["scan", "--json", &repository("sample-logs/estate-3-of-3000").to_string_lossy()]);
    let days = run.rows("estate");
    let dates: Vec<&str> = days.iter().map(|day| day["day"].as_str().unwrap()).collect();
    assert_eq!(dates.first().zip(dates.last()), Some((&"2023-03-23", &"2023-03-30")));
    assert_eq!(days.len(), 8);
    let summary = &run.rows("summary")[0];
    let bytes: u64 = days.iter().map(|day| day["bytes_out"].as_u64().unwrap()).sum();
    assert_eq!(bytes, summary["bytes_out"].as_u64().unwrap());
    let incidents = run.rows("incident");
    let told: u64 = incidents.iter().map(|incident| incident["bytes_out"].as_u64().unwrap()).sum();
    assert_eq!(summary["bytes_in_budget"].as_u64(), Some(told));
    // The three thieves send to one place; what many use is no campaign.
    let campaigns = summary["campaigns"].as_array().unwrap();
    let theirs = campaigns.iter().find(|campaign| campaign["destination"] == "203.0.113.0/24").unwrap();
    assert!(theirs["hosts"].as_array().unwrap().len() >= 3, "{theirs}");
    assert!(!campaigns.iter().any(|campaign| campaign["destination"] == "198.18.8.0/24"), "{campaigns:?}");
}

/// Traffic of 100 hosts for 20 days, of whom a fifth each day send more than ever before; and `more`.
fn estate(more: &str) -> Vec<Value> {
    let traffic = |host: &str, from: String, every: u32, bytes: u32, grows: &str| {
        format!(
            "[[traffic]]\nhost = \"{host}\"\ndestination = \"office.example\"\nfrom = \"{from}\"\nto = \"2023-03-30T00:00:00Z\"\nevery = {every}\nbytes_out = {bytes}\ngrows = {grows}\n"
        )
    };
    let usual = traffic("10.1.0.1+100", "2023-03-10T00:00:00Z".into(), 60, 20_000, "1.0");
    let uploads: String = (0..10)
        .map(|block| {
            let (first, day, hour) = (1 + 10 * block, 10 + block % 5, 5 + block);
            let from = format!("2023-03-{day}T{hour:02}:00:00Z");
            traffic(&format!("10.1.0.{first}+10"), from, 5 * 24 * 60, 300_000, "1.02")
        })
        .collect();
    let text = format!("about = \"\"\ndetector = \"first-bulk\"\nincidents = []\n{usual}{uploads}{more}");
    let log = toml::from_str::<Case>(&text).unwrap().log();
    feed(&["scan", "--json"], &[log.as_bytes()]).rows("")
}

fn alarms(rows: &[Value]) -> Value {
    rows.iter().find(|row| row["type"] == "summary").unwrap()["alarms"].clone()
}

#[test]
fn many_small_thefts_alarm_the_estate() {
    assert_eq!(alarms(&estate("")), json!([]));
    let more = "[[traffic]]\nhost = \"10.1.0.1+12\"\ndestination = \"office.example\"\nfrom = \"2023-03-28T00:00:00Z\"\nto = \"2023-03-29T00:00:00Z\"\nevery = 60\nbytes_out = 250000\n";
    assert_eq!(alarms(&estate(more)), json!(["2023-03-28"]));
}

#[test]
fn one_volume_to_different_places_is_a_campaign() {
    let more = "[[traffic]]\nhost = \"10.1.0.1+4\"\ndestination = \"drop-*.example\"\nplaces_apart = 1\nfrom = \"2023-03-28T01:00:00Z\"\nto = \"2023-03-28T04:00:00Z\"\nevery = 5\nbytes_out = 50000000\n";
    let rows = estate(more);
    let summary = rows.iter().find(|row| row["type"] == "summary").unwrap();
    let hosts = json!(["10.1.0.1", "10.1.0.2", "10.1.0.3", "10.1.0.4"]);
    let campaigns = summary["campaigns"].as_array().unwrap();
    let one = campaigns.iter().find(|campaign| campaign["one_size"] == true);
    assert_eq!(one.map(|campaign| &campaign["hosts"]), Some(&hosts), "{campaigns:?}");
}
