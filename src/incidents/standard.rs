//! By what is an incident told today? What was judged so far, frozen, to ask of a host what would be told of it.

use super::traits::Traits;
use super::{Ledger, found_of_host};
use crate::baseline::{Baseline, Row};
use crate::detectors::Case;
use crate::units::{Span, Timestamp};

/// What is told on a day, by what was known when it began.
#[derive(Debug)]
pub struct Standard {
    /// Bits from which on an incident is told while there is room for it in the budget.
    pub bits: f64,
    traits: Traits,
}

impl Standard {
    /// The most that is found of a host in the window of `rows`, in bits; `None` where nothing is.
    pub fn score(&self, case: &Case<'_>, rows: &[Row]) -> Option<f64> {
        let mut most: Option<f64> = None;
        found_of_host(case, rows, &self.traits, |found| {
            most = Some(most.map_or(found.score, |most| most.max(found.score)));
        });
        most
    }

    /// Whether something that scores so much is told.
    pub fn tells(&self, score: Option<f64>) -> bool {
        score.is_some_and(|score| score >= self.bits)
    }
}

impl Ledger {
    /// What is told on the day of `now`, of which nothing was judged.
    pub fn standard(mut self, baseline: &Baseline, now: Timestamp) -> Standard {
        let day = now.floor(Span::DAY);
        if day > self.today {
            self.close_day(day);
        }
        Standard { bits: self.cut.bar(day).max(baseline.pools.worth_telling()), traits: self.traits }
    }
}
