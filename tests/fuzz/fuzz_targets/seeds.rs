//! Writes what `sealed`, `wire` and `change` start from into the folder that is named: true ones, made by the code that reads them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use nightjar_form::{CellKey, ItemKey, Value};
use nightjar_record::{Actor, Hand, Identity, IdentityKey, Meta, Nature, Options, RecordId, create};
use nightjar_seal::{
    Act, Chain, DeviceKeys, DocumentHash, EnrolmentRequest, Header, Invitation, Line, Membership, Receipt, Recipient,
    RecordKey, RootKeys, Roster, ScopeTag, Sealing, Strand, Stub, Withdrawal, seal_with,
};
use nightjar_sync::bundle::{Header as Maker, Part};
use nightjar_sync::wire::{Applied, Body, Greeting, Incarnation, Mark, Message, Pull, Push, Reach, Recall, Segment, Shown};

fn main() -> std::io::Result<()> {
    let [Some(target), Some(folder)] = [1, 2].map(|at| std::env::args().nth(at)) else {
        return Err(std::io::Error::other("name a target and a folder"));
    };
    let folder = PathBuf::from(folder);
    for (at, seed) in seeds(&target).into_iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{at}")), seed)?;
    }
    Ok(())
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let mut next = 1_u8;
    let mut entropy = |bytes: &mut [u8]| {
        for byte in bytes {
            next = next.wrapping_mul(13).wrapping_add(7);
            *byte = next;
        }
    };
    let (root, device) = (RootKeys::generate(&mut entropy), DeviceKeys::generate(&mut entropy));
    let mut roster =
        Roster::found(&root, DocumentHash([0; 32]), "A study", &mut entropy).expect("founded");
    let (label, membership) = ("tablet 1".to_owned(), Membership::Tablet);
    let act = Act::Admit { device: device.public(), label, membership, grants: Vec::new(), epochs: Vec::new() };
    roster.append(act, &root).expect("let in");
    let (study, scope) = (roster.study(), ScopeTag::of(&roster.study(), "responses"));
    let (receipt, key) = (Receipt::generate(&mut entropy), RecordKey::generate(&mut entropy));
    let origin = receipt.origin(device.tag());
    let mut header = Header::change(study, scope, origin.record(), device.tag(), roster.head(), &key);
    header.origin = Some(origin.clone());
    let public = device.public();
    let recipients = [Recipient::Device(&public)];
    let sealing = Sealing { recipients: Some(&recipients), dictionary: None };
    let change = change();
    let envelope = seal_with(header, &change, &key, sealing, &mut entropy).expect("sealed");
    let marker = Withdrawal::new(&receipt, study, origin).expect("its receipt");
    match target {
        "change" => vec![change],
        "sealed" => {
            let tells = marker.envelope(scope, device.tag(), roster.head()).expect("carried");
            let request = EnrolmentRequest { label: "tablet 2".into(), device: device.public() };
            let hub = "https://hub.example.org".to_owned();
            let invitation = Invitation { study, root: roster.root(), head: roster.head(), hub };
            let mut seeds = vec![envelope.encode(), tells.encode(), Stub::of(&envelope).encode(), marker.encode()];
            seeds.extend(roster.entries().iter().map(nightjar_seal::Entry::encode));
            seeds.extend([request.to_text().into_bytes(), invitation.to_text().into_bytes()]);
            seeds.push(receipt.words().as_bytes().to_vec());
            seeds
        }
        "wire" => {
            let mut chain = Chain::new(Strand { device: device.tag(), line: Line([1; 8]) }, scope);
            let link = chain.next(envelope.id());
            let segment = Segment::new(&[link], &chain.sign(&device).expect("its chain")).expect("one link");
            let push = Push { segment, bodies: vec![Body { place: 0, bytes: envelope.encode() }] };
            let mark = Mark::start(Incarnation([2; 16])).after(envelope.id());
            let reach = vec![Reach { device: device.tag(), line: Line([1; 8]), seq: 1 }];
            let applied = Applied::sign(scope, reach, &device).expect("small");
            let shown = Shown { scope, marks: vec![mark], applied: true };
            let maker = Maker::sign(study, 2, roster.head(), vec![applied.clone()], &device);
            vec![
                push.encode(),
                Part::Chain(push).encode(),
                Part::Header(Box::new(maker)).encode(),
                applied.encode(),
                Greeting { roster: 2, scopes: vec![shown] }.encode(),
                Pull { after: Some(mark), without: Some(Line([1; 8])) }.encode(),
                Recall { records: vec![envelope.header().record] }.encode(),
            ]
        }
        _ => Vec::new(),
    }
}

/// A ward night, as its device writes it.
fn change() -> Vec<u8> {
    let meta = Meta {
        kind: "ward-night".into(),
        nature: Nature::Fact,
        identity: Identity::Once("maple/2025-03-02".into()),
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
    };
    let cells = [("in_bed", Value::Integer(14)), ("broken", Value::Text("at four, the bins".into()))];
    let cells: Vec<_> = cells.map(|(name, value)| (CellKey::from(ItemKey::of(name)), value)).into();
    let hand = Hand { role: "nurse".to_owned(), at: None };
    let actor = Actor::fresh(b"device", RecordId([0; 16]), [3; 16]);
    create(&meta, &cells, &Options::default(), &IdentityKey([7; 32]), &hand, actor).expect("written").bytes
}
