//! Several incidents → one theft from several hosts, as far as it shows.

use crate::baseline::Rarity;
use crate::outputs::{Campaign, Shares, Told};
use crate::units::Span;
use std::collections::BTreeMap;

/// How far volumes of one size differ, as a share of the largest. Of ten honest uploads on a day, whose volumes spread over
/// six powers of ten, three lie so near each other once in fifty days.
const SIZE: f64 = 0.1;

/// So many hosts must have one size in common; by chance two have.
const SIZE_HOSTS: usize = 3;

/// Campaigns among what is told in an estate of so many hosts, the most bytes first. What many use is nobody's campaign. One
/// incident is part of one campaign only: that of its destination before that of its owner, and of both before that of its
/// size.
pub(super) fn campaigns<'a>(incidents: &[Told<'a>], hosts: usize) -> Vec<Campaign<'a>> {
    let few_use = |told: &&Told<'a>| {
        let users = told.destinations.first().map_or(0, |carrier| carrier.hosts);
        told.destination.is_some() && Rarity::of(users, hosts) != Rarity::Popular
    };
    let mut rest: Vec<&Told<'a>> = incidents.iter().filter(|told| told.in_budget).filter(few_use).collect();
    let mut campaigns = Vec::new();
    for shares in [destination, owner] {
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, told) in rest.iter().enumerate() {
            if let Some(shares) = shares(told) {
                groups.entry(format!("{shares:?}")).or_default().push(place);
            }
        }
        let groups: Vec<Vec<usize>> = groups.into_values().collect();
        take(&mut rest, &groups, 2, shares, &mut campaigns);
    }
    let mut by_day: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (place, told) in rest.iter().enumerate() {
        by_day.entry(told.incident.first_seen.floor(Span::DAY).0).or_default().push(place);
    }
    let mut groups = Vec::new();
    for mut places in by_day.into_values() {
        let bytes = |place: &usize| rest.get(*place).map_or(0, |told| told.incident.bytes_out);
        places.sort_by_key(|place| (std::cmp::Reverse(bytes(place)), *place));
        while let Some(largest) = places.first().map(bytes) {
            let near = places.partition_point(|place| bytes(place) as f64 >= largest as f64 * (1.0 - SIZE));
            groups.push(places.drain(..near.max(1)).collect());
        }
    }
    take(&mut rest, &groups, SIZE_HOSTS, |_| Some(Shares::Size), &mut campaigns);
    campaigns.sort_by(|a, b| b.bytes_out.cmp(&a.bytes_out).then_with(|| a.hosts.cmp(&b.hosts)));
    campaigns
}

fn destination<'a>(told: &Told<'a>) -> Option<Shares<'a>> {
    told.destination.map(Shares::Destination)
}

fn owner<'a>(told: &Told<'a>) -> Option<Shares<'a>> {
    let owner = told.destinations.first()?.known.owner?;
    Some(Shares::Owner(owner.number, owner.name))
}

/// Takes those groups of `rest` that are of at least so many hosts.
fn take<'a>(
    rest: &mut Vec<&Told<'a>>,
    groups: &[Vec<usize>],
    least: usize,
    shares: impl Fn(&Told<'a>) -> Option<Shares<'a>>,
    campaigns: &mut Vec<Campaign<'a>>,
) {
    let mut taken = Vec::new();
    for group in groups {
        let members: Vec<&Told<'a>> = group.iter().filter_map(|place| rest.get(*place).copied()).collect();
        let mut hosts: Vec<(usize, &'a str)> = members.iter().map(|told| (told.rank, told.host)).collect();
        hosts.sort_unstable();
        let mut hosts: Vec<&'a str> = hosts.into_iter().map(|(_, host)| host).collect();
        let mut seen = std::collections::BTreeSet::new();
        hosts.retain(|host| seen.insert(*host));
        if hosts.len() < least {
            continue;
        }
        if let Some(shares) = members.first().and_then(|told| shares(told)) {
            let bytes_out =
                members.iter().fold(0u64, |sum, told| sum.saturating_add(told.incident.bytes_out));
            campaigns.push(Campaign { shares, hosts, bytes_out });
            taken.extend_from_slice(group);
        }
    }
    let mut place = 0;
    rest.retain(|_| {
        place += 1;
        !taken.contains(&(place - 1))
    });
}
