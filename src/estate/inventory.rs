//! The inventory file: `host,role,subnet,owner,criticality`, with a header line, columns in any order.
//!
//! A row with an address or a network in `subnet` and a name in `host` joins them: traffic of that address is the named
//! host's. A row without `host` gives its role to every host of the subnet.

use crate::event::address;
use hashbrown::HashMap;
use ipnet::IpNet;
use std::fmt;
use std::io::Read;
use std::net::IpAddr;

/// What the inventory says of one host or subnet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// The name under which the host is reported, in lower case; empty for a row that only describes a subnet.
    pub host: String,
    /// `db-server`, `workstation`, …; free text, empty where not given.
    pub role: String,
    /// Whom to ask.
    pub owner: String,
    /// Free text: `high`, `3`.
    pub criticality: String,
}

/// All rows, found by name and by address.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    members: Vec<Member>,
    by_name: HashMap<String, usize>,
    by_ip: HashMap<IpAddr, usize>,
    /// Longest prefix first, so that the first match is the most specific.
    by_net: Vec<(IpNet, usize)>,
}

/// A file that cannot be used, with the line and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryError(String);

impl fmt::Display for InventoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InventoryError {}

#[derive(serde::Deserialize)]
struct Row {
    #[serde(default)]
    host: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    subnet: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    criticality: String,
}

impl Inventory {
    /// Reads the CSV text. The header must name `host` or `subnet`; unknown columns are left alone.
    pub fn read(reader: impl Read) -> Result<Inventory, InventoryError> {
        let mut inventory = Inventory::default();
        let mut csv = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .flexible(true)
            .comment(Some(b'#'))
            .from_reader(reader);
        let header = csv.headers().map_err(|error| InventoryError(error.to_string()))?;
        if !header.iter().any(|column| column == "host" || column == "subnet") {
            return Err(InventoryError(
                "line 1: no column \"host\" or \"subnet\"; begin the file with host,role,subnet,owner,criticality".into(),
            ));
        }
        for row in csv.deserialize::<Row>() {
            let row = row.map_err(|error| InventoryError(error.to_string()))?;
            let line = inventory.members.len() + 2;
            inventory.add(row).map_err(|what| InventoryError(format!("line {line}: {what}")))?;
        }
        inventory.by_net.sort_by_key(|(net, _)| std::cmp::Reverse(net.prefix_len()));
        Ok(inventory)
    }

    fn add(&mut self, row: Row) -> Result<(), String> {
        let place = self.members.len();
        let host = row.host.to_ascii_lowercase();
        if let Some(ip) = address(host.as_bytes()) {
            self.by_ip.insert(ip, place);
        } else if !host.is_empty() {
            self.by_name.insert(host.clone(), place);
        }
        match (row.subnet.as_str(), address(row.subnet.as_bytes()), row.subnet.parse::<IpNet>()) {
            ("", _, _) => {}
            (_, Some(ip), _) => {
                self.by_ip.insert(ip, place);
            }
            (_, None, Ok(net)) if net.prefix_len() == net.max_prefix_len() => {
                self.by_ip.insert(net.addr(), place);
            }
            // A named host inside a wider subnet: the row says where it stands, not that the subnet is the host.
            (_, None, Ok(net)) if host.is_empty() => self.by_net.push((net, place)),
            (_, None, Ok(_)) => {}
            (text, None, Err(_)) => {
                return Err(format!("\"{text}\" is no network; write it as in 10.1.0.0/16"));
            }
        }
        self.members.push(Member { host, role: row.role, owner: row.owner, criticality: row.criticality });
        Ok(())
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether the inventory holds this address itself or a subnet around it.
    pub fn knows(&self, ip: IpAddr) -> bool {
        self.by_ip(ip).is_some()
    }

    /// The row for an address: its own before that of the smallest subnet around it.
    pub fn by_ip(&self, ip: IpAddr) -> Option<&Member> {
        let net = || self.by_net.iter().find(|(net, _)| net.contains(&ip)).map(|(_, place)| place);
        self.members.get(*self.by_ip.get(&ip).or_else(net)?)
    }

    /// The lowest address that goes by this name in lower case.
    pub fn address_of(&self, name: &str) -> Option<IpAddr> {
        let named = |place: &usize| self.members.get(*place).is_some_and(|member| member.host == name);
        self.by_ip.iter().filter(|(_, place)| named(place)).map(|(ip, _)| *ip).min()
    }

    /// The row for a host as outputs call it: by its name, or by its address.
    pub fn member(&self, host: &str) -> Option<&Member> {
        self.by_name(host).or_else(|| self.by_ip(address(host.as_bytes())?))
    }

    /// The row for a name in lower case.
    pub fn by_name(&self, name: &str) -> Option<&Member> {
        self.members.get(*self.by_name.get(name)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "host,role,subnet,owner,criticality\n\
        DB-17,db-server,10.1.2.3,anna,high\n\
        10.1.2.4,web-server,,,\n\
        ,workstation,10.2.0.0/16,,\n\
        ,kiosk,10.2.7.0/24,,low\n";

    #[test]
    fn rows_join_names_addresses_and_subnets() {
        let inventory = Inventory::read(FILE.as_bytes()).unwrap();
        let role = |ip: &str| inventory.by_ip(ip.parse().unwrap()).map(|member| member.role.as_str());
        assert_eq!(inventory.by_ip("10.1.2.3".parse().unwrap()).unwrap().host, "db-17");
        assert_eq!(role("10.1.2.4"), Some("web-server"));
        assert_eq!(role("10.2.1.1"), Some("workstation"));
        assert_eq!(role("10.2.7.1"), Some("kiosk"));
        assert_eq!(role("10.3.0.1"), None);
        assert_eq!(inventory.by_name("db-17").unwrap().owner, "anna");
        assert_eq!(inventory.address_of("db-17"), "10.1.2.3".parse().ok());
        assert_eq!(inventory.address_of("db-18"), None);
    }

    #[test]
    fn mistakes_name_the_line() {
        let wrong = |text: &str| Inventory::read(text.as_bytes()).unwrap_err().to_string();
        assert!(wrong("name,role\na,b\n").starts_with("line 1: no column"));
        assert!(wrong("host,subnet\na,10.1.0.0/99\n").starts_with("line 2: \"10.1.0.0/99\" is no network"));
    }
}
