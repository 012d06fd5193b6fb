//! What hosts of a kind ever send: by that a host stands out which never did as much itself.

use super::{DAY_SCALE, Host, Level, Reach, mature};
use crate::event::Channel;
use crate::tally::Distribution;
use crate::units::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of so few hosts a hundredth is nobody.
const ENOUGH: u64 = 20;

/// So many times as much is another kind of volume, and not one of the same that happens to be larger: a log that is read twice
/// doubles what all send.
const BEYOND: u64 = 10;

/// What 99 of 100 hosts of a kind never exceeded, in net bytes of 24 hours, as of yesterday.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peers(BTreeMap<(Channel, Reach), u64>);

impl Peers {
    /// Of hosts that are known and not told of, when the day at `day` is over.
    pub(super) fn of(hosts: &[Host], day: Timestamp) -> Peers {
        let mut records: BTreeMap<(Channel, Reach), Distribution> = BTreeMap::new();
        let known = |host: &&Host| host.first.is_some_and(|first| mature(DAY_SCALE, first, day));
        for host in hosts.iter().filter(known).filter(|host| !host.unit.suspect) {
            records.entry((host.channel, host.reach())).or_default().add(host.unit.record(DAY_SCALE));
        }
        let enough = records.into_iter().filter(|(_, records)| records.count() >= ENOUGH);
        Peers(enough.filter_map(|(kind, records)| Some((kind, records.quantile(0.99)?))).collect())
    }

    /// Whether a host sends as much as busy hosts do, ten times what its peers ever did, and never more than they had it
    /// itself. Less is no outlier where peers are so regular that anything is more.
    pub fn exceeded_by(&self, host: &Host) -> bool {
        let day = host.unit.now()[DAY_SCALE];
        let beyond = |most: &u64| day.net / BEYOND > *most && day.record <= *most;
        Level::of(day.net) >= Level::Busy && self.0.get(&(host.channel, host.reach())).is_some_and(beyond)
    }
}
