//! The control: no theft at all. Whatever is found here is a false incident.

use super::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "quiet",
    about: "no theft, only honest noise: the control",
    plan: |_, _| Box::new(Vec::<Leak>::new()),
};
