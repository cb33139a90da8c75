//! How a sync is to go: how often it is tried, who is told how far it is, and what stops it.

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::watch;

/// How a sync is to go. The default is one try that nobody watches.
#[derive(Clone, Default)]
pub struct SyncOptions {
    /// How often it is tried while the hub cannot be reached or is busy, with waits that grow between the tries; 0 counts as 1.
    pub tries: u32,
    /// Who is told how far it is.
    pub watcher: Option<Arc<dyn SyncWatcher>>,
    /// What stops it.
    pub stop: SyncStop,
}

/// Told how far a sync is, on the thread of the sync: it waits for whoever is told.
pub trait SyncWatcher: Send + Sync {
    /// Takes one step.
    fn progressed(&self, progress: SyncProgress);
}

/// How far a sync is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SyncProgress {
    /// The hub is asked what is new.
    Connecting,
    /// Envelopes go up.
    Sending {
        /// Those that the hub holds for certain now.
        done: u64,
        /// Of so many that waited when the sync began.
        all: u64,
    },
    /// Envelopes come down.
    Receiving {
        /// Those that are on disk here.
        done: u64,
        /// Of so many, as far as the hub has said.
        all: u64,
    },
    /// The hub was not there, or has no time. It is tried again.
    Waiting {
        /// In so many seconds.
        seconds: u64,
        /// After so many tries that failed.
        failed: u32,
    },
}

/// Stops syncs from anywhere. What was stored before stays stored, and the next sync goes on from there.
#[derive(Clone)]
pub struct SyncStop(Arc<watch::Sender<bool>>);

impl SyncStop {
    /// Stops every sync that was given this or a copy of it, those that come after it too.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is stopped.
    pub(crate) async fn stopped(&self) {
        let mut told = self.0.subscribe();
        // The sender lives as long as this does.
        let _stopped = told.wait_for(|stopped| *stopped).await;
    }
}

impl Default for SyncStop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl SyncOptions {
    pub(crate) fn tell(&self, progress: SyncProgress) {
        if let Some(watcher) = &self.watcher {
            watcher.progressed(progress);
        }
    }
}
