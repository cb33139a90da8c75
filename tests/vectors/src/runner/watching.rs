//! An observer, told on a thread of Nightjar's.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use nightjar::{Observed, Observer, Subscription};
use serde_json::{Value as Json, json};

use super::{Runner, Step, Stop};
use crate::canonical;

/// How long an observer may wait to be told.
const PATIENCE: Duration = Duration::from_secs(30);

/// What an observer was told and nobody asked for yet.
pub(super) struct Watch {
    told: mpsc::Receiver<Observed>,
    _subscription: Subscription,
}

struct Sends(Mutex<mpsc::Sender<Observed>>);

impl Observer for Sends {
    fn observed(&self, batch: Observed) {
        // After `stop_observing` nobody listens.
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).send(batch);
    }
}

impl Runner {
    pub(super) fn observe(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let (tablet, made) = (self.tablet(step)?, step.made()?);
        let (sends, told) = mpsc::channel();
        let subscription = tablet.observe(Arc::new(Sends(Mutex::new(sends))));
        self.watches.insert(made, Watch { told, _subscription: subscription });
        Ok(json!({}))
    }

    pub(super) fn told(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let name = step.on()?;
        let watch = self.watches.get(&name).ok_or_else(|| format!("nobody observes as \"{name}\""))?;
        let batch = watch.told.recv_timeout(PATIENCE);
        let batch = batch.map_err(|_| format!("\"{name}\" was told nothing in {} s", PATIENCE.as_secs()))?;
        Ok(canonical::told(&batch, &self.names))
    }

    pub(super) fn stop_observing(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let name = step.on()?;
        self.watches.remove(&name).ok_or_else(|| format!("nobody observes as \"{name}\""))?;
        Ok(json!({}))
    }
}
