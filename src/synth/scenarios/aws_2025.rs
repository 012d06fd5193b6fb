//! A cloud estate, 2025: servers are emptied over SMB onto three others inside, then 718 GB leave from there to one rented
//! server on port 5000. The copies inside are not labelled: nothing leaves by them.

use super::*;
use crate::synth::calendar::milliseconds;
use crate::synth::transfer::{Outcome, client_port};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "aws-2025",
    about: "718 GB in three days from three servers to one new address on port 5000, after copies over SMB inside",
    plan,
};

const BYTES: u64 = 718_000_000_000;
const HOURS: u32 = 72;
const PORT: u16 = 5000;
/// The copies begin so long before what they bring begins to leave.
const STAGED_BEFORE: u32 = 36;
const STAGING: u64 = stream("aws-2025 staging");

struct Aws {
    leaks: Vec<Leak>,
    /// Where the data lay before.
    sources: Vec<Host>,
    staging: Range<u32>,
    /// Bytes that each of `leaks` collects an hour.
    an_hour: u64,
}

fn plan(world: &World, brief: &mut Brief<'_>) -> Box<dyn Theft> {
    let mut random = brief.random(world, SCENARIO.name);
    let count = brief.hosts(3);
    let hosts = brief
        .choose(world, SCENARIO.name, count, |host| host.role.name == "application-server" && !host.off_site);
    let window = brief.window(world, &mut random, HOURS);
    let bytes = brief.bytes.unwrap_or(BYTES);
    let peer = places::unknown(&mut random);
    let staging = window.start.saturating_sub(STAGED_BEFORE)..window.start;
    let hours = u64::from(staging.end - staging.start).max(1);
    let an_hour = bytes / (hosts.len() as u64).max(1) / hours;
    let files = world.of_role("file-server");
    let sources = (0..8).filter_map(|_| {
        usize::try_from(random.below(files.len() as u64)).ok().and_then(|at| files.get(at)).copied()
    });
    let sources = sources.collect();
    let leak = |(host, bytes)| Leak {
        service: Service::Tcp(PORT),
        agent: "",
        ..Leak::new(host, peer, brief.position, bytes, window.clone())
    };
    let leaks = dealt(bytes, hosts, &mut random).into_iter().map(leak).collect();
    Box::new(Aws { leaks, sources, staging, an_hour })
}

impl Theft for Aws {
    fn hour(&mut self, world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
        self.leaks.hour(world, hour, out);
        if !self.staging.contains(&hour.index) || self.sources.is_empty() {
            return;
        }
        for leak in &self.leaks {
            let mut random = world.random(STAGING, [u64::from(leak.host.number), u64::from(hour.index)]);
            let at = usize::try_from(random.below(self.sources.len() as u64)).unwrap_or(0);
            let Some(source) = self.sources.get(at) else { continue };
            let opened = hour.at(random.unit());
            out.push(Transfer {
                opened,
                closed: opened + milliseconds(self.an_hour as f64 / random.between(60e6, 110e6)),
                host: leak.host.peer,
                peer: source.peer,
                opener: Side::Host,
                client_port: client_port(&mut random),
                service: Service::Smb,
                host_bytes: self.an_hour / 400,
                peer_bytes: self.an_hour,
                agent: "",
                outcome: Outcome::Done,
                theft: None,
            });
        }
    }
}
