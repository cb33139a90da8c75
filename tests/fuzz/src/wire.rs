//! Messages between a device and a hub.

use nightjar_sync::bundle::Part;
use nightjar_sync::wire::{
    Appended, Applied, Chunk, ChunkAsk, ChunkOutcome, Chunks, ClockAsked, ClockTold, Confirmation, Confirmed, ConfirmedAsk, Entry, Found,
    Founded, Greeted, Greeting, Message, Publication, Published, PublishedAsk, Pull, Pulled, Push, Pushed, Ranged, Ranges, Recall, Recalled,
    Refusal, Welcome,
};

/// Reads bytes as every message: one that is read has this encoding and no other.
pub fn read(bytes: &[u8]) {
    one::<Found>(bytes);
    one::<Founded>(bytes);
    one::<Entry>(bytes);
    one::<Appended>(bytes);
    one::<Greeting>(bytes);
    one::<Greeted>(bytes);
    one::<Welcome>(bytes);
    one::<Push>(bytes);
    one::<Pushed>(bytes);
    one::<Pull>(bytes);
    one::<Pulled>(bytes);
    one::<Applied>(bytes);
    one::<Ranges>(bytes);
    one::<Ranged>(bytes);
    one::<Recall>(bytes);
    one::<Recalled>(bytes);
    one::<Chunk>(bytes);
    one::<ChunkAsk>(bytes);
    one::<ChunkOutcome>(bytes);
    one::<Chunks>(bytes);
    one::<ClockAsked>(bytes);
    one::<ClockTold>(bytes);
    one::<Confirmation>(bytes);
    one::<ConfirmedAsk>(bytes);
    one::<Confirmed>(bytes);
    one::<Publication>(bytes);
    one::<PublishedAsk>(bytes);
    one::<Published>(bytes);
    one::<Part>(bytes);
    // A reason of a later version is read as another.
    let _ = Refusal::decode(bytes);
}

fn one<M: Message>(bytes: &[u8]) {
    if let Ok(message) = M::decode(bytes) {
        assert_eq!(message.encode(), bytes, "{}", M::NAME);
    }
}
