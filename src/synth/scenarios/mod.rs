//! Thefts, labelled: one file per scenario, one row each in [`SCENARIOS`].
//!
//! A scenario marks what it steals (`Transfer::theft`); small talk before the theft (beacons to a command server) is
//! not marked, since no data leaves by it. The labels are added up from what is written, not from what was planned.

mod capita_2023;
mod plateau;
mod quiet;

use super::calendar::Hour;
use super::random::stream;
use super::transfer::Transfer;
use super::world::{Host, World};
use std::collections::BTreeSet;

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
pub const SCENARIOS: &[&Scenario] = &[&quiet::SCENARIO, &capita_2023::SCENARIO];

/// What a scenario is asked for.
pub(super) struct Brief<'a> {
    /// Its position in `Settings::scenarios`, for [`Transfer::theft`].
    pub(super) position: usize,
    /// How many hosts leak.
    pub(super) hosts: u32,
    /// How many bytes leave in all; `None` for the scenario's published figure.
    pub(super) bytes: Option<u64>,
    /// Hosts that leak already: no host plays in two scenarios.
    pub(super) taken: &'a mut BTreeSet<u32>,
}

/// A theft under way. Asked for every hour once, in order.
pub(super) trait Theft {
    /// Adds what opens in this hour.
    fn hour(&mut self, world: &World, hour: &Hour, out: &mut Vec<Transfer>);
}

impl Brief<'_> {
    /// Chooses the leaking hosts among those that `fits`, anywhere in the estate; fewer where there are not so many.
    pub(super) fn choose(&mut self, world: &World, name: &str, fits: fn(&Host) -> bool) -> Vec<Host> {
        let mut fitting: Vec<(u64, Host)> = world
            .hosts
            .iter()
            .filter(|host| fits(host) && !self.taken.contains(&host.number))
            .map(|host| (world.random(stream(name), [u64::from(host.number), 0]).bits(), *host))
            .collect();
        fitting.sort_by_key(|(lot, host)| (*lot, host.number));
        fitting.truncate(usize::try_from(self.hosts).unwrap_or(usize::MAX));
        fitting.sort_by_key(|(_, host)| host.number);
        self.taken.extend(fitting.iter().map(|(_, host)| host.number));
        fitting.into_iter().map(|(_, host)| host).collect()
    }
}

/// The scenario of this name.
pub fn by_name(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().copied().find(|scenario| scenario.name == name)
}
