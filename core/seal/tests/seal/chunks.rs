//! Promise: a chunk opens whole, in its place, under its record's key, or not at all; its size says little.

use std::borrow::Cow;

use nightjar_seal::{
    CHUNK_CONTENT, ChunkKey, ChunkName, MAX_ATTACHMENT, MAX_SEALED_CHUNK, MIN_SEALED_CHUNK, RecordKey,
    Refused, Whole, open_chunk, open_chunks, seal_chunk,
};

use crate::fixture::entropy;

fn bytes(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&len.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn sealed(key: &ChunkKey, content: &[u8]) -> (Whole, Vec<Vec<u8>>) {
    let whole = Whole::of(content).unwrap();
    let mut entropy = entropy(3);
    let parts = (0..).zip(content.chunks(CHUNK_CONTENT));
    let chunks = parts.map(|(index, part)| seal_chunk(key, &whole, index, part, &mut entropy).unwrap());
    (whole, chunks.collect())
}

fn key() -> ChunkKey {
    ChunkKey::of(&RecordKey::generate(&mut entropy(1)))
}

#[test]
fn what_was_attached_comes_back_whatever_its_length() {
    let key = key();
    let edges = [1, 2, (16 << 10) - 4, (16 << 10) - 3, CHUNK_CONTENT - 1, CHUNK_CONTENT, CHUNK_CONTENT + 1];
    for len in edges.into_iter().chain([3 * CHUNK_CONTENT, MAX_ATTACHMENT as usize]) {
        let content = bytes(len);
        let (whole, chunks) = sealed(&key, &content);
        assert_eq!(chunks.len(), whole.chunks() as usize, "{len}");
        let names: Vec<_> = chunks.iter().map(|chunk| ChunkName::of(chunk)).collect();
        let find = |name: &ChunkName| -> Result<Cow<'_, [u8]>, Refused> {
            Ok(Cow::Borrowed(&chunks[names.iter().position(|known| known == name).unwrap()]))
        };
        assert_eq!(*open_chunks(&key, &whole, &names, find).unwrap(), content, "{len}");
    }
    assert!(matches!(Whole::of(&bytes(MAX_ATTACHMENT as usize + 1)), Err(Refused::Oversize { .. })));
    assert!(Whole::of(&[]).is_err());
}

#[test]
fn a_size_is_one_of_five() {
    let key = key();
    let sizes: std::collections::BTreeSet<_> = (0..60)
        .map(|n| 1 + n * CHUNK_CONTENT / 60)
        .map(|len| {
            seal_chunk(&key, &Whole::of(&bytes(len)).unwrap(), 0, &bytes(len), &mut entropy(2)).unwrap().len()
        })
        .collect();
    assert_eq!(sizes.len(), 5);
    assert_eq!(sizes.first(), Some(&MIN_SEALED_CHUNK));
    assert_eq!(sizes.last(), Some(&MAX_SEALED_CHUNK));
}

#[test]
fn a_chunk_opens_in_its_place_alone() {
    let key = key();
    let content = bytes(2 * CHUNK_CONTENT + 5);
    let (whole, chunks) = sealed(&key, &content);
    let names: Vec<_> = chunks.iter().map(|chunk| ChunkName::of(chunk)).collect();
    let open = |key: &ChunkKey, whole: &Whole, index: u32, n: usize| {
        open_chunk(key, whole, index, &names[n], &chunks[n]).is_ok()
    };
    assert!(open(&key, &whole, 0, 0) && open(&key, &whole, 1, 1) && open(&key, &whole, 2, 2));
    assert!(!open(&key, &whole, 1, 0), "in another place");
    assert!(!open(&key, &whole, 3, 0), "in a place that is not");
    assert!(!open(&ChunkKey::generate(&mut entropy(9)), &whole, 0, 0), "under another key");
    let other = Whole { hash: [1; 32], ..whole };
    assert!(!open(&key, &other, 0, 0), "of another attachment");
    let longer = Whole { size: whole.size + CHUNK_CONTENT as u64, ..whole };
    assert!(!open(&key, &longer, 0, 0), "of one with more chunks");
    assert!(open_chunk(&key, &whole, 0, &names[1], &chunks[0]).is_err(), "under another name");

    let find = |_: &ChunkName| -> Result<Cow<'_, [u8]>, Refused> { Ok(Cow::Borrowed(&chunks[0])) };
    assert!(open_chunks(&key, &whole, &names[..2], find).is_err(), "one is missing");
    assert!(open_chunks(&key, &whole, &[names[0]; 3], find).is_err(), "one three times");
}

#[test]
fn a_chunk_that_was_altered_or_cut_does_not_open() {
    let key = key();
    let (whole, chunks) = sealed(&key, &bytes(900));
    let chunk = &chunks[0];
    // Under its own hash, as somebody would name it who altered it, and under the one that the record names.
    for at in (0..40).chain((40..chunk.len()).step_by(997)).chain([chunk.len() - 1]) {
        let mut altered = chunk.clone();
        altered[at] ^= 1;
        for name in [ChunkName::of(&altered), ChunkName::of(chunk)] {
            assert!(open_chunk(&key, &whole, 0, &name, &altered).is_err(), "byte {at}");
        }
        let cut = &chunk[..at];
        assert!(open_chunk(&key, &whole, 0, &ChunkName::of(cut), cut).is_err(), "cut at {at}");
    }
    // What the build for the canary test leaves unsealed nobody else takes.
    let mut unsealed = chunk.clone();
    unsealed[0] = 0xFF;
    let name = ChunkName::of(&unsealed);
    assert!(matches!(open_chunk(&key, &whole, 0, &name, &unsealed), Err(Refused::Unsealed)));
}

#[test]
fn the_same_bytes_sealed_twice_have_nothing_in_common() {
    let (whole, content) = (Whole::of(&bytes(500)).unwrap(), bytes(500));
    let mut entropy = entropy(5);
    let mut seal = || seal_chunk(&key(), &whole, 0, &content, &mut entropy).unwrap();
    let (one, two) = (seal(), seal());
    assert_ne!(ChunkName::of(&one), ChunkName::of(&two));
    assert_ne!(one[1..25], two[1..25], "a nonce is used once");
    assert!(!one.windows(32).any(|window| window == &content[..32]));
}
