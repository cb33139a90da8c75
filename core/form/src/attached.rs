//! What the answer to a question for a picture or a recording names: what was attached, and the sealed pieces that it is kept in.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;

use crate::ItemKind;

/// How the text of such an answer begins.
const BEGIN: &str = "attachment:";
/// Most pieces.
const CHUNKS: usize = 32;

/// What kind of file was attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Media {
    /// A picture, `image/jpeg`.
    Jpeg,
    /// A picture, `image/png`.
    Png,
    /// A recording, `audio/wav`.
    Wav,
    /// A recording, Opus in Ogg: `audio/ogg`.
    Ogg,
    /// A recording, `audio/webm`.
    WebM,
    /// A recording, AAC in MPEG-4: `audio/mp4`.
    Mp4,
}

impl Media {
    /// All of them.
    pub const ALL: [Media; 6] = [Media::Jpeg, Media::Png, Media::Wav, Media::Ogg, Media::WebM, Media::Mp4];

    /// Its name among media types.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Media::Jpeg => "image/jpeg",
            Media::Png => "image/png",
            Media::Wav => "audio/wav",
            Media::Ogg => "audio/ogg",
            Media::WebM => "audio/webm",
            Media::Mp4 => "audio/mp4",
        }
    }

    /// What a question asks for that takes it.
    #[must_use]
    pub fn kind(self) -> ItemKind {
        match self {
            Media::Jpeg | Media::Png => ItemKind::Image,
            Media::Wav | Media::Ogg | Media::WebM | Media::Mp4 => ItemKind::Audio,
        }
    }

    fn code(self) -> &'static str {
        let (_, code) = self.media_type().split_once('/').unwrap_or_default();
        code
    }
}

/// An attachment as an answer names it. Written as one text: `attachment:`, kind, size, hash and, once it is sealed, the names of
/// its pieces in order.
///
/// ```
/// use nightjar_form::{Attached, Media};
///
/// let attached = Attached { media: Media::Jpeg, size: 48_213, hash: [7; 32], chunks: Vec::new() };
/// let text = attached.to_string();
/// assert!(text.starts_with("attachment:jpeg:48213:"));
/// assert_eq!(text.parse(), Ok(attached));
/// assert_eq!(Attached::in_words(&text).as_deref(), Some("image/jpeg, 48 KiB"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// What it is.
    pub media: Media,
    /// Its length in bytes.
    pub size: u64,
    /// BLAKE3 of all of it.
    pub hash: [u8; 32],
    /// The names of its sealed pieces, in order; none as long as the form is not handed in.
    pub chunks: Vec<[u8; 32]>,
}

/// A text that names no attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of an attachment")]
pub struct NotAttached;

impl Attached {
    /// What people are told of an attachment that a text names: kind and size. `None` for a text that names none.
    #[must_use]
    pub fn in_words(text: &str) -> Option<String> {
        let attached: Attached = text.parse().ok()?;
        Some(format!("{}, {} KiB", attached.media.media_type(), attached.size.div_ceil(1024)))
    }

    /// Whether a text claims to name one.
    #[must_use]
    pub fn claims(text: &str) -> bool {
        text.starts_with(BEGIN)
    }
}

impl fmt::Display for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{BEGIN}{}:{}:{}", self.media.code(), self.size, BASE64URL_NOPAD.encode(&self.hash))?;
        match self.chunks.is_empty() {
            true => Ok(()),
            false => write!(f, ":{}", BASE64URL_NOPAD.encode(self.chunks.as_flattened())),
        }
    }
}

impl FromStr for Attached {
    type Err = NotAttached;

    fn from_str(text: &str) -> Result<Self, NotAttached> {
        let read = || {
            // Before anything is taken apart: no honest text is longer.
            let rest = text.strip_prefix(BEGIN).filter(|rest| rest.len() <= 100 + CHUNKS * 43)?;
            let mut parts = rest.split(':');
            let code = parts.next()?;
            let media = Media::ALL.into_iter().find(|media| media.code() == code)?;
            let size: u64 = parts.next()?.parse().ok()?;
            let hash = BASE64URL_NOPAD.decode(parts.next()?.as_bytes()).ok()?.try_into().ok()?;
            let chunks = match parts.next() {
                None => Vec::new(),
                Some(names) => {
                    let names = BASE64URL_NOPAD.decode(names.as_bytes()).ok()?;
                    let (names, rest) = names.as_chunks::<32>();
                    (rest.is_empty() && !names.is_empty()).then(|| names.to_vec())?
                }
            };
            let attached = Attached { media, size, hash, chunks };
            let is_it = size > 0 && attached.chunks.len() <= CHUNKS && attached.to_string() == text;
            (parts.next().is_none() && is_it).then_some(attached)
        };
        read().ok_or(NotAttached)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_in_one_way() {
        for media in Media::ALL {
            for chunks in [0, 1, CHUNKS] {
                let attached = Attached { media, size: 1, hash: [9; 32], chunks: vec![[3; 32]; chunks] };
                assert_eq!(attached.to_string().parse(), Ok(attached));
            }
        }
        let good = Attached { media: Media::Png, size: 20, hash: [1; 32], chunks: vec![[2; 32]; 2] };
        let good = good.to_string();
        for wrong in [
            String::new(),
            "photo.jpg".into(),
            BEGIN.into(),
            good[1..].into(),
            good[..good.len() - 1].into(),
            format!("{good}A"),
            format!("{good}:"),
            good.replace(":20:", ":020:"),
            good.replace(":20:", ":0:"),
            good.replace(":20:", ":+20:"),
            good.replace(":png:", ":gif:"),
            format!("{good}{}", "A".repeat(CHUNKS * 43)),
        ] {
            assert_eq!(wrong.parse::<Attached>(), Err(NotAttached), "{wrong}");
        }
    }
}
