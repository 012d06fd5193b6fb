//! Build machines: they fetch from everywhere, new places every day, and publish what they made.

use super::*;
use crate::synth::calendar::Rhythm;
use crate::synth::places::{ARTEFACTS, MONITOR, REGISTRY};
use crate::synth::transfer::Service;

pub(in crate::synth) const ROLE: Role = Role {
    name: "build-server",
    share: 25,
    quiet: false,
    off_site: 0.0,
    activities: &[
        Activity {
            towards: Towards::Known(&MONITOR),
            service: Service::Ssl,
            agent: "monitor-agent/7.43",
            per_day: 48.0,
            timing: Timing::Timer,
            sent: Size::Own { median: 1_500.0, sigma: 0.2 },
            received: Size::Fixed(640),
        },
        Activity {
            towards: Towards::Known(&REGISTRY),
            service: Service::Ssl,
            agent: "npm/9.5.1",
            per_day: 240.0,
            timing: Timing::Rhythm(Rhythm::Office),
            sent: Size::Usual { median: 3_000.0, sigma: 0.7 },
            received: Size::Usual { median: 1.2e6, sigma: 1.6 },
        },
        Activity {
            towards: Towards::Anywhere { fresh: 0.15 },
            service: Service::Ssl,
            agent: "git/2.39.2",
            per_day: 20.0,
            timing: Timing::Rhythm(Rhythm::Office),
            sent: Size::Usual { median: 5_000.0, sigma: 1.3 },
            received: Size::Usual { median: 4e6, sigma: 1.8 },
        },
        Activity {
            towards: Towards::Known(&ARTEFACTS),
            service: Service::Ssl,
            agent: "docker/23.0.1",
            per_day: 8.0,
            timing: Timing::Rhythm(Rhythm::Office),
            sent: Size::Usual { median: 40e6, sigma: 1.3 },
            received: Size::Usual { median: 20_000.0, sigma: 0.5 },
        },
    ],
};
