//! What a scan learned of somebody's logs → the grounds on which thefts are laid, one for each kind of traffic.

use super::Settings;
use super::log::{shown_by, written};
use crate::baseline::{Baseline, DAY_SCALE, Host, Level, Rarity, Reach};
use crate::estate::Inventory;
use crate::event::{Channel, Role, address};
use crate::pipeline::Source;
use crate::synth::{Ground, Like, SeenHost, Tells};
use crate::tally::{Counts, Directory, OTHERS};
use crate::units::{Span, Timestamp};
use std::sync::Arc;

/// A nightly job sends so much of a day within so many hours, on so many of the days.
const NIGHTLY_SHARE: f64 = 0.8;
const NIGHTLY_HOURS: usize = 3;
const NIGHTLY_DAYS: f64 = 0.6;

/// A log over which thefts can be laid.
#[derive(Debug)]
pub(super) struct Log {
    /// Which of the sources.
    pub(super) source: usize,
    pub(super) role: Role,
    pub(super) ground: Arc<Ground>,
}

/// What the grounds are made of.
pub(super) struct Made<'a> {
    pub(super) baseline: &'a Baseline,
    pub(super) hosts: &'a Directory,
    pub(super) destinations: Arc<Directory>,
    pub(super) counts: &'a [Counts],
    pub(super) sources: &'a [Source],
    pub(super) inventory: &'a Inventory,
}

impl Made<'_> {
    /// The ground of one kind of traffic, or why the logs cannot show a theft by it.
    pub(super) fn log(&self, channel: Channel, settings: &Settings) -> Result<Log, String> {
        let (source, role) = shown_by(channel, self.sources, self.counts)?;
        let spans = self.counts.iter().filter_map(|counts| counts.span);
        let span = spans.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)));
        let (first, last) = span.ok_or("the logs hold nothing")?;
        let length = last - first;
        let tells = Tells {
            role,
            span: (first, last),
            hosts: self.seen(channel, role),
            buckets: self.buckets(),
            popular: [Rarity::Popular, Rarity::Some].map(|rarity| self.used(channel, rarity)),
            known: Arc::clone(&self.destinations),
            learning: settings.learning.unwrap_or_else(|| learning(length)),
        };
        let ground = Ground::new(settings.seed, tells)
            .ok_or_else(|| format!("the logs tell of {length}: too short to learn from and to steal in"))?;
        Ok(Log { source, role, ground: Arc::new(ground) })
    }

    fn of_channel(&self, channel: Channel) -> impl Iterator<Item = (&str, &Host)> {
        let hosts = self.baseline.hosts.iter().zip(self.hosts.names()).map(|(host, name)| (&**name, host));
        hosts.filter(move |(name, host)| {
            host.channel == channel && host.first.is_some() && *name != OTHERS && !name.is_empty()
        })
    }

    fn seen(&self, channel: Channel, role: Role) -> Vec<SeenHost> {
        // A server that its own log names is called by its address in flows: there it is another host.
        let named = role == Role::Server
            && self.of_channel(channel).any(|(name, _)| address(name.as_bytes()).is_none());
        let hosts = self.of_channel(channel).filter_map(|(name, host)| {
            if named && address(name.as_bytes()).is_some() {
                return None;
            }
            self.host(name, written(name, role, self.inventory)?, host)
        });
        hosts.collect()
    }

    fn host(&self, name: &str, written: String, host: &Host) -> Option<SeenHost> {
        let (first, last) = (host.first?, host.unit.last?);
        let days = ((last - first).0 / Span::DAY.0 + 1).unsigned_abs();
        let sent = host.pairs.iter().map(|(_, pair)| pair.total).sum::<u64>();
        let most = host.pairs.iter().max_by_key(|(group, pair)| (pair.total, std::cmp::Reverse(*group)));
        let group = |(group, _): &(u32, _)| self.destinations.name(*group);
        let favourite = most.filter(|(_, pair)| pair.total > 0).filter(|most| group(most) != OTHERS);
        let carried = favourite.map_or(0, |(_, pair)| pair.total);
        Some(SeenHost {
            name: name.to_owned(),
            written,
            like: like(host),
            heard: (first, last),
            an_hour: host.unit.record(0),
            a_day: sent / days,
            favourite: favourite.as_ref().map(|most| group(most).to_owned()),
            nightly: (carried * 2 >= sent && days > 2).then(|| nightly(host, last, days)).flatten(),
        })
    }

    /// Buckets by name, those that no stranger reads first.
    fn buckets(&self) -> Vec<String> {
        let open = |name: &str| self.hosts.number(name, Channel::Public).is_some();
        let mut names: Vec<&str> = self.of_channel(Channel::Objects).map(|(name, _)| name).collect();
        names.sort_by_key(|name| (open(name), *name));
        let closed = names.iter().filter(|name| !open(name)).count();
        let count = if closed > 0 { closed } else { names.len() };
        names.into_iter().take(count).map(str::to_owned).collect()
    }

    /// Groups that so many hosts use, the most used first.
    fn used(&self, channel: Channel, rarity: Rarity) -> Vec<String> {
        let groups = self.baseline.destinations.iter().zip(0u32..);
        let mut groups: Vec<(u32, &str)> = groups
            .filter(|(group, number)| {
                self.destinations.channel(*number) == channel
                    && self.baseline.rarity(group, channel) == rarity
                    && self.destinations.name(*number) != OTHERS
            })
            .map(|(group, number)| (group.hosts, self.destinations.name(number)))
            .collect();
        groups.sort_by_key(|(hosts, name)| (std::cmp::Reverse(*hosts), *name));
        groups.into_iter().map(|(_, name)| name.to_owned()).collect()
    }
}

/// A third of the log, at least two days (until then an estate is cold) or half of a shorter one, at most ten.
fn learning(length: Span) -> Span {
    let cold = crate::baseline::COLD.min(Span(length.0 / 2));
    Span(length.0 / 3).max(cold).min(Span::DAY.times(10))
}

fn like(host: &Host) -> Like {
    match (Level::of(host.unit.record(DAY_SCALE)), Reach::of(host.pairs.len())) {
        _ if host.serves() => Like::Web,
        (_, Reach::Dozens | Reach::Many) => Like::Desk,
        (Level::New | Level::Silent | Level::Quiet, _) => Like::Quiet,
        (Level::Ordinary, _) => Like::Server,
        (Level::Busy | Level::Heavy, _) => Like::Busy,
    }
}

/// What it sends night for night, and at which hour, if it does.
fn nightly(host: &Host, last: Timestamp, days: u64) -> Option<(u64, u32)> {
    if host.unit.record(DAY_SCALE) <= 100_000_000 {
        return None;
    }
    // The first and the last day are not whole.
    let count = i64::try_from(days).ok()?.min(15);
    let mut by_day = host.unit.rolling.days(last, count);
    by_day.pop();
    by_day.sort_unstable();
    let usual = *by_day.get(by_day.len() * 2 / 3)?;
    let nights = by_day.iter().filter(|day| **day >= usual / 3).count();
    let mut hours = host.unit.rolling.hours(last);
    hours.sort_by_key(|(_, net)| std::cmp::Reverse(*net));
    let all: u64 = hours.iter().map(|(_, net)| net).sum();
    hours.truncate(NIGHTLY_HOURS);
    let most: u64 = hours.iter().map(|(_, net)| net).sum();
    // A large copy that was made once is no habit.
    let regular =
        usual >= host.unit.record(DAY_SCALE) / 4 && nights as f64 >= NIGHTLY_DAYS * by_day.len() as f64;
    let begins = hours.iter().map(|(hour, _)| *hour).min()?;
    let hour = u32::try_from(begins.0.div_euclid(Span::HOUR.0).rem_euclid(24)).ok()?;
    (regular && most as f64 >= NIGHTLY_SHARE * all as f64).then_some((usual, hour))
}
