//! `nightjar hub serve`.

use std::future::Future;
use std::io::{self, Read};
use std::net::SocketAddr;

use nightjar_hub::{At, Config, Hub, Tls};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::command::{HubCommand, ServeArgs, Whereabouts};
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
    match asked {
        HubCommand::Serve(asked) => Runtime::new()?.block_on(serve(asked, screen)),
        HubCommand::Admin(at) => admin(&at_of(at)?, screen),
        HubCommand::Backup { data, to } => {
            nightjar_hub::backup(data, to)?;
            screen.line(format_args!("{}: copied; `nightjar hub restore` puts it back", to.display()))
        }
        HubCommand::Restore { at, from } => {
            match (at_of(at)?, from) {
                (At::Url(url), _) => nightjar_hub::renew(&url)?,
                (At::Folder(data), Some(from)) => {
                    let restored = nightjar_hub::restore(&data, from)?;
                    if let Some(aside) = restored.aside {
                        screen.line(format_args!("what was there is now {}", aside.display()))?;
                    }
                }
                (At::Folder(_), None) => return Err(Trouble::NoDatabase),
            }
            screen.line(
                "Restored. Devices notice it with their next sync and offer again what the backup lacks.",
            )
        }
    }
}

fn at_of(at: &Whereabouts) -> Result<At, Trouble> {
    match (&at.data, &at.database) {
        (_, Some(url)) => Ok(At::Url(url.clone())),
        (Some(data), None) => Ok(At::Folder(data.clone())),
        (None, None) => Err(Trouble::NoDatabase),
    }
}

async fn serve(asked: &ServeArgs, screen: &mut Screen) -> Result<(), Trouble> {
    let mut config = Config::new(&asked.data);
    config.limits.study = asked.study_quota.map(|mib| mib.saturating_mul(1 << 20));
    config.tls = asked
        .tls_certificate
        .clone()
        .zip(asked.tls_key.clone())
        .map(|(certificate, key)| Tls { certificate, key });
    let mut pin = None;
    if asked.own_certificate {
        let own = Tls::own(&asked.data)?;
        pin = Some(own.pin()?);
        config.tls = Some(own);
    }
    config.database = asked.database.clone();
    // Opening blocks.
    let opened = tokio::task::spawn_blocking(move || Hub::open(&config)).await;
    let hub = opened.map_err(io::Error::other)??;
    let bind = async |address: SocketAddr| {
        TcpListener::bind(address).await.map_err(|source| Trouble::Address { address, source })
    };
    let listener = bind(asked.listen).await?;
    let scheme = if hub.is_tls() { "https" } else { "http" };
    let address = format!("{scheme}://{}", listener.local_addr()?);
    let listening = Listening {
        listening: pin.map_or_else(|| address.clone(), |pin| pin.behind(&address)),
        setup_code: hub.setup_code(),
    };
    if let Some(address) = asked.metrics {
        tokio::spawn(hub.metrics(bind(address).await?));
    }
    screen.line(serde_json::to_string(&listening).map_err(io::Error::from)?)?;
    let stop = stop(asked.until_stdin_closes)?;
    Ok(hub.serve(listener, stop).await?)
}

/// What a hub holds, in words.
fn admin(at: &At, screen: &mut Screen) -> Result<(), Trouble> {
    let studies = nightjar_hub::overview(at)?;
    if studies.is_empty() {
        return screen.line("no study was founded here");
    }
    for study in studies {
        screen.line(format_args!(
            "{} [{}]: {} devices, {} put out",
            study.title, study.tag, study.devices, study.put_out
        ))?;
        for scope in study.scopes {
            let last = scope.last.and_then(|at| jiff::Timestamp::from_second(i64::try_from(at).ok()?).ok());
            let last =
                last.map_or_else(String::new, |at| format!(", the last on {}", at.strftime("%Y-%m-%d")));
            screen.line(format_args!(
                "  {}: {} envelopes, {} bytes, {} records taken out{last}",
                scope.name, scope.envelopes, scope.bytes, scope.taken_out
            ))?;
        }
    }
    Ok(())
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
