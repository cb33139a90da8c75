//! Real components for the tests: the program that was built, a hub process on loopback, a disk that is full.

mod device;
mod full_disk;
mod hub;
mod line;
mod postgres;
mod program;
#[cfg(feature = "records")]
pub mod records;
#[cfg(all(feature = "seeded", target_os = "linux"))]
pub mod seeded;
mod skipped;
mod ward;
#[cfg(feature = "watched-disk")]
pub mod watched_disk;

pub use device::{Device, Face};
pub use full_disk::SmallDisk;
pub use hub::HubProcess;
pub use line::{Line, Passed, Weather};
pub use postgres::Postgres;
pub use program::{program, sleepwell};
pub use skipped::skip;
pub use ward::Ward;
