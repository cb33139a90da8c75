//! What came is unwrapped and opened on several threads before one of them writes it, and while that one writes what came before.

use std::sync::atomic::AtomicUsize;

use nightjar_sync::Event;
use nightjar_vault::Arrived;

use crate::device::Device;
use crate::failure::Failure;
use crate::membership::Joined;

/// So many envelopes at once are worth starting threads for, and so many threads at most.
const WORTH_THREADS: usize = 64;
const MOST_THREADS: usize = 4;
/// So many bytes of opened changes are kept from before the writing at most: a few hundred sealed bytes may say a quarter of a MiB.
const OPENED_BYTES: usize = 4 << 20;

/// How many threads open what came.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS)
}

/// Opens what came, where that is worth it.
pub(super) fn open(device: &Device, arrived: &mut [Arrived], joined: &Joined) -> Result<(), Failure> {
    match arrived.len() < WORTH_THREADS {
        true => Ok(()),
        false => work_out(device, arrived, joined),
    }
}

/// Takes the envelopes out of what an answer brought and opens them. On as many threads as there are cores, though another writes what came
/// before: that one is done sooner. None, where so few are not worth it.
pub(super) fn open_ahead(
    device: &Device,
    joined: &Joined,
    events: &mut Vec<Event>,
) -> Result<Vec<Arrived>, Failure> {
    let many = events.iter().filter(|event| matches!(event, Event::Received { .. })).count();
    if many < WORTH_THREADS {
        return Ok(Vec::new());
    }
    let mut arrived = Vec::with_capacity(many);
    let rest = std::mem::take(events).into_iter().filter_map(|event| match event {
        Event::Received { envelope, .. } => {
            arrived.push(Arrived::new(*envelope));
            None
        }
        event => Some(event),
    });
    *events = rest.collect();
    work_out(device, &mut arrived, joined)?;
    Ok(arrived)
}

/// Unwraps and opens what is new, before one thread writes it.
fn work_out(device: &Device, arrived: &mut [Arrived], joined: &Joined) -> Result<(), Failure> {
    let (mut new, beforehand) = device.vault.to_work_out(arrived)?;
    let holder = joined.holder(device);
    let share = new.len().div_ceil(threads()).max(1);
    let room = AtomicUsize::new(OPENED_BYTES);
    joined.reading(|reading| {
        let work_out = |of_one: &mut [&mut Arrived]| {
            of_one.iter_mut().for_each(|one| one.work_out(&holder, reading, &beforehand, &room));
        };
        std::thread::scope(|scope| {
            let mut shares = new.chunks_mut(share);
            let own = shares.next();
            for of_one in shares {
                scope.spawn(move || work_out(of_one));
            }
            if let Some(own) = own {
                work_out(own);
            }
        });
        Ok(())
    })
}
