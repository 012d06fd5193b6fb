//! The control: no theft at all. Whatever is found here is a false incident.

use super::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "quiet",
    about: "no theft, only honest noise: the control",
    plan: |_, _| Box::new(Nothing),
};

struct Nothing;

impl Theft for Nothing {
    fn hour(&mut self, _: &World, _: &Hour, _: &mut Vec<Transfer>) {}
}
