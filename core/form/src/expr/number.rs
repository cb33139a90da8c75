//! Numbers as text, after XPath 1.0, and rounding.

/// A number as XPath's `string()` writes it: no exponent, no trailing zeros, `NaN`, `Infinity`.
pub(crate) fn to_text(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
    } else if number == 0.0 {
        "0".to_owned()
    } else {
        format!("{number}")
    }
}

/// XPath's number syntax, surrounding space allowed: digits with an optional minus and point. No exponent, no plus.
pub(crate) fn from_text(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let well_formed = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().filter(|b| *b == b'.').count() <= 1;
    if well_formed { text.parse().ok() } else { None }
}

/// Rounds to so many decimal places, halves towards positive infinity, in decimal arithmetic as JavaRosa does:
/// `round(1.005, 2)` is `1.01`.
pub(crate) fn round(number: f64, places: f64) -> f64 {
    if !number.is_finite() || !places.is_finite() {
        return if places.is_nan() { f64::NAN } else { number };
    }
    #[expect(clippy::cast_possible_truncation, reason = "clamped to the exponents a double has")]
    let places = places.clamp(-310.0, 310.0) as i32;
    let shift = |number: f64, by: i32| format!("{number}e{by}").parse::<f64>().unwrap_or(f64::NAN);
    let shifted = shift(number, places);
    if !shifted.is_finite() { number } else { shift((shifted + 0.5).floor(), -places) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_without_exponent() {
        for (number, text) in
            [(1e20, "100000000000000000000"), (1e-7, "0.0000001"), (-0.0, "0"), (7.0, "7"), (-2.5, "-2.5")]
        {
            assert_eq!(to_text(number), text);
        }
    }

    #[test]
    fn only_xpath_numbers_are_numbers() {
        for text in ["", " ", "1e3", "+1", "1.2.3", "0x1", "Infinity", "NaN", "-", ".", "--1", "4,6"] {
            assert_eq!(from_text(text), None, "{text}");
        }
        for (text, number) in [(" 7 ", 7.0), ("-.5", -0.5), ("007", 7.0), ("1.", 1.0)] {
            assert_eq!(from_text(text), Some(number), "{text}");
        }
    }

    #[test]
    fn rounding_is_decimal_and_half_up() {
        for (number, places, rounded) in [
            (1.005, 2.0, 1.01),
            (-12345.15, 1.0, -12345.1),
            (-2.5, 0.0, -2.0),
            (2.5, 0.0, 3.0),
            (1234.0, -2.0, 1200.0),
        ] {
            assert_eq!(round(number, places), rounded, "round({number}, {places})");
        }
        assert!(round(1.0, f64::NAN).is_nan());
    }
}
