//! What is left in the files of a vault after a finish, a hand-over and a withdrawal: of what was said, and of the keys to it.

use nightjar_form::Value;
use nightjar_seal::DeviceKeys;
use nightjar_test_support::records::{Response, STUDY, cell, draft};
use nightjar_vault::{DraftId, Readable, Vault};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use rusqlite::Connection;

use crate::{FILE, key};

/// What the soak found, over all runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    /// Audits made.
    pub audits: u64,
    /// Pages deciphered.
    pub pages: u64,
    /// Audits before anything was taken away that did not find what was there: a blind scan.
    pub blind: u64,
    /// Places that held something after a confidential finish.
    pub after_finish: u64,
    /// After a hand-over.
    pub after_hand_over: u64,
    /// After a withdrawal.
    pub after_withdrawal: u64,
}

/// So many runs. `safe`: with the safeguards on, as they are.
///
/// # Panics
/// When a vault does not do what it should.
#[must_use]
pub fn remains(times: u64, seed: u64, safe: bool) -> Found {
    let mut found = Found::default();
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..times {
        run(&mut random, safe, &mut found);
    }
    found
}

fn run(random: &mut StdRng, safe: bool, found: &mut Found) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let vault = Vault::create(folder.path().join(FILE), &key()).expect("a vault is made");
    if !safe {
        vault.keep_what_is_deleted().expect("the writer is open");
    }
    let keys = DeviceKeys::generate(&mut |bytes: &mut [u8]| random.fill_bytes(bytes));
    // Something is there before and after, so that pages are shared and freed.
    let others: Vec<DraftId> =
        (0..random.random_range(1..4)).map(|_| begun(&vault, random, b"another")).collect();

    // A confidential finish: the draft's key and the record's.
    let said = canary(random);
    let draft = begun(&vault, random, &said);
    let secret = draft_key(&vault, &draft);
    blind(&vault, &[&secret], found);
    let response = answered(&keys, &said, random);
    let record_key = response.key.to_bytes().to_vec();
    let entropy = &mut |bytes: &mut [u8]| random.fill_bytes(bytes);
    response.finish(&vault, &draft, &keys, Readable::Elsewhere, entropy).expect("it is stored");
    found.after_finish += audit(&vault, &[&said, &secret, &record_key], found);

    // A hand-over: one draft is thrown away, of the other only words are left.
    let (gone, kept) = (begun(&vault, random, &said), begun(&vault, random, &said));
    let secrets = [draft_key(&vault, &gone), draft_key(&vault, &kept)];
    let mut words = [0; 10];
    random.fill_bytes(&mut words);
    vault.seal_under(&words, &kept).expect("words are taken");
    blind(&vault, &[&secrets[0], &secrets[1]], found);
    assert!(vault.lock(&kept).expect("the key goes"), "words were taken");
    vault.stop(&gone, "live").expect("a draft is thrown away");
    found.after_hand_over += audit(&vault, &[&secrets[0], &secrets[1], &said], found);
    assert_eq!(vault.unlock(&words).expect("words open"), Some(kept), "the words open it");

    // A withdrawal, where the response could be read.
    let said = canary(random);
    let draft = begun(&vault, random, b"x");
    let response = answered(&keys, &said, random);
    let record_key = response.key.to_bytes().to_vec();
    let marker = response.marker.clone();
    let entropy = &mut |bytes: &mut [u8]| random.fill_bytes(bytes);
    response.finish(&vault, &draft, &keys, Readable::Here, entropy).expect("it is stored");
    blind(&vault, &[&said, &record_key], found);
    assert!(vault.withdraw(&marker, &STUDY).expect("it is withdrawn").new, "it was new");
    found.after_withdrawal += audit(&vault, &[&said, &record_key], found);
    for other in others {
        assert_eq!(vault.draft(&other).expect("it is there").1.len(), 1, "nothing else went");
    }
}

/// A phrase that nothing else holds.
fn canary(random: &mut StdRng) -> Vec<u8> {
    format!("canary {:016x} {:016x}", random.random::<u64>(), random.random::<u64>()).into_bytes()
}

fn begun(vault: &Vault, random: &mut StdRng, said: &[u8]) -> DraftId {
    let draft = vault.begin(&draft()).expect("a draft begins");
    let mut entry = said.to_vec();
    entry.resize(said.len() + random.random_range(0..5_000), b'.');
    vault.append(&draft, &entry).expect("an answer is kept");
    draft
}

/// What somebody at the tables reads.
fn draft_key(vault: &Vault, draft: &DraftId) -> Vec<u8> {
    let tables = Connection::open(vault.path()).expect("the file opens");
    tables.execute_batch(&format!("PRAGMA key = \"x'{}'\"", "07".repeat(32))).expect("the key fits");
    let sql = "SELECT key FROM draft_key WHERE draft = ?1";
    tables.query_row(sql, [draft.0], |row| row.get(0)).expect("the key is there")
}

fn audit(vault: &Vault, phrases: &[&[u8]], found: &mut Found) -> u64 {
    let audit = vault.audit(phrases).expect("the files can be read");
    found.audits += 1;
    found.pages += audit.pages;
    audit.hits.len() as u64
}

/// Every phrase must be found while it is there.
fn blind(vault: &Vault, phrases: &[&[u8]], found: &mut Found) {
    found.blind += phrases.iter().filter(|phrase| audit(vault, &[phrase], found) == 0).count() as u64;
}

fn answered(keys: &DeviceKeys, said: &[u8], random: &mut StdRng) -> Response {
    let said = Value::Text(String::from_utf8_lossy(said).into_owned());
    let entropy = &mut |bytes: &mut [u8]| random.fill_bytes(bytes);
    Response::new(keys, "acute-male", vec![(cell("why"), said)], entropy)
}
