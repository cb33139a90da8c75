//! Chunks: what is too large for an envelope, such as a picture or a voice note, sealed piece by piece outside the log.

use std::fmt;

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{ChunkName, Entropy, RecordKey, Refused, entropy::random, envelope::is_unsealed};

/// Bytes of a whole chunk before it is sealed (256 KiB).
const CHUNK: usize = 256 << 10;
/// The smallest chunk: what is shorter is filled up.
const SMALLEST: usize = 16 << 10;
/// What stands before the content: its length.
const PREFIX: usize = 4;
/// Bytes of content in a whole chunk.
pub const CHUNK_CONTENT: usize = CHUNK - PREFIX;
/// Most chunks of one attachment.
pub const MAX_CHUNKS: u32 = 32;
/// Largest attachment, in bytes: a little less than 8 MiB.
pub const MAX_ATTACHMENT: u64 = MAX_CHUNKS as u64 * CHUNK_CONTENT as u64;
/// Bytes of a largest sealed chunk.
pub const MAX_SEALED_CHUNK: usize = FRAME + CHUNK;
/// Bytes of a smallest sealed chunk.
pub const MIN_SEALED_CHUNK: usize = FRAME + SMALLEST;

/// Format, nonce and tag.
const FRAME: usize = 1 + NONCE + TAG;
const NONCE: usize = 24;
const TAG: usize = 16;
const SEALED: u8 = 0;
const UNSEALED: u8 = 0xFF;
const KEY: &str = "nightjar v0 attachment key";
const ABOUT: &str = "nightjar v0 attachment chunk";
const NAME: &str = "nightjar v0 attachment chunk name";
const WHAT: &str = "chunk of an attachment";

/// Seals the chunks of attachments. Erasing every copy of what it comes from erases what it sealed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ChunkKey([u8; 32]);

impl ChunkKey {
    /// The key for attachments of what a record key seals.
    #[must_use]
    pub fn of(key: &RecordKey) -> Self {
        Self(*key.derive(KEY))
    }

    /// A key of its own, for an attachment of something unfinished.
    #[must_use]
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        Self(random(entropy))
    }

    /// The key, to be sealed under another.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(self.0))
    }
}

impl fmt::Debug for ChunkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChunkKey")
    }
}

/// The attachment that a chunk is of: BLAKE3 and length of what was attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole {
    /// BLAKE3 of all of it.
    pub hash: [u8; 32],
    /// Its length in bytes, at most [`MAX_ATTACHMENT`].
    pub size: u64,
}

impl Whole {
    /// What describes these bytes.
    ///
    /// # Errors
    /// [`Refused::Oversize`] above [`MAX_ATTACHMENT`]; [`Refused::Malformed`] for nothing.
    pub fn of(bytes: &[u8]) -> Result<Self, Refused> {
        let whole = Self { hash: *blake3::hash(bytes).as_bytes(), size: bytes.len() as u64 };
        whole.check().map(|()| whole)
    }

    /// How many chunks it has: at least one.
    #[must_use]
    pub fn chunks(&self) -> u32 {
        u32::try_from(self.size.div_ceil(CHUNK_CONTENT as u64)).unwrap_or(u32::MAX)
    }

    /// Which bytes of it a chunk holds.
    fn bytes_of(&self, index: u32) -> usize {
        let before = u64::from(index) * CHUNK_CONTENT as u64;
        self.size.saturating_sub(before).min(CHUNK_CONTENT as u64) as usize
    }

    /// Bytes of a sealed chunk of it. The length says no more than one of five classes.
    #[must_use]
    pub fn sealed_len(&self, index: u32) -> usize {
        FRAME + padded(self.bytes_of(index))
    }

    fn check(&self) -> Result<(), Refused> {
        match self.size {
            0 => Err(Refused::Malformed { what: "attachment", problem: "it is empty" }),
            1..=MAX_ATTACHMENT => Ok(()),
            have => Err(Refused::Oversize {
                what: "attachment",
                have: usize::try_from(have).unwrap_or(usize::MAX),
                most: MAX_ATTACHMENT as usize,
            }),
        }
    }

    fn check_place(&self, index: u32) -> Result<(), Refused> {
        self.check()?;
        match index < self.chunks() {
            true => Ok(()),
            false => Err(Refused::Malformed { what: WHAT, problem: "the attachment has no such chunk" }),
        }
    }

    /// What is authenticated with a chunk: of which attachment it is, which of how many.
    fn about(&self, index: u32) -> Vec<u8> {
        let (size, index, count) =
            (self.size.to_le_bytes(), index.to_le_bytes(), self.chunks().to_le_bytes());
        [ABOUT.as_bytes(), &self.hash, &size, &index, &count].concat()
    }
}

/// A size that says little: a power of two from 16 KiB to 256 KiB.
fn padded(content: usize) -> usize {
    (content + PREFIX).max(SMALLEST).next_power_of_two()
}

impl ChunkName {
    /// The name of sealed bytes: their hash.
    #[must_use]
    pub fn of(sealed: &[u8]) -> Self {
        Self(blake3::derive_key(NAME, sealed))
    }
}

/// Seals one chunk of an attachment, under a nonce of its own. `content` are the bytes that stand in its place.
///
/// # Errors
/// [`Refused::Malformed`] for a place that the attachment has not, or content of another length; what [`Whole::of`] says.
pub fn seal_chunk(
    key: &ChunkKey,
    whole: &Whole,
    index: u32,
    content: &[u8],
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, Refused> {
    whole.check_place(index)?;
    if content.len() != whole.bytes_of(index) {
        return Err(Refused::Malformed { what: WHAT, problem: "it is of another length than its place" });
    }
    let mut plain = Zeroizing::new(Vec::with_capacity(padded(content.len())));
    plain.extend_from_slice(&(content.len() as u32).to_le_bytes());
    plain.extend_from_slice(content);
    plain.resize(padded(content.len()), 0);
    let nonce = random::<NONCE>(entropy);
    let mut sealed = Vec::with_capacity(FRAME + plain.len());
    if is_unsealed() {
        sealed.push(UNSEALED);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&plain);
        sealed.extend_from_slice(&[0; TAG]);
        return Ok(sealed);
    }
    let payload = Payload { msg: plain.as_slice(), aad: &whole.about(index) };
    let body = key.cipher().encrypt(&XNonce::from(nonce), payload);
    sealed.push(SEALED);
    sealed.extend_from_slice(&nonce);
    sealed.extend(body.map_err(|_| Refused::Malformed { what: WHAT, problem: "it cannot be sealed" })?);
    Ok(sealed)
}

/// Opens one chunk of an attachment: the bytes that stand in its place.
///
/// # Errors
/// [`Refused::Altered`] when it does not have this name, is of another place or attachment, or under another key;
/// [`Refused::Malformed`], [`Refused::UnknownFormat`], [`Refused::Unsealed`].
pub fn open_chunk(
    key: &ChunkKey,
    whole: &Whole,
    index: u32,
    name: &ChunkName,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Refused> {
    whole.check_place(index)?;
    let altered = || Refused::Altered { what: "a chunk of an attachment" };
    if sealed.len() != whole.sealed_len(index) || ChunkName::of(sealed) != *name {
        return Err(altered());
    }
    let (format, rest) = sealed.split_first().ok_or_else(altered)?;
    let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or_else(altered)?;
    let mut plain = match *format {
        SEALED => {
            let payload = Payload { msg: body, aad: &whole.about(index) };
            let plain = key.cipher().decrypt(&XNonce::from(*nonce), payload);
            Zeroizing::new(plain.map_err(|_| altered())?)
        }
        UNSEALED if is_unsealed() => Zeroizing::new(body[..body.len() - TAG].to_vec()),
        UNSEALED => return Err(Refused::Unsealed),
        format => return Err(Refused::UnknownFormat { what: WHAT, format: format.into() }),
    };
    let content = whole.bytes_of(index);
    let (length, rest) = plain.split_first_chunk::<PREFIX>().ok_or_else(altered)?;
    let is_filled = rest.get(content..).is_some_and(|fill| fill.iter().all(|byte| *byte == 0));
    if u32::from_le_bytes(*length) as usize != content || !is_filled {
        return Err(Refused::Malformed { what: WHAT, problem: "its padding is not what it should be" });
    }
    plain.drain(..PREFIX);
    plain.truncate(content);
    Ok(plain)
}

/// Opens all chunks of an attachment, in order, and checks that they are what was attached.
///
/// # Errors
/// What [`open_chunk`] says; [`Refused::Altered`] when together they are something else.
pub fn open_chunks<'s, E: From<Refused>>(
    key: &ChunkKey,
    whole: &Whole,
    names: &[ChunkName],
    mut sealed: impl FnMut(&ChunkName) -> Result<std::borrow::Cow<'s, [u8]>, E>,
) -> Result<Zeroizing<Vec<u8>>, E> {
    whole.check()?;
    if names.len() != whole.chunks() as usize {
        return Err(Refused::Malformed {
            what: "attachment",
            problem: "it names too many chunks, or too few",
        }
        .into());
    }
    // As large as it will be, so that nothing of it is moved and left behind.
    let mut all = Zeroizing::new(Vec::with_capacity(whole.size as usize));
    for (index, name) in (0..).zip(names) {
        let sealed = sealed(name)?;
        all.extend_from_slice(&open_chunk(key, whole, index, name, &sealed)?);
    }
    match *blake3::hash(&all).as_bytes() == whole.hash {
        true => Ok(all),
        false => Err(Refused::Altered { what: "an attachment" }.into()),
    }
}
