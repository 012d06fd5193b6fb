//! Patch days: on the second Tuesday of a month every host fetches some hundred MB, on the fourth a tenth of them try
//! the preview. The small uploads are inventories and reports.

use crate::synth::arithmetic::whole;
use crate::synth::calendar::{Hour, milliseconds};
use crate::synth::places::UPDATES;
use crate::synth::random::stream;
use crate::synth::transfer::{Outcome, Service, Side, Transfer, client_port};
use crate::synth::world::World;

const DRAWS: u64 = stream("patch-day");
/// The window of the change: 18:00 to 24:00 UTC, an hour after the vendor has published.
const WINDOW: std::ops::Range<usize> = 18..24;

pub(super) fn hour(world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
    let reach = match hour.tuesday() {
        Some(2) => 0.95,
        Some(4) => 0.1,
        _ => return,
    };
    if !WINDOW.contains(&hour.of_day) {
        return;
    }
    for host in world.hosts.iter().filter(|host| host.is_there(hour.index)) {
        let mut random = world.random(DRAWS, [u64::from(host.number), u64::from(hour.day)]);
        let takes_part = random.chance(reach);
        if !takes_part || WINDOW.start + usize::try_from(random.below(6)).unwrap_or(0) != hour.of_day {
            continue;
        }
        let sent = random.log_normal(400_000.0, 1.0);
        let received = random.log_normal(450e6, 0.4);
        let opened = hour.at(random.unit());
        out.push(Transfer {
            opened,
            closed: opened + milliseconds((sent + received) / random.log_normal(6e6, 0.5)),
            host: host.peer,
            peer: UPDATES.peer(&mut random),
            opener: Side::Host,
            client_port: client_port(&mut random),
            service: Service::Ssl,
            host_bytes: whole(sent),
            peer_bytes: whole(received),
            agent: "Microsoft-Delivery-Optimization/10.1",
            outcome: Outcome::Done,
            theft: None,
        });
    }
}
