//! What `outflow eval` found: a table of scenarios with the figures over all below it, or JSON lines.

use super::{SCHEMA, escape};
use crate::eval::{BUDGETS, Evaluation, Interval};
use crate::units::Bytes;
use serde_json::{Value, json};
use std::io::{self, Write};

/// For people. Found is what a budget of ten a day per 10,000 hosts shows, causal what was told within the scan's own; rank, time
/// and bytes gone by then are medians. A figure in brackets behind another is a 95 % interval.
pub fn table(evaluation: &Evaluation, to: &mut dyn Write) -> io::Result<()> {
    let budgets = BUDGETS.map(|budget| budget.to_string()).join("/");
    let width = evaluation.scenarios.iter().map(|scenario| scenario.name.chars().count()).max();
    let width = width.unwrap_or(0).max("SCENARIO".len());
    writeln!(
        to,
        "{:width$}  FOUND  {:>14}  {:>11}  CAUSAL  {:>5}  {:>15}  {:>16}",
        "SCENARIO",
        format!("RECALL {budgets}"),
        format!("95 % AT {}", BUDGETS[1]),
        "RANK",
        "TIME TO DETECT",
        "BYTES GONE",
    )?;
    for scenario in &evaluation.scenarios {
        let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        writeln!(
            to,
            "{:width$}  {:>5}  {:>14}  {:>11}  {:>6.2}  {:>5}  {:>15}  {:>16}",
            escape::terminal(&scenario.name),
            format!("{}/{}", scenario.found, scenario.thefts),
            scenario.recall.map(|recall| format!("{:.2}", recall.value)).join("/"),
            format!("{:.2}-{:.2}", scenario.recall[1].low, scenario.recall[1].high),
            scenario.causal.value,
            or_dash(scenario.rank.map(|rank| rank.to_string())),
            or_dash(scenario.time_to_detect.map(|span| span.to_string())),
            or_dash(
                scenario
                    .bytes_gone
                    .zip(scenario.share_gone)
                    .map(|(bytes, share)| { format!("{} ({:.0} %)", Bytes(bytes), share * 100.0) })
            ),
        )?;
    }
    let figures = &evaluation.figures;
    writeln!(to)?;
    for (at, budget) in BUDGETS.iter().enumerate() {
        let (each, all) = (shown(figures.macro_recall[at]), shown(figures.recall[at]));
        writeln!(
            to,
            "recall at {budget} a day per 10,000 hosts: {each} as the mean of scenarios, {all} of all thefts"
        )?;
    }
    writeln!(
        to,
        "within the budget told: recall {}, {} false incidents a day per 10,000 hosts, precision {}",
        shown(figures.macro_causal),
        shown(figures.false_per_day),
        shown(figures.precision)
    )?;
    writeln!(
        to,
        "average precision {}; {} thefts in {} estates",
        shown(figures.average_precision),
        evaluation.fates.len(),
        evaluation.seeds
    )
}

fn shown(interval: Interval) -> String {
    let Interval { value, low, high } = interval;
    // A single estate says nothing of how far some figures may be trusted.
    if low < high { format!("{value:.2} ({low:.2}-{high:.2})") } else { format!("{value:.2}") }
}

/// One object a line: every theft, every scenario, then all together.
pub fn json(evaluation: &Evaluation, to: &mut dyn Write) -> io::Result<()> {
    for fate in &evaluation.fates {
        let theft = &fate.theft;
        let hosts: std::collections::BTreeSet<&str> =
            theft.rows.iter().map(|row| row.host.as_str()).collect();
        line(
            to,
            &json!({
                "type": "theft", "schema": SCHEMA, "scenario": theft.scenario, "seed": fate.seed, "hosts": hosts,
                "start": theft.start.to_string(), "end": theft.end.to_string(), "bytes": theft.bytes,
                "found": fate.found[1], "found_at": by_budget(fate.found.map(Value::from)), "in_budget": fate.causal,
                "rank": fate.rank, "time_to_detect_s": fate.time_to_detect.map(|span| span.seconds()),
                "bytes_gone": fate.bytes_gone,
            }),
        )?;
    }
    for scenario in &evaluation.scenarios {
        line(
            to,
            &json!({
                "type": "scenario", "schema": SCHEMA, "scenario": scenario.name, "thefts": scenario.thefts,
                "found": scenario.found, "recall": by_budget(scenario.recall.map(interval)), "recall_in_budget": interval(scenario.causal),
                "median_rank": scenario.rank,
                "median_time_to_detect_s": scenario.time_to_detect.map(|span| span.seconds()),
                "median_bytes_gone": scenario.bytes_gone, "median_share_gone": scenario.share_gone,
            }),
        )?;
    }
    let figures = &evaluation.figures;
    line(
        to,
        &json!({
            "type": "eval", "schema": SCHEMA, "seeds": evaluation.seeds, "thefts": evaluation.fates.len(),
            "macro_recall": by_budget(figures.macro_recall.map(interval)),
            "recall": by_budget(figures.recall.map(interval)),
            "macro_recall_in_budget": interval(figures.macro_causal),
            "false_per_day_per_10000_hosts": interval(figures.false_per_day),
            "precision": interval(figures.precision), "average_precision": interval(figures.average_precision),
            "withheld": evaluation.withheld,
        }),
    )
}

fn interval(interval: Interval) -> Value {
    json!({"value": interval.value, "low": interval.low, "high": interval.high})
}

/// `{"5": …, "10": …, "50": …}`
fn by_budget(values: [Value; BUDGETS.len()]) -> Value {
    BUDGETS.iter().map(u32::to_string).zip(values).collect::<serde_json::Map<_, _>>().into()
}

fn line(to: &mut dyn Write, row: &Value) -> io::Result<()> {
    serde_json::to_writer(&mut *to, row)?;
    to.write_all(b"\n")
}
