//! Nightjar for Kotlin, Swift and Python: thin conversions over the facade, and the only product crate that names UniFFI.

uniffi::setup_scaffolding!("nightjar");

/// The version of the core behind the bindings, as `major.minor.patch`.
#[uniffi::export]
pub fn core_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
