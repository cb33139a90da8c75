//! A refusal has a kind that says what to do, and a text without answers or keys.

use std::path::Path;

use nightjar::form::Value;
use nightjar::{
    Admission, BeginRequest, Evaluator, Failure, FoundRequest, Options, Sitting, StudyPack, Tablet, VaultKey,
};
use nightjar_test_support::{HubProcess, program, sleepwell};

fn key() -> VaultKey {
    VaultKey::random().expect("a key")
}

fn tablet(folder: &Path, key: &VaultKey) -> Tablet {
    Tablet::create(&folder.join("tablet.vault"), key, "Tablet", Options::default()).expect("a vault is made")
}

fn evaluator(folder: &Path, name: &str) -> Evaluator {
    Evaluator::create(&folder.join(name), &key(), name, Options::default()).expect("a vault is made")
}

#[test]
fn a_wrong_key_is_told_apart_and_leaves_the_vault_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let (vault, right) = (folder.path().join("tablet.vault"), key());
    tablet(folder.path(), &right).pause().expect("it pauses");
    let before = std::fs::read(&vault).expect("the vault");
    let opened = Tablet::open(&vault, &key(), Options::default());
    assert!(matches!(opened.err(), Some(Failure::WrongKey(_))));
    assert_eq!(std::fs::read(&vault).expect("the vault"), before);
    assert!(Tablet::open(&vault, &right, Options::default()).is_ok());
}

#[test]
fn while_paused_every_call_says_closed() {
    let folder = tempfile::tempdir().expect("a folder");
    let tablet = tablet(folder.path(), &key());
    tablet.pause().expect("it pauses");
    assert!(matches!(tablet.status(), Err(Failure::Closed(_))));
    assert!(matches!(tablet.drafts(), Err(Failure::Closed(_))));
    assert!(matches!(tablet.sync(), Err(Failure::Closed(_))));
    tablet.resume_vault().expect("it opens again");
    assert_eq!(tablet.status().expect("the status").label, "Tablet");
}

#[test]
fn no_refusal_holds_an_answer() {
    const CANARY: &str = "a marmalade kestrel";
    let folder = tempfile::tempdir().expect("a folder");
    let hub = HubProcess::start(&program(), &folder.path().join("hub"));
    let (tablet, sitting) = patient(folder.path(), &hub).expect("a patient begins");
    let mut refused = Vec::new();
    for path in ["slept", "no_such_question"] {
        for value in [Value::Text(CANARY.into()), Value::One(CANARY.into())] {
            refused.extend(sitting.answer(path, Some(value)).err());
        }
    }
    assert!(refused.len() == 4 && refused.iter().all(|failure| matches!(failure, Failure::Invalid(_))));
    sitting.answer("better", Some(Value::Text(CANARY.into()))).expect("an answer");
    tablet.pause().expect("it pauses");
    let closed = sitting.answer("better", Some(Value::Text(format!("{CANARY} again"))));
    assert!(matches!(closed, Err(Failure::Closed(_))));
    refused.extend(closed.err());
    for failure in refused {
        assert!(!format!("{failure} {failure:?}").contains(CANARY));
    }
}

/// A patient who begins to answer, in a study of their own.
fn patient(folder: &Path, hub: &HubProcess) -> Result<(Tablet, Sitting), Failure> {
    let pack = StudyPack::from_dir(&sleepwell())?;
    let (steward, second) = (evaluator(folder, "steward.vault"), evaluator(folder, "second.vault"));
    let tablet = tablet(folder, &key());
    steward.found(FoundRequest {
        pack: pack.clone(),
        hub: Some(hub.address.clone()),
        setup_code: hub.setup_code.clone(),
    })?;
    steward.add_recovery()?;
    steward.admit(&second.enrolment_request()?, Admission::Evaluator)?;
    let wards = Vec::new();
    let invitation = steward.admit(&tablet.enrolment_request()?, Admission::Tablet { wards })?;
    steward.sync()?;
    tablet.join(&invitation, pack)?;
    let sitting = tablet.begin(BeginRequest {
        form_id: "patient-core".into(),
        role: "patient".into(),
        ward: "acute-male".into(),
        language: None,
    })?;
    Ok((tablet, sitting))
}
