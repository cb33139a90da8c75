//! Promise: the hub keeps chunks of what devices wrote, gives them to whoever may pull, within bounds, and lets them go with their record.

mod ward;

use std::collections::BTreeMap;

use nightjar_hub::Config;
use nightjar_seal::{
    ChunkName, DeviceKeys, Envelope, Header, MAX_SEALED_CHUNK, MIN_SEALED_CHUNK, Origin, Receipt, RecordKey,
    RecordTag, ScopeTag, Withdrawal, seal,
};
use nightjar_sync::bounds;
use nightjar_sync::wire::{Chunk, ChunkOutcome, Chunks, Reason};
use ward::{Device, Running, Study, entropy, reason};

/// The record that every envelope of these devices is of.
const RECORD: RecordTag = RecordTag([7; 16]);

fn chunk(record: RecordTag, len: usize) -> Chunk {
    let mut bytes = vec![0; len];
    entropy()(&mut bytes);
    Chunk { record, name: ChunkName::of(&bytes), bytes }
}

struct Asking<'a> {
    hub: &'a Running,
    study: &'a Study,
    scope: ScopeTag,
}

impl Asking<'_> {
    async fn put(&self, keys: &DeviceKeys, chunk: &Chunk) -> ChunkOutcome {
        let request = nightjar_sync::put_chunk(self.study.roster.study(), self.scope, chunk);
        let response = self.hub.transport().send(&request, keys, &mut entropy()).await.expect("an answer");
        nightjar_sync::chunk_put(&response).expect("an outcome")
    }

    async fn ask(&self, keys: &DeviceKeys, bytes: bool, names: &[ChunkName]) -> Result<Chunks, Reason> {
        let request = nightjar_sync::ask_chunks(self.study.roster.study(), self.scope, bytes, names.to_vec());
        let request = request.expect("few");
        let response = self.hub.transport().send(&request, keys, &mut entropy()).await.expect("an answer");
        match reason(&response) {
            Some(reason) => Err(reason),
            None => Ok(nightjar_sync::chunks_told(bytes, names, &response).expect("chunks")),
        }
    }

    async fn holds(&self, keys: &DeviceKeys, name: ChunkName) -> bool {
        self.ask(keys, false, &[name]).await.expect("an answer").absent.is_empty()
    }
}

#[tokio::test]
async fn a_chunk_follows_its_envelope_and_is_there_for_whoever_may_pull() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let (tablet_keys, other, evaluator) = (&study.tablets[0], &study.tablets[1], &study.evaluator);
    let mut tablet = Device::new(tablet_keys, &study, "responses");
    tablet.pull = false;
    let asking = Asking { hub: &hub, study: &study, scope: tablet.scope };
    let one = chunk(RECORD, MIN_SEALED_CHUNK);
    assert_eq!(asking.put(tablet_keys, &one).await, ChunkOutcome::Unasked, "before its envelope");
    tablet.collect(b"a response");
    tablet.sync(&hub.transport()).await.expect("the tablet syncs");
    assert_eq!(asking.put(tablet_keys, &one).await, ChunkOutcome::Stored);
    assert_eq!(asking.put(tablet_keys, &one).await, ChunkOutcome::Known);
    let elsewhere = Chunk { record: RecordTag([8; 16]), ..one.clone() };
    assert_eq!(
        asking.put(tablet_keys, &elsewhere).await,
        ChunkOutcome::Unasked,
        "of a record it did not write to"
    );
    assert_eq!(asking.put(other, &one).await, ChunkOutcome::Known, "it is there, whoever says so");
    assert_eq!(
        asking.put(other, &chunk(RECORD, MIN_SEALED_CHUNK)).await,
        ChunkOutcome::Unasked,
        "by another device"
    );
    hub.stop().await;

    let hub = Running::start(data.path()).await;
    let asking = Asking { hub: &hub, study: &study, scope: tablet.scope };
    let absent = ChunkName([1; 32]);
    let told = asking.ask(evaluator, true, &[one.name, absent]).await.expect("an evaluator");
    assert_eq!((&told.held[0].bytes, &told.absent[..]), (&one.bytes, &[absent][..]), "after a restart, too");
    assert_eq!(asking.ask(tablet_keys, true, &[one.name]).await, Err(Reason::NotGranted));
    assert!(asking.holds(tablet_keys, one.name).await, "whether it is there its device may know");
    let stranger = DeviceKeys::generate(&mut entropy());
    assert_eq!(asking.ask(&stranger, false, &[one.name]).await, Err(Reason::UnknownDevice));
    let nowhere = Asking { hub: &hub, study: &study, scope: ScopeTag([3; 16]) };
    assert_eq!(nowhere.ask(evaluator, true, &[one.name]).await.expect("an answer").absent, [one.name]);
    assert_eq!(nowhere.put(tablet_keys, &one).await, ChunkOutcome::Unasked);

    // What is altered on the way, or larger than any chunk, is refused whole.
    for wrong in [Chunk { name: absent, ..one.clone() }, chunk(RECORD, MAX_SEALED_CHUNK + 1)] {
        let request = nightjar_sync::put_chunk(study.roster.study(), tablet.scope, &wrong);
        let response = hub.transport().send(&request, tablet_keys, &mut entropy()).await.expect("an answer");
        assert_eq!(reason(&response), Some(Reason::Malformed));
    }
    hub.stop().await;
}

#[tokio::test]
async fn many_chunks_come_in_several_answers() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    tablet.collect(b"a night");
    tablet.sync(&hub.transport()).await.expect("the tablet syncs");
    let asking = Asking { hub: &hub, study: &study, scope: tablet.scope };
    let mut sent = BTreeMap::new();
    for _ in 0..7 {
        let chunk = chunk(RECORD, MAX_SEALED_CHUNK);
        assert_eq!(asking.put(&study.tablets[0], &chunk).await, ChunkOutcome::Stored);
        sent.insert(chunk.name, chunk.bytes);
    }
    let mut names: Vec<_> = sent.keys().copied().collect();
    let (mut came, mut answers) = (BTreeMap::new(), 0);
    while !names.is_empty() {
        // In the ward's scope every member pulls.
        let told = asking.ask(&study.tablets[1], true, &names).await.expect("a member");
        answers += 1;
        assert!(
            !told.held.is_empty() && told.held.iter().map(|held| held.bytes.len()).sum::<usize>() <= 1 << 20
        );
        came.extend(told.held.into_iter().map(|held| (held.name, held.bytes)));
        names.retain(|name| !came.contains_key(name));
    }
    assert_eq!((came, answers), (sent, 3));
    hub.stop().await;
}

fn response(device: &Device, receipt: &Receipt) -> Envelope {
    let key = RecordKey::generate(&mut entropy());
    let origin: Origin = receipt.origin(device.tag());
    let (study, head) = (device.roster.study(), device.roster.head());
    let mut header = Header::change(study, device.scope, origin.record(), device.tag(), head, &key);
    header.origin = Some(origin);
    seal(header, b"said", &key, &mut entropy()).expect("it seals")
}

fn place(device: &mut Device, envelope: &Envelope) {
    let link = device.chain.next(envelope.id());
    device.open.push((link, Some(envelope.encode())));
}

/// Whether any file of a folder holds these bytes.
fn lies(folder: &std::path::Path, bytes: &[u8]) -> bool {
    let mut files = std::fs::read_dir(folder).expect("a folder").flatten();
    files.any(|file| {
        let held = std::fs::read(file.path()).expect("a file");
        held.windows(bytes.len()).any(|window| window == bytes)
    })
}

#[tokio::test]
async fn a_withdrawal_takes_out_chunks_and_keeps_none_that_come_later() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let keys = &study.tablets[0];
    let mut tablet = Device::new(keys, &study, "responses");
    tablet.pull = false;
    let (receipt, other) = (Receipt::generate(&mut entropy()), Receipt::generate(&mut entropy()));
    for receipt in [&receipt, &other] {
        let envelope = response(&tablet, receipt);
        place(&mut tablet, &envelope);
    }
    tablet.sync(&hub.transport()).await.expect("the tablet syncs");
    let asking = Asking { hub: &hub, study: &study, scope: tablet.scope };
    let record = |receipt: &Receipt| receipt.origin(keys.tag()).record();
    let (gone, late, kept) = (
        chunk(record(&receipt), MAX_SEALED_CHUNK),
        chunk(record(&receipt), MIN_SEALED_CHUNK),
        chunk(record(&other), MIN_SEALED_CHUNK),
    );
    for chunk in [&gone, &kept] {
        assert_eq!(asking.put(keys, chunk).await, ChunkOutcome::Stored);
    }
    // Somebody claims bytes of another record for one that is then taken out: they stay with the other.
    let claimed = Chunk { record: record(&receipt), ..kept.clone() };
    assert_eq!(asking.put(keys, &claimed).await, ChunkOutcome::Stored);
    let sealed = &gone.bytes[gone.bytes.len() - 60..];
    assert!(lies(data.path(), sealed), "what is looked for can be found");

    let marker =
        Withdrawal::new(&receipt, study.roster.study(), receipt.origin(keys.tag())).expect("its receipt");
    let marker = marker.envelope(tablet.scope, keys.tag(), tablet.roster.head()).expect("it is sealed");
    place(&mut tablet, &marker);
    tablet.sync(&hub.transport()).await.expect("the tablet syncs");
    assert!(!lies(data.path(), sealed), "nothing of it lies in any file, the log included");
    assert!(!asking.holds(keys, gone.name).await && asking.holds(keys, kept.name).await);
    for chunk in [&gone, &late] {
        assert_eq!(asking.put(keys, chunk).await, ChunkOutcome::Gone);
    }
    assert!(!asking.holds(keys, late.name).await);
    hub.stop().await;
}

#[tokio::test]
async fn quotas_of_a_study_a_device_and_a_record_are_kept() {
    for (study_most, device_most, fit) in
        [(None, 3 * MIN_SEALED_CHUNK as u64, 3), (Some(40_000), 4 << 30, 2), (None, 4 << 30, 5)]
    {
        let data = tempfile::tempdir().expect("a folder");
        let mut config = Config::new(data.path());
        (config.limits.study, config.limits.attachments) = (study_most, device_most);
        let hub = Running::start_with(config).await;
        let study = Study::new();
        study.found_at(&hub).await;
        let mut tablet = Device::new(&study.tablets[0], &study, "responses");
        tablet.pull = false;
        tablet.collect(b"a response");
        tablet.sync(&hub.transport()).await.expect("the tablet syncs");
        let asking = Asking { hub: &hub, study: &study, scope: tablet.scope };
        let mut stored = 0;
        for _ in 0..5 {
            match asking.put(&study.tablets[0], &chunk(RECORD, MIN_SEALED_CHUNK)).await {
                ChunkOutcome::Stored => stored += 1,
                outcome => assert_eq!(outcome, ChunkOutcome::NoRoom),
            }
        }
        assert_eq!(stored, fit, "{study_most:?} {device_most}");
        // Envelopes have their place beside it.
        tablet.collect(b"another");
        tablet.sync(&hub.transport()).await.expect("the tablet syncs");
        assert_eq!(tablet.stored(), 2);
        hub.stop().await;
    }
    let chunks = bounds::RECORD_CHUNKS as usize;
    assert_eq!(chunks, 16 * nightjar_seal::MAX_CHUNKS as usize, "sixteen attachments");
}
