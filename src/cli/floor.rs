//! `outflow floor`.

use super::judge::JudgeArguments;
use super::read::{Opened, ReadArguments};
use super::{Ending, say};
use crate::batch;
use crate::drill::{self, shown_by};
use crate::eval::Incident;
use crate::event::Channel;
use crate::floor::{self, Floor, Floors, Side, Way, Within};
use crate::formats::Detail;
use crate::outputs::{
    self, BlindSpot, FloorPrice, FloorProof, FloorReport, FloorRow, FloorSummary, FloorWay,
};
use crate::pipeline::{Eve, Scan, Source};
use crate::tally::{Counts, OTHERS};
use crate::units::{Span, Timestamp};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::collections::BTreeMap;
use std::io::{BufWriter, Write, stdout};
use std::sync::Arc;
use std::time::Duration;

const ABOUT: &str = "A floor is the largest theft that stays out of the budget: from one host, in an hour, a day or a month, to a destination that nobody \
used before, to the one that the host sends most to, over DNS; of servers and buckets to a client that is new, or known. It is computed as \
of the last whole day of the logs: by what was usual before it, on top of what the host sent on that day, by the same code that judges \
incidents, for a thief who knows all this. Thefts just below and just above some floors are laid over the logs, in memory, to prove them. \
Files are read several times, so standard input will not do.

Exit code: 0; 2 trouble.";

#[derive(Debug, Args)]
#[command(after_help = ABOUT)]
pub(super) struct Arguments {
    #[command(flatten)]
    read: ReadArguments,
    #[command(flatten)]
    judge: JudgeArguments,
    /// Hosts with the highest floors that are listed
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// Up to so many hosts are computed one by one; of more, those that are alike share a floor
    #[arg(long, value_name = "N", default_value_t = EXACT)]
    exact: usize,
    /// Hosts, by each way, whose floors are proven by thefts laid over the logs, in a few readings for all; 0: none
    #[arg(long, value_name = "N", default_value_t = 2)]
    proofs: usize,
}

/// Some milliseconds each: minutes on two cores.
const EXACT: usize = 20_000;

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    let Arguments { read, judge, .. } = arguments;
    if !read.names_files() {
        bail!("floors are computed in several readings of the logs: name files or folders");
    }
    let (day, anyway) = first_reading(read, judge)?;
    let mut opened = read.open(Detail::Judged)?;
    let mut scan = scan(judge, &mut opened)?.with_aside(day);
    opened.read(&mut scan);
    let mut eve = scan.finish_eve().context("no day was kept aside")?;
    let unused = eve.baseline.invent(day);
    if eve.baseline.begins.is_none_or(|begins| day - begins < crate::baseline::COLD) {
        say(
            "the logs tell of less than two days before that: what is new is not judged yet, and may be of any size",
        );
    }

    let hosts = watched(&eve);
    let groups = floor::groups(&eve, &hosts, arguments.exact);
    if !read.quiet {
        say(&format!("{} hosts, {} of them computed", hosts.len(), groups.len()));
    }
    let of_groups = batch::map(&groups, |group| {
        group.first().map(|host| floor::floors(&eve, unused, *host)).unwrap_or_default()
    });
    let of_hosts: Vec<(u32, Floors)> = groups
        .iter()
        .zip(&of_groups)
        .flat_map(|(group, floors)| {
            group.iter().flat_map(move |host| floors.iter().map(move |one| (*host, *one)))
        })
        .collect();
    let proofs = prove(arguments, (&eve, unused), &opened, &anyway, &of_hosts)?;

    let rows = rows(&eve, &opened, &of_hosts);
    let sources = &opened.batch.sources;
    let summary = FloorSummary {
        day,
        budget: judge.budget(&opened).per_day,
        bits: eve.standard.bits,
        computed: groups.len(),
        unseen: unseen(sources, &eve.counts, &rows),
    };
    let prices = opened.allow.iter().filter_map(|rule| {
        let price = floor::price(&eve, rule, &opened.estate.inventory, &of_hosts)?;
        let (line, reason) = (rule.line, &*rule.reason);
        Some(FloorPrice {
            line,
            reason,
            hosts: price.hosts,
            without: bytes(price.without),
            with: bytes(price.with),
        })
    });
    let proofs = proofs.iter().map(|proof| FloorProof {
        host: eve.hosts.name(proof.claim.host),
        way: proof.claim.way.name(),
        within: proof.claim.within.name(),
        floor: proof.claim.floor,
        below_told: proof.below_told,
        above_told: proof.above_told,
    });
    let (prices, proofs) = (prices.collect(), proofs.collect());
    let report = FloorReport { rows, blind: blind(sources, &eve), prices, proofs, summary };
    let mut to = BufWriter::new(stdout().lock());
    if read.json {
        outputs::floor_json(&report, &mut to)?;
    } else {
        outputs::floor_table(&report, arguments.top, &mut to)?;
    }
    to.flush()?;
    Ok(opened.ending())
}

/// The start of the last day of which the logs tell all 24 hours, and what is told of them as they are.
fn first_reading(read: &ReadArguments, judge: &JudgeArguments) -> Result<(Timestamp, Vec<Incident>)> {
    let mut opened = read.open(Detail::Judged)?;
    let mut scan = scan(judge, &mut opened)?;
    opened.read(&mut scan);
    let scanned = scan.finish();
    let spans = scanned.counts.iter().filter_map(|counts| counts.span);
    let Some((first, last)) = spans.reduce(|(a, b), (c, d)| (a.min(c), b.max(d))) else {
        bail!("the logs hold nothing that could be judged");
    };
    // A log that is quiet in the last hour of its day tells all of it.
    let day = (last + Span::HOUR).floor(Span::DAY) - Span::DAY;
    if day <= first {
        let length = last - first;
        bail!("the logs tell of {length}: a floor needs what was usual before a whole day, best some weeks");
    }
    let report = scanned.report(&opened.batch.sources, &opened.estate.inventory, Duration::ZERO);
    Ok((day, drill::incidents(&report)))
}

/// A scan without rules: what they cost is told apart.
fn scan(judge: &JudgeArguments, opened: &mut Opened) -> Result<Scan> {
    Ok(judge.scan(opened)?.with_rules(Arc::default()))
}

/// Numbers of hosts from which something can leave.
fn watched(eve: &Eve) -> Vec<u32> {
    let hosts = eve.baseline.hosts.iter().zip(0u32..).filter(|(host, _)| host.first.is_some());
    let numbers = hosts.map(|(_, number)| number);
    numbers.filter(|host| !["", OTHERS].contains(&eve.hosts.name(*host))).collect()
}

/// Lays thefts below and above some floors over the logs: a reading for each side and length.
fn prove(
    arguments: &Arguments,
    (eve, unused): (&Eve, u32),
    opened: &Opened,
    anyway: &[Incident],
    floors: &[(u32, Floors)],
) -> Result<Vec<floor::Proof>> {
    let Arguments { read, judge, proofs, .. } = arguments;
    let known = (opened.batch.sources.as_slice(), &opened.estate.inventory);
    let chosen = floor::claims(eve, known, anyway, floors, *proofs);
    // What was shared by hosts that are alike is computed for each.
    let mut exact: Vec<(u32, Floors)> = Vec::new();
    for claim in &chosen {
        let own = floor::floors(eve, unused, claim.host);
        exact.extend(own.into_iter().filter(|own| own.way == claim.way).map(|own| (claim.host, own)));
    }
    exact.dedup();
    let claims = floor::claims(eve, known, anyway, &exact, *proofs);
    let mut proofs: Vec<floor::Proof> = claims
        .into_iter()
        .map(|claim| floor::Proof { claim, below_told: false, above_told: false })
        .collect();
    // What is below takes no room in the budget; what is above takes what the logs themselves leave, at most half of it.
    let day = eve.aside.day;
    let taken =
        anyway.iter().filter(|told| told.in_budget && told.detected_at.floor(Span::DAY) == day).count();
    let budget = usize::try_from(judge.budget(opened).per_day).unwrap_or(usize::MAX);
    let room = budget.saturating_sub(taken).min(budget / 2).max(1);
    for within in [Within::Hour, Within::Day] {
        let mut proofs: Vec<&mut floor::Proof> =
            proofs.iter_mut().filter(|proof| proof.claim.within == within).collect();
        let all = proofs.len().max(1);
        for (side, at_once) in [(Side::Below, all), (Side::Above, room)] {
            for proofs in proofs.chunks_mut(at_once) {
                let claims: Vec<&floor::Claim> = proofs.iter().map(|proof| &proof.claim).collect();
                let incidents = reading(read, judge, |sources| floor::lay(eve, sources, &claims, side))?;
                for proof in proofs {
                    let told = floor::told(eve, &proof.claim, &incidents);
                    match side {
                        Side::Below => proof.below_told = told,
                        Side::Above => proof.above_told = told,
                    }
                }
            }
        }
    }
    Ok(proofs)
}

/// What is told of the logs with something laid over them.
fn reading(
    read: &ReadArguments,
    judge: &JudgeArguments,
    lay: impl Fn(&[Source]) -> Vec<floor::LaidLines>,
) -> Result<Vec<Incident>> {
    let mut opened = read.open(Detail::Judged)?;
    for (source, lines, begins) in lay(&opened.batch.sources) {
        opened.batch.lay(source, lines, begins);
    }
    let mut scan = scan(judge, &mut opened)?;
    opened.read(&mut scan);
    let scanned = scan.finish();
    let report = scanned.report(&opened.batch.sources, &opened.estate.inventory, Duration::ZERO);
    Ok(drill::incidents(&report))
}

/// As outputs have it.
fn bytes(floor: Floor) -> Option<u64> {
    match floor {
        Floor::Bytes(bytes) => Some(bytes),
        Floor::Boundless => None,
    }
}

/// A row for each name, whatever kinds of traffic it is seen in.
fn rows<'a>(eve: &'a Eve, opened: &'a Opened, floors: &[(u32, Floors)]) -> Vec<FloorRow<'a>> {
    let inventory = &opened.estate.inventory;
    let mut rows: BTreeMap<&str, Vec<FloorWay>> = BTreeMap::new();
    for (host, floors) in floors {
        let within = floors.within.map(bytes);
        let ways = rows.entry(eve.hosts.name(*host)).or_default();
        let way = floors.way.name();
        // By a server's log and by a sensor the same may be seen twice: who sees more tells.
        match ways.iter_mut().find(|known| known.way == way) {
            Some(known) => {
                for (known, within) in known.within.iter_mut().zip(within) {
                    *known = known.zip(within).map(|(a, b)| a.min(b)).or(*known).or(within);
                }
            }
            None => ways.push(FloorWay { way, within }),
        }
    }
    let place = |way: &str| Way::ALL.iter().position(|other| other.name() == way);
    rows.into_iter()
        .map(|(host, mut ways)| {
            ways.sort_by_key(|way| place(way.way));
            let member = inventory.member(host);
            FloorRow { host, role: member.map_or("", |member| &member.role), ways }
        })
        .collect()
}

/// Logs that hide whatever is stolen: those that do not say how much left, and those that miss something since the day before.
fn blind(sources: &[Source], eve: &Eve) -> Vec<BlindSpot> {
    let blind = sources.iter().zip(&eve.counts).filter_map(|(source, counts)| {
        Some(BlindSpot { path: source.path.clone(), why: source.blind(counts)? })
    });
    let silent = eve.missing().map(|(name, why)| BlindSpot { path: name.to_owned(), why });
    blind.chain(silent).collect()
}

/// Ways that no log shows, and why.
fn unseen(sources: &[Source], counts: &[Counts], rows: &[FloorRow<'_>]) -> Vec<(&'static str, String)> {
    let ways = [(Way::NewDestination, Channel::Transfer), (Way::Dns, Channel::Names)];
    let unseen = ways.into_iter().filter_map(|(way, channel)| {
        let why = shown_by(channel, sources, counts).err()?;
        let shown = rows.iter().any(|row| row.ways.iter().any(|other| other.way == way.name()));
        (!shown).then_some((way.name(), why))
    });
    unseen.collect()
}
