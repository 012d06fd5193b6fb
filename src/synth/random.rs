//! Random draws that depend only on what they are for: a generator is made from the seed and a key (which host, which
//! hour), never carried along. So any hour of any host can be drawn alone, and adding a theft changes nothing else.
//!
//! xoshiro256++ 1.0 and SplitMix64 by D. Blackman and S. Vigna (public domain, <https://prng.di.unimi.it>). Not for
//! secrets.

use super::arithmetic::{exp, ln, whole};

/// A short-lived source of draws.
pub(super) struct Random {
    /// Never all zero: SplitMix64 gives four different words.
    state: [u64; 4],
}

/// A point in the unit circle, of which a normal draw is made.
#[derive(Clone, Copy, Default)]
pub(super) struct Point {
    x: f64,
    /// Its distance from the centre, squared.
    square: f64,
}

impl Point {
    /// Standard normal.
    fn normal(self) -> f64 {
        self.x * (-2.0 * ln(self.square) / self.square).sqrt()
    }

    /// As [`Random::log_normal`].
    pub(super) fn log_normal(self, median: f64, sigma: f64) -> f64 {
        median * exp(sigma * self.normal())
    }
}

/// The finaliser of SplitMix64: every bit of `x` changes half of the result's.
pub(super) const fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A number for the name of a row (a role, a scenario), so that each has draws of its own (FNV-1a).
pub(super) const fn stream(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    let mut rest = bytes;
    while let [first, others @ ..] = rest {
        hash = (hash ^ *first as u64).wrapping_mul(0x0000_0100_0000_01B3);
        rest = others;
    }
    hash
}

impl Random {
    /// The draws of `stream` for one key, such as a host and an hour.
    pub(super) fn new(seed: u64, stream: u64, key: [u64; 2]) -> Random {
        let mut word = mix(mix(seed) ^ stream);
        for part in key {
            word = mix(word ^ part);
        }
        let state = [1, 2, 3, 4].map(|step: u64| mix(word.wrapping_add(step << 32)));
        Random { state }
    }

    /// 64 even bits.
    pub(super) fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// 0.0 inclusive to 1.0 exclusive, in steps of 2^-53.
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly between two bounds.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// 0 to `bound` - 1; 0 for a bound of 0. The bias, below `bound` / 2^64, does not matter here.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        u64::try_from((u128::from(self.bits()) * u128::from(bound)) >> 64).unwrap_or(0)
    }

    /// As [`Random::below`], for the numbers of hosts, sites and ports.
    pub(super) fn pick(&mut self, bound: u32) -> u32 {
        u32::try_from(self.below(u64::from(bound))).unwrap_or(0)
    }

    /// True with this probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Standard normal, by Marsaglia's polar method (the second value is thrown away, so that no state is carried).
    pub(super) fn normal(&mut self) -> f64 {
        self.point().normal()
    }

    /// The draws of [`Random::normal`] without its sums: those of several wait for nothing when they are made together.
    pub(super) fn point(&mut self) -> Point {
        loop {
            let (x, y) = (self.between(-1.0, 1.0), self.between(-1.0, 1.0));
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return Point { x, square };
            }
        }
    }

    /// Log-normal: half of the draws are below `median`; `sigma` is the spread of the logarithm (1: a factor of e).
    pub(super) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        self.point().log_normal(median, sigma)
    }

    /// How many events of a mean number `mean` happen (Poisson). Knuth's product for small means, the normal
    /// approximation from 30 on.
    pub(super) fn poisson(&mut self, mean: f64) -> u64 {
        if mean <= 0.0 {
            return 0;
        }
        if mean >= 30.0 {
            return whole(mean + mean.sqrt() * self.normal());
        }
        let limit = exp(-mean);
        let mut product = self.unit();
        let mut count = 0;
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// A rank from 0 to `ranks` - 1 whose probability falls as 1 / (rank + 1), the law of visits to sites (Zipf).
    pub(super) fn zipf(&mut self, ranks: u32) -> u32 {
        let rank = exp(self.unit() * ln(f64::from(ranks) + 1.0)).floor() - 1.0;
        u32::try_from(whole(rank)).unwrap_or(0).min(ranks.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        // First outputs of xoshiro256++ from the state 1, 2, 3, 4, as the reference C code prints them.
        let mut random = Random { state: [1, 2, 3, 4] };
        let drawn = [random.bits(), random.bits(), random.bits(), random.bits()];
        assert_eq!(drawn, [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386]);
        // First output of SplitMix64 from the seed 0.
        assert_eq!(mix(0), 0xE220_A839_7B1D_CDAF);
    }

    #[test]
    fn draws_have_their_means() {
        let mut random = Random::new(1, stream("test"), [0, 0]);
        let mut mean = |draw: &mut dyn FnMut(&mut Random) -> f64| {
            (0..40_000).map(|_| draw(&mut random)).sum::<f64>() / 40_000.0
        };
        assert!((mean(&mut |r| r.unit()) - 0.5).abs() < 0.01);
        assert!(mean(&mut |r| r.normal()).abs() < 0.03);
        assert!((mean(&mut |r| ln(r.log_normal(1000.0, 2.0))) - ln(1000.0)).abs() < 0.05);
        for lambda in [0.02, 3.0, 80.0] {
            assert!((mean(&mut |r| r.poisson(lambda) as f64) / lambda - 1.0).abs() < 0.12, "{lambda}");
        }
        // Of 1,000 ranks the first has about ln 2 / ln 1001 = 10 %.
        assert!((mean(&mut |r| f64::from(u8::from(r.zipf(1000) == 0))) - 0.1).abs() < 0.01);
        assert!(mean(&mut |r| f64::from(r.zipf(1000))) < 1000.0);
    }

    #[test]
    fn keys_are_independent() {
        let first = Random::new(1, stream("a"), [1, 2]).bits();
        for other in [
            Random::new(2, stream("a"), [1, 2]),
            Random::new(1, stream("b"), [1, 2]),
            Random::new(1, stream("a"), [2, 1]),
            Random::new(1, stream("a"), [1, 3]),
        ] {
            let mut other = other;
            assert_ne!(other.bits(), first);
        }
    }
}
