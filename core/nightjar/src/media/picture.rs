//! Pictures are decoded within bounds and drawn anew: nothing of a file stays but what can be seen. Where and when it was taken, with
//! what, and the small picture that cameras put beside it, do not.

use std::io::Cursor;

use image::codecs::{jpeg::JpegEncoder, png::PngEncoder};
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use nightjar_form::Media;

use super::{damaged, too_large};
use crate::failure::Failure;

/// Longest side of a picture that is looked at, in pixels.
const LONGEST: u32 = 12_000;
/// Most memory for a decoded picture, in bytes: 34 million pixels. Turning it takes as much again.
const MEMORY: u64 = 100 << 20;
/// Longest side of a picture that is kept, in pixels. A larger one is made smaller.
const KEPT: u32 = 2_048;
/// Of a JPEG, of 100.
const QUALITY: u8 = 85;

pub(super) fn drawn_anew(media: Media, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let picture = decoded(media, bytes).map_err(|error| match error {
        image::ImageError::Limits(_) => too_large(),
        _ => damaged(),
    })?;
    let picture = match picture.width().max(picture.height()) > KEPT {
        true => picture.resize(KEPT, KEPT, FilterType::Triangle),
        false => picture,
    };
    let mut out = Vec::new();
    let drawn = match media {
        Media::Png => picture.write_with_encoder(PngEncoder::new(&mut out)),
        _ => JpegEncoder::new_with_quality(&mut out, QUALITY).encode_image(&picture.to_rgb8()),
    };
    drawn.map(|()| out).map_err(Failure::internal)
}

fn decoded(media: Media, bytes: &[u8]) -> image::ImageResult<DynamicImage> {
    let format = if media == Media::Png { ImageFormat::Png } else { ImageFormat::Jpeg };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(LONGEST), Some(LONGEST));
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    // The decoder bounds what it takes itself; what it decodes into is ours.
    limits_of(decoder.total_bytes())?;
    // Which side was up is said beside the picture, and lost with that.
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    // Colours of 16 bits a channel are more than anybody sees.
    Ok(if picture.color().has_alpha() { picture.to_rgba8().into() } else { picture.to_rgb8().into() })
}

fn limits_of(bytes: u64) -> image::ImageResult<()> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MEMORY);
    limits.reserve(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
mod tests {
    use super::*;
    use crate::media::{kept, recognise};

    /// A JPEG with an EXIF segment that says where it was taken and that its right side is up.
    fn taken_somewhere() -> Vec<u8> {
        let mut plain = Vec::new();
        let picture =
            image::RgbImage::from_fn(40, 20, |x, _| image::Rgb([if x < 20 { 250 } else { 5 }, 0, 0]));
        JpegEncoder::new(&mut plain).encode_image(&picture).unwrap();
        let mut exif = b"Exif\0\0II*\0\x08\0\0\0".to_vec();
        // Two entries: orientation 6, and a description that lies behind them.
        exif.extend(2_u16.to_le_bytes());
        for (tag, kind, count, value) in [(0x0112_u16, 3_u16, 1_u32, 6_u32), (0x010E, 2, 24, 38)] {
            exif.extend(tag.to_le_bytes());
            exif.extend(kind.to_le_bytes());
            exif.extend(count.to_le_bytes());
            exif.extend(value.to_le_bytes());
        }
        exif.extend([0; 4]);
        exif.extend(b"taken at the river bank\0");
        let length = (exif.len() + 2) as u16;
        let segment = [&[0xFF, 0xE1][..], &length.to_be_bytes(), &exif].concat();
        [&plain[..2], &segment, &plain[2..]].concat()
    }

    #[test]
    fn a_picture_keeps_what_is_seen_and_nothing_of_where_it_was_taken() {
        let taken = taken_somewhere();
        assert!(taken.windows(9).any(|window| window == b"the river"));
        assert_eq!(recognise(&taken), Some(Media::Jpeg));
        let kept = kept(Media::Jpeg, &taken).unwrap();
        for gone in [&b"Exif"[..], b"river"] {
            assert!(!kept.windows(gone.len()).any(|window| window == gone));
        }
        let seen = image::load_from_memory(&kept).unwrap().to_rgb8();
        assert_eq!(seen.dimensions(), (20, 40), "turned as its camera was held");
        assert!(seen.get_pixel(10, 2)[0] > 200 && seen.get_pixel(10, 37)[0] < 60, "and the right way round");
    }

    #[test]
    fn what_is_beside_a_png_goes_and_a_large_picture_becomes_smaller() {
        let mut png = Vec::new();
        let picture = image::RgbaImage::from_pixel(3_000, 10, image::Rgba([1, 2, 3, 4]));
        picture.write_with_encoder(PngEncoder::new(&mut png)).unwrap();
        // A text chunk, before the last, which is the end.
        let text = b"tEXtComment\0the name of a person";
        let mut chunk = ((text.len() - 4) as u32).to_be_bytes().to_vec();
        chunk.extend(text);
        chunk.extend([0; 4]);
        let end = png.len() - 12;
        let with_text = [&png[..end], &chunk, &png[end..]].concat();
        for file in [&png, &with_text] {
            let Ok(kept) = kept(Media::Png, file) else {
                assert_ne!(file, &png, "a sound one is kept");
                continue;
            };
            assert!(!kept.windows(6).any(|window| window == b"person"));
            let seen = image::load_from_memory(&kept).unwrap();
            assert_eq!((seen.width(), seen.to_rgba8().get_pixel(0, 0).0), (KEPT, [1, 2, 3, 4]));
        }
    }

    #[test]
    fn a_small_file_that_claims_to_be_huge_is_refused_before_anything_is_allocated() {
        let mut png = Vec::new();
        image::RgbImage::new(4, 4).write_with_encoder(PngEncoder::new(&mut png)).unwrap();
        // Width and height of the header, and its checksum.
        png[16..24].copy_from_slice(&[0, 0, 0x2E, 0xE0, 0, 0, 0x2E, 0xE0]);
        let crc = crc(&png[12..29]);
        png[29..33].copy_from_slice(&crc.to_be_bytes());
        let refused = decoded(Media::Png, &png);
        assert!(matches!(refused, Err(image::ImageError::Limits(_))), "{refused:?}");
        let taken = taken_somewhere();
        for at in [3, 40, 200, taken.len() / 2] {
            assert!(kept(Media::Jpeg, &taken[..at]).is_err(), "cut at {at}");
        }
        assert!(kept(Media::Jpeg, &vec![0xFF; 25 << 20]).is_err());
    }

    fn crc(bytes: &[u8]) -> u32 {
        let step = |crc: u32, byte: &u8| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
        };
        !bytes.iter().fold(u32::MAX, step)
    }
}
