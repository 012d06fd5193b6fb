//! The pictures: plain shapes with a text for whoever does not see them.

use super::escape::{grouped, html};
use crate::units::{Bytes, Span, Timestamp};
use std::collections::BTreeMap;
use std::fmt::Write;

const WIDTH: f64 = 680.0;

/// What names have beside the flows: on a phone letters are larger, or nobody could read them.
const SIDE: f64 = 240.0;

/// Begins a picture of this height, with what it shows in words.
fn begin(height: f64, says: &str) -> String {
    let says = html(says);
    format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{says}\"><title>{says}</title>")
}

/// Net bytes by day, the oldest first, up to the day of `last`, over the most that was usual in a day.
pub(super) fn days(days: &[u64], last: Timestamp, usual: u64, says: &str) -> String {
    let (top, bottom, left) = (14.0, 130.0, 96.0);
    let most = days.iter().copied().max().unwrap_or(0).max(usual).max(1) as f64;
    let height = |bytes: u64| (bottom - top) * bytes as f64 / most;
    let step = (WIDTH - left - 8.0) / days.len().max(1) as f64;
    let mut svg = begin(160.0, says);
    let band = height(usual).max(1.0);
    let _ = write!(
        svg,
        "<rect class=\"band\" x=\"{left}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{band:.1}\"/>",
        bottom - band,
        WIDTH - left
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
         <line class=\"edge\" x1=\"{left}\" y1=\"{:.1}\" x2=\"{WIDTH}\" y2=\"{:.1}\"/>\
         <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{}</text><text x=\"{:.0}\" y=\"{bottom}\" text-anchor=\"end\">0</text>\
         <text class=\"soft\" x=\"{left}\" y=\"150\">{}</text><text class=\"soft\" x=\"{WIDTH}\" y=\"150\" text-anchor=\"end\">{}</text></svg>",
        bottom - band,
        bottom - band,
        left - 6.0,
        top + 6.0,
        Bytes(days.iter().copied().max().unwrap_or(0).max(usual)),
        left - 6.0,
        date(last - Span::DAY.times(i64::try_from(days.len()).unwrap_or(1) - 1)),
        date(last)
    );
    svg
}

/// A name beside the flows: where it stands, how much flows there, and how much of that is drawn.
#[derive(Clone, Copy, Debug, Default)]
struct End {
    y: f64,
    total: f64,
    drawn: f64,
}

/// Who sent how much to where: (host, destination, bytes). Flows of one end lie side by side, so that their widths add up.
pub(super) fn flows(pairs: &[(&str, &str, u64)], says: &str) -> String {
    let row = 26.0;
    let mut places: [BTreeMap<&str, End>; 2] = Default::default();
    for (host, destination, bytes) in pairs {
        for (side, name) in places.iter_mut().zip([host, destination]) {
            let y = 20.0 + row * side.len() as f64;
            side.entry(name).or_insert(End { y, ..End::default() }).total += *bytes as f64;
        }
    }
    let rows = places.iter().map(BTreeMap::len).max().unwrap_or(0).max(1) as f64;
    let most = places.iter().flat_map(BTreeMap::values).map(|end| end.total).fold(1.0, f64::max);
    let mut svg = begin(14.0 + row * rows, says);
    let (from, to) = (SIDE, WIDTH - SIDE);
    let scale = (row - 4.0) / most;
    for (host, destination, bytes) in pairs {
        let mut y = |side: usize, name: &str| {
            let Some(end) = places.get_mut(side).and_then(|side| side.get_mut(name)) else { return 0.0 };
            end.drawn += *bytes as f64;
            end.y + scale * (end.drawn - (*bytes as f64 + end.total) / 2.0)
        };
        let (a, b, middle) = (y(0, host), y(1, destination), f64::midpoint(from, to));
        let wide = (scale * *bytes as f64).max(1.5);
        let _ = write!(
            svg,
            "<path class=\"flow\" stroke-width=\"{wide:.1}\" d=\"M{from} {a:.1} C{middle} {a:.1} {middle} {b:.1} {to} {b:.1}\"><title>{} to {}: {}</title></path>",
            html(host),
            html(destination),
            Bytes(*bytes)
        );
    }
    for (side, (x, anchor)) in places.iter().zip([(from - 8.0, "end"), (to + 8.0, "start")]) {
        for (name, end) in side {
            let _ = write!(
                svg,
                "<text x=\"{x}\" y=\"{:.0}\" text-anchor=\"{anchor}\">{}</text>",
                end.y + 4.0,
                html(&short(name))
            );
        }
    }
    svg + "</svg>"
}

/// How many hosts sent how much: `counts` by power of two of their bytes, and how many of them are told of.
pub(super) fn distribution(counts: &[u64], told: &[u64], says: &str) -> String {
    let (top, bottom, left) = (14.0, 130.0, 76.0);
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
        if place % 5 == 0 {
            let _ = write!(
                svg,
                "<text class=\"soft\" x=\"{x:.0}\" y=\"150\">{}</text>",
                Bytes(1u64 << power.min(63))
            );
        }
    }
    let _ = write!(
        svg,
        "<line class=\"axis\" x1=\"{left}\" y1=\"{bottom}\" x2=\"{WIDTH}\" y2=\"{bottom}\"/><text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{}</text></svg>",
        left - 6.0,
        top + 6.0,
        grouped(counts.iter().copied().max().unwrap_or(0))
    );
    svg
}

/// A name that fits beside the picture.
fn short(name: &str) -> String {
    let mut short: String = name.chars().take(18).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

fn date(day: Timestamp) -> String {
    day.to_string().split('T').next().unwrap_or_default().to_owned()
}
