//! What an allow rule costs: how much more can leave because of it.

use super::{Floor, Floors, Within, towards};
use crate::baseline::SCALES;
use crate::estate::Inventory;
use crate::incidents::{About, Allow};
use crate::pipeline::Eve;
use crate::units::Span;
use std::collections::BTreeSet;

/// So many hosts of a rule are computed; what the others cost is about the same.
const HOSTS_MAX: usize = 100;

/// What a rule costs.
#[derive(Clone, Debug)]
pub struct Price {
    /// Hosts that it is about.
    pub hosts: usize,
    /// What one of them could send in a day without it, the median.
    pub without: Floor,
    /// What it can with it.
    pub with: Floor,
}

/// What a rule costs on the day that was kept aside; `None` where it is over, or about no host that could send by it. `floors` are
/// those of all hosts.
pub fn price(eve: &Eve, rule: &Allow, inventory: &Inventory, floors: &[(u32, Floors)]) -> Option<Price> {
    if rule.is_over(eve.aside.day) {
        return None;
    }
    let hosts = floors.chunk_by(|a, b| a.0 == b.0).filter_map(|floors| {
        let host = floors.first()?.0;
        let about = |destination| About { host: eve.hosts.name(host), destination, inventory };
        if rule.destination.is_none() {
            let least = floors.iter().map(|(_, floors)| floors.within[Within::Day as usize]).min();
            return rule.is_about(&about(None)).then_some((host, None, least?));
        }
        let pairs = &eve.baseline.hosts.get(host as usize)?.pairs;
        let is_meant = |group: &u32| rule.is_about(&about(Some(eve.destinations.name(*group))));
        let group = pairs.iter().map(|(group, _)| group).find(is_meant)?;
        Some((host, Some(group), Floor::Boundless))
    });
    let hosts: Vec<_> = hosts.collect();
    let without = hosts.iter().take(HOSTS_MAX).filter_map(|(host, group, least)| match group {
        Some(group) => towards(eve, *host, *group).map(|floors| floors.within[Within::Day as usize]),
        None => Some(*least),
    });
    let mut without: Vec<Floor> = without.collect();
    without.sort_unstable();
    let median = *without.get(without.len() / 2)?;
    let with = rule.up_to.map_or(Floor::Boundless, |cap| {
        // A week's worth may leave in a day.
        let times = if SCALES.get(cap.scale) == Some(&Span::HOUR) { 24 } else { 1 };
        Floor::Bytes(cap.bytes.0.saturating_mul(times)).max(median)
    });
    // A host may be seen in several kinds of traffic.
    let names: BTreeSet<&str> = hosts.iter().map(|(host, ..)| eve.hosts.name(*host)).collect();
    Some(Price { hosts: names.len(), without: median, with })
}
