//! `steady-rate`: hour after hour about the same leaves to a new place.

use super::{Case, Detector, Judge, Trait};
use crate::baseline::{Destination, Pair};

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "steady-rate", technique: "T1030", manual: MANUAL, judge: Judge::Trait(TRAIT) };

const TRAIT: Trait = Trait { shows, most: 3.0 };

/// How many whole hours make a plateau.
const HOURS: usize = 6;

/// Up to what coefficient of variation it is flat.
const FLAT: f64 = 0.25;

const MANUAL: &str = "\
steady-rate: hour after hour about the same leaves to a new place (ATT&CK T1030)

What it sees
  Something that stands out anyway, goes to a group that is new to the host, and leaves as a plateau: a line or a tool with a
  limit, a timer, and not a person.

How
  The net bytes of the whole hours of the last day in which anything left to the group, without the first and the present
  one: six at least, in each of which a line ended (what one long line carried is only thought to be even). Flat: their
  standard deviation is at most a quarter of their mean. Servers and buckets are not judged.
  Adds at most 3 bits, and less where incidents of the last two weeks often show it: -log2 of the share that does. Several
  such traits add -log2 of the share of incidents that show them all, at most 6 bits. It never speaks alone.

What fools it
  Jitter of more than a quarter; a theft of less than eight hours; one long connection. Honest backups and mirrors to a new
  place are as flat.

Source: coefficient of variation; MITRE ATT&CK T1030.";

fn shows(case: &Case<'_>, pair: &Pair, _group: &Destination) -> bool {
    let Some(weighty) = pair.weighty.as_ref().filter(|_| pair.young(case.now) && !case.host.serves()) else {
        return false;
    };
    // In its first hour it may have begun late.
    let hours: Vec<f64> = weighty
        .unit
        .rolling
        .hours(case.now)
        .into_iter()
        .filter(|(hour, _)| *hour > pair.first)
        .map(|(_, net)| net as f64)
        .collect();
    hours.len() >= HOURS && weighty.hours() >= HOURS as u64 && variation(&hours) <= FLAT
}

/// Standard deviation over mean.
fn variation(values: &[f64]) -> f64 {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    variance.sqrt() / mean.max(f64::MIN_POSITIVE)
}
