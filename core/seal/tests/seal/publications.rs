//! What is published counts only as an evaluator signed it, and the same publications stand wherever they came, in whatever order.

use nightjar_seal::{
    Act, Block, DeviceKeys, LastGood, MAX_PUBLICATION, MAX_PUBLICATIONS, Notice, Page, Placing, Publication,
    PublicationId, Refused, Roster, StudyTag, Theme, Then,
};

use crate::fixture::{World, altered};

fn page(title: &str) -> Page {
    Page {
        language: "en".into(),
        easy_read: false,
        title: title.into(),
        blocks: vec![
            Block::Heading("Thank you".into()),
            Block::Paragraph("40 people answered.".into()),
            Block::Item("Most sleep badly.".into()),
        ],
        themes: vec![
            Theme {
                name: "Doors".into(),
                said: "Doors wake people.".into(),
                then: Then::Planned {
                    change: "Soft closers".into(),
                    who: "Estates".into(),
                    by: "by June".into(),
                },
            },
            Theme {
                name: "Checks".into(),
                said: "Torches wake people.".into(),
                then: Then::Not { change: None, why: "They are needed at night.".into() },
            },
        ],
    }
}

fn published(world: &World, by: &DeviceKeys, title: &str, replaces: &[PublicationId]) -> Publication {
    Publication::sign(world.roster.study(), 20_000, replaces.to_vec(), vec![page(title)], by).unwrap()
}

#[test]
fn only_an_evaluator_of_the_study_publishes_and_only_what_it_signed() {
    let world = World::new();
    let [one, _] = &world.evaluators;
    let publication = published(&world, one, "What came of it", &[]);
    let bytes = publication.encode();
    let read = Publication::decode(&bytes).unwrap();
    assert_eq!(
        (&read, read.id(), read.pages()),
        (&publication, publication.id(), &[page("What came of it")][..])
    );
    read.verify(&world.roster).unwrap();
    for (at, changed) in altered(&bytes) {
        let counts = Publication::decode(&changed).and_then(|read| read.verify(&world.roster));
        assert!(counts.is_err(), "byte {at}");
    }
    for at in 0..bytes.len() {
        assert!(Publication::decode(&bytes[..at]).is_err(), "cut at {at}");
    }
    let by_a_tablet = published(&world, &world.tablet, "Forged", &[]);
    assert_eq!(by_a_tablet.verify(&world.roster), Err(Refused::NoPublisher));
    let stranger = DeviceKeys::generate(&mut crate::fixture::entropy(9));
    assert_eq!(published(&world, &stranger, "Forged", &[]).verify(&world.roster), Err(Refused::NoPublisher));
    // Of another study, by the same device, played to this one.
    let elsewhere =
        Publication::sign(StudyTag([9; 16]), 20_000, vec![], vec![page("Elsewhere")], one).unwrap();
    assert_eq!(elsewhere.verify(&world.roster), Err(Refused::WrongStudy));
}

#[test]
fn a_device_that_was_put_out_counts_with_what_was_known_of_it_and_with_nothing_else() {
    let mut world = World::new();
    let [one, other] = [&world.evaluators[0], &world.evaluators[1]];
    let [known, late, kept] =
        [(one, "Known"), (one, "Late"), (other, "Kept")].map(|(by, title)| published(&world, by, title, &[]));
    let study = world.roster.study();
    let before = world.roster.clone();
    let last_good = vec![LastGood::of_publication(&study, &known.id())];
    world.roster.append(Act::Revoke { device: one.tag(), last_good }, &world.root).unwrap();
    late.verify(&before).unwrap();
    known.verify(&world.roster).unwrap();
    kept.verify(&world.roster).unwrap();
    assert_eq!(late.verify(&world.roster), Err(Refused::NoPublisher));
    let notices = [&known, &late, &kept].map(Notice::from);
    let digest = |roster: &Roster, which: &[usize]| {
        let some: Vec<_> = which.iter().map(|at| notices[*at].clone()).collect();
        Notice::digest(&some, roster)
    };
    assert_eq!(digest(&world.roster, &[0, 1, 2]), digest(&world.roster, &[2, 0]), "it is not told any more");
    assert_ne!(digest(&before, &[0, 1, 2]), digest(&before, &[2, 0]));
    assert_eq!(digest(&world.roster, &[1]), None);
    // What it took back does not stay away on its word.
    let back = published(&world, one, "Back", &[kept.id()]);
    assert!(matches!(Notice::from(&kept).place(&[Notice::from(&back)], &world.roster), Placing::Kept { .. }));
    assert_eq!(Notice::from(&kept).place(&[Notice::from(&back)], &before), Placing::Replaced);
    let both = [Notice::from(&kept), Notice::from(&back)];
    assert_eq!(Notice::standing(&both, &world.roster), [&both[0]]);
    assert_eq!(Notice::standing(&both, &before), [&both[1]]);
    // A person has looked at it.
    let last_good = vec![LastGood::of_publication(&study, &late.id())];
    world.roster.append(Act::Accept { device: one.tag(), last_good }, &world.root).unwrap();
    late.verify(&world.roster).unwrap();
}

#[test]
fn what_is_too_large_or_not_plain_is_neither_signed_nor_read() {
    let world = World::new();
    let [one, _] = &world.evaluators;
    let sign = |page: Page| Publication::sign(world.roster.study(), 20_000, vec![], vec![page], one);
    let with = |change: &dyn Fn(&mut Page)| {
        let mut page = page("A page");
        change(&mut page);
        sign(page)
    };
    let long = "a".repeat(4_000);
    let oversize: [&dyn Fn(&mut Page); 5] = [
        &|page| page.blocks = vec![Block::Paragraph(long.clone()); 17],
        &|page| page.blocks = vec![Block::Item("a".into()); 257],
        &|page| page.themes = vec![page.themes[0].clone(); 65],
        &|page| page.title = "a".repeat(201),
        &|page| page.blocks = vec![Block::Paragraph("a".repeat(4_097))],
    ];
    for change in oversize {
        assert!(matches!(with(change), Err(Refused::Oversize { .. })));
    }
    let not_plain: [&dyn Fn(&mut Page); 6] = [
        &|page| page.title = "two\nlines".into(),
        &|page| page.blocks = vec![Block::Heading("\u{1b}[2J".into())],
        &|page| page.themes[0].said = "  ".into(),
        &|page| page.language = "en\" onload=\"".into(),
        &|page| page.language = String::new(),
        &|page| (page.blocks, page.themes) = (vec![], vec![]),
    ];
    for change in not_plain {
        assert!(matches!(with(change), Err(Refused::Malformed { .. })));
    }
    let two = Publication::sign(world.roster.study(), 20_000, vec![], vec![page("A"), page("B")], one);
    assert!(matches!(two, Err(Refused::Malformed { .. })), "two in one language");
    let nothing = Publication::sign(world.roster.study(), 20_000, vec![], vec![], one);
    assert!(matches!(nothing, Err(Refused::Malformed { .. })));
    assert!(matches!(Publication::decode(&vec![0; MAX_PUBLICATION + 1]), Err(Refused::Oversize { .. })));
    // An array that claims more than there is takes no memory for it.
    let claims = [0x82, 0x86, 0x00, 0x50].into_iter().chain([1; 16]).chain([0x50]).chain([1; 16]);
    let claims: Vec<u8> = claims.chain([0x00, 0x9b]).chain([0xff; 8]).collect();
    assert!(Publication::decode(&claims).is_err());
}

/// What is kept after these came in this order.
fn kept<'p>(all: impl IntoIterator<Item = &'p Publication>, roster: &Roster) -> Vec<PublicationId> {
    let mut kept: Vec<Notice> = Vec::new();
    for publication in all {
        let notice = Notice::from(publication);
        if let Placing::Kept { gone } = notice.place(&kept, roster) {
            kept.retain(|known| !gone.contains(&known.id));
            kept.push(notice);
        }
    }
    let mut ids: Vec<_> = kept.into_iter().map(|notice| notice.id).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn the_same_publications_stand_whatever_the_order_in_which_they_came() {
    let world = World::new();
    let [one, other] = &world.evaluators;
    let first = published(&world, one, "First", &[]);
    let second = published(&world, one, "Second", &[first.id()]);
    // Two at once, by two evaluators: both stand.
    let third = published(&world, one, "Third", &[first.id(), second.id()]);
    let beside = published(&world, other, "Beside", &[first.id(), second.id()]);
    let back = Publication::sign(world.roster.study(), 20_001, vec![third.id()], vec![], other).unwrap();
    let all = [&first, &second, &third, &beside, &back];
    let mut wanted = [beside.id(), back.id()];
    wanted.sort_unstable();
    let mut order = vec![0, 1, 2, 3, 4];
    // Every order: Heap's algorithm.
    fn permute(at: usize, order: &mut Vec<usize>, each: &mut dyn FnMut(&[usize])) {
        if at == 0 {
            return each(order);
        }
        for i in 0..=at {
            permute(at - 1, order, each);
            let from = if at.is_multiple_of(2) { 0 } else { i };
            order.swap(from, at);
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    permute(4, &mut order, &mut |order| {
        seen.insert(order.to_vec());
        let came = order.iter().chain(order).map(|at| all[*at]);
        assert_eq!(kept(came, &world.roster), wanted, "{order:?}");
    });
    assert_eq!(seen.len(), 120);
}

#[test]
fn one_device_does_not_fill_the_others() {
    let world = World::new();
    let [one, other] = &world.evaluators;
    let many: Vec<_> =
        (0..MAX_PUBLICATIONS + 20).map(|n| published(&world, one, &format!("Page {n}"), &[])).collect();
    let alone = published(&world, other, "Alone", &[]);
    let forward = kept(many.iter().chain([&alone]), &world.roster);
    let backward = kept([&alone].into_iter().chain(many.iter().rev()), &world.roster);
    assert_eq!((forward.len(), &forward), (MAX_PUBLICATIONS + 1, &backward));
    assert!(forward.contains(&alone.id()));
}
