//! What traits say that others share: how often they are seen together in what stands out anyway.
//!
//! Other detectors give probabilities of volumes. That an incident also shows some traits is rarer by the share of incidents
//! that show them all, whatever those are, measured over the last two weeks. Shares of single traits may not be multiplied:
//! an honest job by a timer is off hours, steady and in equal pieces at once.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How many days are remembered.
const DAYS: usize = 14;

/// How many incidents the prior is worth.
const PRIOR_WEIGHT: f64 = 16.0;

/// What traits add at most, in bits: more than one in 64 cannot be measured among the incidents of two weeks.
const MOST: f64 = 6.0;

/// A set of detectors, as bits of their places in the table.
pub(super) type Set = u32;

/// How often incidents of the last days showed which traits.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Traits {
    /// The traits of each incident of a day.
    days: VecDeque<Vec<Set>>,
}

impl Traits {
    /// A day's incidents, by what they showed.
    pub(super) fn add_day(&mut self, incidents: Vec<Set>) {
        self.days.push_back(incidents);
        if self.days.len() > DAYS {
            self.days.pop_front();
        }
    }

    /// What it adds to an incident that it shows all of these, in bits. `prior`: by what is known beforehand.
    pub(super) fn bits(&self, shown: Set, prior: f64) -> f64 {
        let prior = prior.min(MOST);
        let all = self.days.iter().map(Vec::len).sum::<usize>() as f64;
        let with = self.days.iter().flatten().filter(|incident| *incident & shown == shown).count() as f64;
        let share = (with + PRIOR_WEIGHT * (-prior).exp2()) / (all + PRIOR_WEIGHT);
        (-share.log2()).clamp(0.0, prior)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_show_says_little() {
        let mut traits = Traits::default();
        assert_eq!(traits.bits(1, 3.0), 3.0);
        traits.add_day(vec![0; 40]);
        assert_eq!(traits.bits(1, 3.0), 3.0, "never more than the prior");
        (0..DAYS).for_each(|_| traits.add_day([vec![1; 20], vec![0; 20]].concat()));
        assert!((traits.bits(1, 3.0) - 1.0).abs() < 0.1, "one in two is a bit: {}", traits.bits(1, 3.0));
        assert_eq!(traits.bits(2, 3.0), 3.0);
    }

    #[test]
    fn what_comes_together_counts_once() {
        let mut traits = Traits::default();
        (0..DAYS).for_each(|_| traits.add_day([vec![3; 5], vec![0; 35]].concat()));
        let (one, both) = (traits.bits(1, 3.0), traits.bits(3, 6.0));
        assert!((both - one).abs() < 0.3, "{one} {both}");
        assert_eq!(Traits::default().bits(7, 9.0), MOST);
    }
}
