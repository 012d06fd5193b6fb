//! The pictures: plain shapes with a text for whoever does not see them.

use super::escape::html;
use crate::units::{Bytes, Span, Timestamp};
use std::collections::BTreeMap;
use std::fmt::Write;

const WIDTH: f64 = 680.0;

/// Begins a picture of this height, with what it shows in words.
fn begin(height: f64, says: &str) -> String {
    let says = html(says);
    format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{says}\"><title>{says}</title>")
}

/// Net bytes by day, the oldest first, up to the day of `last`, over the most that was usual in a day.
pub(super) fn days(days: &[u64], last: Timestamp, usual: u64, says: &str) -> String {
    let (top, bottom, left) = (14.0, 130.0, 76.0);
    let most = days.iter().copied().max().unwrap_or(0).max(usual).max(1) as f64;
    let height = |bytes: u64| (bottom - top) * bytes as f64 / most;
    let step = (WIDTH - left - 8.0) / days.len().max(1) as f64;
    let mut svg = begin(160.0, says);
    let band = height(usual).max(1.0);
    let _ = write!(
        svg,
        "<rect class=\"band\" x=\"{left}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{band:.1}\"/>",
        bottom - band,
        WIDTH - left - 8.0
    );
    for (place, bytes) in days.iter().enumerate() {
        let (x, tall) = (left + step * place as f64, height(*bytes));
        let class = if *bytes > usual { "out" } else { "bar" };
        let day = last - Span::DAY.times((days.len() - 1 - place).try_into().unwrap_or(0));
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{tall:.1}\"><title>{}: {}</title></rect>",
            x + 1.0,
            bottom - tall,
            (step - 2.0).max(1.0),
            date(day),
            Bytes(*bytes)
        );
    }
    let _ = write!(
        svg,
        "<line class=\"axis\" x1=\"{left}\" y1=\"{bottom}\" x2=\"{WIDTH}\" y2=\"{bottom}\"/>\
         <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{}</text><text x=\"{:.0}\" y=\"{bottom}\" text-anchor=\"end\">0</text>\
         <text class=\"soft\" x=\"{left}\" y=\"150\">{}</text><text class=\"soft\" x=\"{WIDTH}\" y=\"150\" text-anchor=\"end\">{}</text></svg>",
        left - 6.0,
        top + 6.0,
        Bytes(days.iter().copied().max().unwrap_or(0).max(usual)),
        left - 6.0,
        date(last - Span::DAY.times(i64::try_from(days.len()).unwrap_or(1) - 1)),
        date(last)
    );
    svg
}

/// Who sent how much to where: (host, destination, bytes).
pub(super) fn flows(pairs: &[(&str, &str, u64)], says: &str) -> String {
    let total = pairs.iter().map(|(.., bytes)| *bytes as f64).sum::<f64>().max(1.0);
    let row = 26.0;
    let mut places: [BTreeMap<&str, f64>; 2] = Default::default();
    for (host, destination, _) in pairs {
        for (side, name) in places.iter_mut().zip([host, destination]) {
            let next = 30.0 + row * side.len() as f64;
            side.entry(name).or_insert(next);
        }
    }
    let rows = places.iter().map(BTreeMap::len).max().unwrap_or(0).max(1) as f64;
    let mut svg = begin(20.0 + row * rows, says);
    let (from, to) = (210.0, WIDTH - 210.0);
    for (host, destination, bytes) in pairs {
        let y = |side: usize, name: &str| {
            places.get(side).and_then(|side| side.get(name)).copied().unwrap_or(0.0)
        };
        let (a, b, middle) = (y(0, host), y(1, destination), f64::midpoint(from, to));
        let wide = (22.0 * *bytes as f64 / total).max(1.5);
        let _ = write!(
            svg,
            "<path class=\"flow\" stroke-width=\"{wide:.1}\" d=\"M{from} {a} C{middle} {a} {middle} {b} {to} {b}\"><title>{} to {}: {}</title></path>",
            html(host),
            html(destination),
            Bytes(*bytes)
        );
    }
    for (side, (x, anchor)) in places.iter().zip([(from - 8.0, "end"), (to + 8.0, "start")]) {
        for (name, y) in side {
            let _ = write!(
                svg,
                "<text x=\"{x}\" y=\"{:.0}\" text-anchor=\"{anchor}\">{}</text>",
                y + 4.0,
                html(&short(name))
            );
        }
    }
    svg + "</svg>"
}

/// How many hosts sent how much: `counts` by power of two of their bytes, and how many of them are told of.
pub(super) fn distribution(counts: &[u64], told: &[u64], says: &str) -> String {
    let (top, bottom, left) = (14.0, 130.0, 50.0);
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    // By the logarithm, or a few outliers would not be seen beside thousands.
    let height = |count: u64| {
        if count == 0 { 0.0 } else { 4.0 + (bottom - top - 4.0) * (count as f64).ln_1p() / most.ln_1p() }
    };
    let first = counts.iter().position(|count| *count > 0).unwrap_or(0);
    let last = counts.iter().rposition(|count| *count > 0).unwrap_or(0);
    let step = (WIDTH - left - 8.0) / (last - first + 1) as f64;
    let mut svg = begin(160.0, says);
    for (place, power) in (first..=last).enumerate() {
        let of = |list: &[u64]| list.get(power).copied().unwrap_or(0);
        let x = left + step * place as f64;
        for (class, count) in [("bar", of(counts)), ("out", of(told))] {
            let tall = height(count);
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{tall:.1}\"><title>{count} hosts from {}</title></rect>",
                x + 1.0,
                bottom - tall,
                (step - 2.0).max(1.0),
                Bytes(1u64 << power.min(63))
            );
        }
        if place % 4 == 0 {
            let _ = write!(
                svg,
                "<text class=\"soft\" x=\"{x:.0}\" y=\"150\">{}</text>",
                Bytes(1u64 << power.min(63))
            );
        }
    }
    let _ = write!(
        svg,
        "<line class=\"axis\" x1=\"{left}\" y1=\"{bottom}\" x2=\"{WIDTH}\" y2=\"{bottom}\"/><text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{most}</text></svg>",
        left - 6.0,
        top + 6.0
    );
    svg
}

/// A name that fits beside the picture.
fn short(name: &str) -> String {
    let mut short: String = name.chars().take(28).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

fn date(day: Timestamp) -> String {
    day.to_string().split('T').next().unwrap_or_default().to_owned()
}
