//! Mail: to anywhere, at all hours, sometimes with a large attachment.

use super::*;
use crate::synth::calendar::Rhythm;
use crate::synth::places::MONITOR;
use crate::synth::transfer::Service;

pub(in crate::synth) const ROLE: Role = Role {
    name: "mail-server",
    share: 10,
    quiet: false,
    off_site: 0.0,
    activities: &[
        Activity {
            towards: Towards::Anywhere { fresh: 0.03 },
            service: Service::Smtp,
            agent: "",
            per_day: 900.0,
            timing: Timing::Rhythm(Rhythm::Office),
            sent: Size::Usual { median: 45_000.0, sigma: 2.0 },
            received: Size::Usual { median: 900.0, sigma: 0.3 },
        },
        Activity {
            towards: Towards::Visitors,
            service: Service::Smtp,
            agent: "",
            per_day: 1_500.0,
            timing: Timing::Rhythm(Rhythm::Public),
            sent: Size::Usual { median: 800.0, sigma: 0.3 },
            received: Size::Usual { median: 40_000.0, sigma: 2.0 },
        },
        Activity {
            towards: Towards::Known(&MONITOR),
            service: Service::Ssl,
            agent: "monitor-agent/7.43",
            per_day: 48.0,
            timing: Timing::Timer,
            sent: Size::Own { median: 1_700.0, sigma: 0.2 },
            received: Size::Fixed(640),
        },
    ],
};
