//! What is known of destinations: the services that thefts have used, and whose network an address lies in.
//!
//! An entry is a hint, never a proof: a hit raises what stands out anyway, and that a place is not in here says nothing.

use super::owner::{Owner, Owners};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a service is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sort {
    /// Files handed to others by a link.
    FileSharing,
    /// Buckets and the like, rented.
    CloudStorage,
    /// Text that anybody can leave and fetch.
    Paste,
    /// A way in or out past the firewall.
    Tunnel,
    /// Screens and shells from afar.
    RemoteAccess,
    /// Catches what is sent to it.
    Webhook,
    /// Messages and bots.
    Chat,
    /// Rented machines.
    Vps,
    /// What the operator calls something else.
    Other,
}

impl Sort {
    /// All, in the order of their numbers.
    pub const ALL: [Sort; 9] = [
        Sort::FileSharing,
        Sort::CloudStorage,
        Sort::Paste,
        Sort::Tunnel,
        Sort::RemoteAccess,
        Sort::Webhook,
        Sort::Chat,
        Sort::Vps,
        Sort::Other,
    ];

    /// As it is written in the table, in settings and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Sort::FileSharing => "file-sharing",
            Sort::CloudStorage => "cloud-storage",
            Sort::Paste => "paste",
            Sort::Tunnel => "tunnel",
            Sort::RemoteAccess => "remote-access",
            Sort::Webhook => "webhook",
            Sort::Chat => "chat",
            Sort::Vps => "vps",
            Sort::Other => "other",
        }
    }

    /// The sort of this name.
    pub fn named(name: &str) -> Option<Sort> {
        Sort::ALL.into_iter().find(|sort| sort.name() == name)
    }
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub sort: Sort,
}

/// What is known of a destination group.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'c> {
    /// The service that it is, or that its network is rented out by.
    pub service: Option<&'c Service>,
    /// Whose network it lies in; known of addresses only, and with an MMDB only.
    pub owner: Option<Owner<'c>>,
}

/// All that is known.
#[derive(Clone)]
pub struct Catalogue {
    services: Vec<Service>,
    /// Ends of names → place among the services.
    by_domain: HashMap<Box<str>, usize, foldhash::fast::RandomState>,
    /// Numbers of autonomous systems → the same.
    by_number: HashMap<u32, usize, foldhash::fast::RandomState>,
    owners: Option<Owners>,
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Catalogue of {} services", self.services.len())
    }
}

/// The services that come with the program, and their date.
const SERVICES: &str = include_str!("services.tsv");

impl Default for Catalogue {
    fn default() -> Self {
        let mut catalogue = Catalogue {
            services: Vec::new(),
            by_domain: HashMap::default(),
            by_number: HashMap::default(),
            owners: None,
        };
        for line in SERVICES.lines().filter(|line| !line.starts_with('#')) {
            let mut cells = line.split('\t');
            if let (Some(sort), Some(name), Some(marks)) = (cells.next(), cells.next(), cells.next()) {
                let sort = Sort::named(sort).unwrap_or(Sort::Other);
                catalogue.add(Service { name: name.into(), sort }, marks.split(' '));
            }
        }
        catalogue
    }
}

/// A mark that starts so and goes on in digits is the number of an autonomous system.
const NUMBER: &str = "AS";

impl Catalogue {
    /// Adds a service known by ends of names (`files.example`) and numbers of autonomous systems (`AS64496`). What was added
    /// later wins. The numbers are those of the registries, and names are compared in lower case.
    pub fn add<'m>(&mut self, service: Service, marks: impl Iterator<Item = &'m str>) {
        let place = self.services.len();
        self.services.push(service);
        for mark in marks {
            match mark.strip_prefix(NUMBER).and_then(|number| number.parse().ok()) {
                Some(number) => _ = self.by_number.insert(number, place),
                None => _ = self.by_domain.insert(mark.trim_matches('.').to_lowercase().into(), place),
            }
        }
    }

    /// The same with owners of networks.
    pub fn with_owners(self, owners: Owners) -> Self {
        Catalogue { owners: Some(owners), ..self }
    }

    /// What is known of a destination group as sums name it: a registered domain, or an address with the length of its
    /// prefix.
    pub fn of(&self, group: &str) -> Known<'_> {
        if let Some(address) = group.split_once('/').and_then(|(address, _)| address.parse().ok()) {
            let owner = self.owners.as_ref().and_then(|owners| owners.of(address));
            let place = owner.and_then(|owner| self.by_number.get(&owner.number));
            return Known { service: place.and_then(|place| self.services.get(*place)), owner };
        }
        // The name itself, then what is left of it behind each dot: the longest end that is known wins.
        let ends = std::iter::successors(Some(group), |name| name.split_once('.').map(|(_, end)| end));
        let place = ends.filter_map(|end| self.by_domain.get(end)).next();
        Known { service: place.and_then(|place| self.services.get(*place)), owner: None }
    }
}

/// Whether an end of names can be met among destinations, which are told apart by registered domains.
///
/// # Errors
/// With the registered domain of what ends so, where that is shorter.
pub fn met(end: &str) -> Result<(), String> {
    // Below some public suffixes any label is one too.
    let below = format!("a.b.{end}");
    let group = psl::domain_str(&below).unwrap_or_default();
    if group.ends_with(end) { Ok(()) } else { Err(group.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_their_ends() {
        let mut catalogue = Catalogue::default();
        let known = |catalogue: &Catalogue, group: &str| {
            catalogue.of(group).service.map(|service| (service.name.clone(), service.sort.name()))
        };
        let own = |name: &str, sort| Some((name.to_owned(), sort));
        assert_eq!(known(&catalogue, "mega.nz"), own("MEGA", "file-sharing"));
        assert_eq!(known(&catalogue, "calm-lake.trycloudflare.com"), own("Cloudflare Tunnel", "tunnel"));
        assert_eq!(known(&catalogue, "notmega.nz"), None);
        assert_eq!(known(&catalogue, "nz"), None);
        assert_eq!(known(&catalogue, "203.0.113.0/24"), None);
        catalogue.add(Service { name: "ours".into(), sort: Sort::Other }, ["MEGA.nz"].into_iter());
        assert_eq!(known(&catalogue, "mega.nz"), own("ours", "other"));
    }

    #[test]
    fn every_row_of_the_table_can_be_met() {
        let (mut marks, mut unmet) = (Vec::new(), Vec::new());
        for line in SERVICES.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), 3, "{line}");
            assert!(Sort::named(cells[0]).is_some(), "{line}");
            for mark in cells[2].split(' ') {
                marks.push(mark);
                if mark.strip_prefix(NUMBER).is_some_and(|number| number.parse::<u32>().is_ok()) {
                    continue;
                }
                if let Err(group) = met(mark) {
                    unmet.push(format!("{mark} is met as {group}"));
                }
            }
        }
        assert!(unmet.is_empty(), "{unmet:#?}");
        let all = marks.len();
        marks.sort_unstable();
        marks.dedup();
        assert_eq!(marks.len(), all, "one mark stands twice");
        assert!(Catalogue::default().services.len() > 150);
    }
}
