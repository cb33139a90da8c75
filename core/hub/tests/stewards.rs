//! Promise: what stewards take out by the roster leaves the hub, and one of them alone cannot empty it.

mod ward;

use nightjar_seal::{
    Act, ActRequest, ClockPublic, Consent, ConsentRequest, DeviceKeys, DeviceTag, Entry, Envelope, Erasure,
    Extent, Membership, RecordTag, Refused, RootKeys, Roster, Rule, ScopeTag, Seat, Stamp,
};
use nightjar_sync::wire::{Confirmation, Outcome, Reach, Reason};
use nightjar_sync::{Event, Failure};
use ward::{Device, Running, Study, admit, entropy};

/// A study with a second steward, at a hub whose time counts.
async fn founded(hub: &Running) -> (Study, DeviceKeys) {
    let mut study = Study::new();
    study.roster = Roster::begin(study.roster.entries()[0].clone()).expect("it founds");
    let second = DeviceKeys::generate(&mut entropy());
    let evaluators = [(&study.evaluator, "evaluator"), (&second, "second")];
    for (keys, label) in evaluators {
        let act = admit(keys, label, Membership::Evaluator);
        study.roster.append(act, &study.root).expect("admitted");
    }
    study.found_at(hub).await;
    let (clock, _) = time(&study, &study.roster, hub).await.expect("the hub tells its time");
    let mut acts = vec![Act::Clock { public: clock }, Act::Steward { device: second.tag(), seat: None }];
    acts.extend(study.tablets.iter().map(|keys| admit(keys, "tablet", Membership::Tablet)));
    for act in acts {
        append(&mut study, hub, act).await.expect("appended");
    }
    (study, second)
}

/// The hub's time for the end of a roster.
async fn time(study: &Study, roster: &Roster, hub: &Running) -> Result<(ClockPublic, Stamp), Failure> {
    let request = nightjar_sync::ask_time(roster);
    let response = hub.transport().send(&request, &study.evaluator, &mut entropy()).await?;
    nightjar_sync::time_told(roster, &response)
}

/// Signs an entry and takes it to the hub.
async fn append(study: &mut Study, hub: &Running, act: Act) -> Result<(), Failure> {
    let entry = study.roster.append(act, &study.root).expect("it fits").clone();
    offer(study, hub, &entry).await
}

async fn offer(study: &Study, hub: &Running, entry: &nightjar_seal::Entry) -> Result<(), Failure> {
    let request = nightjar_sync::append(&study.roster, entry);
    let response = hub.transport().send(&request, &study.evaluator, &mut entropy()).await?;
    nightjar_sync::appended(&response).map(drop)
}

/// Records of one envelope each, pushed by a tablet.
async fn collected(study: &Study, hub: &Running, count: usize) -> (Device, Vec<Envelope>) {
    let mut tablet = Device::new(&study.tablets[0], study, "responses");
    tablet.pull = false;
    let envelopes: Vec<_> = (0..count).map(|n| response(&tablet, n as u8)).collect();
    for envelope in &envelopes {
        place(&mut tablet, envelope);
    }
    tablet.sync(&hub.transport()).await.expect("the tablet syncs");
    assert_eq!(tablet.stored(), count);
    (tablet, envelopes)
}

fn response(device: &Device, n: u8) -> Envelope {
    let key = nightjar_seal::RecordKey::generate(&mut entropy());
    let (study, head) = (device.roster.study(), device.roster.head());
    let header =
        nightjar_seal::Header::change(study, device.scope, RecordTag([n; 16]), device.tag(), head, &key);
    nightjar_seal::seal(header, &[n; 900], &key, &mut entropy()).expect("it seals")
}

fn place(device: &mut Device, envelope: &Envelope) {
    let link = device.chain.next(envelope.id());
    device.open.push((link, Some(envelope.encode())));
}

fn erasure(scope: ScopeTag, what: Extent, stamp: Option<Stamp>, consents: Vec<Consent>) -> Act {
    Act::Erase { erasure: Erasure { scope, what, stamp, consents } }
}

fn tags(of: std::ops::Range<u8>) -> Extent {
    Extent::records(of.map(|n| RecordTag([n; 16])))
}

/// What an evaluator that comes now receives whole, and of what it receives names only.
async fn pulled(study: &Study, hub: &Running) -> (usize, usize) {
    let mut evaluator = Device::new(&study.evaluator, study, "responses");
    evaluator.sync(&hub.transport()).await.expect("the evaluator syncs");
    let erased = evaluator.events.iter().filter(|event| matches!(event, Event::Erased { .. }));
    (evaluator.received.len(), erased.count())
}

fn lies(folder: &std::path::Path, bytes: &[u8]) -> bool {
    let files = std::fs::read_dir(folder).expect("a folder").flatten();
    let held = files.map(|file| std::fs::read(file.path()).expect("a file"));
    held.into_iter().any(|held| held.windows(bytes.len()).any(|window| window == bytes))
}

fn end_of(envelope: &Envelope) -> Vec<u8> {
    let bytes = envelope.encode();
    bytes[bytes.len() - 40..].to_vec()
}

#[tokio::test]
async fn what_stewards_take_out_leaves_the_hub_with_what_comes_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let hub = Running::start(data).await;
    let (mut study, second) = founded(&hub).await;
    let (mut tablet, envelopes) = collected(&study, &hub, 30).await;
    let scope = tablet.scope;
    assert!(lies(data, &end_of(&envelopes[0])), "what is looked for can be found");
    let (_, stamp) = time(&study, &study.roster, &hub).await.expect("the hub tells its time");
    append(&mut study, &hub, erasure(scope, tags(0..20), Some(stamp), vec![])).await.expect("twenty");
    assert_eq!(pulled(&study, &hub).await, (10, 20));
    assert!(!lies(data, &end_of(&envelopes[0])) && lies(data, &end_of(&envelopes[29])));
    // What comes later of them is kept by its name alone.
    let late = response(&tablet, 3);
    place(&mut tablet, &late);
    tablet.sync(&hub.transport()).await.expect("the tablet syncs");
    assert_eq!(pulled(&study, &hub).await, (10, 21));

    // Two stewards, the whole scope: with what is still to come.
    let what = Extent::Scope;
    let request =
        ConsentRequest { study: study.roster.study(), head: study.roster.head(), scope, what: what.clone() };
    let consent = request.consent(&second);
    append(&mut study, &hub, erasure(scope, what, None, vec![consent])).await.expect("two stewards");
    let later = response(&tablet, 99);
    place(&mut tablet, &later);
    tablet.sync(&hub.transport()).await.expect("the tablet syncs");
    assert!(tablet.outcomes.iter().all(|judged| judged.outcome == Outcome::Stored), "chains add up");
    assert_eq!(pulled(&study, &hub).await, (0, 32));
    assert!(!envelopes.iter().chain([&late, &later]).any(|envelope| lies(data, &end_of(envelope))));
    // The other scope goes on.
    let mut ward = Device::new(&study.tablets[1], &study, "ward");
    let night = response(&ward, 1);
    place(&mut ward, &night);
    ward.sync(&hub.transport()).await.expect("the tablet syncs");
    let mut reader = Device::new(&study.evaluator, &study, "ward");
    reader.sync(&hub.transport()).await.expect("the evaluator syncs");
    assert!(reader.received.contains_key(&night.id()));
    hub.stop().await;
}

/// The attack: whoever has the founder's key takes everything out, with a program of their own.
#[tokio::test]
async fn mass_erase_by_one_steward_is_refused_by_the_hub_and_nothing_is_lost() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let (study, _) = founded(&hub).await;
    let (tablet, _) = collected(&study, &hub, 30).await;
    let scope = tablet.scope;
    let mine = DeviceKeys::generate(&mut entropy());
    for what in [tags(0..21), tags(0..30), Extent::Scope] {
        let (_, stamp) = time(&study, &study.roster, &hub).await.expect("the hub tells its time");
        let act = erasure(scope, what.clone(), Some(stamp), vec![]);
        let refused = offer(&study, &hub, &forced(&study.roster, &study.root, act)).await;
        match refused {
            Err(Failure::Refused(refusal)) => {
                assert_eq!(refusal.reason, Reason::NotGranted);
                assert!(refusal.text.contains("second steward"), "{}", refusal.text);
            }
            other => panic!("{other:?}"),
        }
        let head = study.roster.head();
        let request = ConsentRequest { study: study.roster.study(), head, scope, what: what.clone() };
        let act = erasure(scope, what, None, vec![request.consent(&mine)]);
        let refused = offer(&study, &hub, &forced(&study.roster, &study.root, act)).await;
        assert!(matches!(refused, Err(Failure::Refused(refusal)) if refusal.reason == Reason::Forged));
    }
    assert_eq!(pulled(&study, &hub).await, (30, 0));
    hub.stop().await;
}

/// An entry that an honest program would not sign, signed by the root key for this place.
fn forced(roster: &Roster, root: &RootKeys, act: Act) -> nightjar_seal::Entry {
    assert!(matches!(
        roster.clone().append(act.clone(), root),
        Err(Refused::OneSteward { .. } | Refused::Unfit { .. })
    ));
    let seq = roster.entries().len() as u64;
    nightjar_seal::Entry::signed(seq, roster.head(), act, root).expect("it can be written")
}

#[tokio::test]
async fn a_hub_takes_no_evaluator_and_no_version_without_the_stewards_whom_the_rule_asks_for() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let mut study = Study::new();
    study.roster = Roster::begin(study.roster.entries()[0].clone()).expect("it founds");
    study.found_at(&hub).await;
    let second = DeviceKeys::generate(&mut entropy());
    let (device, seat) = (second.tag(), Some(Seat::LivedExperience));
    let rule = Rule { evaluators: 1, documents: 1, lived_experience: true };
    let acts = [
        admit(&study.evaluator, "evaluator", Membership::Evaluator),
        admit(&second, "second", Membership::Evaluator),
        Act::Steward { device, seat },
        Act::Rule { rule },
        admit(&study.tablets[0], "tablet", Membership::Tablet),
    ];
    for act in acts {
        append(&mut study, &hub, act).await.expect("appended");
    }
    let new = DeviceKeys::generate(&mut entropy());
    for act in [
        admit(&new, "third", Membership::Evaluator),
        Act::Document { document: nightjar_seal::DocumentHash([3; 32]) },
    ] {
        let (seq, head) = (study.roster.entries().len() as u64, study.roster.head());
        let signed = |consents| {
            Entry::agreed(seq, head, act.clone(), consents, &study.root).expect("it can be written")
        };
        let refused = offer(&study, &hub, &signed(vec![])).await;
        match refused {
            Err(Failure::Refused(refusal)) => {
                assert_eq!(refusal.reason, Reason::NotGranted);
                assert!(refusal.text.contains("lived experience"), "{}", refusal.text);
            }
            other => panic!("{other:?}"),
        }
        let asked = ActRequest::new(&study.roster, &act);
        let mine = asked.consent(&study.evaluator);
        let refused = offer(&study, &hub, &signed(vec![mine])).await;
        assert!(matches!(refused, Err(Failure::Refused(refusal)) if refusal.reason == Reason::Forged));
        let entry = signed(vec![asked.consent(&second)]);
        offer(&study, &hub, &entry).await.expect("the steward has consented");
        study.roster.push(entry).expect("as here");
    }
    hub.stop().await;
}

#[tokio::test]
async fn the_hub_tells_its_time_for_its_own_roster_alone() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let (mut study, _) = founded(&hub).await;
    let clock = *study.roster.clock().expect("it is named");
    let (told, stamp) = time(&study, &study.roster, &hub).await.expect("the hub tells its time");
    assert_eq!(told, clock);
    assert_eq!(stamp.verify(&clock, &study.roster.study(), &study.roster.head()), Ok(()));
    let known = study.roster.clone();
    // Not for what was written in secret.
    let act = Act::Document { document: nightjar_seal::DocumentHash([1; 32]) };
    study.roster.append(act, &study.root).expect("it fits");
    let refused = time(&study, &study.roster, &hub).await;
    assert!(matches!(refused, Err(Failure::Refused(refusal)) if refusal.reason == Reason::ChainGap));
    // Nor to strangers.
    let stranger = DeviceKeys::generate(&mut entropy());
    let request = nightjar_sync::ask_time(&study.roster);
    let response = hub.transport().send(&request, &stranger, &mut entropy()).await.expect("an answer");
    let refused = nightjar_sync::time_told(&study.roster, &response);
    assert!(matches!(refused, Err(Failure::Refused(refusal)) if refusal.reason == Reason::UnknownDevice));
    hub.stop().await;
    // The same key after the hub was started again.
    let hub = Running::start(data.path()).await;
    let (told, _) = time(&study, &known, &hub).await.expect("the hub tells its time");
    assert_eq!(told, clock);
    hub.stop().await;
}

/// Promise: what a device has taken out it says itself, and nobody for it.
#[tokio::test]
async fn devices_confirm_for_themselves_and_whoever_belongs_may_ask() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let (study, second) = founded(&hub).await;
    let (study_tag, scope) = (study.roster.study(), study.scope("ward"));
    let [one, two] = [&study.tablets[0], &study.tablets[1]];
    let reach = |seq| vec![Reach { device: one.tag(), line: ward::LINE, seq }];
    let said = |roster, seq, keys| Confirmation::sign(scope, roster, reach(seq), keys).expect("small");
    let confirm = async |confirmation: &Confirmation, by: &DeviceKeys| {
        let request = nightjar_sync::confirm(study_tag, confirmation);
        let response = hub.transport().send(&request, by, &mut entropy()).await.expect("an answer");
        nightjar_sync::confirmation_taken(&response)
    };
    let ask = async |after: Option<DeviceTag>, by: &DeviceKeys| {
        let request = nightjar_sync::ask_confirmed(study_tag, scope, after);
        let response = hub.transport().send(&request, by, &mut entropy()).await.expect("an answer");
        nightjar_sync::confirmed(&study.roster, scope, after, &response)
    };
    confirm(&said(5, 3, one), one).await.expect("its own");
    let forged = confirm(&said(9, 9, two), one).await;
    assert!(
        matches!(forged, Err(Failure::Refused(refusal)) if refusal.reason == Reason::Forged),
        "for another"
    );
    let elsewhere = Confirmation::sign(study.scope("responses"), 9, reach(9), one).expect("small");
    let mut request = nightjar_sync::confirm(study_tag, &elsewhere);
    request.path = nightjar_sync::wire::confirm_path(study_tag, scope);
    let response = hub.transport().send(&request, one, &mut entropy()).await.expect("an answer");
    assert!(nightjar_sync::confirmation_taken(&response).is_err(), "of another scope");
    let stranger = DeviceKeys::generate(&mut entropy());
    assert!(confirm(&said(9, 9, &stranger), &stranger).await.is_err());
    assert!(ask(None, &stranger).await.is_err());

    let all = ask(None, two).await.expect("an answer");
    assert_eq!((all.devices.len(), all.more), (4, false));
    let of = |keys: &DeviceKeys| {
        all.devices.iter().find(|spoke| spoke.device == keys.tag()).expect("it is listed")
    };
    assert_eq!(of(one).confirmation, Some(said(5, 3, one)));
    assert_eq!(of(two).confirmation, None);
    assert!(of(one).day > 19_000 && of(two).day == of(one).day, "both spoke today");
    assert_eq!(of(&second).day, 0, "which never did");
    confirm(&said(6, 4, one), one).await.expect("the newest counts");
    let rest = ask(Some(all.devices[0].device), two).await.expect("an answer");
    assert_eq!(rest.devices.len(), 3, "after the one that was named");
    let known = rest
        .devices
        .iter()
        .chain(&ask(None, two).await.expect("an answer").devices)
        .cloned()
        .collect::<Vec<_>>();
    assert!(known.iter().any(|spoke| spoke.confirmation == Some(said(6, 4, one))));
    hub.stop().await;
}
