//! The UniFFI generator for Kotlin and Swift, built from the version the library uses.

fn main() {
    uniffi::uniffi_bindgen_main()
}
