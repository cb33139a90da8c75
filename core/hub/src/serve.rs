//! Connections: at most so many, over TLS where the hub has a certificate, and none that only trickles.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use crate::{Failure, Limits};

/// Bytes of a request's head.
const HEAD: usize = 16 << 10;
/// How long nothing is accepted after the system refused a connection (too many open files).
const PAUSE: Duration = Duration::from_millis(100);

/// Answers until `stop` is done; then takes no new connection, and lets open ones finish within the time of grace.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Arc<rustls::ServerConfig>>,
    limits: Limits,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    let tls = tls.map(TlsAcceptor::from);
    let (room, graceful) = (Arc::new(Semaphore::new(limits.connections)), GracefulShutdown::new());
    let mut stop = std::pin::pin!(stop);
    loop {
        let place = tokio::select! {
            () = &mut stop => break,
            place = Arc::clone(&room).acquire_owned() => place.map_err(|_| Failure::Listen(std::io::ErrorKind::Other.into()))?,
        };
        let stream = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
        };
        // Small answers go out at once.
        let _ = stream.set_nodelay(true);
        let (router, watcher, tls) = (router.clone(), graceful.watcher(), tls.clone());
        tokio::spawn(async move {
            let _place = place;
            match tls {
                None => answer(stream, router, watcher, limits).await,
                Some(tls) => {
                    if let Ok(Ok(stream)) = tokio::time::timeout(limits.head, tls.accept(stream)).await {
                        answer(stream, router, watcher, limits).await;
                    }
                }
            }
        });
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(limits.grace) => {}
    }
    Ok(())
}

async fn answer<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    stream: S,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
    limits: Limits,
) {
    let mut http = http1::Builder::new();
    // Every reply tells the hub's time in a header of its own.
    http.auto_date_header(false);
    http.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(HEAD).keep_alive(true);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // A connection that breaks is its client's to notice.
    let _ = watcher.watch(connection).await;
}
