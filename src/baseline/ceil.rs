//! A volume in four bytes, never less than it was: millions of records are kept, and each is a bound.

use serde::{Deserialize, Serialize};

/// Bits of the mantissa: below 64 MiB exact, above too large by less than one in 33 million.
const MANTISSA: u32 = 26;

/// A number of bytes, rounded up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Ceil(u32);

impl Ceil {
    /// The next number that can be kept, from `bytes` upwards. The order of numbers is kept.
    pub(super) fn of(bytes: u64) -> Ceil {
        let exponent = (u64::BITS - bytes.leading_zeros()).saturating_sub(MANTISSA);
        let up = bytes.checked_add((1 << exponent) - 1).map_or(1 << MANTISSA, |bytes| bytes >> exponent);
        // Rounding up may need a bit more.
        let (exponent, mantissa) = if up >> MANTISSA == 0 { (exponent, up) } else { (exponent + 1, up >> 1) };
        // A mantissa that begins with its highest bit is one of the next exponent, so that larger numbers have larger codes.
        Ceil(exponent << MANTISSA | u32::try_from(mantissa).unwrap_or(u32::MAX >> 6))
    }

    /// In bytes.
    pub(super) fn bytes(self) -> u64 {
        let (exponent, mantissa) = (self.0 >> MANTISSA, u64::from(self.0 & ((1 << MANTISSA) - 1)));
        if mantissa.leading_zeros() < exponent { u64::MAX } else { mantissa << exponent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_less_and_hardly_more(bytes: u64, shift in 0u32..64, other: u64) {
            let bytes = bytes >> shift;
            let kept = Ceil::of(bytes).bytes();
            prop_assert!(kept >= bytes);
            prop_assert!((kept - bytes) as f64 <= bytes as f64 / f64::from(1 << 25));
            prop_assert!(bytes >= 1 << MANTISSA || kept == bytes);
            let other = other >> shift;
            prop_assert_eq!(Ceil::of(bytes).max(Ceil::of(other)).bytes(), Ceil::of(bytes.max(other)).bytes());
        }
    }

    #[test]
    fn the_largest() {
        assert_eq!(Ceil::of(u64::MAX).bytes(), u64::MAX);
        assert_eq!(Ceil::of((1 << 26) - 1).bytes(), (1 << 26) - 1);
        assert_eq!(Ceil::of(0).bytes(), 0);
    }
}
