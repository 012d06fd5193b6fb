//! Whether a floor holds: thefts just below and just above it, laid over the logs as lines and read like any other.

use super::supposed::{PORT, parts};
use super::{Floor, Floors, Way, Within, begins};
use crate::drill::{laid_over, shown_by, written};
use crate::estate::Inventory;
use crate::eval::Incident;
use crate::event::{Channel, Role};
use crate::pipeline::{Eve, Source};
use crate::synth::{Columns, End, one_of_group};
use crate::tally::OTHERS;
use crate::units::{Span, Timestamp};
use std::collections::BTreeSet;
use std::io::{Cursor, Read};

/// On which side of the floor a theft is laid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A fifth smaller.
    Below,
    /// A quarter larger.
    Above,
}

impl Side {
    fn of(self, floor: u64) -> u64 {
        match self {
            Side::Below => floor - floor / 5,
            Side::Above => floor.saturating_add(floor / 4).saturating_add(1),
        }
    }
}

/// A floor to be proven.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Number of the host.
    pub host: u32,
    /// By which way.
    pub way: Way,
    /// For how long.
    pub within: Within,
    /// The floor, in bytes.
    pub floor: u64,
    /// In which hours of the day it is sent: the first, and how many.
    hours: (u8, u8),
    /// The host, and the other end, as lines call them.
    ends: (String, String),
    /// The group of the other end.
    group: String,
}

/// What became of a claim.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The claim.
    pub claim: Claim,
    /// Whether the smaller theft was told.
    pub below_told: bool,
    /// Whether the larger was.
    pub above_told: bool,
}

/// Floors to be proven: of each way up to `count`, of hosts that lie evenly between the lowest and the highest floor; none of a host
/// twice, none of those of which something is told anyway, and none of buckets.
pub fn claims(
    eve: &Eve,
    (sources, inventory): (&[Source], &Inventory),
    anyway: &[Incident],
    floors: &[(u32, Floors)],
    count: usize,
) -> Vec<Claim> {
    let accused: BTreeSet<&str> =
        anyway.iter().filter(|incident| incident.in_budget).map(|incident| &*incident.host).collect();
    let mut claims: Vec<Claim> = Vec::new();
    for way in [Way::NewDestination, Way::KnownDestination, Way::Dns, Way::NewClient, Way::KnownClient] {
        let mut able: Vec<(u64, u32, &Floors)> = floors
            .iter()
            .filter(|(_, floors)| floors.way == way)
            .filter(|(host, _)| eve.hosts.channel(*host) != Channel::Objects)
            .filter(|(host, _)| !accused.contains(eve.hosts.name(*host)))
            .filter_map(|(host, floors)| match floors.within[Within::Day as usize] {
                Floor::Bytes(bytes) if bytes > 0 => Some((bytes, *host, floors)),
                _ => None,
            })
            .collect();
        able.sort_unstable_by_key(|(bytes, host, _)| (*bytes, *host));
        for place in 0..count.min(able.len()) {
            let at = (2 * place + 1) * able.len() / (2 * count.min(able.len()));
            let near = able.iter().skip(at).chain(able.iter().take(at));
            let free = near.filter(|(_, host, _)| claims.iter().all(|claim| claim.host != *host));
            let able = |(_, host, floors): &(u64, u32, &Floors)| {
                let (ends, group) = ends(eve, (sources, inventory), *host, way, claims.len())?;
                Some((*host, **floors, ends, group))
            };
            if let Some((host, floors, ends, group)) = free.into_iter().take(TRIES).find_map(able) {
                for (within, hours) in [(Within::Hour, 1), (Within::Day, floors.hours)] {
                    if let Floor::Bytes(floor) = floors.within[within as usize] {
                        let hours = (begins(floors.busiest, hours), hours);
                        let (ends, group) = (ends.clone(), group.clone());
                        claims.push(Claim { host, way, within, floor, hours, ends, group });
                    }
                }
            }
        }
    }
    claims
}

/// How many hosts are tried for which no line can be written.
const TRIES: usize = 1000;

/// How lines call the host and the other end, and the group of that.
fn ends(
    eve: &Eve,
    (sources, inventory): (&[Source], &Inventory),
    host: u32,
    way: Way,
    number: usize,
) -> Option<((String, String), String)> {
    let channel = eve.hosts.channel(host);
    let (_, role) = shown_by(channel, sources, &eve.counts).ok()?;
    let written = written(eve.hosts.name(host), role, inventory)?;
    let (other, group) = if way.is_known() {
        let group = eve.destinations.name(eve.aside.favourite(host)?);
        (group != OTHERS).then(|| (one_of_group(group), group.to_owned()))?
    } else {
        unseen(eve, channel, role, number)?
    };
    Some(((written, other), group))
}

/// A place that the logs do not know, and its group.
fn unseen(eve: &Eve, channel: Channel, role: Role, number: usize) -> Option<(String, String)> {
    let by_name = matches!(role, Role::Proxy | Role::Dns);
    (0..=u8::MAX).find_map(|lot| {
        let network = format!("240.{lot}.{}", number % 256);
        let (written, group) = if by_name {
            let name = format!("floor-{number}-{lot}.example");
            (name.clone(), name)
        } else {
            (format!("{network}.1"), format!("{network}.0/24"))
        };
        eve.destinations.number(&group, channel).is_none().then_some((written, group))
    })
}

/// A source that is laid over the logs: its lines, and when they begin.
pub type LaidLines = (Source, Box<dyn Read + Send>, Timestamp);

/// What is to be laid over the logs for one side of some claims, a source for each kind of traffic.
pub fn lay(eve: &Eve, sources: &[Source], claims: &[&Claim], side: Side) -> Vec<LaidLines> {
    let mut laid: Vec<LaidLines> = Vec::new();
    for channel in Channel::ALL {
        let Ok((place, role)) = shown_by(channel, sources, &eve.counts) else { continue };
        let mut lines: Vec<(Timestamp, Vec<u8>)> = Vec::new();
        for claim in claims.iter().filter(|claim| eve.hosts.channel(claim.host) == channel) {
            write(claim, side.of(claim.floor), eve.aside.day, role, &mut lines);
        }
        lines.sort();
        let source = sources.get(place).and_then(|source| laid_over(source, role));
        if let (Some(source), Some((first, _))) = (source, lines.first()) {
            let begins = *first - Span::MINUTE;
            let text: Vec<u8> = lines.into_iter().flat_map(|(_, line)| line).collect();
            laid.push((source, Box::new(Cursor::new(text)), begins));
        }
    }
    laid
}

/// How many lines carry what an hour does, and how unlike they are: pieces of one size show themselves.
const PIECES: [u64; 12] = [5, 9, 2, 7, 1, 8, 3, 6, 4, 9, 2, 7];

/// Bytes that one question carries at most, in labels of 60.
const QUESTION: u64 = 180;

fn write(claim: &Claim, bytes: u64, day: Timestamp, role: Role, lines: &mut Vec<(Timestamp, Vec<u8>)>) {
    let (from, hours) = claim.hours;
    for (part, hour) in parts(bytes, usize::from(hours)).into_iter().zip(from..) {
        let start = day + Span::HOUR.times(i64::from(hour));
        let all: u64 = PIECES.iter().sum();
        let mut sum = 0;
        let mut gone = 0;
        for (weight, window) in PIECES.into_iter().zip(0i64..) {
            sum += weight;
            let until = u64::try_from(u128::from(part) * u128::from(sum) / u128::from(all)).unwrap_or(part);
            let piece = until - std::mem::replace(&mut gone, until);
            let at = start + Span::MINUTE.times(5 * window + 2);
            if claim.way == Way::Dns {
                questions(claim, piece, at, role, lines);
            } else if piece > 0 {
                lines.push((at, line(claim, piece, at, role)));
            }
        }
    }
}

fn line(claim: &Claim, bytes: u64, closed: Timestamp, role: Role) -> Vec<u8> {
    let (host, other) = &claim.ends;
    let here = End { name: host, port: PORT, bytes };
    let there = End { name: other, port: PORT, bytes: 0 };
    let by_client = matches!(claim.way, Way::NewClient | Way::KnownClient);
    let (from, to) = if by_client { (there, here) } else { (here, there) };
    let from = End { port: 50_000, ..from };
    let mut out = Vec::new();
    Columns { closed, duration: Span::MINUTE, from, to, agent: "", question: b"" }.write(role, &mut out);
    out
}

/// As many questions as carry so many bytes.
fn questions(claim: &Claim, bytes: u64, from: Timestamp, role: Role, lines: &mut Vec<(Timestamp, Vec<u8>)>) {
    let (host, domain) = &claim.ends;
    let count = bytes.div_ceil(QUESTION);
    for number in 0..count {
        let size = usize::try_from(QUESTION.min(bytes - number * QUESTION)).unwrap_or(0);
        let at = Timestamp(from.0 + i64::try_from(number * 120_000_000 / count).unwrap_or(0));
        // Two questions alike might be one that is told twice.
        let data = format!("{:x<size$}", base26(number));
        let mut question = Vec::new();
        for label in data.as_bytes().get(..size).unwrap_or_default().chunks(60) {
            question.extend_from_slice(label);
            question.push(b'.');
        }
        question.extend_from_slice(domain.as_bytes());
        let from = End { name: host, port: 50_000, bytes: 0 };
        let to = End { name: "", port: 53, bytes: 0 };
        let mut out = Vec::new();
        Columns { closed: at, duration: Span(0), from, to, agent: "", question: &question }
            .write(role, &mut out);
        lines.push((at, out));
    }
}

fn base26(mut number: u64) -> String {
    let mut text = String::new();
    loop {
        text.push(char::from(b'a' + u8::try_from(number % 26).unwrap_or(0)));
        number /= 26;
        if number == 0 {
            return text;
        }
    }
}

/// Whether a theft was told, by the incidents of the reading in which it was laid.
pub fn told(eve: &Eve, claim: &Claim, incidents: &[Incident]) -> bool {
    let name = eve.hosts.name(claim.host);
    // What is told later is by another day's bar.
    let day = eve.aside.day..eve.aside.day + Span::DAY;
    incidents.iter().any(|incident| {
        incident.in_budget
            && incident.host == name
            && day.contains(&incident.detected_at)
            && incident.destination.as_ref().is_none_or(|group| *group == claim.group)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(way: Way, hours: (u8, u8)) -> Claim {
        let ends = ("10.0.0.1".to_owned(), "floor-0-0.example".to_owned());
        Claim { host: 0, way, within: Within::Day, floor: 1, hours, ends, group: String::new() }
    }

    /// Bytes of column `place` in all lines.
    fn sum(lines: &[(Timestamp, Vec<u8>)], place: usize) -> u64 {
        let column = |line: &Vec<u8>| {
            let text = String::from_utf8_lossy(line).into_owned();
            text.split('\t').nth(place).and_then(|bytes| bytes.parse::<u64>().ok()).unwrap_or(0)
        };
        lines.iter().map(|(_, line)| column(line)).sum()
    }

    #[test]
    fn lines_carry_exactly_what_is_stolen() {
        for (hours, bytes) in [((12, 1), 999_999_937), ((0, 24), 1_000_003), ((20, 4), 7)] {
            let mut lines = Vec::new();
            write(&claim(Way::NewDestination, hours), bytes, Timestamp(0), Role::Flow, &mut lines);
            assert_eq!(sum(&lines, 4), bytes);
            let mut lines = Vec::new();
            write(&claim(Way::NewClient, hours), bytes, Timestamp(0), Role::Server, &mut lines);
            assert_eq!(sum(&lines, 7), bytes);
            let within = Span::HOUR.times(i64::from(hours.0))..Span::HOUR.times(i64::from(hours.0 + hours.1));
            assert!(lines.iter().all(|(at, _)| within.contains(&(*at - Timestamp(0)))));
        }
    }

    #[test]
    fn questions_carry_exactly_what_is_stolen() {
        let mut lines = Vec::new();
        write(&claim(Way::Dns, (3, 2)), 12_345, Timestamp(0), Role::Dns, &mut lines);
        let data = |line: &[u8]| {
            let text = String::from_utf8_lossy(line).into_owned();
            let name = text.trim_end().rsplit('\t').next().unwrap_or_default().to_owned();
            name.strip_suffix("floor-0-0.example").map_or(0, |labels| labels.replace('.', "").len())
        };
        assert_eq!(lines.iter().map(|(_, line)| data(line)).sum::<usize>(), 12_345);
    }
}
