//! Promise: a sync with little that is new costs little, and a hub tells nothing twice.

mod ward;

use nightjar_sync::wire::{self, Applied, Message, Reach};
use nightjar_sync::{Event, Request, Transport};
use ward::{Device, Running, Study, entropy};

#[tokio::test]
async fn a_sync_with_little_that_is_new_is_one_round_trip_to_learn_it_and_two_to_say_it() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let [mut writer, mut reader] = [0, 1].map(|i| Device::new(&study.tablets[i], &study, "ward"));
    let (writes, reads) = (hub.transport(), hub.transport());
    let requests = |transport: &Transport, before: u64| transport.traffic().requests - before;
    for round in 0..3_u8 {
        let id = writer.collect(&[round]);
        let before = writes.traffic().requests;
        writer.sync(&writes).await.expect("pushes");
        assert_eq!(requests(&writes, before), 2, "greet and push; its own need not come back");
        let before = reads.traffic().requests;
        reader.sync(&reads).await.expect("pulls");
        assert_eq!(requests(&reads, before), 1, "what is little comes with the greeting's answer");
        assert!(reader.received.contains_key(&id));
        assert_eq!(reader.memory.pulled, writer.memory.pulled);
    }
    // Both write: what the other wrote is seen before the own push, and nothing comes twice.
    for turn in 0..3 {
        let (device, transport) = if turn == 1 { (&mut reader, &reads) } else { (&mut writer, &writes) };
        device.collect(b"both");
        device.sync(transport).await.expect("syncs");
    }
    assert_eq!((writer.received.len(), reader.received.len()), (1, 4));
    // More than a few are pulled.
    for i in 0..100_u8 {
        writer.collect(&[i, 0]);
    }
    writer.sync(&writes).await.expect("pushes");
    let before = reads.traffic().requests;
    reader.sync(&reads).await.expect("pulls");
    assert_eq!((requests(&reads, before), reader.received.len()), (2, 105));
    hub.stop().await;
}

#[tokio::test]
async fn applied_vectors_are_told_once() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let transport = hub.transport();
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    tablet.collect(b"x");
    tablet.sync(&transport).await.expect("pushes");
    for seq in 1..=2 {
        let reach = vec![Reach { device: tablet.tag(), line: ward::LINE, seq }];
        let applied = Applied::sign(tablet.scope, reach, &study.evaluator).expect("small");
        let path = wire::applied_path(study.roster.study(), tablet.scope);
        let request = Request { path, body: applied.encode(), signed: true };
        transport.send(&request, &study.evaluator, &mut entropy()).await.expect("kept");
        for told in [1, 0] {
            tablet.events.clear();
            tablet.sync(&transport).await.expect("greets");
            let heard = tablet.events.iter().filter(|event| matches!(event, Event::Applied(_))).count();
            assert_eq!(heard, told, "place {seq}");
        }
    }
    hub.stop().await;
}
