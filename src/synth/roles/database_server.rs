//! Databases: loud inside, quiet towards the outside. The dump, every other night, stays in the house.

use super::*;
use crate::synth::calendar::Rhythm;
use crate::synth::places::{MONITOR, UPDATES};
use crate::synth::transfer::Service;

pub(in crate::synth) const ROLE: Role = Role {
    name: "database-server",
    share: 150,
    quiet: true,
    off_site: 0.06,
    activities: &[
        Activity {
            towards: Towards::Known(&MONITOR),
            service: Service::Ssl,
            agent: "monitor-agent/7.43",
            per_day: 48.0,
            timing: Timing::Timer,
            sent: Size::Own { median: 2_100.0, sigma: 0.2 },
            received: Size::Fixed(640),
        },
        Activity {
            towards: Towards::Known(&UPDATES),
            service: Service::Http,
            agent: "Debian APT-HTTP/1.3 (2.6.1)",
            per_day: 0.2,
            timing: Timing::Rhythm(Rhythm::Night),
            sent: Size::Usual { median: 3_000.0, sigma: 0.5 },
            received: Size::Usual { median: 500_000.0, sigma: 1.5 },
        },
        Activity {
            towards: Towards::Inside("backup-server"),
            service: Service::Ssh,
            agent: "",
            per_day: 0.5,
            timing: Timing::Rhythm(Rhythm::Night),
            sent: Size::Usual { median: 4e9, sigma: 1.2 },
            received: Size::Usual { median: 2e6, sigma: 0.5 },
        },
    ],
};
