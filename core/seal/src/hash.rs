//! BLAKE3 with a context for each use, so that no hash can stand in for another.

/// Hash of `parts`, each preceded by its length, truncated to `N` ≤ 32 bytes.
pub(crate) fn digest<const N: usize>(context: &str, parts: &[&[u8]]) -> [u8; N] {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut out = [0; N];
    hasher.finalize_xof().fill(&mut out);
    out
}
