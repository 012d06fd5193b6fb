//! Names → small numbers, so that a cell's key is eight bytes and a line's text is looked at once.
//!
//! What an outsider can invent is capped: beyond the cap all new names share one entry, which still counts their bytes.

use crate::estate::Inventory;
use crate::event::Channel;
use crate::event::direction::{Address, Party};
use hashbrown::HashMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::net::IpAddr;

type Map<K> = HashMap<K, u32, foldhash::fast::RandomState>;

/// How hosts are called: the inventory's names win over what the log says.
#[derive(Clone, Copy, Debug)]
pub struct Naming<'a> {
    /// Joins addresses and names to one host.
    pub inventory: &'a Inventory,
}

/// Most spellings remembered for one directory beside its entries. Destinations come as full names (`a.b.example`) that an
/// outsider can invent without end; past this they are forgotten and looked up anew.
const SPELLINGS_MAX: usize = 1 << 20;

/// The name of the entry that stands for all beyond the cap.
pub const OTHERS: &str = "(others)";

/// Numbers for names, in order of first sight; one name of two channels is two entries.
#[derive(Debug)]
pub struct Directory {
    names: Vec<Box<str>>,
    channels: Vec<Channel>,
    /// By number of the channel.
    known: [Known; Channel::ALL.len()],
    max: usize,
    /// How many times a new name met the cap; the same name met again counts again.
    pub evicted: u64,
}

/// The entries of one channel.
#[derive(Debug, Default)]
struct Known {
    by_name: Map<Box<str>>,
    /// Spellings as they stand in lines → entry, to look at the text of each only once.
    v4: Map<u32>,
    v6: Map<(u64, u64)>,
    text: Map<Box<[u8]>>,
}

impl Directory {
    /// An empty directory for at most `max` names (at least one, which then stands for all).
    pub fn new(max: usize) -> Self {
        Directory {
            names: Vec::new(),
            channels: Vec::new(),
            known: Default::default(),
            max: max.clamp(1, u32::MAX as usize - 2),
            evicted: 0,
        }
    }

    /// How many names.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether no name was seen.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// All names, by number.
    pub fn names(&self) -> &[Box<str>] {
        &self.names
    }

    /// The name with this number; empty for a number that was never given out.
    pub fn name(&self, id: u32) -> &str {
        self.names.get(id as usize).map_or("", |name| name)
    }

    /// The channel of the entry with this number.
    pub fn channel(&self, id: u32) -> Channel {
        self.channels.get(id as usize).copied().unwrap_or_default()
    }

    /// The number of exactly this name, if it was met.
    pub fn number(&self, name: &str, channel: Channel) -> Option<u32> {
        self.known[channel as usize].by_name.get(name).copied()
    }

    /// The number of a watched host.
    pub fn host(&mut self, party: Party<'_>, channel: Channel, naming: &Naming<'_>) -> u32 {
        self.id(party, channel, |party| match party {
            Party::Ip(ip) => match naming.inventory.by_ip(ip.into()) {
                Some(member) if !member.host.is_empty() => Cow::Owned(member.host.clone()),
                _ => Cow::Owned(IpAddr::from(ip).to_string()),
            },
            Party::Name(name) => Cow::Owned(lower(name)),
        })
    }

    /// The number of a destination's group: the registered domain of a name, the /24 or /48 around an address.
    pub fn group(&mut self, party: Party<'_>, channel: Channel) -> u32 {
        let party = match party {
            Party::Ip(Address::V4(bits)) => Party::Ip(Address::V4(bits & !0xff)),
            Party::Ip(Address::V6(high, _)) => Party::Ip(Address::V6(high & !0xffff, 0)),
            Party::Name(_) => party,
        };
        self.id(party, channel, |party| match party {
            Party::Ip(ip @ Address::V4(_)) => Cow::Owned(format!("{}/24", IpAddr::from(ip))),
            Party::Ip(ip @ Address::V6(..)) => Cow::Owned(format!("{}/48", IpAddr::from(ip))),
            Party::Name(name) => Cow::Owned(registered_domain(name)),
        })
    }

    fn id(
        &mut self,
        party: Party<'_>,
        channel: Channel,
        name: impl Fn(Party<'_>) -> Cow<'static, str>,
    ) -> u32 {
        let known = &self.known[channel as usize];
        let id = match party {
            Party::Ip(Address::V4(bits)) => known.v4.get(&bits),
            Party::Ip(Address::V6(high, low)) => known.v6.get(&(high, low)),
            Party::Name(text) => known.text.get(text),
        };
        if let Some(id) = id {
            return *id;
        }
        let Some(id) = self.named(&name(party), channel) else {
            // At the cap nothing more is remembered, so that inventing names costs no memory.
            self.evicted += 1;
            return self.others(channel);
        };
        let known = &mut self.known[channel as usize];
        if known.v4.len() + known.v6.len() + known.text.len() >= known.by_name.len() + SPELLINGS_MAX {
            known.v4.clear();
            known.v6.clear();
            known.text.clear();
        }
        match party {
            Party::Ip(Address::V4(bits)) => known.v4.insert(bits, id),
            Party::Ip(Address::V6(high, low)) => known.v6.insert((high, low), id),
            Party::Name(text) => known.text.insert(text.into(), id),
        };
        id
    }

    /// The number for exactly this name; `None` where it is new and the cap is reached.
    fn named(&mut self, name: &str, channel: Channel) -> Option<u32> {
        if let Some(id) = self.known[channel as usize].by_name.get(name) {
            return Some(*id);
        }
        if self.names.len() >= self.max {
            return None;
        }
        Some(self.push(name, channel))
    }

    fn push(&mut self, name: &str, channel: Channel) -> u32 {
        let id = u32::try_from(self.names.len()).unwrap_or(u32::MAX - 1);
        self.names.push(name.into());
        self.channels.push(channel);
        self.known[channel as usize].by_name.insert(name.into(), id);
        id
    }

    fn others(&mut self, channel: Channel) -> u32 {
        match self.known[channel as usize].by_name.get(OTHERS) {
            Some(id) => *id,
            None => self.push(OTHERS, channel),
        }
    }

    /// Takes in the names of another directory beyond those that `numbers` knows, and appends their numbers here to it.
    pub fn adopt_new(&mut self, other: &Directory, numbers: &mut Vec<u32>) {
        for (name, channel) in other.names.iter().zip(&other.channels).skip(numbers.len()) {
            numbers.push(self.adopt(name, *channel));
        }
    }

    /// The number for exactly this name; that of all others where it is new and the cap is reached.
    pub fn adopt(&mut self, name: &str, channel: Channel) -> u32 {
        self.named(name, channel).unwrap_or_else(|| {
            self.evicted += 1;
            self.others(channel)
        })
    }
}

/// Written as names and their channels; spellings are found out anew.
impl Serialize for Directory {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (&self.names, &self.channels, self.max, self.evicted).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Directory {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (names, channels, max, evicted) = <(Vec<Box<str>>, Vec<Channel>, usize, u64)>::deserialize(from)?;
        let mut directory = Directory::new(max);
        for (name, channel) in names.iter().zip(channels) {
            directory.push(name, channel);
        }
        directory.evicted = evicted;
        Ok(directory)
    }
}

/// A name as it is compared and shown: lower case, invalid UTF-8 replaced, no trailing dot.
fn lower(name: &[u8]) -> String {
    let name = name.strip_suffix(b".").unwrap_or(name);
    String::from_utf8_lossy(name).to_lowercase()
}

/// The registered domain of a name (`a.b.example.co.uk` → `example.co.uk`) by the public suffix list; a name without one
/// (a single label, a bare suffix) is its own group.
fn registered_domain(name: &[u8]) -> String {
    let name = lower(name);
    psl::domain_str(&name).map(str::to_owned).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Party<'static> {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn groups() {
        let mut directory = Directory::new(100);
        let mut group = |party| {
            let id = directory.group(party, Channel::Transfer);
            directory.name(id).to_owned()
        };
        assert_eq!(group(Party::Name(b"cdn.Files.Example.co.uk")), "example.co.uk");
        assert_eq!(group(Party::Name(b"files.example.")), "files.example");
        assert_eq!(group(Party::Name(b"intranet")), "intranet");
        assert_eq!(group(ip("203.0.113.9")), "203.0.113.0/24");
        assert_eq!(group(ip("2001:db8:1:2::9")), "2001:db8:1::/48");
        assert_eq!(group(Party::Name(b"\xff\xfe")), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn inventory_joins_spellings() {
        let inventory = Inventory::read(&b"host,subnet\nDB-17,10.1.2.3\n"[..]).unwrap();
        let naming = Naming { inventory: &inventory };
        let mut directory = Directory::new(100);
        let by_ip = directory.host(ip("10.1.2.3"), Channel::Transfer, &naming);
        assert_eq!(directory.host(Party::Name(b"Db-17"), Channel::Transfer, &naming), by_ip);
        assert_eq!(directory.name(by_ip), "db-17");
    }

    #[test]
    fn beyond_the_cap_all_share_one_entry() {
        let mut directory = Directory::new(2);
        let ids: Vec<u32> = ["a", "b", "c", "d", "a"]
            .iter()
            .map(|name| directory.group(Party::Name(name.as_bytes()), Channel::Transfer))
            .collect();
        assert_eq!(ids, [0, 1, 2, 2, 0]);
        assert_eq!(directory.name(2), OTHERS);
        assert_eq!(directory.evicted, 2);
    }
}
