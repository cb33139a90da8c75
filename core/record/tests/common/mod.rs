//! Small makers for records in tests.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::collections::BTreeMap;

use nightjar_form::{CellKey, ItemKey, Value};
use nightjar_record::{
    Actor, Choices, Contributor, Hand, Identity, IdentityKey, Incoming, Meta, Nature, Options, Origin,
    Purpose, Record, RecordId, Written, admit, create,
};

pub(crate) const KEY: IdentityKey = IdentityKey([7; 32]);

pub(crate) fn cell(name: &str) -> CellKey {
    CellKey::from(ItemKey::of(name))
}

pub(crate) fn one(code: &str) -> Value {
    Value::One(code.to_owned())
}

pub(crate) fn many(codes: &[&str]) -> Value {
    Value::Many(codes.iter().map(|c| (*c).to_owned()).collect())
}

pub(crate) fn hand(role: &str) -> Hand {
    Hand { role: role.to_owned(), at: None }
}

pub(crate) fn actor(n: u64) -> Actor {
    Actor::fresh(b"device", RecordId([0; 16]), u128::from(n).to_le_bytes())
}

pub(crate) fn from(n: u8) -> Contributor {
    Contributor([n; 16])
}

pub(crate) fn meta(nature: Nature, identity: Identity) -> Meta {
    Meta {
        kind: "ward-night".into(),
        nature,
        identity,
        instrument: "ward_night".into(),
        version: [1; 32],
        ward: "maple".into(),
        role: "nurse".into(),
        phase: Some("live".into()),
        week: Some("2025-W10".into()),
        part_of_day: None,
        language: Some("en".into()),
        case: None,
        purposes: BTreeMap::new(),
        extra: BTreeMap::new(),
    }
}

pub(crate) fn night() -> Meta {
    meta(Nature::Fact, Identity::Once("maple/2025-03-02".into()))
}

pub(crate) fn response(random: u8) -> Meta {
    let origin = Origin { withdrawal: None, creator: [1; 16], random: [random; 16] };
    meta(Nature::Response, Identity::Given(origin))
}

pub(crate) fn position(random: u8, case: &str) -> Meta {
    let origin = Origin { withdrawal: None, creator: [1; 16], random: [random; 16] };
    let mut meta = meta(Nature::Voice, Identity::Given(origin));
    meta.kind = "position".into();
    meta.case = Some(case.into());
    meta.purposes =
        [(Purpose::Stance, cell("stance")), (Purpose::Voice, cell("voice")), (Purpose::Why, cell("why"))]
            .into();
    meta
}

pub(crate) fn outcome(case: &str) -> Meta {
    let mut meta = meta(Nature::Outcome, Identity::Once(case.into()));
    meta.kind = "decision".into();
    meta.case = Some(case.into());
    meta.purposes = [
        (Purpose::Outcome, cell("outcome")),
        (Purpose::Reasons, cell("reasons")),
        (Purpose::ExplainedTo, cell("explained_to")),
    ]
    .into();
    meta
}

pub(crate) fn options() -> Options {
    let codes = ["noise", "light", "checks"].map(str::to_owned).to_vec();
    let told = ["patient", "carer", "advocate"].map(str::to_owned).to_vec();
    [
        (ItemKey::of("why_broken"), Choices { codes, ..Choices::default() }),
        (ItemKey::of("explained_to"), Choices { codes: told, ..Choices::default() }),
    ]
    .into()
}

pub(crate) fn found(meta: &Meta, cells: &[(CellKey, Value)], n: u64) -> Written {
    create(meta, cells, &options(), &KEY, &hand("nurse"), actor(n)).unwrap()
}

pub(crate) fn incoming(written: &Written, device: u8) -> Incoming {
    Incoming::new(admit(&written.bytes).unwrap(), from(device))
}

pub(crate) fn merge(id: RecordId, changes: &[Incoming]) -> Record {
    Record::merge(id, &KEY, changes.iter().cloned(), |_, _| true).unwrap()
}

/// Two tablets enter the same night with different bed counts.
pub(crate) fn twins() -> (Vec<Incoming>, Record) {
    let a =
        found(&night(), &[(cell("beds"), Value::Integer(17)), (cell("note"), Value::Text("a".into()))], 1);
    let b =
        found(&night(), &[(cell("beds"), Value::Integer(18)), (cell("note"), Value::Text("a".into()))], 2);
    assert_eq!(a.record, b.record);
    let changes = vec![incoming(&a, 1), incoming(&b, 2)];
    let record = merge(a.record, &changes);
    (changes, record)
}
