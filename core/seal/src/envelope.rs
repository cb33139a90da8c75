//! Envelopes: one change of one record, compressed, padded and sealed.

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::{
    Entropy, EnvelopeId, Header, Kind, RecordKey, Refused, canonical,
    entropy::random,
    padding::{pad, unpad},
};

/// Largest encoded envelope, bytes.
pub const MAX_ENVELOPE: usize = 64 * 1024;
/// Largest payload before compression, bytes.
pub const MAX_PAYLOAD: usize = 256 * 1024;

const MAX_HEADER: usize = 512;
const SEALED: u16 = 0;
const UNSEALED: u16 = 0xFFFF;
const NONCE: usize = 24;
const TAG: usize = 16;
const LEVEL: i32 = 9;
const CIPHER: &str = "nightjar v0 record cipher";

/// A header and a body that only holders of the record key can read. Its bytes never change once it is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    header: Header,
    format: u16,
    header_bytes: Vec<u8>,
    body: Vec<u8>,
}

#[derive(Encode, Decode)]
struct Wire<'b> {
    #[cbor(n(0), borrow, with = "minicbor::bytes")]
    header: &'b [u8],
    #[cbor(n(1), borrow, with = "minicbor::bytes")]
    body: &'b [u8],
}

#[derive(Encode, Decode)]
struct Formatted<T> {
    #[n(0)]
    format: u16,
    #[n(1)]
    header: T,
}

#[derive(Decode)]
struct FormatOnly {
    #[n(0)]
    format: u16,
}

impl Envelope {
    pub(crate) fn sealed(
        header: Header,
        body: impl FnOnce(&[u8]) -> Result<Vec<u8>, Refused>,
    ) -> Result<Self, Refused> {
        Self::assemble(SEALED, header, body)
    }

    fn assemble(
        format: u16,
        header: Header,
        body: impl FnOnce(&[u8]) -> Result<Vec<u8>, Refused>,
    ) -> Result<Self, Refused> {
        header.check()?;
        let formatted = Formatted { format, header };
        let header_bytes = canonical::encode(&formatted);
        let body = body(&header_bytes)?;
        let envelope = Self { header: formatted.header, format, header_bytes, body };
        let have = envelope.encode().len();
        if have > MAX_ENVELOPE {
            return Err(Refused::Oversize { what: "sealed envelope", have, most: MAX_ENVELOPE });
        }
        Ok(envelope)
    }

    /// The envelope as canonical CBOR, at most [`MAX_ENVELOPE`] bytes.
    pub fn encode(&self) -> Vec<u8> {
        canonical::encode(&Wire { header: &self.header_bytes, body: &self.body })
    }

    /// Reads an envelope. Says nothing about who made it (see [`chain`](crate::SignedHead)) or whether the body opens.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refused> {
        let what = "envelope header";
        let wire: Wire<'_> = canonical::decode("envelope", bytes, MAX_ENVELOPE)?;
        // The format first: another format may have another header, and must be named rather than called damaged.
        match minicbor::decode::<FormatOnly>(wire.header) {
            Ok(FormatOnly { format: SEALED }) => {}
            Ok(FormatOnly { format: UNSEALED }) if cfg!(feature = "unsealed") => {}
            Ok(FormatOnly { format: UNSEALED }) => return Err(Refused::Unsealed),
            Ok(FormatOnly { format }) => return Err(Refused::UnknownFormat { what, format: format.into() }),
            Err(_) => {}
        }
        let Formatted { format, header } =
            canonical::decode::<Formatted<Header>>(what, wire.header, MAX_HEADER)?;
        header.check()?;
        Ok(Self { header, format, header_bytes: wire.header.to_vec(), body: wire.body.to_vec() })
    }

    /// `BLAKE3(header ‖ BLAKE3(body))`.
    pub fn id(&self) -> EnvelopeId {
        EnvelopeId::of(&self.header_bytes, &self.body_hash())
    }

    /// What stands in clear.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The header as it is authenticated and hashed. Erasure keeps it.
    pub fn header_bytes(&self) -> &[u8] {
        &self.header_bytes
    }

    /// BLAKE3 of the body. Erasure keeps it.
    pub fn body_hash(&self) -> [u8; 32] {
        *blake3::hash(&self.body).as_bytes()
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }
}

/// Compresses, pads and seals `payload` (at most [`MAX_PAYLOAD`] bytes) under `key`, which the header must name.
pub fn seal(
    header: Header,
    payload: &[u8],
    key: &RecordKey,
    entropy: &mut dyn Entropy,
) -> Result<Envelope, Refused> {
    if header.kind != Kind::Change {
        return Err(Refused::WrongKind);
    }
    check_key(&header, key)?;
    if payload.len() > MAX_PAYLOAD {
        return Err(Refused::Oversize { what: "payload", have: payload.len(), most: MAX_PAYLOAD });
    }
    let compressed = zstd::bulk::compress(payload, LEVEL)
        .map(Zeroizing::new)
        .map_err(|_| Refused::Malformed { what: "payload", problem: "it cannot be compressed" })?;
    let plain = pad(&compressed);
    if cfg!(feature = "unsealed") {
        return Envelope::assemble(UNSEALED, header, |_| Ok(plain.to_vec()));
    }
    let nonce = random::<NONCE>(entropy);
    Envelope::sealed(header, |aad| {
        let mut body = nonce.to_vec();
        let sealed = cipher(key).encrypt(&XNonce::from(nonce), Payload { msg: &plain, aad });
        let sealed =
            sealed.map_err(|_| Refused::Malformed { what: "payload", problem: "it cannot be sealed" })?;
        body.extend_from_slice(&sealed);
        Ok(body)
    })
}

/// Opens the body of a change: the payload that was sealed, at most [`MAX_PAYLOAD`] bytes.
pub fn open(envelope: &Envelope, key: &RecordKey) -> Result<Vec<u8>, Refused> {
    let what = "envelope body";
    if envelope.header.kind != Kind::Change {
        return Err(Refused::WrongKind);
    }
    check_key(&envelope.header, key)?;
    let plain = if envelope.format == UNSEALED {
        Zeroizing::new(envelope.body.clone())
    } else {
        if envelope.body.len() < NONCE + TAG {
            return Err(Refused::Truncated { what });
        }
        let (nonce, msg) = envelope.body.split_at(NONCE);
        let nonce = XNonce::try_from(nonce).map_err(|_| Refused::Truncated { what })?;
        let plain = cipher(key).decrypt(&nonce, Payload { msg, aad: &envelope.header_bytes });
        Zeroizing::new(plain.map_err(|_| Refused::Altered { what })?)
    };
    decompress(unpad(&plain)?)
}

/// One call with an output buffer of what the frame claims to hold: whatever it holds, no more than the bound is written or
/// allocated. Every frame that [`seal`] made says how much it holds.
fn decompress(compressed: &[u8]) -> Result<Vec<u8>, Refused> {
    let refused =
        || Refused::Malformed { what: "envelope body", problem: "it does not decompress within 256 KiB" };
    let claimed = zstd::zstd_safe::get_frame_content_size(compressed).ok().flatten();
    let claimed = claimed.and_then(|size| usize::try_from(size).ok()).filter(|size| *size <= MAX_PAYLOAD);
    let mut out = vec![0; claimed.ok_or_else(refused)?];
    let len = zstd::bulk::decompress_to_buffer(compressed, out.as_mut_slice()).map_err(|_| refused())?;
    out.truncate(len);
    Ok(out)
}

fn check_key(header: &Header, key: &RecordKey) -> Result<(), Refused> {
    let given = key.id();
    if header.key == given { Ok(()) } else { Err(Refused::WrongKey { wanted: header.key, given }) }
}

fn cipher(key: &RecordKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key.derive(CIPHER)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeviceTag, RecordTag, RosterHead, ScopeTag, StudyTag};

    /// An envelope that seals `plain` as it is, as a hostile holder of the key could.
    fn hostile(key: &RecordKey, plain: &[u8]) -> Envelope {
        let (study, scope, head) = (StudyTag([0; 16]), ScopeTag([0; 16]), RosterHead([0; 32]));
        let header = Header::change(study, scope, RecordTag([0; 16]), DeviceTag([0; 16]), head, key);
        Envelope::sealed(header, |aad| {
            let nonce = [7; NONCE];
            let sealed = cipher(key).encrypt(&XNonce::from(nonce), Payload { msg: plain, aad }).unwrap();
            Ok([&nonce[..], &sealed].concat())
        })
        .unwrap()
    }

    #[test]
    fn what_decompresses_beyond_the_bound_is_refused() {
        let key = RecordKey::from_bytes(&[1; 32]).unwrap();
        let beyond =
            |len| open(&hostile(&key, &pad(&zstd::bulk::compress(&vec![0; len], 19).unwrap())), &key);
        assert_eq!(beyond(MAX_PAYLOAD).unwrap().len(), MAX_PAYLOAD);
        for len in [MAX_PAYLOAD + 1, 200_000_000] {
            assert!(matches!(beyond(len), Err(Refused::Malformed { .. })), "{len}");
        }
        // Without a size in the frame, and as many small frames.
        let unsized_frame = zstd::stream::encode_all(&vec![0; 50_000_000][..], 19).unwrap();
        let frames = zstd::bulk::compress(&[0; 100_000], 19).unwrap().repeat(1000);
        for bomb in [unsized_frame, frames] {
            assert!(matches!(open(&hostile(&key, &pad(&bomb)), &key), Err(Refused::Malformed { .. })));
        }
    }

    #[test]
    fn a_well_sealed_body_that_is_not_padded_as_it_must_be_is_refused() {
        let key = RecordKey::from_bytes(&[1; 32]).unwrap();
        let good = pad(&zstd::bulk::compress(b"one change", 9).unwrap());
        assert!(open(&hostile(&key, &good), &key).is_ok());
        let mut dirty = good.to_vec();
        *dirty.last_mut().unwrap() = 1;
        let wider = [&good[..], &[0; 64]].concat();
        for bad in [&dirty[..], &wider, &good[..63], &[], &[0, 255, 255, 255, 255]] {
            assert!(matches!(open(&hostile(&key, bad), &key), Err(Refused::Malformed { .. })));
        }
        let mut dictionary = good.to_vec();
        dictionary[0] = 1;
        assert!(matches!(
            open(&hostile(&key, &dictionary), &key),
            Err(Refused::UnknownFormat { format: 1, .. })
        ));
    }
}
