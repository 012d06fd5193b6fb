//! Thefts, labelled: one file per scenario, one row each in [`SCENARIOS`].
//!
//! A scenario plans one theft at a time: which hosts, where to, when, how much. It marks what it steals
//! (`Transfer::theft`); small talk before the theft (beacons to a command server, copies inside the house) is not marked,
//! since no data leaves by it. The labels are added up from what is written, not from what was planned.
//!
//! Sizes and times are those of published cases, or drawn from the ranges that DETECTION's table names; they do not know
//! what a detector looks at.

mod aws_2025;
mod backup_new_vault;
mod backup_same_vault;
mod beacon;
mod boiling_frog;
mod capita_2023;
mod dns_tunnel;
mod drip;
mod hackney_2020;
mod insider;
mod leak;
mod low_and_slow;
mod new_host;
mod off_hours;
mod open_bucket;
mod popular_service;
mod quiet;
mod smash_and_grab;
mod spread;
mod throttled;
mod usual;
mod web_pull;

use super::arithmetic::{exp, ln, share, whole};
use super::calendar::Hour;
use super::places;
use super::random::{Random, stream};
use super::transfer::{Service, Side, Transfer};
use super::world::{Host, World};
use leak::{Leak, Pace, Parts};
use std::collections::BTreeSet;
use std::ops::Range;

/// A kind of theft.
#[derive(Debug)]
pub struct Scenario {
    /// As given to `--scenario` and written into the labels.
    pub name: &'static str,
    /// One sentence for a person, with the source of its figures.
    pub about: &'static str,
    pub(super) plan: fn(&World, &mut Brief<'_>) -> Box<dyn Theft>,
}

/// All scenarios.
pub const SCENARIOS: &[&Scenario] = &[
    &quiet::SCENARIO,
    &capita_2023::SCENARIO,
    &open_bucket::SCENARIO,
    &hackney_2020::SCENARIO,
    &aws_2025::SCENARIO,
    &smash_and_grab::SCENARIO,
    &drip::SCENARIO,
    &spread::SCENARIO,
    &throttled::SCENARIO,
    &off_hours::SCENARIO,
    &low_and_slow::SCENARIO,
    &backup_new_vault::SCENARIO,
    &backup_same_vault::SCENARIO,
    &popular_service::SCENARIO,
    &web_pull::SCENARIO,
    &boiling_frog::SCENARIO,
    &insider::SCENARIO,
    &beacon::SCENARIO,
    &new_host::SCENARIO,
    &dns_tunnel::SLOW,
    &dns_tunnel::MEDIUM,
    &dns_tunnel::FAST,
];

/// What a scenario is asked for.
pub(super) struct Brief<'a> {
    /// The theft's place among all thefts, for [`Transfer::theft`].
    pub(super) position: usize,
    /// Its number among those of its scenario, from 0.
    pub(super) number: u32,
    /// The hour of the log before which nothing is stolen, below its length.
    pub(super) learning: u32,
    /// How many hosts leak, where that was asked for.
    pub(super) leaking: Option<u32>,
    /// How many bytes leave in all; `None` for the scenario's own figure.
    pub(super) bytes: Option<u64>,
    /// Hosts that leak already: no host plays in two thefts.
    pub(super) taken: &'a mut BTreeSet<u32>,
}

/// A theft under way. Asked for every hour once, in order.
pub(super) trait Theft: Send {
    /// Adds what opens in this hour.
    fn hour(&mut self, world: &World, hour: &Hour, out: &mut Vec<Transfer>);
}

impl Brief<'_> {
    /// The draws of this theft.
    fn random(&self, world: &World, name: &str) -> Random {
        world.random(stream(name), [u64::MAX, u64::from(self.number)])
    }

    /// How many hosts leak, where the scenario would take so many.
    fn hosts(&self, usually: u32) -> u32 {
        self.leaking.unwrap_or(usually)
    }

    /// How many bytes are stolen: between these, small amounts as likely as large ones (log-uniform).
    fn bytes(&self, random: &mut Random, low: f64, high: f64) -> u64 {
        self.bytes.unwrap_or_else(|| whole(exp(random.between(ln(low), ln(high)))))
    }

    /// A stretch of `length` hours, at least one, anywhere after the learning period; shorter in a short log.
    fn window(&self, world: &World, random: &mut Random, length: u32) -> Range<u32> {
        let room = world.hours.saturating_sub(self.learning);
        let length = length.clamp(1, room.max(1));
        let start = self.learning + random.pick(room - length + 1);
        start..start + length
    }

    /// Chooses leaking hosts among those that `fits` and that are there all the time, anywhere in the estate; fewer where
    /// there are not so many.
    fn choose(&mut self, world: &World, name: &str, count: u32, fits: impl Fn(&Host) -> bool) -> Vec<Host> {
        let stays = |host: &Host| host.serves.start == 0 && host.serves.end >= world.hours;
        self.choose_any(world, name, count, |host| stays(host) && fits(host))
    }

    /// The same among hosts that come and go, too.
    fn choose_any(
        &mut self,
        world: &World,
        name: &str,
        count: u32,
        fits: impl Fn(&Host) -> bool,
    ) -> Vec<Host> {
        let key = u64::from(self.number);
        let mut fitting: Vec<(u64, Host)> = world
            .hosts
            .iter()
            .filter(|host| fits(host) && !self.taken.contains(&host.number))
            .map(|host| (world.random(stream(name), [u64::from(host.number), key]).bits(), *host))
            .collect();
        fitting.sort_by_key(|(lot, host)| (*lot, host.number));
        fitting.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        fitting.sort_by_key(|(_, host)| host.number);
        self.taken.extend(fitting.iter().map(|(_, host)| host.number));
        fitting.into_iter().map(|(_, host)| host).collect()
    }
}

/// `bytes` dealt out to hosts, some of which hold more than others: between 0.5 and 1.5 of the mean.
fn dealt(bytes: u64, hosts: Vec<Host>, random: &mut Random) -> Vec<(Host, u64)> {
    let weights: Vec<u64> = hosts.iter().map(|_| 500 + random.below(1_001)).collect();
    let all = weights.iter().sum();
    let mut upto = 0;
    let part = |(host, weight): (Host, u64)| {
        upto += weight;
        (host, share(bytes, upto - weight, upto, all))
    };
    hosts.into_iter().zip(weights).map(part).collect()
}

/// The scenario of this name.
pub fn by_name(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().copied().find(|scenario| scenario.name == name)
}
