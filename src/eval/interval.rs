//! How far a figure may be trusted: 95 % intervals.

/// A figure and the bounds within which its true value lies in 95 of 100 cases.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Interval {
    /// The figure itself.
    pub value: f64,
    /// At most `value`.
    pub low: f64,
    /// At least `value`.
    pub high: f64,
}

/// The 97.5 % point of the normal distribution.
const Z: f64 = 1.96;

/// The 97.5 % points of Student's t for 1 to 9 degrees of freedom; beyond that the normal's plus a little.
const T: [f64; 9] = [12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/// The share `hits` of `of`, by Wilson's score interval, which holds for small numbers and near 0 and 1.
pub fn wilson(hits: u64, of: u64) -> Interval {
    if of == 0 {
        return Interval { value: 0.0, low: 0.0, high: 1.0 };
    }
    let (n, share) = (of as f64, hits as f64 / of as f64);
    let centre = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    Interval {
        value: share,
        low: (centre - half).max(0.0).min(share),
        high: (centre + half).min(1.0).max(share),
    }
}

/// Between which values the median of what they are drawn from lies in 95 of 100 cases, whatever its distribution: the order
/// statistics whose ranks the normal approximation of the binomial gives (Conover 1999). Fewer than six say no more than their
/// least and their largest. `None` of none.
pub fn median_interval(values: &[f64]) -> Option<(f64, f64)> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let (middle, half) = (n / 2.0, Z * n.sqrt() / 2.0);
    #[expect(clippy::cast_sign_loss, reason = "both are at least 0")]
    let (low, high) = ((middle - half - 1.0).floor().max(0.0) as usize, (middle + half).ceil() as usize);
    Some((*sorted.get(low)?, *sorted.get(high.min(sorted.len() - 1))?))
}

/// The mean over estates, with Student's interval for what differs between them. For a single estate the interval comes
/// from the standard error `within` it. `None`: the figure is no share, may exceed 1, and has no error within.
pub fn across_seeds(values: &[f64], within: Option<f64>) -> Interval {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n.max(1.0);
    let half = match values.len() {
        0 => 0.0,
        1 => Z * within.unwrap_or(0.0),
        count => {
            let square: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
            let t = T.get(count - 2).copied().unwrap_or(2.2);
            t * (square / (n - 1.0) / n).sqrt()
        }
    };
    // Every figure here is at least 0, and shares are at most 1.
    let high = if within.is_some() { (mean + half).min(1.0) } else { mean + half };
    Interval { value: mean, low: (mean - half).max(0.0), high: high.max(mean) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_as_published() {
        // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20.
        for ((hits, of), (low, high)) in
            [((81, 263), (0.2553, 0.3662)), ((15, 148), (0.0624, 0.1605)), ((0, 20), (0.0, 0.1611))]
        {
            let interval = wilson(hits, of);
            assert!((interval.low - low).abs() < 1e-3 && (interval.high - high).abs() < 1e-3, "{interval:?}");
        }
        assert_eq!(wilson(0, 0), Interval { value: 0.0, low: 0.0, high: 1.0 });
    }

    #[test]
    fn medians_lie_among_their_values() {
        assert_eq!(median_interval(&[]), None);
        assert_eq!(median_interval(&[3.0]), Some((3.0, 3.0)));
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        // Ranks 40 and 61 of 100, as in tables of the sign test.
        assert_eq!(median_interval(&values), Some((40.0, 61.0)));
    }

    #[test]
    fn seeds_that_differ_widen_it() {
        assert_eq!(across_seeds(&[0.5, 0.5, 0.5], Some(0.1)), Interval { value: 0.5, low: 0.5, high: 0.5 });
        let two = across_seeds(&[0.6, 0.8], None);
        assert!((two.value - 0.7).abs() < 1e-12 && two.low == 0.0 && (two.high - 1.971).abs() < 1e-9);
        let one = across_seeds(&[0.9], Some(0.1));
        assert!((one.low - 0.704).abs() < 1e-9 && one.high == 1.0);
    }
}
