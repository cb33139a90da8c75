//! Words as a picture that a camera reads: a QR code (ISO/IEC 18004), drawn into the page itself, so that it is no file anywhere.

use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};

/// The largest code that the camera of an ordinary tablet reads.
const LARGEST: u8 = 25;
/// The quiet zone that the standard asks for, in modules.
const QUIET: i32 = 4;

/// A text as a QR code; nothing where it is too long for one.
pub(crate) fn of(text: &str, label: &str) -> Option<Markup> {
    let (segments, largest) = (QrSegment::make_segments(text), Version::new(LARGEST));
    let code =
        QrCode::encode_segments_advanced(&segments, QrCodeEcc::Medium, Version::MIN, largest, None, true)
            .ok()?;
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        for x in 0..size {
            if code.get_module(x, y) {
                path += &format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET);
            }
        }
    }
    let side = size + 2 * QUIET;
    Some(html! {
        svg .picture role="img" aria-label=(label) viewBox=(format!("0 0 {side} {side}")) shape-rendering="crispEdges" {
            rect width=(side) height=(side) fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn words_fit_and_a_book_does_not() {
        let drawn = of(&"abandon ".repeat(12), "words").unwrap().into_string();
        assert!(drawn.contains("<path") && drawn.contains("aria-label=\"words\""));
        assert!(of(&"x".repeat(5_000), "too long").is_none());
        // What a tablet shows to be let in, and the longest picture of an invitation.
        assert!(of(&"X".repeat(1_451), "an invitation").is_some());
        assert!(of(&"X".repeat(1_452), "too large for a camera").is_none());
    }
}
