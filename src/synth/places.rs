//! Who is out there: numbers of services, partners and sites → addresses and names.
//!
//! Addresses are nobody's: the benchmark range 198.18.0.0/15 (RFC 2544) for services and partners, one /24 each as far
//! as its 512 reach; the documentation ranges (RFC 5737) for the few ends of a story; and, because an estate meets
//! more rare networks than those ranges hold, the reserved 240.0.0.0/4 (RFC 1112) for the long tail of sites and for
//! the public that visits. Names end in `.example` (RFC 2606).

use super::random::{Random, mix};
use super::transfer::{Name, Peer};
use std::net::Ipv4Addr;

/// A service that much of the estate uses, in a /24 of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) stem: &'static str,
    /// Three octets of its /24.
    pub(super) network: [u8; 3],
    /// How many addresses it answers on, 1 to 254.
    pub(super) addresses: u8,
}

const fn known(stem: &'static str, third: u8, addresses: u8) -> Known {
    Known { stem, network: [198, 18, third], addresses }
}

pub(super) const MONITOR: Known = known("monitor", 1, 2);
pub(super) const UPDATES: Known = known("updates", 2, 24);
pub(super) const TIME: Known = known("time", 3, 4);
pub(super) const RESOLVER: Known = known("resolver", 4, 2);
pub(super) const OFFICE: Known = known("office", 5, 60);
pub(super) const REGISTRY: Known = known("registry", 6, 8);
pub(super) const ARTEFACTS: Known = known("artefacts", 7, 2);
pub(super) const VAULT: Known = known("vault", 8, 6);
pub(super) const PAYROLL: Known = known("payroll", 9, 1);
pub(super) const TELEMETRY: Known = known("telemetry", 10, 16);
/// A file-transfer service: a few people use it, mostly for small things.
pub(super) const TRANSFER: Known = Known { stem: "transfer", network: [198, 51, 100], addresses: 4 };

/// The first third octet of the partners' part of 198.18.0.0/15.
const PARTNERS_FROM: u32 = 64;
/// How many /24s the partners share.
const PARTNER_NETWORKS: u32 = 512 - PARTNERS_FROM;
/// Sites in the long tail that are visited by rank; numbers from here on are met for the first time.
pub(super) const TAIL_SITES: u32 = 100_000;
/// Sites that have not been seen before lie in `TAIL_SITES..NEW_SITES`.
pub(super) const NEW_SITES: u32 = 500_000;

impl Known {
    /// One of its addresses.
    pub(super) fn peer(&self, random: &mut Random) -> Peer {
        let [a, b, c] = self.network;
        let last = 1 + random.below(u64::from(self.addresses));
        let address = Ipv4Addr::new(a, b, c, u8::try_from(last).unwrap_or(1));
        Peer { address, name: Name { stem: self.stem, number: None } }
    }
}

/// A business partner, always at the same address; numbers 0 to 447 have a /24 of their own.
pub(super) fn partner(number: u32) -> Peer {
    let network = PARTNERS_FROM + number % PARTNER_NETWORKS;
    let last = 1 + number / PARTNER_NETWORKS % 254;
    let base = u32::from(Ipv4Addr::new(198, 18, 0, 0));
    let address = Ipv4Addr::from(base + (network << 8) + last);
    Peer { address, name: Name { stem: "partner", number: Some(number) } }
}

/// A site of the long tail in a /24 of its own, 240.0.0.0 to 247.255.255.255; `number` is taken modulo 2^19.
pub(super) fn site(stem: &'static str, number: u32) -> Peer {
    let number = number % (1 << 19);
    let last = 1 + u32::try_from(mix(u64::from(number)) % 254).unwrap_or(0);
    let address = Ipv4Addr::from((240 << 24) + (number << 8) + last);
    Peer { address, name: Name { stem, number: Some(number) } }
}

/// A site as people and programs meet them: by rank, or with probability `fresh` one that nobody has been to.
pub(super) fn any_site(random: &mut Random, fresh: f64) -> Peer {
    if random.chance(fresh) {
        return site("site", TAIL_SITES + random.pick(NEW_SITES - TAIL_SITES));
    }
    site("site", random.zipf(TAIL_SITES))
}

/// A place that nobody of the estate has been to, drawn as honest ones are: a thief's.
pub(super) fn unknown(random: &mut Random) -> Peer {
    site("site", TAIL_SITES + random.pick(NEW_SITES - TAIL_SITES))
}

/// A place that few go to: from the far half of the long tail.
pub(super) fn rare(random: &mut Random) -> Peer {
    site("site", TAIL_SITES / 2 + random.pick(TAIL_SITES / 2))
}

/// The place that this host of somebody's own log sends most to; where that is, the log knows.
pub(super) fn own(host: u32) -> Peer {
    Peer { address: Ipv4Addr::UNSPECIFIED, name: Name { stem: OWN, number: Some(host) } }
}

/// See [`own`].
pub(super) const OWN: &str = "own";

/// A bucket at a provider's; it has a name and no address of its own.
pub(super) fn bucket(number: u32) -> Peer {
    Peer { address: Ipv4Addr::UNSPECIFIED, name: Name { stem: "bucket", number: Some(number) } }
}

/// Somebody of the public, 248.0.0.0 to 253.255.255.255.
pub(super) fn visitor(random: &mut Random) -> Peer {
    let number = random.pick(6 << 24);
    Peer {
        address: Ipv4Addr::from((248 << 24) + number),
        name: Name { stem: "visitor", number: Some(number) },
    }
}
