//! Printers' servers, building control, storage heads: a heartbeat, the time, and now and then a report to the maker.

use super::*;
use crate::synth::calendar::Rhythm;
use crate::synth::places::{MONITOR, TELEMETRY, TIME};
use crate::synth::transfer::Service;

pub(in crate::synth) const ROLE: Role = Role {
    name: "appliance",
    share: 180,
    quiet: true,
    off_site: 0.0,
    activities: &[
        Activity {
            towards: Towards::Known(&MONITOR),
            service: Service::Ssl,
            agent: "monitor-agent/7.43",
            per_day: 24.0,
            timing: Timing::Timer,
            sent: Size::Own { median: 900.0, sigma: 0.2 },
            received: Size::Fixed(640),
        },
        Activity {
            towards: Towards::Known(&TIME),
            service: Service::Ntp,
            agent: "",
            per_day: 84.0,
            timing: Timing::Timer,
            sent: Size::Fixed(48),
            received: Size::Fixed(48),
        },
        Activity {
            towards: Towards::Known(&TELEMETRY),
            service: Service::Ssl,
            agent: "curl/7.88.1",
            per_day: 0.3,
            timing: Timing::Rhythm(Rhythm::Always),
            sent: Size::Usual { median: 30_000.0, sigma: 2.0 },
            received: Size::Usual { median: 2_000.0, sigma: 0.5 },
        },
    ],
};
