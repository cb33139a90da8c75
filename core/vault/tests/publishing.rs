//! Promise: what was published is kept as it was signed, and what takes the place of another leaves nothing of that in the files.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use common::*;
use nightjar_seal::{
    Act, Block, DeviceKeys, DocumentHash, Membership, Page, Placing, Publication, PublicationId, RootKeys,
    Roster,
};
use nightjar_vault::Vault;

const FIRST: &str = "CANARY-3310 written by mistake";

fn entropy(bytes: &mut [u8]) {
    getrandom::fill(bytes).unwrap();
}

fn study() -> (Roster, DeviceKeys) {
    let root = RootKeys::generate(&mut entropy);
    let mut roster = Roster::found(&root, DocumentHash([0; 32]), "A study", &mut entropy).unwrap();
    let keys = DeviceKeys::generate(&mut entropy);
    let (device, label, membership) = (keys.public(), "evaluator".to_owned(), Membership::Evaluator);
    let act = Act::Admit { device, label, membership, grants: vec![], epochs: vec![] };
    roster.append(act, &root).unwrap();
    (roster, keys)
}

fn published(roster: &Roster, keys: &DeviceKeys, said: &str, replaces: &[PublicationId]) -> Publication {
    let page = Page {
        language: "en".into(),
        easy_read: false,
        title: "What came of it".into(),
        blocks: vec![Block::Paragraph(said.into())],
        themes: vec![],
    };
    Publication::sign(roster.study(), 20_000, replaces.to_vec(), vec![page], keys).unwrap()
}

fn names(vault: &Vault) -> Vec<PublicationId> {
    vault.publications().unwrap().into_iter().map(|notice| notice.id).collect()
}

#[test]
fn what_takes_the_place_of_another_leaves_nothing_of_it() {
    let home = Home::new();
    let (roster, keys) = study();
    let vault = home.create();
    let first = published(&roster, &keys, FIRST, &[]);
    let second = published(&roster, &keys, "Forty people answered", &[first.id()]);
    let kept = |publication| vault.keep_publication(publication, &roster).unwrap();
    assert_eq!(kept(&first), Placing::Kept { gone: vec![] });
    assert_eq!(kept(&first), Placing::Known);
    assert_eq!(vault.publication(&first.id()).unwrap().as_ref(), Some(&first));
    assert!(!vault.audit(&[FIRST.as_bytes()]).unwrap().hits.is_empty(), "the audit sees");
    assert_eq!(kept(&second), Placing::Kept { gone: vec![first.id()] });
    assert!(vault.audit(&[FIRST.as_bytes()]).unwrap().hits.is_empty(), "free pages and log, too");
    assert_eq!(kept(&first), Placing::Replaced, "played again");
    assert_eq!(names(&vault), [second.id()]);
    drop(vault);
    let vault = Vault::open(&home.path, &key(1)).unwrap();
    assert_eq!(vault.publications().unwrap(), [(&second).into()]);
    assert_eq!(vault.publication(&second.id()).unwrap(), Some(second));
    assert_eq!(vault.publication(&first.id()).unwrap(), None);
}
