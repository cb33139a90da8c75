//! The hub as a whole.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use nightjar_seal::{ClockKeys, RequestSignature};
use nightjar_sync::wire::{
    Applied, Chunk, ChunkAsk, ChunkOutcome, ClockAsked, ClockTold, Confirmation, ConfirmedAsk, Entry, Found,
    Greeting, Message, Outcome, Pass, Publication, PublishedAsk, Pull, Push, Ranges, Reason, Recall, Refusal,
};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::admission::Admission;
use crate::chunks;
use crate::confirmations::{self, Contacts};
use crate::erasure;
use crate::greet;
use crate::log::Place;
use crate::metrics::Metrics;
use crate::ranges::Known;
use crate::rates::Rates;
use crate::reply::now;
use crate::rosters::Rosters;
use crate::route::Route;
use crate::store::Store;
use crate::{Config, Failure, Limits, applied, published, router, serve, tls};

/// A hub on its folder.
pub struct Hub {
    inner: Arc<Inner>,
    setup_code: Option<String>,
    tls: Option<Arc<rustls::ServerConfig>>,
}

/// How much a hub holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Census {
    /// Studies founded.
    pub studies: u64,
    /// Sealed envelopes in all logs.
    pub envelopes: u64,
}

pub(crate) struct Inner {
    pub(crate) limits: Limits,
    pub(crate) turns: Semaphore,
    /// Places for bodies that are on their way.
    pub(crate) arriving: Semaphore,
    pub(crate) metrics: Metrics,
    store: Store,
    rates: Rates,
    rosters: Rosters,
    admission: Admission,
    contacts: Contacts,
    /// What logs hold, for comparing.
    known: Known,
    /// Places for comparisons, which work for long: an eighth of all turns, so that pushing and pulling goes on beside them.
    pub(crate) comparing: Semaphore,
}

impl Hub {
    /// Opens or creates a hub. Blocks while the database is opened.
    pub fn open(config: &Config) -> Result<Self, Failure> {
        let tls = config.tls.as_ref().map(tls::config).transpose()?;
        let (store, setup_code) = Store::open(config)?;
        let inner = Inner {
            metrics: Metrics::default(),
            rates: Rates::new(&config.limits),
            limits: config.limits,
            turns: Semaphore::new(config.limits.requests),
            arriving: Semaphore::new(config.limits.arriving),
            store,
            rosters: Rosters::default(),
            admission: Admission::new(&config.limits, now()),
            contacts: Contacts::default(),
            known: Known::default(),
            comparing: Semaphore::new((config.limits.requests / 8).max(1)),
        };
        Ok(Self { inner: Arc::new(inner), setup_code, tls })
    }

    /// The code that founding a study needs, to be shown to the operator only. There is a new one at every start until a study
    /// was founded, and then none: the last one shown stays good for further studies.
    pub fn setup_code(&self) -> Option<&str> {
        self.setup_code.as_deref()
    }

    /// How much it holds. Blocks.
    pub fn census(&self) -> Result<Census, Refusal> {
        self.inner.store.read(|tx| {
            let studies = tx.studies()?;
            let mut envelopes = 0;
            for study in &studies {
                envelopes += tx.scopes(*study)?.iter().map(|scope| scope.sequence).sum::<u64>();
            }
            Ok(Census { studies: studies.len() as u64, envelopes })
        })
    }

    /// Counters since the start, at `GET /metrics` in the text format of Prometheus: for an address of their own, which nobody but whoever
    /// runs the hub can reach. Ends when the listener fails.
    pub fn metrics(
        &self,
        listener: TcpListener,
    ) -> impl Future<Output = std::io::Result<()>> + Send + 'static {
        let router = router::metrics(self.inner.clone());
        async move { axum::serve(listener, router).await }
    }

    /// Whether it speaks TLS by itself.
    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// The hub as a router, to be served together with others.
    pub fn router(&self) -> Router {
        router::router(self.inner.clone())
    }

    /// Answers on `listener` until `shutdown` is done; then takes no new request, lets open ones finish within the time of
    /// grace, and leaves one whole database file.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Failure> {
        let router = self.router();
        serve::serve(listener, router, self.tls, self.inner.limits, shutdown).await?;
        let inner = self.inner;
        match tokio::task::spawn_blocking(move || inner.store.settle()).await {
            Ok(settled) => settled,
            Err(_) => Ok(()),
        }
    }
}

impl Inner {
    /// Whether something could be stored now.
    pub(crate) fn is_ready(&self) -> bool {
        self.store.is_ready()
    }

    /// Whether the database answers.
    pub(crate) fn is_well(&self) -> bool {
        self.store.read(|tx| tx.setup_code()).is_ok()
    }

    /// Answers one request. Blocks; nothing is acknowledged that is not on disk when it returns.
    pub(crate) fn counted(&self, route: Route, path: &str, body: &[u8]) -> Result<Vec<u8>, Refusal> {
        let result = self.answer(route, path, body);
        self.metrics.answered(route.name(), &result, body.len());
        result
    }

    fn answer(&self, route: Route, path: &str, body: &[u8]) -> Result<Vec<u8>, Refusal> {
        let place = |study, scope| Place { study, scope, incarnation: self.store.incarnation() };
        let now = now();
        let study = match route {
            Route::Found => {
                return self
                    .rosters
                    .found(&decode::<Found>(body)?, &self.store)
                    .map(|founded| founded.encode());
            }
            Route::Roster(study) => {
                let entry = decode::<Entry>(body)?;
                let (appended, erased) = self.rosters.append(study, &entry, &self.store)?;
                self.erased(erased);
                return Ok(appended.encode());
            }
            Route::Pass(study) => {
                self.rosters.take(study, &decode::<Pass>(body)?, now, &self.store)?;
                return Ok(Vec::new());
            }
            Route::Publish(study)
            | Route::Published(study)
            | Route::Clock(study)
            | Route::Greet(study)
            | Route::Push(study, _)
            | Route::Pull(study, _)
            | Route::Ranges(study, _)
            | Route::Applied(study, _)
            | Route::Recall(study, _)
            | Route::Confirm(study, _)
            | Route::Confirmed(study, _)
            | Route::Chunk(study, _)
            | Route::Chunks(study, _) => study,
        };
        let roster = self.rosters.of(study, &self.store)?;
        let (signature, body) = RequestSignature::split(body)
            .map_err(|_| Refusal::new(Reason::BadSignature, "this request has to be signed"))?;
        let member = self.admission.verify(&signature, &roster, path, body, now)?;
        // Before the nonce is remembered: what is remembered has room for everybody.
        self.rates.take(signature.device, body.len(), Instant::now())?;
        self.admission.once(&signature, now)?;
        let until = self.admission.until(now);
        if !self.store.first(&signature.device, &signature.nonce, until, now)? {
            return Err(Refusal::new(Reason::Replayed, "this request was seen before"));
        }
        self.contacts.note(study, signature.device, now, &self.store);
        match route {
            Route::Clock(_) => {
                let asked = decode::<ClockAsked>(body)?;
                // A time for a roster that is not here would be one for whatever its owner writes next.
                if asked.head != roster.head() {
                    let text = "the roster here has another end; sync first";
                    return Err(Refusal::new(Reason::ChainGap, text));
                }
                let clock = ClockKeys::from_bytes(&self.store.read(|tx| tx.clock())?);
                let stamp = clock.stamp(&study, &asked.head, now);
                Ok(ClockTold { clock: clock.public(), stamp }.encode())
            }
            Route::Publish(_) => {
                let publication = decode::<Publication>(body)?;
                let gone = self.store.write(|tx| published::publish(tx, &roster, &publication))?;
                if gone > 0 {
                    // What was replaced leaves the write-ahead log, too.
                    let _ = self.store.settle();
                }
                Ok(Vec::new())
            }
            Route::Published(_) => {
                let ask = decode::<PublishedAsk>(body)?;
                let published = self.store.read(|tx| published::asked(tx, study, &roster, &ask))?;
                Ok(published.encode())
            }
            Route::Greet(_) => {
                let greeting = decode::<Greeting>(body)?;
                let incarnation = self.store.incarnation();
                let greeted =
                    self.store.read(|tx| greet::welcome(tx, &greeting, incarnation, &roster, member))?;
                Ok(greeted.encode())
            }
            Route::Push(study, scope) => {
                let push = decode::<Push>(body)?;
                let (place, quota) = (place(study, scope), self.limits.study);
                let offered = place.judge(&push, member)?;
                let done = place.push(&self.store, &offered, now, quota)?;
                let stored = done.pushed.outcomes.iter().filter(|outcome| **outcome == Outcome::Stored);
                self.metrics.stored(stored.count() as u64);
                self.erased(done.erased);
                Ok(done.pushed.encode())
            }
            Route::Pull(study, scope) => {
                let pull = decode::<Pull>(body)?;
                let pulled = self.store.read(|tx| place(study, scope).pull(tx, &pull, member))?;
                Ok(pulled.encode())
            }
            Route::Ranges(study, scope) => {
                let question = decode::<Ranges>(body)?;
                self.rates.take_comparison(signature.device, Instant::now())?;
                let place = place(study, scope);
                Ok(place.ranges(&self.known, &self.store, (&question, body), member)?.encode())
            }
            Route::Applied(study, scope) => {
                let applied = decode::<Applied>(body)?;
                self.store.write(|tx| applied::publish(tx, study, scope, member, &applied))?;
                Ok(Vec::new())
            }
            Route::Recall(study, scope) => {
                let recall = decode::<Recall>(body)?;
                let recalled = self.store.read(|tx| erasure::recall(tx, place(study, scope), &recall))?;
                Ok(recalled.encode())
            }
            Route::Confirm(study, scope) => {
                let confirmation = decode::<Confirmation>(body)?;
                self.store.write(|tx| confirmations::publish(tx, study, scope, member, &confirmation))?;
                Ok(Vec::new())
            }
            Route::Confirmed(study, scope) => {
                let ask = decode::<ConfirmedAsk>(body)?;
                let confirmed = self.store.read(|tx| confirmations::of(tx, study, scope, &roster, &ask))?;
                Ok(confirmed.encode())
            }
            Route::Chunk(study, scope) => {
                let chunk = decode::<Chunk>(body)?;
                let (place, limits) = (place(study, scope), &self.limits);
                let outcome = self.store.write(|tx| chunks::put(tx, place, member, &chunk, limits))?;
                if outcome == ChunkOutcome::Stored {
                    self.metrics.stored_chunk();
                }
                Ok(outcome.encode())
            }
            Route::Chunks(study, scope) => {
                let ask = decode::<ChunkAsk>(body)?;
                let chunks = self.store.read(|tx| chunks::told(tx, place(study, scope), member, &ask))?;
                Ok(chunks.encode())
            }
            Route::Found | Route::Roster(_) | Route::Pass(_) => {
                Err(Refusal::new(Reason::NoSuchPath, "the hub has no such path"))
            }
        }
    }
}

impl Inner {
    /// What was erased leaves the write-ahead log, too. Where another process reads just now it leaves with a later write.
    fn erased(&self, envelopes: u64) {
        if envelopes > 0 {
            self.metrics.erased(envelopes);
            let _ = self.store.settle();
        }
    }
}

fn decode<M: Message>(body: &[u8]) -> Result<M, Refusal> {
    M::decode(body).map_err(|failure| Refusal::new(Reason::Malformed, failure.to_string()))
}
