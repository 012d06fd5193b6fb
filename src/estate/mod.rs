//! Who we are: which addresses are ours, what the hosts are called, which role they have.
//!
//! Everything here is given by the operator (settings, an inventory file) and does not change while logs are read.

mod inventory;

pub use inventory::{Inventory, InventoryError, Member};

use ipnet::IpNet;
use std::net::IpAddr;

/// The operator's estate.
#[derive(Clone, Debug)]
pub struct Estate {
    /// Networks whose addresses are ours. Only flow logs need them: there they tell the inside end from the outside.
    local: Vec<IpNet>,
    /// The addresses of our proxies: what flow logs tell of them, the proxies' own logs tell of their clients.
    proxies: Vec<IpAddr>,
    /// What is known of single hosts and subnets.
    pub inventory: Inventory,
}

/// Private networks of RFC 1918 and the unique local addresses of RFC 4193. Only a default: an attacker can sit in them,
/// and many estates use public addresses inside.
pub const DEFAULT_LOCAL: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

/// [`DEFAULT_LOCAL`] as networks.
pub fn default_local() -> Vec<IpNet> {
    DEFAULT_LOCAL.iter().filter_map(|net| net.parse().ok()).collect()
}

impl Default for Estate {
    fn default() -> Self {
        Estate::new(default_local(), Inventory::default())
    }
}

impl Estate {
    /// An estate with these local networks; the inventory's subnets and addresses are local too.
    pub fn new(local: Vec<IpNet>, inventory: Inventory) -> Self {
        Estate { local, proxies: Vec::new(), inventory }
    }

    /// The same with these proxies.
    pub fn with_proxies(self, proxies: Vec<IpAddr>) -> Self {
        Estate { proxies, ..self }
    }

    /// The addresses of our proxies.
    pub fn proxies(&self) -> &[IpAddr] {
        &self.proxies
    }

    /// Whether an address is inside.
    pub fn is_local(&self, ip: IpAddr) -> bool {
        self.local.iter().any(|net| net.contains(&ip)) || self.inventory.knows(ip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_networks() {
        let estate = Estate::default();
        for (ip, local) in [
            ("10.1.2.3", true),
            ("172.31.255.255", true),
            ("172.32.0.0", false),
            ("fd00::1", true),
            ("127.0.0.1", false),
        ] {
            assert_eq!(estate.is_local(ip.parse().unwrap()), local, "{ip}");
        }
    }
}
