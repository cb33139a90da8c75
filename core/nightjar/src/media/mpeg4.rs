//! MPEG-4 files (ISO 14496-12): what they say about a recording is overwritten where it stands, so that every place in the file that
//! others point to stays where it is. Boxes for people's words and for places become free space of the same length; moments become 0.

/// Most boxes of a file, and how deep they may lie.
const BOXES: usize = 10_000;
const DEEP: usize = 8;

/// The file without what is said about it; `None` where its boxes do not hold together, or where it holds no sound.
pub(super) fn bare(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.to_vec();
    let mut seen = Seen { boxes: 0, is_sound: false, is_seen: false };
    walk(&mut out, &mut seen, 0)?;
    // A film is no recording of a voice.
    (seen.is_sound && !seen.is_seen).then_some(out)
}

struct Seen {
    boxes: usize,
    is_sound: bool,
    is_seen: bool,
}

fn walk(mut rest: &mut [u8], seen: &mut Seen, depth: usize) -> Option<()> {
    while !rest.is_empty() {
        seen.boxes += 1;
        if seen.boxes > BOXES || depth > DEEP {
            return None;
        }
        let size = u32::from_be_bytes(rest.first_chunk().copied()?) as usize;
        let (head, size) = match size {
            // To the end of the file.
            0 if depth == 0 => (8, rest.len()),
            1 => (16, usize::try_from(u64::from_be_bytes(rest.get(8..16)?.try_into().ok()?)).ok()?),
            size => (8, size),
        };
        if size < head || size > rest.len() {
            return None;
        }
        let (this, after) = rest.split_at_mut(size);
        let (name, content) = this.split_at_mut(head);
        let kind: [u8; 4] = name.get(4..8)?.try_into().ok()?;
        match &kind {
            b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" | b"moof" | b"traf" => {
                walk(content, seen, depth + 1)?
            }
            b"udta" | b"meta" | b"uuid" | b"free" | b"skip" | b"wide" => {
                name[4..8].copy_from_slice(b"free");
                content.fill(0);
            }
            b"mvhd" | b"tkhd" | b"mdhd" => {
                let moments = match content.first()? {
                    0 => content.get_mut(4..12)?,
                    _ => content.get_mut(4..20)?,
                };
                moments.fill(0);
            }
            b"hdlr" => {
                match content.get(8..12)? {
                    b"soun" => seen.is_sound = true,
                    b"vide" => seen.is_seen = true,
                    _ => {}
                }
                // The name of whatever wrote it.
                content.get_mut(24..)?.fill(0);
            }
            _ => {}
        }
        rest = after;
    }
    Some(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
mod tests {
    use super::*;

    fn part(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [&(content.len() as u32 + 8).to_be_bytes()[..], kind, content].concat()
    }

    fn file(handler: &[u8; 4]) -> Vec<u8> {
        let times = [&[0; 4][..], &[0xD9; 8], &[1; 12]].concat();
        let hdlr = [&[0; 8][..], handler, &[0; 12], b"a phone of somebody\0"].concat();
        let media = [part(b"mdhd", &times), part(b"hdlr", &hdlr)].concat();
        let track = [part(b"tkhd", &times), part(b"mdia", &media)].concat();
        let place = part(b"\xa9xyz", b"+51.5-000.1/");
        let movie = [part(b"mvhd", &times), part(b"trak", &track), part(b"udta", &place)].concat();
        [part(b"ftyp", b"M4A \0\0\0\0"), part(b"moov", &movie), part(b"mdat", b"sound")].concat()
    }

    #[test]
    fn a_recording_loses_place_moment_and_maker_and_nothing_moves() {
        let file = file(b"soun");
        let kept = bare(&file).unwrap();
        assert_eq!(kept.len(), file.len());
        for gone in [&b"+51.5"[..], b"somebody", &[0xD9; 8], b"udta"] {
            assert!(file.windows(gone.len()).any(|window| window == gone));
            assert!(!kept.windows(gone.len()).any(|window| window == gone), "{gone:?}");
        }
        assert!(kept.ends_with(b"mdatsound"));
        assert_eq!(bare(&kept), Some(kept.clone()));
    }

    #[test]
    fn films_and_what_does_not_hold_together_are_refused() {
        assert_eq!(bare(&file(b"vide")), None);
        let good = file(b"soun");
        for at in 1..good.len() - 13 {
            assert_eq!(bare(&good[..at]), None, "cut at {at}");
        }
        for at in 0..good.len() {
            let mut altered = good.clone();
            altered[at] ^= 0x80;
            let _ = bare(&altered);
        }
        let deep = (0..40).fold(Vec::new(), |inner, _| part(b"moov", &inner));
        assert_eq!(bare(&deep), None);
    }
}
