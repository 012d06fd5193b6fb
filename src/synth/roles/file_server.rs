//! File shares: busy inside, with a copy of some folders at a partner's.

use super::*;
use crate::synth::calendar::Rhythm;
use crate::synth::places::MONITOR;
use crate::synth::transfer::Service;

pub(in crate::synth) const ROLE: Role = Role {
    name: "file-server",
    share: 60,
    quiet: false,
    off_site: 0.15,
    activities: &[
        Activity {
            towards: Towards::Known(&MONITOR),
            service: Service::Ssl,
            agent: "monitor-agent/7.43",
            per_day: 48.0,
            timing: Timing::Timer,
            sent: Size::Own { median: 1_700.0, sigma: 0.2 },
            received: Size::Fixed(640),
        },
        Activity {
            towards: Towards::Partner { each: 2, of: 600 },
            service: Service::Ssl,
            agent: "sync/4.2",
            per_day: 6.0,
            timing: Timing::Rhythm(Rhythm::Office),
            sent: Size::Usual { median: 1.5e6, sigma: 2.0 },
            received: Size::Usual { median: 300_000.0, sigma: 2.0 },
        },
        Activity {
            towards: Towards::Inside("backup-server"),
            service: Service::Smb,
            agent: "",
            per_day: 1.0,
            timing: Timing::Rhythm(Rhythm::Night),
            sent: Size::Usual { median: 8e9, sigma: 1.2 },
            received: Size::Usual { median: 4e6, sigma: 0.5 },
        },
    ],
};
