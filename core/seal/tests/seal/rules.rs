//! Promise: where the study's rule asks for it, no evaluator's device is let in and no version of the study named without as many stewards as it
//! says, by nobody and at no device or hub.

use nightjar_seal::{
    Act, ActRequest, Consent, DeviceKeys, DocumentHash, Entry, LetIn, Membership, Pass, Refused, RootKeys,
    Roster, Rule, Seat, Terms,
};

use crate::fixture::{Repeatable, admit, entropy};

struct Study {
    entropy: Repeatable,
    root: RootKeys,
    roster: Roster,
    /// Named as stewards; the last holds the seat of lived experience.
    stewards: Vec<DeviceKeys>,
}

const TWO_AND_ONE: Rule = Rule { evaluators: 2, documents: 1, lived_experience: true };

impl Study {
    /// A founder and three stewards, before anybody collects.
    fn bare() -> Self {
        let mut entropy = entropy(19);
        let root = RootKeys::generate(&mut entropy);
        let mut roster = Roster::found(&root, DocumentHash([7; 32]), "Sleep well", &mut entropy).unwrap();
        let founder = DeviceKeys::generate(&mut entropy);
        roster.append(admit(founder.public(), Membership::Evaluator, vec![]), &root).unwrap();
        let stewards: Vec<_> = (0..3).map(|_| DeviceKeys::generate(&mut entropy)).collect();
        for (n, steward) in stewards.iter().enumerate() {
            roster.append(admit(steward.public(), Membership::Evaluator, vec![]), &root).unwrap();
            let seat = (n == 2).then_some(Seat::LivedExperience);
            roster.append(Act::Steward { device: steward.tag(), seat }, &root).unwrap();
        }
        Self { entropy, root, roster, stewards }
    }

    /// The same with a rule, and a tablet that was let in after it.
    fn under(rule: Rule) -> Self {
        let mut study = Self::bare();
        study.append(Act::Rule { rule }, &[]).unwrap();
        let tablet = study.device(Membership::Tablet);
        study.append(tablet, &[]).expect("a tablet is let in by the founder alone");
        study
    }

    fn device(&mut self, membership: Membership) -> Act {
        admit(DeviceKeys::generate(&mut self.entropy).public(), membership, vec![])
    }

    fn consents(&self, act: &Act, by: &[usize]) -> Vec<Consent> {
        let asked = ActRequest::new(&self.roster, act);
        let read = ActRequest::from_text(&asked.to_text()).unwrap();
        assert_eq!(read, asked);
        by.iter().map(|n| Consent::from_text(&read.consent(&self.stewards[*n]).to_text()).unwrap()).collect()
    }

    /// Appends an entry; where it is refused, nothing has changed, for whoever receives it either.
    fn append_with(&mut self, act: Act, consents: Vec<Consent>) -> Result<(), Refused> {
        let before = self.roster.head();
        let entry = Entry::agreed(
            self.roster.entries().len() as u64,
            before,
            act.clone(),
            consents.clone(),
            &self.root,
        )?;
        let mut received = self.roster.clone();
        let done = self.roster.append_agreed(act, consents, &self.root).map(drop);
        let again = received.push(Entry::decode(&entry.encode()).unwrap());
        assert_eq!(done.is_ok(), again.is_ok());
        assert_eq!(received.head(), self.roster.head());
        assert_eq!(self.roster.head() == before, done.is_err());
        done
    }

    fn append(&mut self, act: Act, by: &[usize]) -> Result<(), Refused> {
        let consents = if by.is_empty() { vec![] } else { self.consents(&act, by) };
        self.append_with(act, consents)
    }
}

fn too_few(done: &Result<(), Refused>) -> bool {
    matches!(done, Err(Refused::TooFewConsents { .. }))
}

fn altered(done: &Result<(), Refused>) -> bool {
    matches!(done, Err(Refused::Altered { .. }))
}

fn unfit(done: &Result<(), Refused>) -> bool {
    matches!(done, Err(Refused::Unfit { .. }))
}

#[test]
fn an_evaluators_device_is_let_in_by_as_many_stewards_as_the_rule_says_one_of_them_of_the_seat() {
    let mut study = Study::under(TWO_AND_ONE);
    let evaluator = study.device(Membership::Evaluator);
    assert!(too_few(&study.append(evaluator.clone(), &[])), "the founder alone");
    assert!(too_few(&study.append(evaluator.clone(), &[2])), "one of two");
    assert!(too_few(&study.append(evaluator.clone(), &[0, 1])), "two, and neither of the seat");
    let before = study.roster.evaluators().count();
    study.append(evaluator, &[1, 2]).unwrap();
    assert_eq!(study.roster.evaluators().count(), before + 1);
    let another = study.device(Membership::Evaluator);
    study.append(another, &[0, 1, 2]).expect("more is as good");
    // A log that is read from its bytes says the same.
    let log: Vec<_> = study.roster.entries().iter().map(Entry::encode).collect();
    assert_eq!(Roster::read(log.iter().map(Vec::as_slice)).unwrap().head(), study.roster.head());
}

#[test]
fn a_version_of_the_study_is_named_with_the_consent_that_the_rule_asks_for() {
    let mut study = Study::under(TWO_AND_ONE);
    let version = |n| Act::Document { document: DocumentHash([n; 32]) };
    assert!(too_few(&study.append(version(1), &[])));
    assert!(too_few(&study.append(version(1), &[0])), "not of the seat");
    study.append(version(1), &[2]).unwrap();
    assert_eq!(study.roster.document(), DocumentHash([1; 32]));
    let mut without = Study::under(Rule { lived_experience: false, ..TWO_AND_ONE });
    without.append(version(1), &[0]).expect("nobody of the seat is asked for");
    let mut alone = Study::under(Rule { documents: 0, ..TWO_AND_ONE });
    alone.append(version(1), &[]).expect("the rule leaves it to the founder");
    let mut none = Study::bare();
    let tablet = none.device(Membership::Tablet);
    none.append(tablet, &[]).unwrap();
    none.append(version(1), &[]).expect("without a rule as before");
    let evaluator = none.device(Membership::Evaluator);
    none.append(evaluator, &[]).expect("without a rule as before");
}

#[test]
fn a_consent_is_good_for_one_act_at_one_place_by_a_steward_of_today() {
    let mut study = Study::under(TWO_AND_ONE);
    let (one, other) = (study.device(Membership::Evaluator), study.device(Membership::Evaluator));
    let consents = study.consents(&one, &[1, 2]);
    assert!(altered(&study.append_with(other.clone(), consents.clone())), "another device");
    let Act::Admit { device, membership, grants, epochs, .. } = one.clone() else { panic!("it admits") };
    let renamed = Act::Admit { device, label: "another".into(), membership, grants, epochs };
    assert!(altered(&study.append_with(renamed, consents.clone())), "another name");
    let tablet = study.device(Membership::Tablet);
    study.append(tablet, &[]).unwrap();
    assert!(altered(&study.append_with(one.clone(), consents)), "the roster has grown");
    // Somebody who is no steward, and one who was put out.
    let stranger = DeviceKeys::generate(&mut study.entropy);
    let asked = ActRequest::new(&study.roster, &one);
    let with = |keys: &DeviceKeys| vec![asked.consent(keys), asked.consent(&study.stewards[2])];
    let (by_stranger, twice) = (with(&stranger), with(&study.stewards[2]));
    assert!(unfit(&study.append_with(one.clone(), by_stranger)));
    assert!(too_few(&study.append_with(one.clone(), twice)), "one steward is one, however often");
    let out = Act::Revoke { device: study.stewards[1].tag(), last_good: vec![] };
    study.append(out, &[]).unwrap();
    assert!(unfit(&study.append(one.clone(), &[1, 2])), "put out");
    study.append(one, &[0, 2]).unwrap();
    // Where nobody is asked, nobody answers.
    let tablet = study.device(Membership::Tablet);
    assert!(unfit(&study.append(tablet, &[0])));
    let request = "nightjar-consent:AAAA";
    assert!(ActRequest::from_text(request).is_err());
}

#[test]
fn the_rule_is_made_once_before_anybody_collects_and_of_stewards_who_are_there() {
    let mut study = Study::bare();
    let rule = |evaluators, documents, lived_experience| Act::Rule {
        rule: Rule { evaluators, documents, lived_experience },
    };
    assert!(study.append(rule(0, 0, true), &[]).is_err(), "it asks for nobody");
    assert!(study.append(rule(9, 0, false), &[]).is_err(), "nor for more than an entry holds");
    assert!(unfit(&study.append(rule(4, 0, false), &[])), "nor for more than there are");
    study.append(rule(3, 0, true), &[]).unwrap();
    assert!(unfit(&study.append(rule(1, 0, false), &[])), "once");
    let mut late = Study::bare();
    let tablet = late.device(Membership::Tablet);
    late.append(tablet, &[]).unwrap();
    assert!(unfit(&late.append(rule(1, 0, false), &[])), "not once somebody collects");
    // Nobody of the seat.
    let mut bare = Study::bare();
    let out = Act::Revoke { device: bare.stewards[2].tag(), last_good: vec![] };
    bare.append(out, &[]).unwrap();
    assert!(unfit(&bare.append(rule(1, 0, true), &[])));
    bare.append(rule(1, 0, false), &[]).unwrap();
}

#[test]
fn no_pass_goes_around_the_rule() {
    let mut study = Study::under(TWO_AND_ONE);
    let steward = study.stewards[0].tag();
    let terms = |evaluators| Terms { devices: 3, evaluators, wards: vec![], scopes: vec![], until: 1_000 };
    assert!(unfit(&study.append(Act::Delegate { steward, terms: Some(terms(true)) }, &[])));
    study.append(Act::Delegate { steward, terms: Some(terms(false)) }, &[]).unwrap();
    let pass = |study: &mut Study, number, membership| {
        let device = DeviceKeys::generate(&mut study.entropy).public();
        let let_in = LetIn { device, label: "new".into(), membership, grants: vec![], epochs: vec![] };
        Pass::sign(study.roster.study(), number, 900, let_in, &study.stewards[0]).unwrap()
    };
    let (tablet, evaluator) =
        (pass(&mut study, 1, Membership::Tablet), pass(&mut study, 2, Membership::Evaluator));
    assert!(
        unfit(&study.append(Act::Enter { at: 10, passes: vec![evaluator] }, &[])),
        "founder and one steward"
    );
    study.append(Act::Enter { at: 10, passes: vec![tablet] }, &[]).unwrap();
}

/// The recovery key reads what an evaluator reads.
#[test]
fn no_recovery_key_goes_around_a_rule_about_evaluators() {
    let key = |study: &mut Study| Act::Recovery {
        public: nightjar_seal::RecoveryKeys::generate(&mut study.entropy).public(),
    };
    for rule in [TWO_AND_ONE, Rule { evaluators: 1, documents: 0, lived_experience: false }] {
        let mut study = Study::under(rule);
        let act = key(&mut study);
        assert!(study.append(act, &[0, 1, 2]).is_err());
        assert!(study.roster.recovery().is_none());
    }
    let mut before = Study::bare();
    let act = key(&mut before);
    before.append(act, &[]).unwrap();
    before.append(Act::Rule { rule: TWO_AND_ONE }, &[]).unwrap();
    let mut other = Study::under(Rule { evaluators: 0, documents: 1, lived_experience: false });
    let act = key(&mut other);
    other.append(act, &[]).unwrap();
}
