//! Bodies on the wire, compressed where it pays: sealed bytes cannot be, but what stands in clear beside them is much the same in every
//! envelope of a device. A signature is over the body as it was before.

use std::io::Read;

use crate::Failure;

/// The header that says so, and what it says.
pub const ENCODING: &str = "zstd";
/// Bytes from which on a body is compressed.
const WORTH: usize = 1_024;
/// zstd's fastest: the line is slower than it.
const LEVEL: i32 = 1;
/// Largest window that is unpacked, as a power of two: as large as the largest message.
const WINDOW: u32 = 21;

/// A body compressed, if that makes it smaller.
#[must_use]
pub fn pack(body: &[u8]) -> Option<Vec<u8>> {
    let packed = (body.len() >= WORTH).then(|| zstd::bulk::compress(body, LEVEL).ok())??;
    (packed.len() < body.len()).then_some(packed)
}

/// A body as it was before, of at most so many bytes. No more memory is taken for what claims to be larger.
///
/// # Errors
/// [`Failure::TooLarge`], [`Failure::Malformed`].
pub fn unpack(packed: &[u8], most: usize) -> Result<Vec<u8>, Failure> {
    let malformed = |_| Failure::Malformed { what: "compressed body", problem: "it cannot be unpacked" };
    let mut decoder = zstd::stream::read::Decoder::new(packed).map_err(malformed)?;
    decoder.window_log_max(WINDOW).map_err(malformed)?;
    let mut body = Vec::new();
    decoder.take(most as u64 + 1).read_to_end(&mut body).map_err(malformed)?;
    if body.len() > most { Err(Failure::TooLarge { limit: most }) } else { Ok(body) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_comes_back_and_a_bomb_does_not_go_off() {
        let body: Vec<u8> = (0..50_000_u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        let packed = pack(&body).expect("it is worth it");
        assert!(packed.len() < body.len() / 2);
        assert_eq!(unpack(&packed, body.len()).expect("unpacked"), body);
        assert!(matches!(unpack(&packed, body.len() - 1), Err(Failure::TooLarge { .. })));
        assert_eq!(pack(&[7; 100]), None, "not worth it");
        let bomb = zstd::bulk::compress(&vec![0; 256 << 20], 19).expect("small");
        assert!(bomb.len() < 64 << 10);
        assert!(unpack(&bomb, 1 << 20).is_err());
        assert!(unpack(&packed[..packed.len() / 2], body.len()).is_err(), "cut short");
        assert!(unpack(b"not compressed", 100).is_err());
    }
}
