//! A line between devices and a hub on this machine: it counts what passes, and may be slow, narrow or cut.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a line does to what passes. The default leaves it alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// How long a byte takes from one end to the other.
    pub delay: Duration,
    /// Bytes a second each way; without a limit if absent.
    pub rate: Option<u64>,
    /// After so many bytes of a connection from the device, both its ends are closed; the byte that would be one more does not arrive.
    pub cut_up: Option<u64>,
    /// The same for bytes from the hub.
    pub cut_down: Option<u64>,
}

/// Bytes and connections since they were last asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passed {
    /// Bytes from devices.
    pub up: u64,
    /// Bytes from the hub.
    pub down: u64,
    /// Connections.
    pub connections: u64,
}

/// The line. New connections follow the weather of the moment; those that are open keep what they began with.
pub struct Line {
    /// The end that devices know, such as `127.0.0.1:40123`.
    pub near: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    far: Mutex<SocketAddr>,
    weather: Mutex<Weather>,
    up: AtomicU64,
    down: AtomicU64,
    connections: AtomicU64,
    open: Mutex<Vec<TcpStream>>,
}

impl Line {
    /// A line to a port of this machine.
    ///
    /// # Panics
    /// When no port is free.
    #[must_use]
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let near = listener.local_addr().expect("it has an address");
        let shared = Arc::new(Shared {
            far: Mutex::new(SocketAddr::from(([127, 0, 0, 1], port))),
            weather: Mutex::default(),
            up: AtomicU64::new(0),
            down: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            open: Mutex::default(),
        });
        let accepting = shared.clone();
        // Ends with the process: nothing tells a blocked `accept` to.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = accepting.clone();
                std::thread::spawn(move || connected(stream, &shared));
            }
        });
        Self { near, shared }
    }

    /// From now on connections lead to another port.
    pub fn lead_to(&self, port: u16) {
        lock(&self.shared.far).set_port(port);
    }

    /// The weather for connections from now on.
    pub fn weather(&self, weather: Weather) {
        *lock(&self.shared.weather) = weather;
    }

    /// Closes every connection that is open.
    pub fn hang_up(&self) {
        for end in lock(&self.shared.open).drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// What has passed since this was last asked for.
    #[must_use]
    pub fn take(&self) -> Passed {
        let taken = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        let Shared { up, down, connections, .. } = &*self.shared;
        Passed { up: taken(up), down: taken(down), connections: taken(connections) }
    }
}

fn lock<T>(value: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connected(near: TcpStream, shared: &Arc<Shared>) {
    shared.connections.fetch_add(1, Ordering::Relaxed);
    let (far, weather) = (*lock(&shared.far), *lock(&shared.weather));
    // Nobody listens there: the device sees its connection closed.
    let Ok(far) = TcpStream::connect(far) else { return };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let (Ok(near_out), Ok(far_out)) = (near.try_clone(), far.try_clone()) else { return };
    lock(&shared.open).extend([near.try_clone(), far.try_clone()].into_iter().flatten());
    let up = shared.clone();
    std::thread::spawn(move || carry(near, far_out, weather, weather.cut_up, &up.up));
    carry(far, near_out, weather, weather.cut_down, &shared.down);
}

/// Carries bytes one way until one end closes or the line is cut.
fn carry(mut from: TcpStream, to: TcpStream, weather: Weather, cut: Option<u64>, count: &AtomicU64) {
    let Ok(ends) = from.try_clone().and_then(|from| Ok([from, to.try_clone()?])) else { return };
    let (send, due) = channel();
    let writer = std::thread::spawn(move || deliver(to, &due));
    let mut left = cut.unwrap_or(u64::MAX);
    let mut free = Instant::now();
    let mut bytes = vec![0; if weather.rate.is_some() { 1_448 } else { 64 << 10 }];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        let passes = (read as u64).min(left);
        left -= passes;
        count.fetch_add(passes, Ordering::Relaxed);
        let now = Instant::now();
        if let Some(rate) = weather.rate {
            free = free.max(now) + Duration::from_secs_f64(passes as f64 / rate as f64);
            // A sender feels how narrow the line is; what is on its way is no more than what a router would hold.
            if let Some(early) = free.checked_duration_since(now + Duration::from_millis(100)) {
                std::thread::sleep(early);
            }
        }
        let arrives = free.max(now) + weather.delay;
        if passes > 0 && send.send((arrives, bytes[..passes as usize].to_vec())).is_err() {
            break;
        }
        if left == 0 {
            drop(send);
            let _ = writer.join();
            for end in ends {
                let _ = end.shutdown(Shutdown::Both);
            }
            return;
        }
    }
    drop(send);
    let _ = writer.join();
}

fn deliver(mut to: TcpStream, due: &Receiver<(Instant, Vec<u8>)>) {
    while let Ok((arrives, bytes)) = due.recv() {
        if let Some(early) = arrives.checked_duration_since(Instant::now()) {
            std::thread::sleep(early);
        }
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
