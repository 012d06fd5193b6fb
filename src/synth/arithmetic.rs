//! Arithmetic that gives the same bits everywhere: `exp` and `ln` from additions, multiplications and divisions only,
//! which IEEE 754 fixes to the last bit (the C libraries' differ between platforms), and exact shares of whole bytes.
//!
//! Not a mathematics library: the ranges are what the generator needs.

const LN_2: f64 = std::f64::consts::LN_2;

/// 1 / n! for n from 14 down to 0. Divisions are slow, and these are always the same.
const TAYLOR: [f64; 15] = {
    let mut coefficients = [1.0; 15];
    let (mut n, mut factorial) = (1, 1.0);
    while n < 15 {
        factorial *= n as f64;
        coefficients[14 - n] = 1.0 / factorial;
        n += 1;
    }
    coefficients
};

/// 1 / (2 n + 1) for n from 16 down to 0.
const ARTANH: [f64; 17] = {
    let mut coefficients = [1.0; 17];
    let mut n = 0;
    while n < 17 {
        coefficients[16 - n] = 1.0 / (2 * n + 1) as f64;
        n += 1;
    }
    coefficients
};

/// e to the power of `x`, relative error below 1e-14; `x` is clamped to -700..=700.
pub(super) fn exp(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let doublings = nearest(x / LN_2);
    let rest = x - doublings * LN_2;
    // Taylor, |rest| <= 0.35: the fourteenth term is below 1e-17.
    let mut sum = 0.0;
    for coefficient in TAYLOR {
        sum = sum * rest + coefficient;
    }
    sum * f64::from_bits(whole(1023.0 + doublings) << 52)
}

/// The natural logarithm of a positive, normal `x`, absolute error below 1e-14; 0 for anything else.
pub(super) fn ln(x: f64) -> f64 {
    if !x.is_normal() || x < 0.0 {
        return 0.0;
    }
    let bits = x.to_bits();
    let exponent = f64::from(u32::try_from(bits >> 52).unwrap_or(0)) - 1023.0;
    let mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    // ln m = 2 artanh((m-1)/(m+1)), m in [1, 2): the ratio is at most 1/3, the 17th odd term below 1e-17.
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    let mut sum = 0.0;
    for coefficient in ARTANH {
        sum = sum * square + coefficient;
    }
    exponent * LN_2 + 2.0 * ratio * sum
}

/// `base` to the power of `power`, for a positive `base`.
pub(super) fn power(base: f64, power: f64) -> f64 {
    exp(power * ln(base))
}

/// The nearest whole number, halves away from 0; 0 for a negative one. `f64::round` is a call into the C library, as
/// not every processor of this architecture can do it.
#[expect(clippy::cast_sign_loss, reason = "a negative number saturates to 0, which is what is wanted")]
pub(super) fn whole(x: f64) -> u64 {
    let below = x as u64;
    below.saturating_add(u64::from(x - below as f64 >= 0.5))
}

/// The same for a number of either sign, of at most 2^53.
fn nearest(x: f64) -> f64 {
    let inner = x as i64 as f64;
    let rest = x - inner;
    inner + f64::from(i8::from(rest >= 0.5) - i8::from(rest <= -0.5))
}

/// The bytes of `total` that fall between `from` and `to` of `of` parts. Adjacent shares add up without loss, so
/// shares from 0 to `of` add up to exactly `total`.
pub(super) fn share(total: u64, from: u64, to: u64, of: u64) -> u64 {
    let upto = |part: u64| {
        let exact = u128::from(total) * u128::from(part.min(of)) / u128::from(of.max(1));
        u64::try_from(exact).unwrap_or(total)
    };
    upto(to).saturating_sub(upto(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_and_ln_agree_with_the_platform() {
        for x in [-30.0, -1.0, -0.1, 0.0, 0.3, 1.0, 7.7, 25.0] {
            assert!((exp(x) / f64::exp(x) - 1.0).abs() < 1e-13, "exp {x}");
        }
        for x in [1e-9, 0.2, 1.0, 1.999, 2.0, 3.5, 1e12] {
            assert!((ln(x) - f64::ln(x)).abs() < 1e-13, "ln {x}");
        }
        assert_eq!(ln(0.0), 0.0);
        assert_eq!(whole(-3.0), 0);
        for x in [0.0, 0.499_999_999_999_999_94, 0.5, 1.5, 2.5, 4_503_599_627_370_495.5, 1e18] {
            assert_eq!((whole(x) as f64, nearest(x), nearest(-x)), (x.round(), x.round(), -x.round()), "{x}");
        }
    }

    #[test]
    fn shares_add_up() {
        let cuts = [0, 3, 4, 11, 17];
        let sum: u64 = cuts.windows(2).map(|w| share(974_000_000_001, w[0], w[1], 17)).sum();
        assert_eq!(sum, 974_000_000_001);
        assert_eq!(share(5, 0, 1, 0), 0);
    }
}
