//! What if a host also sent this? A copy of the host goes on as it would, and the estate stays as it is.

use super::{Baseline, Flowed, Host, PAIRS_MAX, Pair, Row, Volume, chosen, grown};
use crate::event::Channel;
use crate::units::Timestamp;
use std::ops::AddAssign;

/// What a host does in an hour beside what is supposed of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Elsewhere {
    /// Towards all groups together, each with what came back taken off.
    pub volume: Volume,
    /// In both directions.
    pub flowed: Flowed,
}

impl Elsewhere {
    /// Adds more of it.
    pub fn add(&mut self, out: u64, back: u64) {
        let flowed = Flowed { out, back };
        self.volume += flowed.volume();
        self.flowed.add(flowed);
    }
}

impl AddAssign for Elsewhere {
    fn add_assign(&mut self, other: Elsewhere) {
        self.volume += other.volume;
        self.flowed.add(other.flowed);
    }
}

impl Baseline {
    /// A group that nobody has used before, to be sent to by one host from `start` on; gives its number.
    pub fn invent(&mut self, start: Timestamp) -> u32 {
        let number = u32::try_from(self.destinations.len()).unwrap_or(u32::MAX);
        let group = grown(&mut self.destinations, number);
        (group.first, group.hosts) = (Some(start), 1);
        number
    }

    /// A host goes on for some time: by what it does elsewhere, which counts in `hour`, and by `row`, in the window that began at
    /// `start`, the last of that time. Times must come in their order. It is a copy, and the estate stays as it is.
    pub fn suppose(
        &self,
        host: &mut Host,
        (hour, start): (Timestamp, Timestamp),
        elsewhere: &Elsewhere,
        row: Option<&Row>,
    ) {
        if elsewhere.volume.out > 0 {
            host.unit.rolling.add_earlier(hour, elsewhere.volume);
        }
        if let Some(balance) = &mut host.balance {
            balance.add(hour, elsewhere.flowed);
        }
        let Some(row) = row else { return };
        let chosen = chosen(self.begins, host.first.unwrap_or(start), start);
        let port = row.trail.largest.port;
        if port > 0 && row.channel == Channel::Transfer {
            host.ports.note(port, if chosen { start } else { Timestamp::MIN });
        }
        if host.pairs.get(row.destination).is_none() {
            if host.pairs.len() >= PAIRS_MAX {
                host.let_go();
            }
            host.pairs.insert(row.destination, Pair::new(start, chosen));
        }
        Self::take(host, &self.destinations, &self.seen, (start, std::slice::from_ref(row)), &mut Vec::new());
    }
}
