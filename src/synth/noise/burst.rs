//! A large honest upload, sent as several connections one after another: what backups, exports and attachments share.

use crate::synth::arithmetic::{share, whole};
use crate::synth::calendar::{Hour, milliseconds};
use crate::synth::random::Random;
use crate::synth::transfer::{Outcome, Peer, Service, Side, Transfer, client_port};
use crate::synth::world::Host;

/// Steps of a part: fine enough that no two carry the same bytes.
const FINE: u64 = 1 << 16;

/// What is sent, in how many parts, how fast.
pub(super) struct Burst<'a> {
    pub(super) host: &'a Host,
    pub(super) peer: Peer,
    pub(super) agent: &'static str,
    pub(super) bytes: u64,
    /// At least 1.
    pub(super) parts: u64,
    /// Bytes a second over all, above 0.
    pub(super) rate: f64,
    /// When it begins, in hours from the start of the hour; 0 to 1.
    pub(super) begin: f64,
}

impl Burst<'_> {
    /// Adds its connections; their bytes add up to `bytes`.
    pub(super) fn send(&self, hour: &Hour, random: &mut Random, out: &mut Vec<Transfer>) {
        let parts = self.parts.max(1);
        // Cuts at uneven places: each is off by up to a quarter of a part.
        let cut = |part: u64, random: &mut Random| match part {
            0 => 0,
            part if part == parts => parts * FINE,
            part => part * FINE + random.below(FINE / 2) - FINE / 4,
        };
        let seconds_per_step = self.bytes as f64 / self.rate / (parts * FINE) as f64;
        let mut from = 0;
        for part in 1..=parts {
            let to = cut(part, random);
            let opened = hour.at(self.begin + from as f64 * seconds_per_step / 3600.0);
            let bytes = share(self.bytes, from, to, parts * FINE);
            let seconds = (to - from) as f64 * seconds_per_step * random.between(0.9, 1.0);
            out.push(Transfer {
                opened,
                closed: opened + milliseconds(seconds),
                host: self.host.peer,
                peer: self.peer,
                opener: Side::Host,
                client_port: client_port(random),
                service: Service::Ssl,
                host_bytes: bytes,
                peer_bytes: 4_000 + whole(bytes as f64 * random.between(0.0005, 0.002)),
                agent: self.agent,
                outcome: Outcome::Done,
                theft: None,
            });
            from = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::places::VAULT;
    use crate::synth::world::World;
    use crate::units::Timestamp;

    #[test]
    fn parts_add_up() {
        let world = World::new(1, Timestamp(0), 24, 50, 1.0);
        let mut random = world.random(1, [0, 0]);
        for parts in [0, 1, 2, 17] {
            let mut out = Vec::new();
            let host = &world.hosts[0];
            let peer = VAULT.peer(&mut random);
            Burst { host, peer, agent: "", bytes: 40_000_000_001, parts, rate: 1e7, begin: 0.5 }.send(
                &Hour::new(world.start, 3),
                &mut random,
                &mut out,
            );
            assert_eq!(out.iter().map(|part| part.host_bytes).sum::<u64>(), 40_000_000_001);
            assert!(out.windows(2).all(|pair| pair[0].opened < pair[1].opened));
        }
    }
}
