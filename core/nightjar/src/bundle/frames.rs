//! A bundle as a file.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use nightjar_sync::bundle::{MAGIC, PART_BYTES};

use crate::failure::Failure;

/// Reads frames one by one, with no more memory than one.
pub(super) struct Frames {
    file: PathBuf,
    reader: BufReader<File>,
    read: u64,
    bytes: u64,
}

impl Frames {
    pub(super) fn open(file: &Path) -> Result<Self, Failure> {
        let unreadable =
            |error: std::io::Error| Failure::Invalid(format!("{}: cannot be read: {error}", file.display()));
        let about = std::fs::metadata(file).map_err(unreadable)?;
        if !about.is_file() {
            return Err(Failure::Invalid(format!("{}: this is not a file", file.display())));
        }
        let mut reader = BufReader::new(File::open(file).map_err(unreadable)?);
        let mut magic = Vec::new();
        reader.by_ref().take(MAGIC.len() as u64).read_to_end(&mut magic).map_err(unreadable)?;
        if magic != MAGIC {
            let later = magic.starts_with(&MAGIC[..MAGIC.len() - 1]);
            let what = if later { "this bundle is of a later version" } else { "this is not a bundle" };
            return Err(Failure::Invalid(format!("{}: {what}", file.display())));
        }
        Ok(Self { file: file.to_owned(), reader, read: 0, bytes: MAGIC.len() as u64 })
    }

    /// The next frame; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let head = self.exactly(4)?;
        let length = match <[u8; 4]>::try_from(head) {
            Ok(length) => u32::from_be_bytes(length) as usize,
            Err(none) if none.is_empty() => return Ok(None),
            Err(_) => return Err(Failure::Invalid(self.cut_short())),
        };
        if length > PART_BYTES {
            return Err(Failure::Invalid(self.at(&format!("larger than {PART_BYTES} bytes"))));
        }
        let frame = self.exactly(length)?;
        if frame.len() < length {
            return Err(Failure::Invalid(self.cut_short()));
        }
        self.read += 1;
        Ok(Some(frame))
    }

    /// So many bytes, or fewer at the end of the file.
    fn exactly(&mut self, length: usize) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(length as u64).read_to_end(&mut bytes);
        read.map_err(|error| Failure::Invalid(self.at(&error)))?;
        self.bytes += bytes.len() as u64;
        Ok(bytes)
    }

    /// Bytes read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A problem, with the place.
    pub(super) fn at(&self, problem: &dyn std::fmt::Display) -> String {
        format!("{}, part {}: {problem}", self.file.display(), self.read)
    }

    /// That the file ends too early.
    pub(super) fn cut_short(&self) -> String {
        format!("{}: the file is cut short after part {}", self.file.display(), self.read)
    }
}
