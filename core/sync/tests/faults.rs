//! Promise: whatever happens to requests and answers, nothing is lost, nothing doubled, nothing skipped, and a sync goes on where
//! it broke off.

mod world;

use proptest::prelude::*;
use world::Study;
use world::device::{Device, Fault};
use world::hub::ModelHub;

const FAULTS: [Fault; 9] = [
    Fault::RequestLost,
    Fault::ResponseLost,
    Fault::RequestDoubled,
    Fault::ResponseCut(0),
    Fault::ResponseCut(128),
    Fault::ResponseCut(255),
    Fault::ResponseOfBefore,
    Fault::OffBeforeStoring,
    Fault::OffAfterStoring,
];

struct World {
    hub: ModelHub,
    tablets: Vec<Device>,
    evaluator: Device,
}

impl World {
    fn new() -> Self {
        let study = Study::new(2);
        let tablet = |keys| Device::new(keys, &study.roster, study.scope, false);
        Self {
            hub: ModelHub::new(study.roster.clone(), study.scope),
            tablets: study.tablets.iter().map(tablet).collect(),
            evaluator: Device::new(&study.evaluator, &study.roster, study.scope, true),
        }
    }

    /// Everybody syncs twice without faults: once to send, once to hear of the others and of losses.
    fn settle(&mut self) {
        for _ in 0..2 {
            for tablet in &mut self.tablets {
                tablet.sync(&mut self.hub, &[]);
            }
            self.evaluator.sync(&mut self.hub, &[]);
        }
    }

    fn check(&self) {
        let (a, b) = (&self.tablets[0], &self.tablets[1]);
        let all: std::collections::BTreeSet<_> = a.placed().union(&b.placed()).copied().collect();
        let mut at_hub: Vec<_> = self.hub.log.iter().map(|(envelope, _)| *envelope).collect();
        at_hub.sort();
        assert!(at_hub.windows(2).all(|pair| pair[0] != pair[1]), "doubled at the hub");
        assert_eq!(at_hub, all.iter().copied().collect::<Vec<_>>(), "lost or invented at the hub");
        assert!(self.evaluator.received.keys().eq(all.iter()), "lost or skipped on the way to the evaluator");
        assert!(a.received.keys().eq(b.placed().iter()), "lost or skipped on the way to the other tablet");
        assert!(b.received.keys().eq(a.placed().iter()), "lost or skipped on the way to the other tablet");
        let mut published: Vec<_> = self.hub.published.iter().map(nightjar_seal::Publication::id).collect();
        published.sort_unstable();
        for device in [a, b, &self.evaluator] {
            assert_eq!(
                device.standing(),
                published,
                "what was published is everywhere, and nothing that was replaced"
            );
            assert_eq!(device.set_aside, [], "an honest envelope was set aside");
            assert!(device.outbox.iter().all(|placed| placed.acknowledged.is_some()));
            for tablet in [a, b] {
                if device.keys.tag() != tablet.keys.tag() && !tablet.outbox.is_empty() {
                    assert_eq!(
                        device.memory.chains[&world::device::strand(&tablet.keys.tag())].seq,
                        tablet.outbox.len() as u64,
                        "N of N"
                    );
                }
            }
        }
    }
}

#[test]
fn one_fault_of_every_kind_at_every_request_changes_nothing() {
    let mut runs = 0;
    for fault in FAULTS {
        for whose in 0..2 {
            for at in 0.. {
                let mut world = World::new();
                (0..5).for_each(|_| world.tablets[0].collect());
                (0..3).for_each(|_| world.tablets[1].collect());
                // One that everybody has by the evaluator, one that a tablet was given by a bundle, and what takes the place of the first.
                let first = world.evaluator.publish("First", &[]);
                world.evaluator.publish("Beside", &[]);
                world.tablets[0].published = world.evaluator.published.clone();
                world.evaluator.publish("Second", &[first]);
                world.tablets[1].sync(&mut world.hub, &[]);
                let faults = [(at, fault)];
                let tablet_sent =
                    world.tablets[0].sync(&mut world.hub, if whose == 0 { &faults } else { &[] });
                let evaluator_sent =
                    world.evaluator.sync(&mut world.hub, if whose == 1 { &faults } else { &[] });
                world.settle();
                world.check();
                assert_eq!(
                    world.tablets[0].losses + world.evaluator.losses,
                    0,
                    "a fault on the way is no loss by the hub"
                );
                runs += 1;
                if at >= if whose == 0 { tablet_sent } else { evaluator_sent } {
                    break;
                }
            }
        }
    }
    assert!(runs > 80, "only {runs} runs: the faults met no request");
}

#[test]
fn a_sync_with_nothing_new_is_one_small_round_trip() {
    let mut world = World::new();
    world.tablets[0].collect();
    world.settle();
    world.tablets[1].sync(&mut world.hub, &[]);
    assert_eq!(world.tablets[1].sync(&mut world.hub, &[]), 1);
}

#[derive(Debug, Clone)]
enum Happening {
    Collect(usize),
    Publish(bool),
    Sync(usize, Vec<(usize, Fault)>),
    Backup,
    Restore { new_incarnation: bool },
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => (0..FAULTS.len()).prop_map(|i| FAULTS[i]),
        1 => any::<u8>().prop_map(Fault::ResponseCut),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (0..2_usize).prop_map(Happening::Collect),
        2 => any::<bool>().prop_map(Happening::Publish),
        6 => (0..3_usize, proptest::collection::vec((0..12_usize, fault()), 0..4))
            .prop_map(|(device, faults)| Happening::Sync(device, faults)),
        1 => Just(Happening::Backup),
        1 => any::<bool>().prop_map(|new_incarnation| Happening::Restore { new_incarnation }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_history_of_faults_and_restores_ends_with_everything_everywhere(
        happenings in proptest::collection::vec(happening(), 1..30)
    ) {
        let mut world = World::new();
        let mut backup = world.hub.clone();
        let mut lives = 1;
        for happening in happenings {
            match happening {
                Happening::Collect(tablet) => world.tablets[tablet].collect(),
                Happening::Publish(instead) => {
                    let replaces = if instead { world.evaluator.standing() } else { Vec::new() };
                    let before = world.evaluator.published.iter().filter(|known| replaces.contains(&known.id()));
                    let before: Vec<_> = before.flat_map(|known| known.replaces().to_vec()).collect();
                    world.evaluator.publish("A page", &[replaces, before].concat());
                }
                Happening::Sync(2, faults) => { world.evaluator.sync(&mut world.hub, &faults); }
                Happening::Sync(tablet, faults) => { world.tablets[tablet].sync(&mut world.hub, &faults); }
                Happening::Backup => backup = world.hub.clone(),
                Happening::Restore { new_incarnation: true } => {
                    lives += 1;
                    world.hub.restore(&backup, lives);
                }
                // A file put back behind the hub's back: it does not know that it is an old copy.
                Happening::Restore { new_incarnation: false } => world.hub = backup.clone(),
            }
        }
        world.settle();
        world.check();
    }
}
