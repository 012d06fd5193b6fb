//! The largest amount that is not told: doubled until it is, then halved between the two.

use super::Floor;

/// What is told and what is not are brought so near to each other.
const NEAR: f64 = 1.05;

/// The largest number of bytes of which `told` says no, sought from `guess` on. What is told is taken to be told if it is more, which
/// is nearly so: where a detector changes the class in which it judges there may be a little island above.
pub(super) fn largest(told: impl Fn(u64) -> bool, guess: u64) -> Floor {
    let (mut low, mut high) = (0, guess.clamp(1, Floor::MOST));
    // Steps grow: the guess may be wrong by ten decades, or by a tenth.
    let mut step = 2;
    if told(high) {
        loop {
            let next = high / step;
            if next == 0 {
                break;
            }
            if !told(next) {
                low = next;
                break;
            }
            high = next;
            step = step.saturating_mul(2);
        }
    } else {
        loop {
            low = high;
            if low == Floor::MOST {
                return Floor::Boundless;
            }
            high = low.saturating_mul(step).min(Floor::MOST);
            if told(high) {
                break;
            }
            step = step.saturating_mul(2);
        }
    }
    while high - low > 1 && high as f64 > low as f64 * NEAR {
        let middle = between(low, high);
        if told(middle) { high = middle } else { low = middle }
    }
    Floor::Bytes(low)
}

/// Between both, about their geometric mean; half where one is nothing; neither of them.
fn between(low: u64, high: u64) -> u64 {
    #[expect(clippy::cast_sign_loss, reason = "a root is not negative")]
    let mean = (low as f64 * high as f64).sqrt() as u64;
    let middle = if low == 0 { high / 2 } else { mean };
    middle.clamp(low + 1, high - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::Cell;

    proptest! {
        #[test]
        fn what_is_found_is_the_largest(limit in 0u64..=Floor::MOST, guess in any::<u64>()) {
            let asked = Cell::new(0);
            let told = |bytes: u64| { asked.set(asked.get() + 1); bytes > limit };
            match largest(told, guess) {
                Floor::Boundless => prop_assert_eq!(limit, Floor::MOST),
                Floor::Bytes(bytes) => {
                    prop_assert!(bytes <= limit && limit as f64 <= (bytes as f64 * NEAR).max(bytes as f64 + 1.0), "{} {}", bytes, limit);
                }
            }
            prop_assert!(asked.get() < 40, "{} questions", asked.get());
        }
    }

    #[test]
    fn a_good_guess_is_soon_proven() {
        let asked = Cell::new(0);
        let told = |bytes: u64| {
            asked.set(asked.get() + 1);
            bytes > 1_000_000
        };
        assert!(matches!(largest(told, 1_010_000), Floor::Bytes(950_000..=1_000_000)));
        assert!(asked.get() <= 7, "{}", asked.get());
    }
}
