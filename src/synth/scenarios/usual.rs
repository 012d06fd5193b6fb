//! What a host usually sends, found as a thief would find it: by watching it for a week. Of a host of somebody's own log it
//! is what that log tells.

use super::*;
use crate::synth::roles;
use crate::synth::transfer::Peer;
use std::collections::BTreeMap;

/// Hours watched.
const HOURS: u32 = 7 * 24;

/// What left the house.
pub(super) struct Usual {
    /// Exceeded by one hour in a hundred, in bytes.
    pub(super) p99_an_hour: u64,
    /// On average, in bytes.
    pub(super) a_day: u64,
    /// The one place outside that it sent most to, of those that it calls itself.
    pub(super) favourite: Option<Peer>,
}

impl Usual {
    /// The first week of the log, or what there is of it.
    pub(super) fn of(world: &World, host: &Host) -> Usual {
        if let Some(seen) = world.seen(host) {
            let favourite = seen.favourite.is_some().then(|| places::own(host.number));
            return Usual { p99_an_hour: seen.an_hour, a_day: seen.a_day, favourite };
        }
        let mut hourly: Vec<u64> = Vec::new();
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
        Usual {
            p99_an_hour: hourly.get(hourly.len().saturating_sub(1) * 99 / 100).copied().unwrap_or(0),
            a_day: hourly.iter().sum::<u64>() * 24 / (hourly.len() as u64).max(1),
            favourite,
        }
    }
}
