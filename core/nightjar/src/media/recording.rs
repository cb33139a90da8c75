//! Recordings are not decoded. What containers say about them is left out where that can be done without touching the sound.

use std::io::Cursor;

use ogg::{PacketReader, PacketWriteEndInfo, PacketWriter};

/// Most packets of a recording.
const PACKETS: usize = 1 << 20;

/// A WAV file of its format and its samples alone: no artist, date or place.
pub(super) fn wav(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = bytes.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    let (mut format, mut samples) = (None, None);
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        // Whoever records and is cut off may not have come to write how much there is.
        let content = &after[..length.min(after.len())];
        match &head[..4] {
            b"fmt " => format = format.or(Some(content)),
            b"data" => samples = samples.or(Some(content)),
            _ => {}
        }
        rest = after.get(content.len() + content.len() % 2..).unwrap_or_default();
    }
    let (format, samples) = (format?, samples?);
    if !(16..=40).contains(&format.len()) || samples.is_empty() {
        return None;
    }
    let padded = |part: &[u8]| part.len() + part.len() % 2;
    let length = u32::try_from(4 + 8 + padded(format) + 8 + padded(samples)).ok()?;
    let mut out = Vec::with_capacity(8 + length as usize);
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(b"WAVE");
    for (name, part) in [(b"fmt ", format), (b"data", samples)] {
        out.extend_from_slice(name);
        out.extend_from_slice(&u32::try_from(part.len()).ok()?.to_le_bytes());
        out.extend_from_slice(part);
        out.resize(out.len() + part.len() % 2, 0);
    }
    Some(out)
}

/// One stream of Opus in Ogg, with an empty comment header.
pub(super) fn ogg_opus(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut reader = PacketReader::new(Cursor::new(bytes));
    let mut writer = PacketWriter::new(Vec::new());
    let mut stream = None;
    for n in 0..PACKETS {
        let Some(packet) = reader.read_packet().ok()? else {
            return (n > 2).then(|| writer.into_inner());
        };
        if *stream.get_or_insert(packet.stream_serial()) != packet.stream_serial() {
            return None;
        }
        let data = match n {
            0 if packet.data.starts_with(b"OpusHead") => packet.data.clone(),
            // No vendor, no comments.
            1 if packet.data.starts_with(b"OpusTags") => [&b"OpusTags"[..], &[0; 8]].concat(),
            0 | 1 => return None,
            _ => packet.data.clone(),
        };
        let end = match (packet.last_in_stream(), packet.last_in_page() || n < 2) {
            (true, _) => PacketWriteEndInfo::EndStream,
            (false, true) => PacketWriteEndInfo::EndPage,
            (false, false) => PacketWriteEndInfo::NormalPacket,
        };
        writer.write_packet(data, packet.stream_serial(), end, packet.absgp_page()).ok()?;
    }
    None
}

/// A WebM file as it came: no library that is kept up takes out of it what is said about the recording.
pub(super) fn webm(bytes: &[u8]) -> Option<Vec<u8>> {
    // The kind of document stands near the beginning.
    let head = &bytes[..bytes.len().min(64)];
    head.windows(7).any(|window| window == b"\x42\x82\x84webm").then(|| bytes.to_vec())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
mod tests {
    use super::*;

    fn part(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let mut part = [&name[..], &(content.len() as u32).to_le_bytes(), content].concat();
        part.resize(part.len() + content.len() % 2, 0);
        part
    }

    #[test]
    fn a_wav_keeps_its_sound_and_nothing_that_is_said_about_it() {
        let format = [&[1, 0, 1, 0, 0x40, 0x1F, 0, 0][..], &[0x80, 0x3E, 0, 0, 2, 0, 16, 0]].concat();
        let samples: Vec<u8> = (0..301_u32).map(|n| n as u8).collect();
        let parts = [part(b"LIST", b"INFOIARTthe singer"), part(b"fmt ", &format), part(b"data", &samples)];
        let parts = [parts.concat(), part(b"id3 ", b"a place")].concat();
        let file = [&b"RIFF"[..], &(parts.len() as u32 + 4).to_le_bytes(), b"WAVE", &parts].concat();
        let kept = wav(&file).unwrap();
        assert_eq!(
            kept,
            [&b"RIFF"[..], &kept[4..8], b"WAVE", &part(b"fmt ", &format), &part(b"data", &samples)].concat()
        );
        assert_eq!(u32::from_le_bytes(kept[4..8].try_into().unwrap()) as usize, kept.len() - 8);
        assert_eq!(wav(&kept), Some(kept.clone()), "the second time nothing is left to take out");
        for cut in 0..60 {
            let _ = wav(&file[..cut]);
        }
        assert_eq!(wav(b"RIFF\0\0\0\0WAVE"), None);
        assert_eq!(wav(&file[..70]), None, "without samples");
    }

    #[test]
    fn an_opus_recording_keeps_its_packets_and_loses_its_comments() {
        let tags = b"OpusTags\x04\0\0\0some\x01\0\0\0\x0c\0\0\0TITLE=secret";
        let packets: [&[u8]; 4] = [b"OpusHead\x01\x01\0\0\x80\xbb\0\0\0\0\0", tags, &[7; 90], &[8; 300]];
        let mut writer = PacketWriter::new(Vec::new());
        for (n, packet) in packets.iter().enumerate() {
            let end = match n {
                0 | 1 => PacketWriteEndInfo::EndPage,
                2 => PacketWriteEndInfo::NormalPacket,
                _ => PacketWriteEndInfo::EndStream,
            };
            writer.write_packet(packet.to_vec(), 5, end, 960 * n as u64).unwrap();
        }
        let file = writer.into_inner();
        assert!(file.windows(6).any(|window| window == b"secret"));
        let kept = ogg_opus(&file).unwrap();
        assert!(!kept.windows(6).any(|window| window == b"secret"));
        let mut reader = PacketReader::new(Cursor::new(&kept[..]));
        let mut read = Vec::new();
        while let Some(packet) = reader.read_packet().unwrap() {
            read.push((packet.data.clone(), packet.absgp_page()));
        }
        let of_page = [0, 960, 2880, 2880];
        let wanted = [packets[0], b"OpusTags\0\0\0\0\0\0\0\0", packets[2], packets[3]];
        let wanted: Vec<_> = wanted.iter().map(|packet| packet.to_vec()).zip(of_page).collect();
        assert_eq!(read, wanted);
        assert_eq!(ogg_opus(&file[..file.len() / 2]), None, "cut short");
        let other = [&file[..28], b"OpusHurt", &file[36..]].concat();
        assert_eq!(ogg_opus(&other), None);
    }

    #[test]
    fn only_webm_passes_for_webm() {
        let head = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm";
        assert!(webm(head).is_some());
        assert_eq!(webm(b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska"), None);
        assert_eq!(webm(&[]), None);
    }
}
