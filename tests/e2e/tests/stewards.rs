//! Stewards on their wards let devices in offline: at once, within their terms, and everybody ends with the same roster.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::ToSpan;
use nightjar::form::Value;
use nightjar::{
    Admission, BeginRequest, BundleView, DelegateRequest, Evaluator, Failure, MemberView, RecordsRequest,
    Tablet, VaultKey, inspect_bundle,
};
use nightjar_e2e::study::Founded;
use nightjar_test_support::{HubProcess, program};
use tempfile::TempDir;

const MALE: &str = "acute-male";
const NEURO: &str = "neuro";

/// A study whose hub may be away, with a steward on each of two wards.
struct Wards {
    study: Founded,
    male: Tablet,
    neuro: Tablet,
    hub: Option<(HubProcess, TempDir)>,
}

impl Wards {
    /// Each steward may let so many tablets in for their ward.
    fn new(devices: u32) -> Self {
        let data = tempfile::tempdir().unwrap();
        let hub = HubProcess::start(&program(), data.path());
        let study = Founded::at_address(&hub.address, &hub.setup_code);
        let mut wards = Self::delegated(study, devices);
        wards.study.second.0.join(&wards.study.second.1, wards.study.pack.clone()).unwrap();
        wards.hub = Some((hub, data));
        wards
    }

    fn delegated(study: Founded, devices: u32) -> Self {
        let (male, _, to_male) = study.let_in("Male steward", &[]);
        let (neuro, _, to_neuro) = study.let_in("Neuro steward", &[]);
        for (who, ward) in [("Male steward", MALE), ("Neuro steward", NEURO)] {
            let wards = vec![ward.to_owned()];
            let request = DelegateRequest { who: who.into(), devices, evaluators: false, wards, days: 30 };
            let view = study.steward.delegate(request).unwrap();
            assert_eq!((view.may_let_in, view.has_let_in), (Some(devices), 0));
        }
        let opening = study.folder.path().join("opening.bundle");
        study.steward.export_bundle(&opening, None).unwrap();
        for (tablet, invitation) in [(&male, &to_male), (&neuro, &to_neuro)] {
            match study.steward.status().unwrap().has_hub {
                true => {
                    tablet.join(invitation, study.pack.clone()).unwrap();
                    tablet.sync().unwrap();
                }
                false => drop(tablet.join_with_bundle(invitation, &study.pack, &opening).unwrap()),
            }
        }
        Self { study, male, neuro, hub: None }
    }

    fn without_a_hub(devices: u32) -> Self {
        let wards = Self::delegated(Founded::without_a_hub(), devices);
        let (second, invitation) = &wards.study.second;
        let opening = wards.file("opening");
        second.join_with_bundle(invitation, &wards.study.pack, &opening).unwrap();
        wards
    }

    /// Takes the hub away until [`Wards::online`].
    fn offline(&mut self) {
        self.hub.as_mut().unwrap().0.kill();
    }

    fn online(&mut self) {
        let (gone, data) = self.hub.take().unwrap();
        let address = format!("127.0.0.1:{}", gone.port());
        drop(gone);
        self.hub = Some((HubProcess::start_at(&program(), data.path(), &address), data));
    }

    fn file(&self, name: &str) -> PathBuf {
        self.study.folder.path().join(format!("{name}.bundle"))
    }

    /// A tablet that asks to be let in.
    fn asking(&self, name: &str) -> (Tablet, String) {
        let path = self.study.folder.path().join(name.to_lowercase());
        let tablet = Tablet::create(&path, &VaultKey::random().unwrap(), name, self.study.options()).unwrap();
        let request = tablet.enrolment_request().unwrap();
        (tablet, request)
    }

    /// Lets a tablet in by a steward, offline: what it shows, what the steward answers, and a stick.
    fn let_in(&self, steward: &Tablet, name: &str) -> Tablet {
        let (tablet, request) = self.asking(name);
        assert_eq!(nightjar::fingerprint_of(&request).unwrap(), tablet.fingerprint());
        let invitation = steward.admit(&request, Admission::Tablet { wards: vec![] }, 24).unwrap();
        let stick = self.file(&format!("for {name}"));
        steward.export_bundle(&stick, None).unwrap();
        tablet.join_with_bundle(&invitation, &self.study.pack, &stick).unwrap();
        tablet
    }
}

fn night(tablet: &Tablet, ward: &str, date: &str) {
    let begin = BeginRequest {
        form_id: "ward-night".into(),
        role: "nurse".into(),
        ward: ward.into(),
        language: None,
    };
    let sitting = tablet.begin(begin).unwrap();
    sitting.answer("night", Some(Value::Date(date.parse().unwrap()))).unwrap();
    sitting.answer("in_bed", Some(Value::Integer(12))).unwrap();
    sitting.stop_keeping().unwrap();
}

fn respond(tablet: &Tablet, ward: &str) {
    let begin = BeginRequest {
        form_id: "patient-core".into(),
        role: "patient".into(),
        ward: ward.into(),
        language: None,
    };
    let sitting = tablet.begin(begin).unwrap();
    sitting.answer("slept", Some(Value::One("well".into()))).unwrap();
    sitting.finish().unwrap();
}

fn nights(tablet: &Tablet) -> usize {
    tablet.records(RecordsRequest::default()).unwrap().len()
}

fn received(evaluator: &Evaluator) -> BTreeMap<String, (u64, u64)> {
    let received = evaluator.received().unwrap();
    received.into_iter().map(|of| (of.tablet, (of.received, of.expected))).collect()
}

fn named<'m>(members: &'m [MemberView], label: &str) -> Option<&'m MemberView> {
    members.iter().find(|member| member.label == label)
}

fn is_clean(taken: &BundleView) -> bool {
    taken.of_strangers == 0 && taken.set_aside.is_empty() && taken.trouble.is_none() && taken.vouched
}

/// The tablets of both wards, each with a night and a response of its own.
fn collecting(wards: &Wards) -> Vec<(Tablet, &'static str)> {
    let mut tablets = Vec::new();
    for (steward, ward, names) in [(&wards.male, MALE, ["M1", "M2"]), (&wards.neuro, NEURO, ["N1", "N2"])] {
        for name in names {
            let tablet = wards.let_in(steward, name);
            assert_eq!(tablet.status().unwrap().wards, [ward], "for the steward's ward and no other");
            respond(&tablet, ward);
            night(&tablet, ward, &format!("2026-02-2{}", tablets.len() + 1));
            tablets.push((tablet, ward));
        }
    }
    tablets
}

#[test]
fn two_stewards_let_tablets_in_offline_and_everybody_counts_everybody() {
    let mut wards = Wards::new(2);
    wards.offline();
    let tablets = collecting(&wards);
    // From tablet to tablet by a stick: what comes of a device that nobody here ever heard of counts at once.
    for (at, (tablet, _)) in tablets.iter().enumerate() {
        tablet.export_bundle(&wards.file(&format!("of {at}")), None).unwrap();
    }
    for (reader, from) in [(2, 0), (0, 3), (1, 0)] {
        let taken = tablets[reader].0.import_bundle(&wards.file(&format!("of {from}"))).unwrap();
        assert!(is_clean(&taken) && taken.new == 1, "{taken:?}");
        assert_eq!(nights(&tablets[reader].0), 2);
    }
    let founder = &wards.study.steward;
    let taken = founder.import_bundle(&wards.file("of 1")).unwrap();
    assert!(is_clean(&taken) && taken.new == 2, "{taken:?}");
    let known = founder.members().unwrap();
    assert!(named(&known, "M2").unwrap().waits && named(&known, "N1").is_none());

    // The hub is back: whoever comes first brings its own pass and those it knows.
    wards.online();
    let (founder, second) = (&wards.study.steward, &wards.study.second.0);
    for at in [2, 1] {
        let synced = tablets[at].0.sync().unwrap();
        assert_eq!((synced.pushed, synced.refused.len(), synced.waiting), (2, 0, 0), "{synced:?}");
    }
    wards.neuro.sync().unwrap();
    assert!(founder.sync().unwrap().refused.is_empty());
    for at in [0, 3] {
        assert_eq!(tablets[at].0.sync().unwrap().pushed, 2);
    }
    wards.male.sync().unwrap();
    for _ in 0..2 {
        founder.sync().unwrap();
        second.sync().unwrap();
        for tablet in tablets.iter().map(|(tablet, _)| tablet).chain([&wards.male, &wards.neuro]) {
            let synced = tablet.sync().unwrap();
            assert!(synced.refused.is_empty() && synced.set_aside.is_empty(), "{synced:?}");
        }
    }
    // The roster is the same everywhere, and every device has its place in it.
    let all = founder.members().unwrap();
    assert_eq!(all.len(), 8);
    for (name, steward) in [("M1", "Male"), ("M2", "Male"), ("N1", "Neuro"), ("N2", "Neuro")] {
        let member = named(&all, name).unwrap();
        assert_eq!(member.let_in_by.as_deref(), Some(&*format!("{steward} steward")));
        assert!(!member.waits && !member.put_out);
    }
    assert_eq!(named(&all, "Neuro steward").unwrap().has_let_in, 2);
    assert_eq!(second.members().unwrap(), all);
    let mut entries = Vec::new();
    for (at, tablet) in
        tablets.iter().map(|(tablet, _)| tablet).chain([&wards.male, &wards.neuro]).enumerate()
    {
        assert_eq!(tablet.members().unwrap(), all);
        assert_eq!(nights(tablet), 4, "every ward's night");
        assert!(tablet.verify().unwrap().is_sound());
        let end = wards.file(&format!("end {at}"));
        tablet.export_bundle(&end, None).unwrap();
        entries.push(inspect_bundle(&end).unwrap().roster_entries);
    }
    assert!(entries.windows(2).all(|pair| pair[0] == pair[1]), "{entries:?}");
    for evaluator in [founder, second] {
        let counted = received(evaluator);
        assert!(["M1", "M2", "N1", "N2"].iter().all(|name| counted[*name] == (2, 2)), "{counted:?}");
        assert_eq!(evaluator.records(RecordsRequest::default()).unwrap().len(), 8);
    }
}

#[test]
fn without_a_hub_the_founder_gives_them_their_place() {
    let wards = Wards::without_a_hub(2);
    let tablets = collecting(&wards);
    let (founder, second) = (&wards.study.steward, &wards.study.second.0);
    for (at, (tablet, _)) in tablets.iter().enumerate() {
        let file = wards.file(&format!("of {at}"));
        tablet.export_bundle(&file, None).unwrap();
        for evaluator in [founder, second] {
            assert!(is_clean(&evaluator.import_bundle(&file).unwrap()));
        }
    }
    assert!(founder.members().unwrap().iter().all(|member| !member.waits));
    assert!(named(&second.members().unwrap(), "M1").unwrap().waits, "it counts there as it is");
    assert_eq!(received(second), received(founder));
    let all = wards.file("all");
    founder.export_bundle(&all, None).unwrap();
    second.import_bundle(&all).unwrap();
    for tablet in tablets.iter().map(|(tablet, _)| tablet).chain([&wards.male, &wards.neuro]) {
        assert!(is_clean(&tablet.import_bundle(&all).unwrap()));
        assert_eq!(tablet.members().unwrap(), founder.members().unwrap());
        assert_eq!(nights(tablet), 4);
    }
    assert_eq!(second.members().unwrap(), founder.members().unwrap());
}

#[test]
fn a_steward_lets_in_what_they_may_and_nothing_else() {
    let mut wards = Wards::new(1);
    let refused = |result: Result<String, Failure>| match result.unwrap_err() {
        Failure::Rejected(why) => why,
        other => panic!("{other}"),
    };
    let tablets = |ward: &str| Admission::Tablet { wards: vec![ward.to_owned()] };
    let (one, request) = wards.asking("One");
    let (_two, another) = wards.asking("Two");
    assert!(refused(wards.male.admit(&request, Admission::Evaluator, 24)).contains("tablets only"));
    assert!(refused(wards.male.admit(&request, tablets(NEURO), 24)).contains("this ward"));
    assert!(matches!(wards.male.admit(&request, tablets("nowhere"), 24), Err(Failure::Invalid(_))));
    let own = wards.male.enrolment_request().unwrap();
    assert!(matches!(wards.male.admit(&own, tablets(MALE), 24), Err(Failure::Invalid(_))));
    // A tablet that is no steward's.
    let plain = wards.study.tablet("Plain");
    assert!(refused(plain.admit(&request, tablets(MALE), 24)).contains("only a steward"));
    assert!(matches!(wards.study.second.0.admit(&request, tablets(MALE)), Err(Failure::Rejected(_))));
    // One, and the same one again where the invitation was lost; not a second.
    let invitation = wards.male.admit(&request, tablets(MALE), 24).unwrap();
    let again = wards.male.admit(&request, tablets(MALE), 24).unwrap();
    assert!(
        refused(wards.male.admit(&another, tablets(MALE), 24)).contains("as many devices as they may (1)")
    );
    // An invitation is for one device, and used once.
    let (other, _) = wards.asking("Other");
    let failure = other.join(&invitation, wards.study.pack.clone()).unwrap_err();
    assert!(failure.to_string().contains("for another device"), "{failure}");
    one.join(&again, wards.study.pack.clone()).unwrap();
    let failure = one.join(&invitation, wards.study.pack.clone()).unwrap_err();
    assert!(failure.to_string().contains("already"), "{failure}");
    assert!(!other.has_joined().unwrap());
    // The founder may let more in by them.
    wards.study.steward.sync().unwrap();
    let request = DelegateRequest {
        who: "Male steward".into(),
        devices: 2,
        evaluators: false,
        wards: vec![],
        days: 30,
    };
    assert!(matches!(
        wards.study.steward.delegate(DelegateRequest { devices: 0, ..request.clone() }),
        Err(Failure::Invalid(_))
    ));
    wards.study.steward.delegate(request).unwrap();
    wards.male.sync().unwrap();
    wards.offline();
    wards.male.admit(&another, tablets(NEURO), 24).unwrap();
}

#[test]
fn a_copied_stewards_vault_lets_in_no_more_than_the_steward_may() {
    let mut wards = Wards::new(1);
    wards.offline();
    let (copy, key) = (wards.study.folder.path().join("copy"), VaultKey::random().unwrap());
    wards.male.rekey(&key).unwrap();
    wards.male.backup(&copy).unwrap();
    let copied = Tablet::open(&copy, &key, wards.study.options()).unwrap();
    let (first, second) = (wards.let_in(&wards.male, "First"), wards.let_in(&copied, "Twice"));
    for tablet in [&first, &second] {
        night(tablet, MALE, "2026-02-26");
        respond(tablet, MALE);
    }
    wards.online();
    let founder = &wards.study.steward;
    // Used twice: who comes to the hub first is in.
    first.sync().unwrap();
    let failure = second.sync().unwrap_err();
    assert!(matches!(&failure, Failure::Rejected(why) if why.contains("as many devices")), "{failure}");
    founder.sync().unwrap();
    // Offline it is noticed when both meet, and what the founder entered stands.
    let stick = wards.file("twice");
    second.export_bundle(&stick, None).unwrap();
    let taken = founder.import_bundle(&stick).unwrap();
    assert!(!taken.vouched);
    let members = founder.members().unwrap();
    assert!(!named(&members, "First").unwrap().put_out && named(&members, "Twice").unwrap().put_out);
    assert_eq!(founder.records(RecordsRequest::default()).unwrap().len(), 2, "of the first alone");
    assert!(founder.verify().unwrap().is_sound());
    // Nothing is lost: a person looks, and lets it in.
    founder.accept("Twice").unwrap();
    assert!(!named(&founder.members().unwrap(), "Twice").unwrap().put_out);
    founder.import_bundle(&stick).unwrap();
    assert_eq!(received(founder)["Twice"], (2, 2));
    assert!(founder.verify().unwrap().is_sound());
    second.sync().unwrap();
    assert_eq!(second.status().unwrap().waiting, 0);
}

#[test]
fn what_expires_does_so_by_the_hubs_time_and_the_steward_gives_it_anew() {
    let mut wards = Wards::new(2);
    wards.offline();
    // Every device here believes that it is five days earlier than it did when it last heard of the hub.
    let earlier = wards.study.clock.now().checked_sub(5.days()).unwrap();
    wards.study.clock.set(earlier);
    let (late, request) = wards.asking("Late");
    let admission = || Admission::Tablet { wards: vec![] };
    let old = wards.male.admit(&request, admission(), 24).unwrap();
    let offline = wards.let_in(&wards.male, "Offline");
    respond(&offline, MALE);
    wards.online();
    let failure = late.join(&old, wards.study.pack.clone()).unwrap_err();
    assert!(matches!(&failure, Failure::Rejected(why) if why.contains("expired")), "{failure}");
    let failure = offline.sync().unwrap_err();
    assert!(matches!(&failure, Failure::Rejected(why) if why.contains("expired")), "{failure}");
    assert_eq!(offline.status().unwrap().waiting, 1, "nothing is lost");
    // The steward hears what time it is, and gives it anew without being asked.
    let told = wards.male.sync().unwrap();
    assert!(told.refused.iter().any(|why| why.contains("expired")), "{told:?}");
    let again = wards.male.sync().unwrap();
    assert!(again.refused.is_empty() && again.requests == 1, "said once, and nothing is new: {again:?}");
    offline.sync().unwrap();
    assert_eq!(offline.status().unwrap().at_hub, 1);
    // The invitation on paper stays what it was; a new one is good.
    let failure = late.join(&old, wards.study.pack.clone()).unwrap_err();
    assert!(matches!(&failure, Failure::Rejected(why) if why.contains("expired")), "{failure}");
    let new = wards.male.admit(&request, admission(), 24).unwrap();
    late.join(&new, wards.study.pack.clone()).unwrap();
    wards.study.steward.sync().unwrap();
    let members = wards.study.steward.members().unwrap();
    assert!(["Late", "Offline"].iter().all(|name| named(&members, name).is_some_and(|member| !member.waits)));
    // The founder's invitations expire, too.
    let (slow, request) = wards.asking("Slow");
    let invitation = wards.study.steward.admit_for(&request, admission(), 24).unwrap();
    let yesterday = wards.study.clock.now().checked_sub(2.days()).unwrap();
    slow.clock().set(yesterday);
    let (slower, request) = wards.asking("Slower");
    let past = wards.study.steward.admit_for(&request, admission(), 24).unwrap();
    let failure = slower.join(&past, wards.study.pack.clone()).unwrap_err();
    assert!(matches!(&failure, Failure::Rejected(why) if why.contains("expired")), "{failure}");
    slow.join(&invitation, wards.study.pack.clone()).unwrap();
}

#[test]
fn what_a_steward_granted_before_the_end_stays_and_what_after_does_not() {
    for put_out in [false, true] {
        let mut wards = Wards::new(4);
        let before = wards.let_in(&wards.male, "Before");
        night(&before, MALE, "2026-02-25");
        before.sync().unwrap();
        wards.offline();
        let unseen = wards.let_in(&wards.male, "Unseen");
        night(&unseen, MALE, "2026-02-26");
        let stick = wards.file("unseen");
        unseen.export_bundle(&stick, None).unwrap();
        // It counts for whoever meets it before they hear of the end.
        assert_eq!(wards.neuro.import_bundle(&stick).unwrap().new, 1);
        wards.online();
        let founder = &wards.study.steward;
        let view = match put_out {
            true => founder.put_out("Male steward").unwrap(),
            false => founder.end_delegation("Male steward").unwrap(),
        };
        assert_eq!((view.may_let_in, view.put_out), (None, put_out));
        before.sync().unwrap();
        night(&before, MALE, "2026-02-27");
        before.sync().unwrap();
        let failure = unseen.sync().unwrap_err();
        assert!(matches!(failure, Failure::Rejected(_)), "{failure}");
        // After the end the steward still signs where nobody told them; it is worth nothing.
        wards.offline();
        let after = wards.let_in(&wards.male, "After");
        wards.online();
        assert!(matches!(after.sync(), Err(Failure::Rejected(_))));
        wards.neuro.sync().unwrap();
        assert_eq!(nights(&wards.neuro), 2, "of the one that was entered");
        assert!(wards.neuro.verify().unwrap().is_sound());
        assert!(named(&wards.neuro.members().unwrap(), "Unseen").unwrap().put_out);
        // A person looks, and accepts.
        let founder = &wards.study.steward;
        founder.import_bundle(&stick).unwrap();
        founder.accept("Unseen").unwrap();
        wards.neuro.sync().unwrap();
        unseen.sync().unwrap();
        assert_eq!(nights(&wards.neuro), 3);
        assert!(wards.neuro.verify().unwrap().is_sound());
        let again = wards.study.steward.end_delegation("Male steward");
        assert!(again.is_err(), "what was ended is not ended twice");
    }
}
