//! Which ports of others a host uses, and how many hosts use each.

use crate::units::Timestamp;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

/// So many ports are remembered of a host. One that uses more (a scanner, a game, a call) has no usual ports.
const PORTS_MAX: usize = 24;

/// The ports of others that one host uses.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ports {
    /// With the moment since when the host uses them on its own account; `MIN`: from the beginning.
    known: Vec<(u16, Timestamp)>,
}

impl Ports {
    /// The host used a port of somebody at this time. Gives whether it did for the first time.
    pub(super) fn note(&mut self, port: u16, since: Timestamp) -> bool {
        let new = self.known.len() < PORTS_MAX && self.since(port).is_none();
        if new {
            self.known.push((port, since));
        }
        new
    }

    /// Since when it uses a port; `None` also where it uses too many to say.
    pub fn since(&self, port: u16) -> Option<Timestamp> {
        let (_, since) = self.known.iter().find(|(known, _)| *known == port)?;
        (self.known.len() < PORTS_MAX).then_some(*since)
    }
}

/// How many hosts use each port; at most 65,535 entries.
pub type PortUsers = HashMap<u16, u32, foldhash::fast::RandomState>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_of_many_ports_has_no_usual_ones() {
        let mut ports = Ports::default();
        assert!(ports.note(443, Timestamp::MIN) && !ports.note(443, Timestamp(5)));
        assert_eq!((ports.since(443), ports.since(5000)), (Some(Timestamp::MIN), None));
        assert!(ports.note(5000, Timestamp(7)));
        assert_eq!(ports.since(5000), Some(Timestamp(7)));
        (1..100).for_each(|port| {
            ports.note(port, Timestamp(8));
        });
        assert_eq!(ports.since(5000), None);
    }
}
