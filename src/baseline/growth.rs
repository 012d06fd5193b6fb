//! Whether what a unit carries grows from week to week.
//!
//! Seasonal Kendall test (Hirsch, Slack and Smith 1982): each day is compared with the same weekday of other weeks only, so
//! weekends and weekly rhythms are no trend. S counts pairs that rise less those that fall; without a trend it is near
//! normal with mean 0 and, for w values a weekday, variance w (w - 1) (2 w + 5) / 18 for each weekday.

/// S in standard deviations from which there is a trend: one in a hundred units without one rises so by chance.
const RISES: f64 = 2.33;

const WEEK: usize = 7;

/// `days` holds whole days, the last one last, of which whole weeks are taken, as many as there are. The last week's sum less
/// the first week's, where there is a trend upwards; else 0. Fewer than two weeks show none.
pub(super) fn growth(days: &[u64]) -> u64 {
    let weeks = days.len() / WEEK;
    let days = &days[days.len() - weeks * WEEK..];
    let mut rises = 0i32;
    for weekday in 0..WEEK {
        for earlier in 0..weeks {
            for later in earlier + 1..weeks {
                let day = |week: usize| days[week * WEEK + weekday];
                rises += day(later).cmp(&day(earlier)) as i32;
            }
        }
    }
    let w = weeks as f64;
    let deviation = (WEEK as f64 * w * (w - 1.0) * (2.0 * w + 5.0) / 18.0).sqrt();
    if weeks < 2 || f64::from(rises) < RISES * deviation {
        return 0;
    }
    let sum = |week: usize| days[week * WEEK..(week + 1) * WEEK].iter().sum::<u64>();
    sum(weeks - 1).saturating_sub(sum(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frog_is_boiled_and_weekends_are_not_a_trend() {
        let frog: Vec<u64> =
            std::iter::successors(Some(1000), |day| Some(day * 105 / 100)).take(21).collect();
        assert_eq!(growth(&frog), frog[14..].iter().sum::<u64>() - frog[..7].iter().sum::<u64>());
        let weekly: Vec<u64> = (0..28).map(|day| if day % 7 < 5 { 1000 + day % 3 } else { 0 }).collect();
        assert_eq!(growth(&weekly), 0);
        assert_eq!(growth(&frog[..13]), 0);
        assert_eq!(growth(&[]), 0);
        let falling: Vec<u64> = frog.iter().rev().copied().collect();
        assert_eq!(growth(&falling), 0);
    }
}
