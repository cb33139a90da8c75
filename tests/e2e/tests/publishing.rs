//! "What came of it": an evaluator publishes, and every tablet shows it, by the hub or by a stick.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::sync::Arc;
use std::sync::mpsc;

use nightjar::{
    Failure, Observed, Observer, PageRequest, PublicationView, PublishRequest, Tablet, ThemeRequest,
    ThemeState, ThenView, inspect_bundle,
};
use nightjar_e2e::study::{Founded, night};

fn page(title: &str, easy_read: bool) -> PageRequest {
    let theme = ThemeRequest {
        name: "Doors".into(),
        said: "Doors bang at night.".into(),
        state: ThemeState::Planned,
        change: Some("They get soft closers.".into()),
        who: Some("Estates".into()),
        when: Some("by June".into()),
        why: None,
    };
    PageRequest {
        language: "en".into(),
        easy_read,
        title: title.into(),
        text: "# Thank you\n\nForty people answered.\n- Doors bang.".into(),
        themes: vec![theme],
    }
}

fn pages(pages: Vec<PageRequest>) -> PublishRequest {
    PublishRequest { replaces: Vec::new(), pages }
}

/// Titles of what a tablet shows, the newest first.
fn shown(tablet: &Tablet) -> Vec<String> {
    let title = |publication: PublicationView| publication.page_for("en").unwrap().title.clone();
    tablet.publications().unwrap().into_iter().map(title).collect()
}

struct Tells(mpsc::Sender<Observed>);

impl Observer for Tells {
    fn observed(&self, batch: Observed) {
        let _ = self.0.send(batch);
    }
}

#[test]
fn three_tablets_see_what_was_published_and_what_takes_its_place() {
    let study = Founded::at_a_hub();
    let tablets = ["One", "Two", "Three"].map(|name| study.tablet(name));
    let (second, invitation) = &study.second;
    second.join(invitation, study.pack.clone()).unwrap();
    night(&tablets[0], "2026-03-01", 12);
    for tablet in &tablets {
        tablet.sync().unwrap();
        assert!(!tablet.has_publications().unwrap());
    }
    study.steward.sync().unwrap();
    study.steward.sync().unwrap();
    let nothing_new = tablets[0].sync().unwrap();
    assert_eq!(nothing_new.requests, 1);

    // A dry run keeps nothing.
    let request = pages(vec![page("First", false), page("First, in easy read", true)]);
    let preview = study.steward.preview_publication(&request).unwrap();
    assert!(study.steward.publications().unwrap().is_empty());
    let first = study.steward.publish(&request).unwrap();
    assert_eq!((&first, first.day.as_str(), first.by.as_str()), (&preview, "2026-03-02", "Steward"));
    study.steward.sync().unwrap();
    let (told, tells) = mpsc::channel();
    let _watch = tablets[0].observe(Arc::new(Tells(told)));
    assert_eq!(tells.recv().unwrap(), Observed::Reset);
    for tablet in &tablets {
        let synced = tablet.sync().unwrap();
        assert_eq!((synced.published, synced.requests), (1, 2));
        assert_eq!(tablet.publications().unwrap(), std::slice::from_ref(&first));
        let easy = tablet.publications().unwrap()[0].page_for("en-x-easyread").unwrap().clone();
        assert_eq!(easy.title, "First, in easy read");
        assert!(matches!(easy.themes[0].then, ThenView::Planned { .. }));
        let again = tablet.sync().unwrap();
        assert_eq!((again.published, again.requests), (0, 1));
        assert!(again.bytes_sent + again.bytes_received <= 500, "{again:?}");
    }
    assert_eq!(tells.recv().unwrap(), Observed::Reset, "whoever shows it reads again");

    // Two evaluators at once: both stand, in one order everywhere. Then one takes the place of both, then it is taken back.
    second.sync().unwrap();
    study.steward.publish(&pages(vec![page("Beside one", false)])).unwrap();
    let instead = PublishRequest { replaces: vec![first.id[..8].into()], pages: vec![page("Second", false)] };
    second.publish(&instead).unwrap();
    for evaluator in [&study.steward, second, &study.steward] {
        evaluator.sync().unwrap();
    }
    tablets.iter().for_each(|tablet| drop(tablet.sync().unwrap()));
    let all = shown(&tablets[0]);
    let mut sorted = all.clone();
    sorted.sort();
    assert_eq!(sorted, ["Beside one", "Second"], "the first is gone");
    assert!(tablets.iter().all(|tablet| shown(tablet) == all));
    let both: Vec<_> = tablets[0].publications().unwrap().into_iter().map(|known| known.id).collect();
    let third =
        study.steward.publish(&PublishRequest { replaces: both, pages: vec![page("Third", false)] }).unwrap();
    assert_eq!(third.replaces.len(), 3, "with what they had replaced");
    study.steward.sync().unwrap();
    tablets[0].sync().unwrap();
    assert_eq!(shown(&tablets[0]), ["Third"]);
    study.steward.publish(&PublishRequest { replaces: vec![third.id], pages: Vec::new() }).unwrap();
    study.steward.sync().unwrap();
    for tablet in &tablets {
        tablet.sync().unwrap();
        assert!(!tablet.has_publications().unwrap(), "taken back");
        assert!(tablet.audit(&["Forty people answered".into()]).unwrap().hits.is_empty(), "and gone");
    }
    assert!(study.steward.publications().unwrap()[0].pages.is_empty());
}

#[test]
fn what_cannot_be_published_says_why() {
    let study = Founded::at_a_hub();
    let steward = &study.steward;
    let invalid = |request: PublishRequest| {
        let Err(Failure::Invalid(why)) = steward.publish(&request) else { panic!("{request:?}") };
        why
    };
    assert!(invalid(pages(Vec::new())).contains("no page"));
    assert!(
        invalid(PublishRequest { replaces: vec!["00000000".into()], pages: vec![page("A", false)] })
            .contains("names nothing")
    );
    assert!(invalid(pages(vec![page("A", false), page("B", false)])).contains("same language"));
    assert!(invalid(pages(vec![page(&"a".repeat(300), false)])).contains("too large"));
    let mut without = page("A", false);
    without.themes[0].who = None;
    assert!(invalid(pages(vec![without])).contains("who"));
    let mut why = page("A", false);
    why.themes[0].state = ThemeState::Not;
    assert!(invalid(pages(vec![why])).contains("why"));
    let mut long = page("A", false);
    long.text = vec!["a".repeat(4_000); 17].join("\n\n");
    assert!(invalid(pages(vec![long])).contains("too large"));
    assert!(steward.publications().unwrap().is_empty());
}

#[test]
fn who_was_put_out_publishes_nothing_more() {
    let study = Founded::at_a_hub();
    let tablet = study.tablet("One");
    let (second, invitation) = &study.second;
    second.join(invitation, study.pack.clone()).unwrap();
    second.publish(&pages(vec![page("Known", false)])).unwrap();
    second.sync().unwrap();
    tablet.sync().unwrap();
    study.steward.put_out("Second").unwrap();
    second.publish(&pages(vec![page("Late", false)])).unwrap();
    assert!(second.sync().is_err());
    // It hands a stick around.
    let stick = study.folder.path().join("late.bundle");
    second.export_bundle(&stick, None).unwrap();
    for synced in [false, true] {
        if synced {
            tablet.sync().unwrap();
            assert_eq!(shown(&tablet), ["Known"], "what was known of it stays");
        }
        tablet.import_bundle(&stick).unwrap();
        if !synced {
            assert_eq!(shown(&tablet).len(), 2, "nobody has told it yet");
        }
    }
    assert_eq!(shown(&tablet), ["Known"]);
}

#[test]
fn a_ward_without_a_hub_has_it_by_a_stick() {
    let study = Founded::without_a_hub();
    let made: Vec<_> = ["One", "Two"].map(|name| study.let_in(name, &[])).into_iter().collect();
    let file = |name: &str| study.folder.path().join(format!("{name}.bundle"));
    let first = study.steward.publish(&pages(vec![page("First", true)])).unwrap();
    study.steward.export_bundle(&file("opening"), None).unwrap();
    assert_eq!(inspect_bundle(&file("opening")).unwrap().published, 1);
    for (tablet, _, invitation) in &made {
        let taken = tablet.join_with_bundle(invitation, &study.pack, &file("opening")).unwrap();
        assert_eq!((taken.published, taken.trouble), (1, None));
        assert_eq!(shown(tablet), ["First"]);
    }
    let (one, two) = (&made[0].0, &made[1].0);
    let again = one.import_bundle(&file("opening")).unwrap();
    assert_eq!(again.published, 0, "the same again");
    // What takes its place goes from tablet to tablet; an older stick brings nothing back.
    study
        .steward
        .publish(&PublishRequest { replaces: vec![first.id], pages: vec![page("Second", true)] })
        .unwrap();
    study.steward.export_bundle(&file("second"), None).unwrap();
    one.import_bundle(&file("second")).unwrap();
    one.export_bundle(&file("from-one"), None).unwrap();
    two.import_bundle(&file("from-one")).unwrap();
    two.import_bundle(&file("opening")).unwrap();
    assert_eq!((shown(one), shown(two)), (vec!["Second".to_owned()], vec!["Second".to_owned()]));
}
