//! What comes between the traffic and the log that one gets to read: addresses that move, clocks that are off, lines that
//! come late, twice, or not at all. Draws hang on the transfer alone, so a theft changes no other line.

use super::random::{mix, stream};
use super::transfer::Transfer;
use super::world::World;
use crate::units::{Span, Timestamp};
use std::net::Ipv4Addr;
use std::ops::Range;

const GAPS: u64 = stream("gaps");
const LEASES: u64 = stream("leases");
const SKEW: u64 = stream("skew");
/// Outages of the sensor or of what carries its log, a day.
const GAPS_A_DAY: f64 = 0.07;
/// One line in so many is late by up to half an hour.
const LATE: u64 = 3_000;
/// One line in so many is there twice; never one of a theft, whose label says what was really stolen.
const TWICE: u64 = 5_000;
/// One network in so many has a clock that is off, by up to two minutes.
const SKEWED: u64 = 25;
/// Of two desks the chance that they swap addresses in a week.
const SWAPPED: f64 = 0.3;

/// All of it, or none.
pub(super) struct Disorder {
    seed: u64,
    is_tidy: bool,
    /// Nothing that closes in one of these has a line.
    gaps: Vec<Range<Timestamp>>,
}

impl Disorder {
    pub(super) fn new(world: &World, is_tidy: bool) -> Disorder {
        let days = if is_tidy { 0 } else { world.hours / 24 };
        let gap = |day: u32| {
            let mut random = world.random(GAPS, [u64::from(day), 0]);
            random.chance(GAPS_A_DAY).then(|| {
                let minute = i64::from(random.pick(24 * 60));
                let from = world.start + Span::DAY.times(i64::from(day)) + Span::MINUTE.times(minute);
                from..from + Span::MINUTE.times(10 + i64::from(random.pick(170)))
            })
        };
        Disorder { seed: world.seed, is_tidy, gaps: (0..days).filter_map(gap).collect() }
    }

    /// Makes the transfer what the sensor sees, and gives how long after its stamp its line is written.
    pub(super) fn disturb(&self, world: &World, transfer: &mut Transfer) -> Span {
        if self.is_tidy {
            return Span(0);
        }
        let skew = self.skew(transfer.host.address);
        if let Some(address) = self.lease(world, transfer) {
            transfer.host.address = address;
        }
        transfer.opened = transfer.opened + skew;
        transfer.closed = transfer.closed + skew;
        let lot = self.lot(transfer);
        let late = if lot.is_multiple_of(LATE) { lot / LATE % 1_800 } else { 0 };
        Span(i64::try_from(late).unwrap_or(0) * 1_000_000 - skew.0)
    }

    /// Whether there is no line of it.
    pub(super) fn is_lost(&self, transfer: &Transfer) -> bool {
        self.gaps.iter().any(|gap| gap.contains(&transfer.closed))
    }

    /// Whether its line is there twice.
    pub(super) fn is_twice(&self, transfer: &Transfer) -> bool {
        !self.is_tidy && transfer.theft.is_none() && (self.lot(transfer) >> 32).is_multiple_of(TWICE)
    }

    fn lot(&self, transfer: &Transfer) -> u64 {
        let ends =
            u64::from(u32::from(transfer.host.address)) << 32 | u64::from(u32::from(transfer.peer.address));
        mix(self.seed ^ ends ^ mix(transfer.opened.0.unsigned_abs() ^ u64::from(transfer.client_port) << 48))
    }

    fn skew(&self, host: Ipv4Addr) -> Span {
        let lot = mix(self.seed ^ SKEW ^ u64::from(u32::from(host) >> 8));
        if !lot.is_multiple_of(SKEWED) {
            return Span(0);
        }
        Span::SECOND.times(i64::try_from(lot / SKEWED % 240).unwrap_or(0) - 120)
    }

    /// The address of a desk's machine at this time, where the name service has given it its neighbour's.
    fn lease(&self, world: &World, transfer: &Transfer) -> Option<Ipv4Addr> {
        let desks = world.of_role("workstation");
        let place = transfer.host.name.number.filter(|_| transfer.host.name.stem == "workstation")?;
        let neighbour = desks.get(usize::try_from(place ^ 1).ok()?)?;
        let hour = (transfer.opened - world.start).0 / Span::HOUR.0;
        let swaps = (0..=hour.max(0) / 168).filter(|week| {
            let key = [u64::from(place / 2), u64::try_from(*week).unwrap_or(0)];
            let mut random = world.random(LEASES, key);
            random.chance(SWAPPED) && week * 168 + i64::from(random.pick(168)) <= hour
        });
        (swaps.count() % 2 == 1).then_some(neighbour.peer.address)
    }
}

#[cfg(test)]
mod tests {
    use super::super::calendar::Hour;
    use super::super::roles;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn desks_swap_addresses_and_nobody_shares_one() {
        let world = World::new(3, Timestamp(0), 28 * 24, 10_000, 0.1);
        let disorder = Disorder::new(&world, false);
        let addresses = |index: u32| -> BTreeSet<(u32, Ipv4Addr)> {
            let mut out = Vec::new();
            world.of_role("workstation").iter().for_each(|host| {
                roles::of_host(&world, host, &Hour::new(world.start, index), &mut out);
            });
            let start = world.start + Span::HOUR.times(i64::from(index));
            out.iter_mut().for_each(|transfer| {
                transfer.opened = start;
                disorder.disturb(&world, transfer);
            });
            out.iter().map(|seen| (seen.host.name.number.unwrap(), seen.host.address)).collect()
        };
        let (first, last) = (addresses(10), addresses(27 * 24 + 10));
        for moment in [&first, &last] {
            assert_eq!(
                moment.iter().map(|(_, address)| address).collect::<BTreeSet<_>>().len(),
                moment.len()
            );
        }
        let moved = last.iter().filter(|(place, address)| {
            *address != world.of_role("workstation")[*place as usize].peer.address
        });
        assert!((20..last.len()).contains(&moved.count()));
    }

    #[test]
    fn gaps_are_rare_and_tidy_logs_have_none() {
        let world = World::new(3, Timestamp(0), 366 * 24, 50, 1.0);
        assert!((10..50).contains(&Disorder::new(&world, false).gaps.len()));
        assert!(Disorder::new(&world, true).gaps.is_empty());
    }
}
