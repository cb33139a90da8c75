//! Counters for whoever runs the hub. They name no study, device or address.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use nightjar_sync::wire::Refusal;

/// What was asked and answered since the start.
#[derive(Default)]
pub(crate) struct Metrics {
    answered: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    received: AtomicU64,
    sent: AtomicU64,
    stored: AtomicU64,
    chunks: AtomicU64,
    erased: AtomicU64,
}

impl Metrics {
    pub(crate) fn answered(&self, what: &'static str, result: &Result<Vec<u8>, Refusal>, received: usize) {
        let outcome = result.as_ref().map_or_else(|refusal| refusal.reason.code(), |_| "ok");
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        *answered.entry((what, outcome)).or_default() += 1;
        drop(answered);
        self.received.fetch_add(received as u64, Ordering::Relaxed);
        self.sent.fetch_add(result.as_ref().map_or(0, Vec::len) as u64, Ordering::Relaxed);
    }

    pub(crate) fn stored(&self, envelopes: u64) {
        self.stored.fetch_add(envelopes, Ordering::Relaxed);
    }

    pub(crate) fn stored_chunk(&self) {
        self.chunks.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn erased(&self, envelopes: u64) {
        self.erased.fetch_add(envelopes, Ordering::Relaxed);
    }

    /// In the text format of Prometheus (version 0.0.4).
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut say = |name: &str, about: &str, lines: Vec<(String, u64)>| {
            let _ = writeln!(text, "# HELP {name} {about}\n# TYPE {name} counter");
            for (labels, count) in lines {
                let _ = writeln!(text, "{name}{labels} {count}");
            }
        };
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = answered.iter().map(|((what, outcome), count)| {
            (format!("{{request=\"{what}\",outcome=\"{outcome}\"}}"), *count)
        });
        say("nightjar_hub_requests_total", "Requests answered, by outcome.", lines.collect());
        drop(answered);
        let one = |counter: &AtomicU64| vec![(String::new(), counter.load(Ordering::Relaxed))];
        say("nightjar_hub_received_bytes_total", "Bytes of bodies received.", one(&self.received));
        say("nightjar_hub_sent_bytes_total", "Bytes of bodies sent.", one(&self.sent));
        say("nightjar_hub_stored_envelopes_total", "Envelopes stored.", one(&self.stored));
        say("nightjar_hub_stored_chunks_total", "Chunks of attachments stored.", one(&self.chunks));
        say(
            "nightjar_hub_erased_envelopes_total",
            "Envelopes overwritten by withdrawals.",
            one(&self.erased),
        );
        text
    }
}
