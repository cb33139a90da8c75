//! The way to a hub over HTTP/1.1, by reqwest and rustls.
//!
//! TLS takes the roots of Mozilla's list that is compiled in, or the one key that a [pin](crate::Pin) names, and *ring*: nothing asks the
//! platform, so nothing can fail on a phone that has no verifier set up. Plain `http` is allowed only to this machine and to private networks, where no public
//! certificate can be had: bodies are sealed and requests signed either way, so what plain `http` gives away beyond TLS is
//! which device speaks, and to whom.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nightjar_seal::{DeviceKeys, Entropy, RequestSignature};
use reqwest::Url;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE as CONTENT_TYPE_HEADER, HeaderMap, HeaderValue,
};
use reqwest::redirect::Policy;

use crate::carrier::{Carrier, Sent};
use crate::http_message::{CONTENT_TYPE, METHOD, Request, Response, TIME_HEADER};
use crate::packed::{self, ENCODING};
use crate::trust::OnlyThis;
use crate::wire::{Message, Reason, Refusal};
use crate::{Failure, Pin, bounds};

/// How long a transport waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the next byte of an answer.
    pub silence: Duration,
    /// For one request and its answer together. 1 MiB takes about 8 s at 1 Mbit/s.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(10), silence: seconds(30), whole: seconds(120) }
    }
}

/// Bytes over the wire: request and status lines, headers and bodies, without TLS and TCP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests sent.
    pub requests: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
}

/// How paths end whose answers may be large.
const LARGE: &str = "/pull";

/// How long a connection is kept for the next request: less than a hub keeps it.
const IDLE: Duration = Duration::from_secs(20);

impl Traffic {
    /// What came after an earlier moment.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            requests: self.requests - before.requests,
            sent: self.sent - before.sent,
            received: self.received - before.received,
        }
    }
}

/// How requests go.
#[derive(Debug)]
enum Way {
    /// Over connections that are kept open between requests.
    Http { base: Url, client: reqwest::Client },
    /// By somebody else.
    Carried(Arc<dyn Carrier>),
}

/// The way to one hub.
#[derive(Debug)]
pub struct Transport {
    way: Way,
    started: Instant,
    /// What this device believes the time to be at `started`, in seconds since 1970.
    believed: u64,
    /// The hub's time when `started`, in seconds since 1970; learnt from its replies.
    hub_start: Mutex<Option<i128>>,
    requests: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

impl Transport {
    /// A transport to the hub at `address`, such as `https://hub.example.org`, `https://192.168.1.20:8420#pin=…` with the
    /// [hash of its key](crate::Pin), or `http://192.168.1.20:8420`. Connects later.
    pub fn new(address: &str, patience: Patience) -> Result<Self, Failure> {
        let (base, pin) = parse(address)?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(pin)?)
            .pool_idle_timeout(IDLE)
            .http1_only()
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(patience.connect)
            .read_timeout(patience.silence)
            .timeout(patience.whole)
            .build()
            .map_err(|source| Failure::Unreachable(source.into()))?;
        Ok(Self::by(Way::Http { base, client }))
    }

    /// The same by what somebody else carries.
    ///
    /// # Errors
    /// [`Failure::Address`].
    pub fn carried_by(address: &str, carrier: Arc<dyn Carrier>) -> Result<Self, Failure> {
        parse(address).map(|_| Self::by(Way::Carried(carrier)))
    }

    fn by(way: Way) -> Self {
        Self {
            way,
            started: Instant::now(),
            believed: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            hub_start: Mutex::new(None),
            requests: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
        }
    }

    /// The same on a device that goes by another clock than the system's: it believes that it is now so many seconds after 1970.
    #[must_use]
    pub fn believing(self, now: u64) -> Self {
        Self { believed: now, ..self }
    }

    /// Bytes over the wire since the transport was made.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
        }
    }

    /// The hub's time in seconds since 1970-01-01 UTC, once it has answered anything.
    pub fn hub_time(&self) -> Option<u64> {
        let start = *self.hub_start.lock().unwrap_or_else(PoisonError::into_inner);
        start.and_then(|start| u64::try_from(start + i128::from(self.started.elapsed().as_secs())).ok())
    }

    /// Whether a request that was begun goes on while whoever sent it does something else.
    #[must_use]
    pub fn goes_on_by_itself(&self) -> bool {
        matches!(self.way, Way::Http { .. })
    }

    /// Sends one request, signed by these keys where it has to be, and reads the answer. A refusal is an answer.
    ///
    /// As long as the hub's time is not known, this device's clock is taken for it. Where that is wrong, the hub refuses the first
    /// signature as stale and tells its time; the request is then signed and sent once more.
    pub async fn send(
        &self,
        request: &Request,
        keys: &DeviceKeys,
        entropy: &mut (dyn Entropy + Send),
    ) -> Result<Response, Failure> {
        let response = self.send_once(request, keys, entropy).await?;
        if request.signed && is_stale(&response) {
            return self.send_once(request, keys, entropy).await;
        }
        Ok(response)
    }

    async fn send_once(
        &self,
        request: &Request,
        keys: &DeviceKeys,
        entropy: &mut (dyn Entropy + Send),
    ) -> Result<Response, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE_HEADER, HeaderValue::from_static(CONTENT_TYPE));
        let mut body = Vec::with_capacity(RequestSignature::LEN + request.body.len());
        if request.signed {
            let time = self.hub_time().unwrap_or_else(|| self.believed + self.started.elapsed().as_secs());
            let signature = RequestSignature::sign(keys, METHOD, &request.path, &request.body, time, entropy);
            body.extend_from_slice(&signature.encode());
        }
        body.extend_from_slice(&request.body);
        if let Some(packed) = packed::pack(&body) {
            body = packed;
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(ENCODING));
        }
        if request.path.ends_with(LARGE) {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(ENCODING));
        }
        let line = METHOD.len() + 1 + request.path.len() + " HTTP/1.1\r\n".len();
        let sent = line + lengths(&headers) + self.added(body.len()) + body.len();
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.sent.fetch_add(sent as u64, Ordering::Relaxed);
        self.exchange(Sent { path: request.path.clone(), headers, body }).await
    }

    /// Sends what was signed, and reads the answer.
    async fn exchange(&self, sent: Sent) -> Result<Response, Failure> {
        let (base, client) = match &self.way {
            Way::Http { base, client } => (base, client),
            Way::Carried(carrier) => {
                let arrived = carrier.carry(sent).await?;
                let hub_time = self.is_hub(arrived.status, &arrived.headers)?;
                self.received.fetch_add(arrived.body.len() as u64, Ordering::Relaxed);
                if arrived.body.len() > bounds::REPLY_BYTES {
                    return Err(Failure::TooLarge { limit: bounds::REPLY_BYTES });
                }
                return self.answered(arrived.status, hub_time, &arrived.headers, arrived.body);
            }
        };
        let url = base.join(&sent.path).map_err(|_| Failure::Address(sent.path.clone()))?;
        let sending = client.post(url).headers(sent.headers).body(sent.body).send();
        let mut answer = sending.await.map_err(failure)?;
        let status = answer.status().as_u16();
        let hub_time = self.is_hub(status, answer.headers())?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failure)? {
            self.received.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            if body.len() + chunk.len() > bounds::REPLY_BYTES {
                return Err(Failure::TooLarge { limit: bounds::REPLY_BYTES });
            }
            body.extend_from_slice(&chunk);
        }
        self.answered(status, hub_time, answer.headers(), body)
    }

    /// That a hub answers, by the head of its answer. The hub's time.
    fn is_hub(&self, status: u16, headers: &HeaderMap) -> Result<u64, Failure> {
        let received = lengths(headers) + "HTTP/1.1 200 OK\r\n\r\n".len();
        self.received.fetch_add(received as u64, Ordering::Relaxed);
        let not_a_hub = |why| Failure::NotAHub { status, why };
        if headers.get(CONTENT_TYPE_HEADER).is_none_or(|found| found.as_bytes() != CONTENT_TYPE.as_bytes()) {
            return Err(not_a_hub("its content is of another type"));
        }
        time_of(headers).ok_or_else(|| not_a_hub("it does not say what time it is"))
    }

    /// A whole answer, unpacked.
    fn answered(
        &self,
        status: u16,
        hub_time: u64,
        headers: &HeaderMap,
        body: Vec<u8>,
    ) -> Result<Response, Failure> {
        let start = i128::from(hub_time) - i128::from(self.started.elapsed().as_secs());
        *self.hub_start.lock().unwrap_or_else(PoisonError::into_inner) = Some(start);
        let is_packed = headers.get(CONTENT_ENCODING).is_some_and(|found| found == ENCODING);
        let body = if is_packed { packed::unpack(&body, bounds::REPLY_BYTES)? } else { body };
        Ok(Response { status, body })
    }
}

/// What headers take in a head, in bytes.
fn lengths(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

impl Transport {
    /// Bytes that the HTTP library adds to a request's head: where it goes, how long it is, and what it takes.
    fn added(&self, length: usize) -> usize {
        let host = match &self.way {
            Way::Http { base, .. } => {
                let port = base.port().map_or(0, |port| 1 + port.to_string().len());
                base.host_str().map_or(0, str::len) + port
            }
            Way::Carried(_) => 0,
        };
        let headers = [
            "host".len() + host,
            "accept".len() + "*/*".len(),
            "content-length".len() + length.to_string().len(),
        ];
        headers.iter().map(|header| header + 4).sum::<usize>() + 2
    }
}

fn is_stale(response: &Response) -> bool {
    response.status == Reason::StaleTime.status()
        && Refusal::decode(&response.body).is_ok_and(|refusal| refusal.reason == Reason::StaleTime)
}

fn time_of(headers: &HeaderMap) -> Option<u64> {
    headers.get(TIME_HEADER)?.to_str().ok()?.parse().ok()
}

fn failure(error: reqwest::Error) -> Failure {
    if error.is_timeout() { Failure::TimedOut } else { Failure::Unreachable(error.into()) }
}

fn tls(pin: Option<Pin>) -> Result<rustls::ClientConfig, Failure> {
    let crypto = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(crypto.clone())
        .with_safe_default_protocol_versions()
        .map_err(|source| Failure::Unreachable(source.into()))?;
    let config = match pin {
        Some(pin) => config.dangerous().with_custom_certificate_verifier(Arc::new(OnlyThis { pin, crypto })),
        None => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
            config.with_root_certificates(roots)
        }
    };
    Ok(config.with_no_client_auth())
}

/// Reads a hub's address: scheme, host and port, and for `https` the pin of its key; nothing else.
fn parse(address: &str) -> Result<(Url, Option<Pin>), Failure> {
    let wrong = |why: &str| Failure::Address(format!("{address}: {why}"));
    if address.contains('@') {
        // Not repeated in the message: what stands before an @ may be a password.
        return Err(Failure::Address("an address has no user name or password".to_owned()));
    }
    let (address, pin) =
        Pin::split(address.trim()).ok_or_else(|| wrong("the pin behind it is not whole: copy all of it"))?;
    let url = Url::parse(address).map_err(|_| wrong("it should look like https://hub.example.org"))?;
    let host = url.host_str().ok_or_else(|| wrong("it names no host"))?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("nothing may follow host and port"));
    }
    match url.scheme() {
        "https" => Ok((url, pin)),
        "http" if pin.is_some() => Err(wrong("with a pin it has to be https")),
        "http" if is_near(host) => Ok((url, None)),
        "http" => Err(wrong("outside this machine and private networks it has to be https")),
        _ => Err(wrong("it should begin with https://")),
    }
}

/// This machine, a private network, or a name that only resolves in one.
fn is_near(host: &str) -> bool {
    match host.trim_start_matches('[').trim_end_matches(']').parse() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        Err(_) => !host.contains('.') || host.ends_with(".local") || host.ends_with(".internal"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PINNED: &str = "https://192.168.1.20:8420#pin=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    #[test]
    fn only_addresses_of_hubs_are_taken() {
        let good = [
            "https://hub.example.org",
            "https://hub.example.org:8443/",
            "http://127.0.0.1:8420",
            "http://[::1]:1",
        ];
        for address in good.into_iter().chain([
            "http://192.168.1.20:8420",
            "http://hub.local",
            "http://localhost:80",
            PINNED,
        ]) {
            assert!(Transport::new(address, Patience::default()).is_ok(), "{address}");
        }
        let bad = [
            "",
            "hub.example.org",
            "ftp://hub",
            "http://hub.example.org",
            "http://8.8.8.8",
            "https://hub/path",
        ];
        let badly_pinned = [&PINNED[..PINNED.len() - 1], &PINNED.replacen("https", "http", 1)];
        for address in
            bad.into_iter().chain(["https://a:b@hub.example.org", "https://hub?x"]).chain(badly_pinned)
        {
            let failure = Transport::new(address, Patience::default()).expect_err(address);
            assert!(matches!(failure, Failure::Address(_)), "{address}");
            assert!(!failure.to_string().contains("a:b"), "{failure}");
        }
    }
}
