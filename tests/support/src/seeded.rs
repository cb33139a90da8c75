//! Randomness of this process that a test can seed: what the product takes from the operating system is then the same again in
//! the same order, and with it keys, names and places drawn by lot.
//!
//! The program that uses this has a function of its own in the place of the C library's `getrandom`, which is what the `getrandom`
//! crate and the standard library ask. Threads that were not seeded get what the operating system gives. Needs the link argument
//! `--export-dynamic-symbol=getrandom`, see `tests/simulation/build.rs`.

#![expect(unsafe_code, reason = "it stands in for a function of the C library")]

use std::cell::RefCell;
use std::fs::File;
use std::io::Read;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

thread_local! {
    static SEEDED: RefCell<Option<StdRng>> = const { RefCell::new(None) };
}

/// Seeds what this thread takes for the operating system's randomness from now on; with `None` it is that again.
pub fn seed(seed: Option<u64>) {
    SEEDED.with_borrow_mut(|seeded| *seeded = seed.map(StdRng::seed_from_u64));
}

/// Whether seeding has an effect in this program: the product is asked, not this module.
#[must_use]
pub fn is_in_force() -> bool {
    let mut drawn = [[0_u8; 16]; 2];
    for bytes in &mut drawn {
        seed(Some(1));
        if getrandom::fill(bytes).is_err() {
            return false;
        }
    }
    seed(None);
    drawn[0] == drawn[1]
}

/// In the place of the C library's function.
///
/// # Safety
/// As there: `buffer` has room for `length` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut u8, length: usize, _flags: u32) -> isize {
    if length == 0 {
        return 0;
    }
    // SAFETY: the caller says so.
    let bytes = unsafe { std::slice::from_raw_parts_mut(buffer, length) };
    // While a thread ends its seed may be gone already.
    let seeded = SEEDED.try_with(|seeded| {
        let mut seeded = seeded.try_borrow_mut().ok()?;
        seeded.as_mut()?.fill_bytes(bytes);
        Some(())
    });
    if matches!(seeded, Ok(Some(()))) {
        return length.cast_signed();
    }
    match File::open("/dev/urandom").and_then(|mut system| system.read_exact(bytes)) {
        Ok(()) => length.cast_signed(),
        Err(_) => -1,
    }
}
