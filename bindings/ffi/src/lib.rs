//! Nightjar for Kotlin, Swift and Python: thin conversions over the facade, and the only product crate that names UniFFI.
//!
//! Calls are synchronous and short but for `sync`, which is asynchronous; the hand-written layers of each language give
//! them that language's own shape. Call them off the UI thread: an answer waits for the disk.

#[cfg(feature = "full")]
mod evaluator;
mod failure;
mod observer;
mod page;
mod sitting;
mod tablet;
mod value;
mod view;

#[cfg(feature = "full")]
pub use evaluator::Evaluator;
pub use failure::Failure;
pub use observer::{Observed, Observer, Subscription};
pub use page::{ChoiceView, PageView, QuestionView, RepeatEndView};
pub use sitting::Sitting;
pub use tablet::{StudyPack, Tablet};
pub use value::Value;
pub use view::*;

uniffi::setup_scaffolding!("nightjar");

/// The version of the core behind the bindings, as `major.minor.patch`.
#[uniffi::export]
#[must_use]
pub fn core_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// A new 32-byte vault key from the operating system's randomness, for the platform's key store to keep.
///
/// # Errors
/// `Internal` when the operating system gives no randomness.
#[uniffi::export]
pub fn new_vault_key() -> Result<Vec<u8>, Failure> {
    Ok(nightjar::VaultKey::random()?.to_bytes().to_vec())
}

/// A vault's key from the bytes an app keeps in the platform's key store.
fn vault_key(bytes: &[u8]) -> Result<nightjar::VaultKey, Failure> {
    let bytes =
        bytes.try_into().map_err(|_| Failure::WrongKey { reason: "a vault key has 32 bytes".into() })?;
    Ok(nightjar::VaultKey::from_bytes(bytes))
}
