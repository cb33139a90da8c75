//! A workbook, either as its bytes or as its parts. A changed byte breaks a packed workbook before a reader sees what
//! changed, so inputs that do not begin as a zip archive are parts, which are packed here.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// What a line begins with that names a part; the part follows.
const PART: &str = "--- ";

/// Reads the input as a workbook.
pub fn read(bytes: &[u8]) {
    if bytes.starts_with(b"PK") {
        return crate::form::read("form.xlsx", bytes);
    }
    if let Some(packed) = std::str::from_utf8(bytes).ok().and_then(pack) {
        crate::form::read("form.xlsx", &packed);
    }
}

fn pack(text: &str) -> Option<Vec<u8>> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let mut named = false;
    for line in text.split_inclusive('\n') {
        if let Some(name) = line.strip_prefix(PART) {
            archive.start_file(name.trim_end(), options).ok()?;
            named = true;
        } else if named {
            archive.write_all(line.as_bytes()).ok()?;
        }
    }
    archive.finish().ok().map(Cursor::into_inner)
}
