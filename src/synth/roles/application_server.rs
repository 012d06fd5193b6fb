//! Line-of-business applications: a heartbeat, updates, a few calls to a partner. A few kB to a few hundred kB a day.

use super::*;
use crate::synth::calendar::Rhythm;
use crate::synth::places::{MONITOR, UPDATES};
use crate::synth::transfer::Service;

pub(in crate::synth) const ROLE: Role = Role {
    name: "application-server",
    share: 480,
    quiet: true,
    off_site: 0.01,
    activities: &[
        Activity {
            towards: Towards::Known(&MONITOR),
            service: Service::Ssl,
            agent: "monitor-agent/7.43",
            per_day: 48.0,
            timing: Timing::Timer,
            sent: Size::Own { median: 1_400.0, sigma: 0.3 },
            received: Size::Fixed(640),
        },
        Activity {
            towards: Towards::Known(&UPDATES),
            service: Service::Http,
            agent: "Debian APT-HTTP/1.3 (2.6.1)",
            per_day: 0.2,
            timing: Timing::Rhythm(Rhythm::Night),
            sent: Size::Usual { median: 3_000.0, sigma: 0.5 },
            received: Size::Usual { median: 400_000.0, sigma: 1.5 },
        },
        Activity {
            towards: Towards::Partner { each: 2, of: 600 },
            service: Service::Ssl,
            agent: "Java/17.0.6",
            per_day: 0.45,
            timing: Timing::Rhythm(Rhythm::Office),
            sent: Size::Usual { median: 6_000.0, sigma: 1.8 },
            received: Size::Usual { median: 12_000.0, sigma: 1.5 },
        },
    ],
};
