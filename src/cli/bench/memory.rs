//! What remembering a host takes: the baseline of an estate of any size, folded day by day as `scan` does.

use crate::baseline::{Baseline, Row, Trail, WINDOW};
use crate::cli::Ending;
use crate::event::Channel;
use crate::units::{Span, Timestamp};
use anyhow::{Context, Result};
use cpu_time::ProcessTime;
use serde::Serialize;
use std::io::{Write, stdout};

const DAYS: i64 = 28;

/// Destination groups of the estate.
const GROUPS: u32 = 50_000;

/// What is printed. A host sends 2 kB once a day to one of three places that it has, and one in ten 5 MB a day more.
#[derive(Serialize)]
struct Memory {
    r#type: &'static str,
    schema: &'static str,
    hosts: u32,
    days: i64,
    /// Rows of windows folded: one for each host, group and five minutes in which something was sent.
    rows: u64,
    /// Of the whole process at its largest, less what it took before the first host, bytes.
    resident: u64,
    resident_per_host: f64,
    cpu_s: f64,
}

pub(super) fn run(hosts: u32, json: bool) -> Result<Ending> {
    let before = peak()?;
    let cpu = ProcessTime::now();
    let mut baseline = Baseline::default();
    let begin =
        Timestamp::from_micros(1_680_000_000_000_000 / Span::DAY.0 * Span::DAY.0).unwrap_or(Timestamp(0));
    let windows = u32::try_from(Span::DAY.0 / WINDOW.0).unwrap_or(1);
    let mut rows: Vec<Row> = Vec::new();
    let mut folded = 0;
    for window in 0..DAYS * i64::from(windows) {
        rows.clear();
        let of_day = u32::try_from(window).unwrap_or(0) % windows;
        let day = u32::try_from(window).unwrap_or(0) / windows;
        for host in (of_day..hosts).step_by(windows as usize) {
            rows.push(row(host, host.wrapping_mul(31).wrapping_add(day % 3 * 17) % GROUPS, 2_000));
            if host % 10 == 0 {
                rows.push(row(host, host % 97, 5_000_000));
            }
        }
        folded += rows.len() as u64;
        baseline.fold(begin + WINDOW.times(window), &rows);
    }
    let resident = peak()?.saturating_sub(before);
    drop(baseline);
    let memory = Memory {
        r#type: "memory",
        schema: "outflow/1",
        hosts,
        days: DAYS,
        rows: folded,
        resident,
        resident_per_host: resident as f64 / f64::from(hosts),
        cpu_s: cpu.elapsed().as_secs_f64(),
    };
    let mut to = stdout().lock();
    if json {
        serde_json::to_writer(&mut to, &memory)?;
        writeln!(to)?;
    } else {
        writeln!(
            to,
            "{hosts} hosts, {DAYS} days, {folded} rows: {:.1} MB, {:.0} bytes a host, {:.1} s of CPU",
            resident as f64 / 1e6,
            memory.resident_per_host,
            memory.cpu_s
        )?;
    }
    Ok(Ending::Nothing)
}

fn row(host: u32, destination: u32, out: u64) -> Row {
    Row { host, destination, channel: Channel::Transfer, out, events: 1, back: 500, trail: Trail::default() }
}

/// The most memory that this process has had at once, in bytes.
fn peak() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")
        .context("memory is measured by /proc, which is Linux's")?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok())
        .context("/proc/self/status has no VmHWM")?;
    Ok(kib * 1024)
}
