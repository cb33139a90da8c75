//! `nightjar hub serve`.

use std::future::Future;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::Path;

use nightjar_hub::{Config, Hub};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::command::HubCommand;
use crate::terminal::Screen;
use crate::trouble::Trouble;

/// The one line of JSON on standard output.
#[derive(Serialize)]
struct Listening<'a> {
    listening: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    setup_code: Option<&'a str>,
}

pub(crate) fn run(asked: &HubCommand, screen: &mut Screen) -> Result<(), Trouble> {
    let HubCommand::Serve { data, listen, until_stdin_closes } = asked;
    Runtime::new()?.block_on(serve(data, *listen, *until_stdin_closes, screen))
}

async fn serve(
    data: &Path,
    listen: SocketAddr,
    until_stdin_closes: bool,
    screen: &mut Screen,
) -> Result<(), Trouble> {
    let hub = Hub::open(&Config::new(data))?;
    let listener =
        TcpListener::bind(listen).await.map_err(|source| Trouble::Address { address: listen, source })?;
    let listening =
        Listening { listening: format!("http://{}", listener.local_addr()?), setup_code: hub.setup_code() };
    screen.line(serde_json::to_string(&listening).map_err(io::Error::from)?)?;
    let stop = stop(until_stdin_closes)?;
    Ok(hub.serve(listener, stop).await?)
}

/// Done when the system asks it to end, or, if asked for, when standard input closes.
fn stop(until_stdin_closes: bool) -> Result<impl Future<Output = ()> + Send + 'static, Trouble> {
    let asked = asked_to_end()?;
    let closed = until_stdin_closes.then(stdin_closed);
    Ok(async move {
        match closed {
            Some(closed) => tokio::select! {
                () = asked => {}
                // The thread that reads cannot end without saying so.
                _ = closed => {}
            },
            None => asked.await,
        }
    })
}

#[cfg(unix)]
pub(crate) fn asked_to_end() -> Result<impl Future<Output = ()> + Send + 'static, Trouble> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
pub(crate) fn asked_to_end() -> Result<impl Future<Output = ()> + Send + 'static, Trouble> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}

fn stdin_closed() -> oneshot::Receiver<()> {
    let (said, heard) = oneshot::channel();
    std::thread::spawn(move || {
        let mut piece = [0; 256];
        let mut stdin = io::stdin().lock();
        while !matches!(stdin.read(&mut piece), Ok(0) | Err(_)) {}
        // Nobody hears it when the hub has ended already.
        let _ = said.send(());
    });
    heard
}
