//! The hub in this process, and the line to it, on which requests and answers are lost, doubled, late, cut and mixed up.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Request};
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use nightjar_hub::{Config, Hub, Rate};
use nightjar_sync::{Arrived, Carrier, Failure, Sent, TIME_HEADER, packed};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::found::Found;

/// What devices take for the address of the hub.
pub(super) const ADDRESS: &str = "http://127.0.0.1:1";
/// A phrase in everything that anybody writes.
pub(super) const CANARY: &str = "the moon over the river is green";
/// How far ahead the hub's time is told, in seconds: so that what is signed right after the hub was started again is not from before.
const AHEAD: u64 = 5;

/// A hub with its folder. A hub that equivocates has two.
pub(super) struct Face {
    pub(super) folder: PathBuf,
    hub: Option<Hub>,
}

impl Face {
    pub(super) fn open(folder: &Path, bytes: Option<u64>) -> Self {
        let mut face = Self { folder: folder.to_owned(), hub: None };
        face.start(bytes);
        face
    }

    /// Starts it. `bytes`: how large its database may be.
    pub(super) fn start(&mut self, bytes: Option<u64>) {
        let mut config = Config::new(&self.folder);
        // A schedule takes milliseconds for what a ward takes weeks for.
        let rate = Rate { burst: 1e12, per_second: 1e9 };
        (config.limits.requests_rate, config.limits.bytes_rate) = (rate, rate);
        config.limits.ranges_rate = rate;
        config.limits.database = bytes;
        self.hub = Some(Hub::open(&config).expect("the hub opens"));
    }

    /// Ends it without ado: what is committed is in its files.
    pub(super) fn stop(&mut self) {
        self.hub = None;
    }

    pub(super) fn setup_code(&self) -> String {
        self.hub.as_ref().and_then(Hub::setup_code).unwrap_or_default().to_owned()
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder.join("hub.sqlite3")
    }
}

/// What may happen to a request, and how often in a thousand.
const WEATHER: [(&str, u32); 9] = [
    ("request lost", 14),
    ("request late", 8),
    ("request cut", 6),
    ("request twice", 14),
    ("answer lost", 18),
    ("answer cut", 8),
    ("answer altered", 8),
    ("answer of another request", 10),
    ("request altered", 6),
];

pub(super) struct Inner {
    pub(super) faces: Vec<Face>,
    /// Which face a device sees, by its number; the first if it is not named.
    pub(super) sees: BTreeMap<usize, usize>,
    random: StdRng,
    pub(super) is_stormy: bool,
    /// A request that was not delivered yet, to arrive before a later one.
    late: Vec<(usize, Sent)>,
    /// The last answer to anybody.
    before: Option<Arrived>,
    pub(super) found: Found,
    /// Messages in which the canary was found.
    pub(super) sung: u64,
    /// Whether a byte near the end of the next answer to a greeting, which brings what is new, is altered on the way.
    pub(super) spoils_news: bool,
    /// So many requests get an answer before the line is cut; all, where nothing is said.
    pub(super) answers: Option<u32>,
}

/// The line of all devices of a schedule.
pub(super) struct Line(Mutex<Inner>);

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line")
    }
}

impl Line {
    pub(super) fn new(face: Face, seed: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Inner {
            faces: vec![face],
            sees: BTreeMap::new(),
            random: StdRng::seed_from_u64(seed),
            is_stormy: false,
            late: Vec::new(),
            before: None,
            found: Found::default(),
            sung: 0,
            spoils_news: false,
            answers: None,
        })))
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Clear weather, and nothing on its way any more.
    pub(super) fn calm(&self) {
        let mut inner = self.inner();
        inner.is_stormy = false;
        inner.late.clear();
    }

    /// The end of the line at a device.
    pub(super) fn end(self: &Arc<Self>, device: usize) -> Arc<dyn Carrier> {
        Arc::new(End { line: Arc::clone(self), device })
    }

    fn router(&self, device: usize) -> Option<axum::Router> {
        let inner = self.inner();
        let face = inner.sees.get(&device).copied().unwrap_or_default();
        inner.faces.get(face)?.hub.as_ref().map(Hub::router)
    }

    async fn deliver(&self, device: usize, sent: Sent) -> Result<Arrived, Failure> {
        self.listen(&sent.headers, &sent.body);
        let router = self.router(device).ok_or_else(unreachable)?;
        let mut request = Request::post(format!("{ADDRESS}{}", sent.path));
        if let Some(headers) = request.headers_mut() {
            *headers = sent.headers;
        }
        let request = request.body(Body::from(sent.body)).map_err(|_| unreachable())?;
        let answer = TowerToHyperService::new(router).call(request).await.map_err(|_| unreachable())?;
        let (mut head, body) = answer.into_parts();
        if let Some(time) =
            head.headers.get(TIME_HEADER).and_then(|time| time.to_str().ok()?.parse::<u64>().ok())
        {
            head.headers.insert(TIME_HEADER, HeaderValue::from(time + AHEAD));
        }
        let body = body.collect().await.map_err(|_| unreachable())?.to_bytes().to_vec();
        self.listen(&head.headers, &body);
        Ok(Arrived { status: head.status.as_u16(), headers: head.headers, body })
    }

    /// Whoever listens on the way looks for the canary.
    fn listen(&self, headers: &HeaderMap, body: &[u8]) {
        let is_packed = headers.get("content-encoding").is_some_and(|found| found == packed::ENCODING);
        let unpacked = if is_packed { packed::unpack(body, 4 << 20).ok() } else { None };
        if sings(unpacked.as_deref().unwrap_or(body)) {
            self.inner().sung += 1;
        }
    }

    async fn carry(&self, device: usize, sent: Sent) -> Result<Arrived, Failure> {
        if let Some(left) = &mut self.inner().answers {
            *left = left.checked_sub(1).ok_or_else(unreachable)?;
        }
        if sent.path.ends_with("/greet") && self.inner().spoils_news {
            let mut arrived = self.deliver(device, sent).await?;
            // A refusal brings nothing: the first greeting may be signed at another time than the hub's.
            if arrived.status == 200
                && let Some(byte) = arrived.body.iter_mut().rev().nth(20)
            {
                *byte ^= 0x10;
                self.inner().spoils_news = false;
            }
            return Ok(arrived);
        }
        let (fault, late) = {
            let mut inner = self.inner();
            inner.found.count("request");
            if !inner.is_stormy {
                (None, None)
            } else {
                let mut drawn = inner.random.random_range(0..1_000_u32);
                let fault = WEATHER.iter().find(|(_, often)| {
                    let here = drawn < *often;
                    drawn = drawn.saturating_sub(*often);
                    here
                });
                let fault = fault.map(|(fault, _)| *fault);
                if let Some(fault) = fault {
                    inner.found.count(fault);
                }
                let arrives = !inner.late.is_empty() && inner.random.random_ratio(1, 3);
                (fault, arrives.then(|| inner.late.remove(0)))
            }
        };
        if let Some((device, late)) = late {
            // Its answer finds nobody who waits for it.
            let _ = self.deliver(device, late).await;
        }
        let at = |bytes: usize| self.inner().random.random_range(0..bytes.max(1));
        match fault {
            Some("request lost") => Err(unreachable()),
            Some("request late") => {
                self.inner().late.push((device, sent));
                Err(Failure::TimedOut)
            }
            Some("request cut") => {
                let length = at(sent.body.len());
                let body = sent.body[..length].to_vec();
                self.arrived(self.deliver(device, Sent { body, ..sent }).await)
            }
            Some("request altered") => {
                let mut sent = sent;
                let place = at(sent.body.len());
                if let Some(byte) = sent.body.get_mut(place) {
                    *byte ^= 0x10;
                }
                self.arrived(self.deliver(device, sent).await)
            }
            Some("request twice") => {
                let first = self.deliver(device, sent.clone()).await;
                let second = self.deliver(device, sent).await;
                let which = self.inner().random.random::<bool>();
                self.arrived(if which { first } else { second })
            }
            Some("answer lost") => {
                let _ = self.deliver(device, sent).await;
                Err(Failure::TimedOut)
            }
            Some("answer cut") => {
                let mut arrived = self.deliver(device, sent).await?;
                arrived.body.truncate(at(arrived.body.len()));
                Ok(arrived)
            }
            Some("answer altered") => {
                let mut arrived = self.deliver(device, sent).await?;
                let place = at(arrived.body.len());
                if let Some(byte) = arrived.body.get_mut(place) {
                    *byte ^= 0x10;
                }
                Ok(arrived)
            }
            Some("answer of another request") => {
                let arrived = self.deliver(device, sent).await?;
                Ok(self.inner().before.replace(arrived.clone()).unwrap_or(arrived))
            }
            _ => self.arrived(self.deliver(device, sent).await),
        }
    }

    fn arrived(&self, arrived: Result<Arrived, Failure>) -> Result<Arrived, Failure> {
        if let Ok(arrived) = &arrived {
            self.inner().before = Some(arrived.clone());
        }
        arrived
    }
}

/// Whether a phrase that nobody may read here can be read, compressed or not.
pub(super) fn sings(bytes: &[u8]) -> bool {
    const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    let canary = CANARY.as_bytes();
    memchr::memmem::find(bytes, canary).is_some()
        || memchr::memmem::find_iter(bytes, &ZSTD).any(|at| {
            let Ok(mut open) = zstd::stream::read::Decoder::new(&bytes[at..]) else { return false };
            let mut plain = Vec::new();
            // As far as it goes: what follows a frame is no part of it.
            let _ = std::io::copy(&mut std::io::Read::take(&mut open, 1 << 20), &mut plain);
            memchr::memmem::find(&plain, canary).is_some()
        })
}

fn unreachable() -> Failure {
    Failure::Unreachable("the line is cut".into())
}

struct End {
    line: Arc<Line>,
    device: usize,
}

impl std::fmt::Debug for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the line at device {}", self.device)
    }
}

impl Carrier for End {
    fn carry<'a>(
        &'a self,
        sent: Sent,
    ) -> Pin<Box<dyn Future<Output = Result<Arrived, Failure>> + Send + 'a>> {
        Box::pin(self.line.carry(self.device, sent))
    }
}
