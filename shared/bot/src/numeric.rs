//! `exp` and `ln` from plain arithmetic: the platform's own differ in the last bit, and a base
//! trained twice must have the same bytes everywhere.

use std::f64::consts::{LN_2, SQRT_2};

/// e to the power of `x`, within about 1e-12 relative; 0 below -700, clamped above 700.
pub(super) fn exp(x: f64) -> f64 {
    if x < -700.0 {
        return 0.0;
    }
    let x = x.min(700.0);
    let whole = (x / LN_2).round();
    let rest = x - whole * LN_2;
    let mut term = 1.0;
    let mut sum = 1.0;
    for step in 1..=11 {
        term *= rest / f64::from(step);
        sum += term;
    }
    sum * power_of_two(whole)
}

/// Natural logarithm of a positive, finite `x`; 0 for anything else.
pub(super) fn ln(x: f64) -> f64 {
    if !x.is_finite() || x <= 0.0 {
        return 0.0;
    }
    let mut mantissa = x;
    let mut exponent = 0.0;
    while mantissa > SQRT_2 {
        mantissa *= 0.5;
        exponent += 1.0;
    }
    while mantissa < SQRT_2 * 0.5 {
        mantissa *= 2.0;
        exponent -= 1.0;
    }
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    let mut power = ratio;
    let mut sum = 0.0;
    for step in 0..12 {
        sum += power / f64::from(2 * step + 1);
        power *= square;
    }
    exponent * LN_2 + 2.0 * sum
}

fn power_of_two(whole: f64) -> f64 {
    let base = if whole < 0.0 { 0.5 } else { 2.0 };
    let mut power = 1.0;
    let mut left = whole.abs();
    while left >= 1.0 {
        power *= base;
        left -= 1.0;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::{exp, ln};

    #[test]
    fn agrees_with_the_platform() {
        for step in -400..400 {
            let x = f64::from(step) * 0.17;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-10, "exp {x}");
        }
        for step in 1..4000 {
            let x = f64::from(step) * 0.37;
            assert!((ln(x) - x.ln()).abs() < 1e-10, "ln {x}");
        }
        assert!(ln(0.0).abs() < f64::EPSILON);
        assert!(exp(-1e9).abs() < f64::EPSILON);
    }
}
