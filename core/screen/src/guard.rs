//! What stands before every page: whether a request comes from this screen's own browser, and is no larger than it may be.
//!
//! The screen has one address, with a secret in it that is new each time the program starts. It is all a browser has to know;
//! nothing is kept there. Whoever does not know it, or comes by another host name, or from another site's page, gets nothing.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use data_encoding::HEXLOWER;
use http_body_util::BodyExt;

/// Most bytes of what a page hands in.
const MAX_BODY: usize = 256 * 1024;
/// How much more is read and thrown away, so that whoever sends too much hears why.
const DRAINED: usize = 16 * 1024 * 1024;
/// Longest wait for what a page hands in.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of the secret in the address.
const SECRET: usize = 16;

/// What a browser may load and run: what this program serves, and nothing that stands in a page itself.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// What pages may ask the device for: nothing.
const PERMISSIONS: &str = "camera=(), microphone=(), geolocation=(), clipboard-read=(), display-capture=(), usb=(), serial=(), hid=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), idle-detection=()";

/// Where the screen is found.
pub(crate) struct Guard {
    host: String,
    origin: String,
    secret: String,
    /// Leads to the secret once.
    once: Mutex<Option<String>>,
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The page on display.
    Page,
    /// Something done on a page.
    Act,
    /// The way in that is good for once.
    Door,
    /// A file of the program: its name.
    Asset(String),
    /// A picture or recording of a form: its file name.
    Media(String),
}

/// Why nothing is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Another host name, site or content type.
    Foreign,
    /// No such address.
    Nothing,
    /// Neither GET nor POST.
    Method,
    /// Larger than a page hands in.
    TooLarge,
    /// Cut short, or it took too long.
    Broken,
}

impl Refusal {
    fn words(self) -> (StatusCode, &'static str) {
        match self {
            Self::Foreign => (StatusCode::FORBIDDEN, "this does not come from the ward screen\n"),
            Self::Nothing => (StatusCode::NOT_FOUND, "there is nothing at this address\n"),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "this address takes GET and POST\n"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "this is larger than any page hands in\n"),
            Self::Broken => (StatusCode::BAD_REQUEST, "what was handed in did not come whole\n"),
        }
    }

    /// The refusal as it is sent.
    pub(crate) fn response(self) -> Response<Body> {
        let (status, words) = self.words();
        respond(status, "text/plain; charset=utf-8", words.into())
    }
}

impl Guard {
    /// A guard with a new secret.
    pub(crate) fn new(at: SocketAddr) -> Result<Self, getrandom::Error> {
        let host = at.to_string();
        Ok(Self { origin: format!("http://{host}"), host, secret: drawn()?, once: Mutex::default() })
    }

    /// An address that leads to the screen once: for a browser that is given it where others on this device could read it.
    pub(crate) fn door(&self) -> Result<String, getrandom::Error> {
        let door = drawn()?;
        let address = format!("{}/{door}/", self.origin);
        *self.once.lock().unwrap_or_else(PoisonError::into_inner) = Some(door);
        Ok(address)
    }

    /// Whether this is the way in that is good for once; it is used up then.
    fn is_door(&self, method: &Method, secret: &str, rest: &str) -> bool {
        let mut once = self.once.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = method == Method::GET
            && rest.is_empty()
            && once.as_ref().is_some_and(|door| same(secret.as_bytes(), door.as_bytes()));
        if is_it {
            *once = None;
        }
        is_it
    }

    /// The address of the screen.
    pub(crate) fn home(&self) -> String {
        format!("{}{}", self.origin, self.path())
    }

    /// The path of every page.
    pub(crate) fn path(&self) -> String {
        format!("/{}/", self.secret)
    }

    /// What a request asks for, if it may.
    pub(crate) fn admit(&self, request: &Parts) -> Result<Asked, Refusal> {
        if only(&request.headers, &HOST) != Some(self.host.as_bytes()) {
            return Err(Refusal::Foreign);
        }
        if request.uri.authority().is_some_and(|authority| authority.as_str() != self.host) {
            return Err(Refusal::Foreign);
        }
        let path = request.uri.path().strip_prefix('/').and_then(|path| path.split_once('/'));
        let (secret, rest) = path.ok_or(Refusal::Nothing)?;
        if request.uri.query().is_none() && self.is_door(&request.method, secret, rest) {
            return Ok(Asked::Door);
        }
        if !same(secret.as_bytes(), self.secret.as_bytes()) || request.uri.query().is_some() {
            return Err(Refusal::Nothing);
        }
        match request.headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
            None | Some(b"same-origin") => {}
            // Typed, or opened by the kiosk itself.
            Some(b"none") if request.method == Method::GET && rest.is_empty() => {}
            Some(_) => return Err(Refusal::Foreign),
        }
        match (&request.method, rest.split_once('/')) {
            (&Method::GET, None) if rest.is_empty() => Ok(Asked::Page),
            (&Method::POST, None) if rest.is_empty() => {
                let from_here = only(&request.headers, &ORIGIN) == Some(self.origin.as_bytes());
                let typed = only(&request.headers, &CONTENT_TYPE).is_some_and(is_form);
                match from_here && typed {
                    true => Ok(Asked::Act),
                    false => Err(Refusal::Foreign),
                }
            }
            (&Method::GET, Some(("a", name))) => Ok(Asked::Asset(name.to_owned())),
            (&Method::GET, Some(("m", name))) => Ok(Asked::Media(name.to_owned())),
            (&Method::GET | &Method::POST, _) => Err(Refusal::Nothing),
            _ => Err(Refusal::Method),
        }
    }
}

fn drawn() -> Result<String, getrandom::Error> {
    let mut secret = [0; SECRET];
    getrandom::fill(&mut secret)?;
    Ok(HEXLOWER.encode(&secret))
}

fn is_form(kind: &[u8]) -> bool {
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default();
    kind.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

/// A header that stands there once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h [u8]> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?;
    all.next().is_none().then(|| first.as_bytes())
}

/// Compares without telling by the time it takes where they differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

/// What a page hands in, whole.
pub(crate) async fn body(body: Body) -> Result<Vec<u8>, Refusal> {
    tokio::time::timeout(PATIENCE, read(body)).await.unwrap_or(Err(Refusal::Broken))
}

async fn read(mut body: Body) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(chunk) = frame.map_err(|_| Refusal::Broken)?.into_data() else { continue };
        length = length.saturating_add(chunk.len());
        if length <= MAX_BODY {
            bytes.extend_from_slice(&chunk);
        } else if length <= DRAINED {
            bytes = Vec::new();
        } else {
            break;
        }
    }
    if length > MAX_BODY { Err(Refusal::TooLarge) } else { Ok(bytes) }
}

/// A response with everything that keeps it here: no store, no frame, no script or style of its own, no other site.
pub(crate) fn respond(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert("permissions-policy", HeaderValue::from_static(PERMISSIONS));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
mod tests {
    use axum::http::Request;

    use super::*;

    fn asked(
        guard: &Guard,
        change: impl FnOnce(&mut Parts),
        method: Method,
        path: &str,
    ) -> Result<Asked, Refusal> {
        let mut request = Request::new(()).into_parts().0;
        request.method = method;
        request.uri = path.parse().unwrap();
        request.headers.insert(HOST, guard.host.parse().unwrap());
        request.headers.insert(ORIGIN, guard.origin.parse().unwrap());
        request.headers.insert(CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
        change(&mut request);
        guard.admit(&request)
    }

    #[test]
    fn only_its_own_browser_gets_anything() {
        let guard = Guard::new(([127, 0, 0, 1], 4000).into()).unwrap();
        let home = guard.path();
        let as_it_is = |_: &mut Parts| {};
        assert_eq!(asked(&guard, as_it_is, Method::GET, &home), Ok(Asked::Page));
        assert_eq!(asked(&guard, as_it_is, Method::POST, &home), Ok(Asked::Act));
        assert_eq!(asked(&guard, as_it_is, Method::PUT, &home), Err(Refusal::Method));
        let asset = format!("{home}a/screen.css");
        assert_eq!(asked(&guard, as_it_is, Method::GET, &asset), Ok(Asked::Asset("screen.css".into())));
        for path in ["/", "/a/screen.css", &home[..home.len() - 1], &format!("{home}?x"), &format!("{home}x")]
        {
            assert_eq!(asked(&guard, as_it_is, Method::GET, path), Err(Refusal::Nothing), "{path}");
        }
        // The way in is good for once.
        let door = guard.door().unwrap();
        let door = door.strip_prefix(&guard.origin).unwrap();
        assert_eq!(asked(&guard, as_it_is, Method::POST, door), Err(Refusal::Nothing));
        assert_eq!(asked(&guard, as_it_is, Method::GET, door), Ok(Asked::Door));
        assert_eq!(asked(&guard, as_it_is, Method::GET, door), Err(Refusal::Nothing));
        // A name that somebody made to point here.
        let rebound = |request: &mut Parts| {
            request.headers.insert(HOST, "evil.example:4000".parse().unwrap());
        };
        assert_eq!(asked(&guard, rebound, Method::GET, &home), Err(Refusal::Foreign));
        let twice = |request: &mut Parts| {
            request.headers.append(HOST, "evil.example".parse().unwrap());
        };
        assert_eq!(asked(&guard, twice, Method::GET, &home), Err(Refusal::Foreign));
        for (name, value) in [
            ("origin", "http://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "none"),
            ("content-type", "text/plain"),
        ] {
            let foreign = |request: &mut Parts| {
                request.headers.insert(name, value.parse().unwrap());
            };
            assert_eq!(asked(&guard, foreign, Method::POST, &home), Err(Refusal::Foreign), "{name}: {value}");
        }
        let without = |request: &mut Parts| {
            request.headers.remove(ORIGIN);
        };
        assert_eq!(asked(&guard, without, Method::POST, &home), Err(Refusal::Foreign));
    }
}
