//! Files that people attach: what they are, and what is taken out of them before they are sealed.

mod mpeg4;
mod picture;
mod recording;

use nightjar_form::{ItemKind, Media};
use nightjar_seal::MAX_ATTACHMENT;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Largest file that is looked at, in bytes: a picture as a camera makes it. What is kept of it is smaller.
const LARGEST: usize = 24 << 20;

/// What a file is, by how it begins. What somebody says that it is does not count.
pub(crate) fn recognise(bytes: &[u8]) -> Option<Media> {
    let at = |place: usize, wanted: &[u8]| bytes.get(place..place + wanted.len()) == Some(wanted);
    match () {
        () if at(0, &[0xFF, 0xD8, 0xFF]) => Some(Media::Jpeg),
        () if at(0, b"\x89PNG\r\n\x1a\n") => Some(Media::Png),
        () if at(0, b"RIFF") && at(8, b"WAVE") => Some(Media::Wav),
        () if at(0, b"OggS") => Some(Media::Ogg),
        () if at(0, &[0x1A, 0x45, 0xDF, 0xA3]) => Some(Media::WebM),
        () if at(4, b"ftyp") => Some(Media::Mp4),
        () => None,
    }
}

/// What a question that asks for this takes, in words; `None` for one that takes no attachment.
pub(crate) fn taken_by(kind: ItemKind) -> Option<&'static str> {
    match kind {
        ItemKind::Image => Some("this question takes a picture: JPEG or PNG"),
        ItemKind::Audio => Some("this question takes a recording: WAV, Ogg Opus, WebM, or AAC in MPEG-4"),
        _ => None,
    }
}

/// A file as it is kept: a picture drawn anew, a recording without what is said about it.
///
/// # Errors
/// [`Failure::Invalid`] for what is damaged, too large, or not what it seems to be.
pub(crate) fn kept(media: Media, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if bytes.len() > LARGEST {
        return Err(too_large());
    }
    let kept = match media {
        Media::Jpeg | Media::Png => picture::drawn_anew(media, bytes)?,
        Media::Wav => recording::wav(bytes).ok_or_else(damaged)?,
        Media::Ogg => recording::ogg_opus(bytes).ok_or_else(damaged)?,
        Media::WebM => recording::webm(bytes).ok_or_else(damaged)?,
        Media::Mp4 => mpeg4::bare(bytes).ok_or_else(damaged)?,
    };
    let kept = Zeroizing::new(kept);
    if kept.len() as u64 > MAX_ATTACHMENT { Err(too_large()) } else { Ok(kept) }
}

fn too_large() -> Failure {
    Failure::Invalid("this file is too large: at most 8 MiB are kept, and a picture may have 24 MiB".into())
}

fn damaged() -> Failure {
    Failure::Invalid("this file is damaged, or of a kind that cannot be kept".into())
}
