//! How many incidents a person can read: `10/day`.

use crate::incident::Incident;
use crate::units::UnitError;
use std::str::FromStr;

/// Incidents per day of event time (UTC), by the day on which they are raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// At least 1.
    pub per_day: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { per_day: 10 }
    }
}

impl FromStr for Budget {
    type Err = UnitError;

    /// `"10/day"`, or just `"10"`.
    fn from_str(text: &str) -> Result<Budget, UnitError> {
        let number = text.trim().strip_suffix("/day").unwrap_or(text).trim();
        match number.parse() {
            Ok(per_day) if per_day > 0 => Ok(Budget { per_day }),
            _ => Err(UnitError::new(format!(
                "\"{text}\" is no budget: write incidents per day, as in \"10/day\""
            ))),
        }
    }
}

/// Sorts incidents, the worst first. Ties go to the larger volume, then by `name`, so that the order is the same in every run.
pub fn rank<N: Ord>(incidents: Vec<Incident>, name: impl Fn(&Incident) -> N) -> Vec<Incident> {
    let mut named: Vec<(N, Incident)> =
        incidents.into_iter().map(|incident| (name(&incident), incident)).collect();
    named.sort_by(|(name, a), (other, b)| {
        b.score.total_cmp(&a.score).then(b.bytes_out.cmp(&a.bytes_out)).then_with(|| name.cmp(other))
    });
    named.into_iter().map(|(_, incident)| incident).collect()
}
