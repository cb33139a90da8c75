//! Promise: bytes from the other side are bounded before they cost anything, and every message has one encoding.

mod world;

use nightjar_seal::{Chain, ChunkName, ClockKeys, DeviceTag, EnvelopeId, Line, RecordTag, Strand};
use nightjar_sync::bundle::{End, Header, Part};
use nightjar_sync::wire::{
    self, Applied, Batch, Begin, Body, Chunk, ChunkAsk, Chunks, ClockAsked, ClockTold, Confirmation,
    Confirmed, ConfirmedAsk, Glimpse, Greeted, Greeting, HeldChunk, Incarnation, Judged, Mark, Message,
    Objection, Outcome, Pass, Pull, Pulled, Push, Pushed, Reach, Reason, Recall, Recalled, Refusal, Sealed,
    Segment, Shown, Spoke, Standing, Welcome, Wish,
};
use proptest::prelude::*;
use world::Study;

/// One message of every kind that carries a list or a choice.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let study = Study::new(1);
    let mut chain = Chain::new(Strand { device: study.tablets[0].tag(), line: Line([7; 8]) }, study.scope);
    let links: Vec<_> = (0..3).map(|i| chain.next(EnvelopeId([i; 32]))).collect();
    let segment =
        Segment::new(&links, &chain.sign(&study.tablets[0]).expect("its chain")).expect("consecutive");
    let bodies = vec![Body { place: 0, bytes: vec![1; 300] }, Body { place: 2, bytes: vec![2; 20] }];
    let mark = Mark::start(Incarnation([3; 16])).after(EnvelopeId([0; 32]));
    let outcomes = [Outcome::Stored, Outcome::Known, Outcome::Refused(Objection::Altered)];
    let judged = |outcome| Judged { envelope: EnvelopeId([0; 32]), outcome };
    let reach = vec![Reach { device: DeviceTag([1; 16]), line: Line([7; 8]), seq: 70_000 }];
    let holds = vec![Applied::sign(study.scope, reach.clone(), &study.tablets[0]).expect("small")];
    let roster = &study.roster;
    let confirmation = Confirmation::sign(study.scope, 12, reach.clone(), &study.tablets[0]).expect("small");
    let confirmed = vec![confirmation.clone()];
    let header = Header::sign(roster.study(), 3, roster.head(), holds.clone(), confirmed, &study.tablets[0]);
    let spoke = |device, confirmation| Spoke { device: DeviceTag([device; 16]), day: 20_000, confirmation };
    let devices = vec![spoke(1, Some(confirmation.clone())), spoke(2, None)];
    let push = Push { segment: segment.clone(), bodies: bodies.clone() };
    let (pulled, pushed) = (Glimpse { sequence: 0, hash: Begin::default() }, Glimpse::from(mark));
    let wish = Some(Wish { without: Some(Line([7; 8])) });
    let heard = Some(Standing::heard(&holds));
    let shown = Shown { scope: study.scope, pulled: Some(pulled), pushed: Some(pushed), heard, wish };
    let batches = vec![Batch { segment: segment.clone(), bodies: bodies.clone() }];
    let standing = Standing { head: mark, holds: true, applied: holds.clone(), batches };
    let incarnation = mark.incarnation;
    let greeted = |passes| {
        let (roster_head, entries) = (roster.head(), vec![wire::Entry(vec![8; 40])]);
        let scopes = vec![standing.clone()];
        Welcome::News(Greeted { incarnation, roster: 6, roster_head, entries, passes, scopes }).encode()
    };
    let (roster_head, passes) = (Begin::of(&roster.head().0), Begin([8; 8]));
    let scopes = vec![shown];
    let greeting = Greeting { roster: 5, roster_head, passes, incarnation: Some(incarnation), scopes };
    let bytes = vec![7; 300];
    let chunk = Chunk { record: RecordTag([4; 16]), name: ChunkName::of(&bytes), bytes: bytes.clone() };
    let held = vec![HeldChunk { name: chunk.name, bytes }];
    let clock = ClockKeys::from_bytes(&[4; 32]);
    let stamp = clock.stamp(&roster.study(), &roster.head(), 1_700_000_000);
    vec![
        (Push::NAME, Push { segment: segment.clone(), bodies: bodies.clone() }.encode()),
        (Pushed::NAME, Pushed::new(mark, &outcomes.map(judged)).encode()),
        (Pull::NAME, Pull { after: Some(mark), without: Some(Line([7; 8])) }.encode()),
        (Pulled::NAME, Pulled { after: None, head: mark, batches: vec![Batch { segment, bodies }] }.encode()),
        (Applied::NAME, Applied::sign(study.scope, reach, &study.evaluator).expect("small").encode()),
        (Greeting::NAME, greeting.encode()),
        (Refusal::NAME, Refusal::new(Reason::Busy, "later").encode()),
        (Recall::NAME, Recall { records: vec![RecordTag([4; 16]), RecordTag([5; 16])] }.encode()),
        (Recalled::NAME, Recalled { envelopes: vec![Sealed(vec![6; 300])] }.encode()),
        (Chunk::NAME, chunk.encode()),
        (ChunkAsk::NAME, ChunkAsk { bytes: true, names: vec![chunk.name; 2] }.encode()),
        (Chunks::NAME, Chunks { held, absent: vec![chunk.name] }.encode()),
        (Part::NAME, Part::Chunk(chunk).encode()),
        (ClockAsked::NAME, ClockAsked { head: roster.head() }.encode()),
        (ClockTold::NAME, ClockTold { clock: clock.public(), stamp }.encode()),
        (Confirmation::NAME, confirmation.encode()),
        (ConfirmedAsk::NAME, ConfirmedAsk { after: Some(DeviceTag([1; 16])) }.encode()),
        (Confirmed::NAME, Confirmed { devices, more: true }.encode()),
        (Part::NAME, Part::Header(Box::new(header)).encode()),
        (Part::NAME, Part::Chain(push).encode()),
        (Part::NAME, Part::Pass(Pass(vec![5; 600])).encode()),
        (Welcome::NAME, greeted(Some(vec![Pass(vec![5; 600]), Pass(vec![6; 30])]))),
        (Welcome::NAME, greeted(None)),
        (Part::NAME, Part::End(End { parts: 300, hash: [9; 32] }).encode()),
    ]
}

/// Whether the bytes decode as any message, and to themselves.
fn decodes(bytes: &[u8]) -> bool {
    fn as_one<M: Message>(bytes: &[u8]) -> bool {
        let decoded = M::decode(bytes);
        decoded.map(|message| assert_eq!(message.encode(), bytes, "{} has two encodings", M::NAME)).is_ok()
    }
    as_one::<Push>(bytes)
        || as_one::<Pushed>(bytes)
        || as_one::<Pull>(bytes)
        || as_one::<Pulled>(bytes)
        || as_one::<Applied>(bytes)
        || as_one::<Greeting>(bytes)
        || as_one::<Welcome>(bytes)
        || as_one::<Recall>(bytes)
        || as_one::<Recalled>(bytes)
        || as_one::<Chunk>(bytes)
        || as_one::<ChunkAsk>(bytes)
        || as_one::<Chunks>(bytes)
        || as_one::<ClockAsked>(bytes)
        || as_one::<ClockTold>(bytes)
        || as_one::<Confirmation>(bytes)
        || as_one::<ConfirmedAsk>(bytes)
        || as_one::<Confirmed>(bytes)
        || as_one::<Part>(bytes)
        // A refusal with a code of a later version reads as another reason, and so not back to itself.
        || Refusal::decode(bytes).is_ok()
}

#[test]
fn every_message_reads_back_and_no_part_of_it_does() {
    for (name, bytes) in samples() {
        assert!(decodes(&bytes), "{name}");
        for end in 0..bytes.len() {
            assert!(!decodes(&bytes[..end]), "{name} cut at {end}");
        }
        assert!(!decodes(&[&bytes[..], &[0]].concat()), "{name} with a byte more");
    }
}

#[test]
fn a_list_that_claims_more_than_there_is_costs_nothing() {
    for head in [&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff][..], &[0x9a, 0xff, 0xff, 0xff, 0xff]]
    {
        let pulled = [&[0x83, 0xf6][..], &Mark::start(Incarnation([0; 16])).encode(), head].concat();
        assert!(Pulled::decode(&pulled).is_err());
    }
    let (roster_head, passes, scopes) = (Begin::default(), Begin::default(), Vec::new());
    let long = Greeting { roster: 0, roster_head, passes, incarnation: None, scopes }.encode();
    assert!(
        Greeting::decode(&[&long[..1], &[0x1b, 0, 0, 0, 0, 0, 0, 0, 0], &long[2..]].concat()).is_err(),
        "canonical"
    );
}

#[test]
fn a_segment_only_exists_over_consecutive_links_and_its_own_head() {
    let study = Study::new(2);
    let mut chain = Chain::new(Strand { device: study.tablets[0].tag(), line: Line([7; 8]) }, study.scope);
    let links: Vec<_> = (0..3).map(|i| chain.next(EnvelopeId([i; 32]))).collect();
    let head = chain.sign(&study.tablets[0]).expect("its chain");
    let segment = Segment::new(&links[1..], &head).expect("a later part of the chain");
    assert_eq!((segment.links(), segment.head()), (links[1..].to_vec(), head));
    assert!(Segment::new(&[links[0], links[2]], &head).is_err());
    assert!(Segment::new(&links[..2], &head).is_err());
    assert!(Segment::new(&[], &head).is_err());
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        decodes(&bytes);
    }

    #[test]
    fn a_changed_byte_is_refused_or_reads_back_as_it_is(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let mut samples = samples();
        let which = which.index(samples.len());
        let (_, mut bytes) = samples.swap_remove(which);
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        decodes(&bytes);
    }
}
