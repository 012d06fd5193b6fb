//! Whether what a unit carries grows.
//!
//! Mann-Kendall test: S counts the pairs of days of which the later one carried more, less those of which it carried less. Ranks,
//! and not sums, because a day's volume is heavy-tailed: one large day says little, twenty that creep up say much. Without
//! a trend S is near normal with mean 0 and, for n days of which t carried the same, variance
//! (n (n - 1) (2 n + 5) - Σ t (t - 1) (2 t + 5)) / 18 (Kendall 1975).

/// Days that are needed at least: a week repeats itself once.
const DAYS_MIN: usize = 14;

/// Of whole days, the oldest first: one over the probability that days without a trend rise so steadily, rounded down. 1 where
/// nothing rises or there are too few days.
pub(super) fn growth(days: &[u64]) -> u64 {
    let n = days.len();
    if n < DAYS_MIN {
        return 1;
    }
    let later = |place: usize| days.iter().skip(place + 1);
    let rises: i32 = days
        .iter()
        .enumerate()
        .flat_map(|(place, day)| later(place).map(move |later| later.cmp(day) as i32))
        .sum();
    let weight = |ties: usize| (ties * (ties - 1) * (2 * ties + 5)) as f64;
    let mut sorted = days.to_vec();
    sorted.sort_unstable();
    let ties: f64 = sorted.chunk_by(|a, b| a == b).map(|same| weight(same.len())).sum();
    let deviation = ((weight(n) - ties) / 18.0).sqrt();
    if rises <= 0 || deviation <= 0.0 {
        return 1;
    }
    odds(f64::from(rises - 1) / deviation)
}

/// One over the probability that a standard normal value is `z` or more, by Mills' ratio as bounded by Birnbaum (1942): within
/// a tenth above 1, and exact enough for a value that is calibrated among others like it.
fn odds(z: f64) -> u64 {
    let density = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let tail = density * 2.0 / (z + (z * z + 4.0).sqrt());
    #[expect(clippy::cast_sign_loss, reason = "a probability is positive")]
    let odds = (1.0 / tail.max(f64::MIN_POSITIVE)).max(1.0) as u64;
    odds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frog_is_boiled_and_weekends_are_not_a_trend() {
        let frog: Vec<u64> =
            std::iter::successors(Some(1000), |day| Some(day * 105 / 100)).take(21).collect();
        assert!(growth(&frog) > 1_000_000_000, "{}", growth(&frog));
        let weekly: Vec<u64> = (0..28).map(|day| if day % 7 < 5 { 1000 + day % 3 } else { 0 }).collect();
        assert!(growth(&weekly) < 10, "{}", growth(&weekly));
        assert_eq!(growth(&frog[..13]), 1);
        assert_eq!(growth(&[]), 1);
        assert_eq!(growth(&[7; 28]), 1);
        let falling: Vec<u64> = frog.iter().rev().copied().collect();
        assert_eq!(growth(&falling), 1);
    }

    #[test]
    fn one_large_day_is_no_trend() {
        let mut days: Vec<u64> = (0..28).map(|day| 1000 + day * 7919 % 101).collect();
        let before = growth(&days);
        days[26] = 1_000_000;
        assert!(growth(&days) < before.max(1) * 20, "{} {before}", growth(&days));
    }

    #[test]
    fn tails_of_the_normal_distribution() {
        // Tables: P(Z > 1.645) = 0.05, P(Z > 3.09) = 0.001, P(Z > 4.753) = 1e-6.
        for (z, expected) in [(1.645, 20.0), (3.09, 1e3), (4.753, 1e6)] {
            assert!((odds(z) as f64 / expected - 1.0).abs() < 0.1, "{z} {}", odds(z));
        }
    }
}
