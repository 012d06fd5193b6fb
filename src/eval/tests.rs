//! Small estates whose figures can be worked out by hand.

use super::*;

const DAY: &str = "2023-03-29T";

fn label(scenario: &str, theft: &str, host: &str, destination: &str) -> String {
    format!(
        r#"{{"scenario":"{scenario}",{theft}"host":"{host}","destination":"{destination}","start":"{DAY}00:00:00Z","end":"{DAY}10:00:00Z","bytes":1000}}"#
    )
}

fn incident(host: &str, destination: &str, hour: u32, score: f64, in_budget: bool) -> String {
    format!(
        r#"{{"type":"incident","host":"{host}","destination":{destination},"detected_at":"{DAY}{hour:02}:00:00Z","first_seen":"{DAY}00:00:00Z","score_at_detection":{score},"bytes_out_at_detection":7,"in_budget":{in_budget}}}"#
    )
}

fn seed(labels_: &[String], incidents: &[String], hosts: u64) -> Seed {
    let scan_ = scan(&incidents.join("\n"), Some(hosts), Some(2.0)).unwrap();
    Seed { labels: labels(&labels_.join("\n")).unwrap(), scan: scan_ }
}

#[test]
fn figures_by_hand() {
    let labels = [
        label("smash", "", "10.0.0.1", "203.0.113.7"),
        label("drip", r#""theft":1,"#, "10.0.0.2", "a.files.example"),
        label("drip", r#""theft":1,"#, "10.0.0.3", "b.other.example"),
        label("drip", r#""theft":2,"#, "10.0.0.4", "c.example"),
    ];
    let incidents = [
        incident("10.0.0.9", "null", 3, 30.0, true),
        incident("10.0.0.1", r#""203.0.113.0/24""#, 1, 20.0, true),
        incident("10.0.0.3", "null", 5, 10.0, false),
        // The right host towards the wrong place.
        incident("10.0.0.4", r#""elsewhere.example""#, 2, 5.0, true),
    ];
    // 2,000 hosts: 5, 10 and 50 a day per 10,000 are 1, 2 and 10 a day.
    let evaluation = evaluate(&[seed(&labels, &incidents, 2_000)]);
    let [drip, lost, smash] = &evaluation.fates[..] else { panic!("{evaluation:?}") };
    assert_eq!((drip.rank, drip.found, drip.causal), (Some(3), [false, false, true], false));
    assert_eq!((lost.rank, lost.found, lost.bytes_gone), (None, [false; 3], None));
    assert_eq!((smash.rank, smash.found, smash.causal), (Some(2), [false, true, true], true));
    assert_eq!((smash.time_to_detect, smash.bytes_gone), (Some(Span::HOUR), Some(100)));
    let figures = &evaluation.figures;
    assert_eq!(figures.macro_recall.map(|recall| recall.value), [0.0, 0.5, 0.75]);
    assert!((figures.recall[2].value - 2.0 / 3.0).abs() < 1e-12);
    assert_eq!(figures.macro_causal.value, 0.5);
    assert!(figures.macro_causal.low < 0.3 && figures.macro_causal.high > 0.7);
    // Two false ones in two days among 2,000 hosts.
    assert!((figures.false_per_day.value - 5.0).abs() < 1e-12);
    assert!((figures.precision.value - 1.0 / 3.0).abs() < 1e-12);
    // Right at places 2 and 3 of 4, one theft never.
    assert!((figures.average_precision.value - (0.5 + 2.0 / 3.0) / 3.0).abs() < 1e-12);
    let drips = &evaluation.scenarios[0];
    assert_eq!((drips.name.as_str(), drips.thefts, drips.recall[2].value), ("drip", 2, 0.5));
    assert_eq!((drips.found, drips.bytes_gone, drips.share_gone), (0, None, None));
    let smashes = &evaluation.scenarios[1];
    assert_eq!((smashes.found, smashes.bytes_gone, smashes.share_gone), (1, Some(100), Some(0.1)));
}

#[test]
fn an_incident_must_be_of_the_time() {
    let labels = [label("smash", "", "h", "files.example")];
    let told = |detected: &str, first: &str| {
        let line = incident("H", r#""files.example""#, 1, 9.0, true)
            .replace(&format!("\"{DAY}01:00:00Z\""), detected)
            .replace(&format!("\"{DAY}00:00:00Z\""), first);
        evaluate(&[seed(&labels, &[line], 10)]).fates[0].causal
    };
    assert!(told(r#""2023-04-02T00:00:00Z""#, r#""2023-03-29T09:00:00Z""#));
    assert!(!told(r#""2023-04-02T00:00:00Z""#, r#""2023-03-29T11:00:00Z""#), "it began after the theft");
    assert!(
        !told(r#""2023-03-28T23:00:00Z""#, r#""2023-03-28T20:00:00Z""#),
        "it was raised before the theft"
    );
}

#[test]
fn two_logs_show_the_same_bytes() {
    let labels = [
        label("pull", r#""theft":1,"log":"conn.log","#, "10.0.0.1", "203.0.113.7"),
        label("pull", r#""theft":1,"log":"access.log","#, "web-1", "203.0.113.7"),
    ];
    let hit = [incident("web-1", r#""203.0.113.0/24""#, 5, 9.0, true)];
    let fate = &evaluate(&[seed(&labels, &hit, 10)]).fates[0];
    assert_eq!((fate.theft.bytes, fate.bytes_gone, fate.causal), (1000, Some(500), true));
}

#[test]
fn seeds_are_averaged() {
    let labels = [label("smash", "", "10.0.0.1", "203.0.113.7")];
    let hit = [incident("10.0.0.1", "null", 1, 9.0, true)];
    let evaluation = evaluate(&[seed(&labels, &hit, 10), seed(&labels, &[], 10)]);
    assert_eq!(evaluation.figures.macro_recall[0], Interval { value: 0.5, low: 0.0, high: 1.0 });
    assert_eq!(evaluation.scenarios[0].thefts, 2);
    assert_eq!(evaluation.fates.iter().map(|fate| fate.seed).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn what_is_wrong_is_said() {
    let said = |text: &str| scan(text, None, None).unwrap_err().to_string();
    assert!(said("{}").starts_with("line 1 is not of scan --json: it has no \"type\""));
    assert!(said("\n{\"type\":\"incident\"}").starts_with("line 2 is not of scan --json: missing field"));
    assert!(said("").contains("no summary among the lines"));
    assert!(said(r#"{"type":"summary","hosts":3,"incidents":0}"#).contains("pass --days"));
    let backwards = label("a", "", "b", "c").replace("T00:", "T11:");
    assert!(labels(&backwards).unwrap_err().to_string().contains("before it starts"));
    let withheld = r#"{"type":"summary","hosts":3,"incidents":4}"#;
    assert_eq!(scan(withheld, None, Some(1.0)).unwrap().withheld(), 4);
}
