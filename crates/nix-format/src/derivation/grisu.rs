//! The digits of a floating-point number, as the JSON library that Nix uses finds them.

/// The decimal exponents of [`POWERS`]: from this one on, in steps of eight.
const FIRST: i32 = -300;
const STEP: i32 = 8;

/// The upper 64 bits of 10 to the power of -300, -292, … 324, rounded to the nearest.
#[rustfmt::skip]
const POWERS: [u64; 79] = [
    0xab70_fe17_c79a_c6ca, 0xff77_b1fc_bebc_dc4f, 0xbe56_91ef_416b_d60c, 0x8dd0_1fad_907f_fc3c,
    0xd351_5c28_3155_9a83, 0x9d71_ac8f_ada6_c9b5, 0xea9c_2277_23ee_8bcb, 0xaecc_4991_4078_536d,
    0x823c_1279_5db6_ce57, 0xc210_9436_4dfb_5637, 0x9096_ea6f_3848_984f, 0xd774_85cb_2582_3ac7,
    0xa086_cfcd_97bf_97f4, 0xef34_0a98_172a_ace5, 0xb238_67fb_2a35_b28e, 0x84c8_d4df_d2c6_3f3b,
    0xc5dd_4427_1ad3_cdba, 0x936b_9fce_bb25_c996, 0xdbac_6c24_7d62_a584, 0xa3ab_6658_0d5f_daf6,
    0xf3e2_f893_dec3_f126, 0xb5b5_ada8_aaff_80b8, 0x8762_5f05_6c7c_4a8b, 0xc9bc_ff60_34c1_3053,
    0x964e_858c_91ba_2655, 0xdff9_7724_7029_7ebd, 0xa6df_bd9f_b8e5_b88f, 0xf8a9_5fcf_8874_7d94,
    0xb944_7093_8fa8_9bcf, 0x8a08_f0f8_bf0f_156b, 0xcdb0_2555_6531_31b6, 0x993f_e2c6_d07b_7fac,
    0xe45c_10c4_2a2b_3b06, 0xaa24_2499_6973_92d3, 0xfd87_b5f2_8300_ca0e, 0xbce5_0864_9211_1aeb,
    0x8cbc_cc09_6f50_88cc, 0xd1b7_1758_e219_652c, 0x9c40_0000_0000_0000, 0xe8d4_a510_0000_0000,
    0xad78_ebc5_ac62_0000, 0x813f_3978_f894_0984, 0xc097_ce7b_c907_15b3, 0x8f7e_32ce_7bea_5c70,
    0xd5d2_38a4_abe9_8068, 0x9f4f_2726_179a_2245, 0xed63_a231_d4c4_fb27, 0xb0de_6538_8cc8_ada8,
    0x83c7_088e_1aab_65db, 0xc45d_1df9_4271_1d9a, 0x924d_692c_a61b_e758, 0xda01_ee64_1a70_8dea,
    0xa26d_a399_9aef_774a, 0xf209_787b_b47d_6b85, 0xb454_e4a1_79dd_1877, 0x865b_8692_5b9b_c5c2,
    0xc835_53c5_c896_5d3d, 0x952a_b45c_fa97_a0b3, 0xde46_9fbd_99a0_5fe3, 0xa59b_c234_db39_8c25,
    0xf6c6_9a72_a398_9f5c, 0xb7dc_bf53_54e9_bece, 0x88fc_f317_f222_41e2, 0xcc20_ce9b_d35c_78a5,
    0x9816_5af3_7b21_53df, 0xe2a0_b5dc_971f_303a, 0xa8d9_d153_5ce3_b396, 0xfb9b_7cd9_a4a7_443c,
    0xbb76_4c4c_a7a4_4410, 0x8bab_8eef_b640_9c1a, 0xd01f_ef10_a657_842c, 0x9b10_a4e5_e991_3129,
    0xe710_9bfb_a19c_0c9d, 0xac28_20d9_623b_f429, 0x8044_4b5e_7aa7_cf85, 0xbf21_e440_03ac_dd2d,
    0x8e67_9c2f_5e44_ff8f, 0xd433_179d_9c8c_b841, 0x9e19_db92_b4e3_1ba9,
];

/// `significand × 2^exponent`.
#[derive(Debug, Clone, Copy)]
struct Binary {
    significand: u64,
    exponent: i32,
}

/// Returns the digits of a finite number above zero, and the power of ten that the last one counts.
///
/// They mean that number, and are nearly always the fewest that do: this is Grisu2 of Florian
/// Loitsch, "Printing Floating-Point Numbers Quickly and Accurately with Integers", 2010, with the
/// powers and the roundings of `nlohmann/detail/conversions/to_chars.hpp`. It misses the
/// fewest of one number in some hundreds, as in `6.813299999999999e+20`.
pub(super) fn digits(value: f64) -> (Vec<u8>, i32) {
    let (low, number, high) = bounds(value);
    let (power, decimal) = power(high.exponent);
    let [low, number, high] = [low, number, high].map(|it| it.times(power));
    // One less on each side, as the products are off by as much.
    let [low, high] = [low.significand + 1, high.significand - 1];
    let spread = Spread {
        width: high - low,
        above: high - number.significand,
        shift: -number.exponent,
    };
    let (digits, exponent) = spread.digits(high);
    (digits, exponent - decimal)
}

/// Returns a number and the middles between it and its neighbours below and above, all with one
/// exponent, by which the uppermost has 64 bits.
fn bounds(value: f64) -> (Binary, Binary, Binary) {
    let bits = value.to_bits();
    let (fraction, biased) = (bits & ((1 << 52) - 1), bits >> 52);
    let (significand, exponent) = match i32::try_from(biased).unwrap_or_default() {
        0 => (fraction, -1074),
        biased => (fraction | 1 << 52, biased - 1075),
    };
    // Below a power of two, numbers lie twice as close.
    let is_closer_below = fraction == 0 && biased > 1;
    let (low, low_exponent) = if is_closer_below {
        (4 * significand - 1, exponent - 2)
    } else {
        (2 * significand - 1, exponent - 1)
    };
    let high = 2 * significand + 1;
    let shift = high.leading_zeros().cast_signed();
    let exponent_all = exponent - 1 - shift;
    let at = |significand: u64, exponent: i32| Binary {
        significand: significand << (exponent - exponent_all),
        exponent: exponent_all,
    };
    (
        at(low, low_exponent),
        at(significand, exponent),
        at(high, exponent - 1),
    )
}

/// Returns a power of ten that brings this exponent to between -60 and -32, and which it is.
const fn power(exponent: i32) -> (Binary, i32) {
    let least = -61 - exponent;
    // 78913 / 2^18 is the logarithm of 2.
    let decimal = least * 78_913 / (1 << 18) + (least > 0) as i32;
    let index = (decimal - FIRST + STEP - 1) / STEP;
    let decimal = FIRST + index * STEP;
    let power = Binary {
        significand: POWERS[index.cast_unsigned() as usize],
        // 1741647 / 2^19 is the logarithm of 10 to the base of 2.
        exponent: ((decimal * 1_741_647) >> 19) - 63,
    };
    (power, decimal)
}

impl Binary {
    /// Multiplies, and rounds to the upper 64 bits.
    fn times(self, other: Self) -> Self {
        let product = u128::from(self.significand) * u128::from(other.significand);
        let rounded = (product + (1 << 63)) >> 64;
        Self {
            significand: u64::try_from(rounded).unwrap_or(u64::MAX),
            exponent: self.exponent + other.exponent + 64,
        }
    }
}

/// What digits may differ by, in units of 2 to the power of `-shift`.
struct Spread {
    /// From the least to the greatest number that they may mean.
    width: u64,
    /// From the number to the greatest.
    above: u64,
    shift: i32,
}

impl Spread {
    /// Takes digits off the greatest number until the rest is within the width.
    fn digits(mut self, high: u64) -> (Vec<u8>, i32) {
        let mask = (1 << self.shift) - 1;
        let (mut whole, mut fraction) = (high >> self.shift, high & mask);
        let mut n_left = whole.checked_ilog10().unwrap_or_default().cast_signed() + 1;
        let mut unit = 10_u64.pow(n_left.cast_unsigned() - 1);
        let mut digits = Vec::new();
        while n_left > 0 {
            digits.push(digit(whole / unit));
            whole %= unit;
            n_left -= 1;
            let rest = (whole << self.shift) + fraction;
            if rest <= self.width {
                self.round(&mut digits, rest, unit << self.shift);
                return (digits, n_left);
            }
            unit /= 10;
        }
        let mut exponent = 0;
        loop {
            fraction *= 10;
            digits.push(digit(fraction >> self.shift));
            fraction &= mask;
            exponent -= 1;
            self.width *= 10;
            self.above *= 10;
            if fraction <= self.width {
                self.round(&mut digits, fraction, 1 << self.shift);
                return (digits, exponent);
            }
        }
    }

    /// Lessens the last digit, worth `unit`, as long as that comes nearer to the number.
    fn round(&self, digits: &mut [u8], mut rest: u64, unit: u64) {
        let Some(last) = digits.last_mut() else {
            return;
        };
        while rest < self.above
            && self.width - rest >= unit
            && (rest + unit < self.above || self.above - rest > rest + unit - self.above)
        {
            *last -= 1;
            rest += unit;
        }
    }
}

fn digit(value: u64) -> u8 {
    b"0123456789"[usize::try_from(value % 10).unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(value: f64, expected: (&str, i32)) {
        let (digits, exponent) = digits(value);
        let digits = String::from_utf8(digits).unwrap();
        assert_eq!((&*digits, exponent), expected);
    }

    #[test]
    fn digits_are_nearly_always_the_fewest() {
        check(1.0, ("1", 0));
        check(0.1, ("1", -1));
        check(1.5e300, ("15", 299));
        check(f64::MIN_POSITIVE, ("22250738585072014", -324));
        check(f64::from_bits(1), ("5", -324));
        check(f64::MAX, ("17976931348623157", 292));
        // What Nix 2.8 makes of it.
        check(6.8133e20, ("6813299999999999", 5));
    }

    proptest! {
        #[test]
        fn digits_mean_the_number(bits in 1..f64::INFINITY.to_bits()) {
            let value = f64::from_bits(bits);
            let (digits, exponent) = digits(value);
            let text = format!("{}e{exponent}", String::from_utf8(digits).unwrap());
            prop_assert_eq!(text.parse(), Ok(value));
        }
    }
}
