//! What a host usually sends, found as a thief would find it: by watching it for a week.

use super::*;
use crate::synth::roles;
use crate::synth::transfer::Peer;
use std::collections::BTreeMap;

/// Hours watched.
const HOURS: u32 = 7 * 24;

/// What left the house.
pub(super) struct Usual {
    /// Bytes an hour, sorted.
    hourly: Vec<u64>,
    /// The one place outside that it sent most to, of those that it calls itself.
    pub(super) favourite: Option<Peer>,
}

impl Usual {
    /// The first week of the log, or what there is of it.
    pub(super) fn of(world: &World, host: &Host) -> Usual {
        let mut hourly = Vec::new();
        let mut places: BTreeMap<Peer, u64> = BTreeMap::new();
        let mut transfers = Vec::new();
        for index in 0..HOURS.min(world.hours) {
            roles::of_host(world, host, &Hour::new(world.start, index), &mut transfers);
            transfers.retain(|transfer: &Transfer| !transfer.peer.address.is_private());
            hourly.push(transfers.iter().map(|transfer| transfer.host_bytes).sum());
            for transfer in transfers.drain(..).filter(|transfer| transfer.opener == Side::Host) {
                *places.entry(transfer.peer).or_default() += transfer.host_bytes;
            }
        }
        hourly.sort_unstable();
        let favourite = places.into_iter().max_by_key(|(_, bytes)| *bytes).map(|(peer, _)| peer);
        Usual { hourly, favourite }
    }

    /// Exceeded by one hour in a hundred.
    pub(super) fn p99_an_hour(&self) -> u64 {
        let at = self.hourly.len().saturating_sub(1) * 99 / 100;
        self.hourly.get(at).copied().unwrap_or(0)
    }

    /// On average.
    pub(super) fn a_day(&self) -> u64 {
        self.hourly.iter().sum::<u64>() * 24 / (self.hourly.len() as u64).max(1)
    }
}
