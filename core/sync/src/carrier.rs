//! Other ways to a hub than HTTP over TCP.

use std::fmt;
use std::pin::Pin;

use reqwest::header::HeaderMap;

use crate::Failure;

/// What carries requests to a hub in place of HTTP over TCP: for whoever has the hub in the same process.
pub trait Carrier: fmt::Debug + Send + Sync {
    /// Carries one request there, by POST, and the answer back.
    ///
    /// # Errors
    /// [`Failure::Unreachable`], [`Failure::TimedOut`].
    fn carry<'a>(&'a self, sent: Sent)
    -> Pin<Box<dyn Future<Output = Result<Arrived, Failure>> + Send + 'a>>;
}

/// A request on its way.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its path.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, compressed where a header says so.
    pub body: Vec<u8>,
}

/// An answer that came back.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, compressed where a header says so.
    pub body: Vec<u8>,
}
