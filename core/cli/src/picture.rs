//! Texts of enrolment as QR codes in a terminal, for a camera on the other side of the table.

use nightjar::picture_parts;
use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};

use crate::terminal::Screen;
use crate::trouble::Trouble;

/// The quiet zone that the standard asks for, in modules.
const QUIET: i32 = 4;
/// The largest code that the camera of an ordinary tablet reads.
const LARGEST: u8 = 25;

/// Shows a text as one QR code, or as several that belong together.
pub(crate) fn show(text: &str, screen: &mut Screen) -> Result<(), Trouble> {
    let parts = picture_parts(text);
    for (at, part) in parts.iter().enumerate() {
        if parts.len() > 1 {
            screen.heading(format_args!("part {} of {}; show them in any order", at + 1, parts.len()))?;
        }
        for line in lines(part)? {
            screen.line(line)?;
        }
    }
    Ok(())
}

/// Two rows of modules a line, black on white whatever the terminal's colours.
fn lines(text: &str) -> Result<Vec<String>, Trouble> {
    let segments = QrSegment::make_segments(text);
    let largest = Version::new(LARGEST);
    let code =
        QrCode::encode_segments_advanced(&segments, QrCodeEcc::Medium, Version::MIN, largest, None, true)
            .map_err(|_| Trouble::Given("this text is too long for a picture".into()))?;
    let range = || -QUIET..code.size() + QUIET;
    let row = |y: i32| {
        let pair = |x| match (code.get_module(x, y), code.get_module(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        format!("\u{1b}[30;107m{}\u{1b}[0m", range().map(pair).collect::<String>())
    };
    Ok(range().step_by(2).map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_square_with_its_quiet_zone_and_a_book_is_none() {
        let drawn = lines("NIGHTJAR-REQUEST:ABC").unwrap();
        let width = drawn[0].chars().filter(|c| " █▀▄".contains(*c)).count();
        assert!(drawn.len() * 2 == width || drawn.len() * 2 == width + 1);
        assert!(drawn[..2].iter().all(|line| line.contains(&" ".repeat(width))));
        assert!(lines(&"X".repeat(1_452)).is_err());
        assert!(lines(&"X".repeat(1_451)).is_ok());
    }
}
