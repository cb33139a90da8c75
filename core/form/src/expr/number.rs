//! Numbers as text, after XPath 1.0.

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
