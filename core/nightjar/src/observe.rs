//! Observing: an observer gets a Reset first and then batches of changed record ids, so it has one code path.
//!
//! One thread delivers, in order, never under a lock. Ids that gather while an observer is busy are told once.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What an observer is told. Ids only, never data: it reads again what is on display.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// Read everything again. Comes first.
    Reset,
    /// These records changed; sorted, each once.
    Changed(Vec<String>),
}

/// Told about changes. A slow or panicking observer holds up nobody but itself and those told after it in the same batch.
pub trait Observer: Send + Sync {
    /// Takes one batch.
    fn observed(&self, batch: Observed);
}

/// Ends observing when dropped.
pub struct Subscription {
    id: u64,
    shared: Arc<Shared>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.shared.lock().watching.retain(|watcher| watcher.id != self.id);
        self.shared.news.notify_all();
    }
}

/// Knows the observers of one vault.
#[derive(Clone, Default)]
pub(crate) struct Notifier(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    watching: Vec<Watcher>,
    next: u64,
    delivering: bool,
}

struct Watcher {
    id: u64,
    observer: Arc<dyn Observer>,
    reset: bool,
    changed: BTreeSet<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notifier {
    /// Adds an observer; its Reset is on its way when this returns.
    pub(crate) fn observe(&self, observer: Arc<dyn Observer>) -> Subscription {
        let mut state = self.0.lock();
        let id = state.next;
        state.next += 1;
        state.watching.push(Watcher { id, observer, reset: true, changed: BTreeSet::new() });
        if !state.delivering {
            state.delivering = true;
            let shared = Arc::clone(&self.0);
            std::thread::spawn(move || deliver(&shared));
        }
        self.0.news.notify_all();
        Subscription { id, shared: Arc::clone(&self.0) }
    }

    /// Tells every observer that these records changed.
    pub(crate) fn changed(&self, records: impl IntoIterator<Item = String>) {
        let mut state = self.0.lock();
        if state.watching.is_empty() {
            return;
        }
        let records: Vec<String> = records.into_iter().collect();
        for watcher in &mut state.watching {
            watcher.changed.extend(records.iter().cloned());
        }
        self.0.news.notify_all();
    }

    /// Tells every observer to read everything again.
    pub(crate) fn reset(&self) {
        let mut state = self.0.lock();
        for watcher in &mut state.watching {
            watcher.reset = true;
        }
        self.0.news.notify_all();
    }
}

/// Delivers until nobody is watching.
fn deliver(shared: &Shared) {
    let mut state = shared.lock();
    loop {
        if state.watching.is_empty() {
            state.delivering = false;
            return;
        }
        let Some(watcher) =
            state.watching.iter_mut().find(|watcher| watcher.reset || !watcher.changed.is_empty())
        else {
            state = shared.news.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let observer = Arc::clone(&watcher.observer);
        let reset = std::mem::take(&mut watcher.reset);
        let changed = std::mem::take(&mut watcher.changed);
        drop(state);
        let batch = if reset { Observed::Reset } else { Observed::Changed(changed.into_iter().collect()) };
        // A fault in an app's observer must not end the thread that serves the others.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| observer.observed(batch)));
        state = shared.lock();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    struct Sends(mpsc::Sender<Observed>);

    impl Observer for Sends {
        fn observed(&self, batch: Observed) {
            let _ = self.0.send(batch);
        }
    }

    struct Panics;

    impl Observer for Panics {
        fn observed(&self, _: Observed) {
            panic!("an app's fault");
        }
    }

    #[test]
    fn a_reset_comes_first_and_then_what_changed() {
        let notifier = Notifier::default();
        let (tell, told) = mpsc::channel();
        let _panics = notifier.observe(Arc::new(Panics));
        let subscription = notifier.observe(Arc::new(Sends(tell)));
        assert_eq!(told.recv().unwrap(), Observed::Reset);
        notifier.changed(["b".to_owned(), "a".to_owned(), "b".to_owned()]);
        assert_eq!(told.recv().unwrap(), Observed::Changed(vec!["a".into(), "b".into()]));
        drop(subscription);
        notifier.changed(["c".to_owned()]);
        assert_eq!(told.recv(), Err(mpsc::RecvError), "a dropped subscription lets its observer go");
    }
}
