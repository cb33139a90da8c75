//! The PIN of ward staff. It keeps people on a ward from opening the side of the screen that is for staff; it encrypts nothing, and
//! nothing that a respondent may do asks for it.
//!
//! After some wrong ones each next one waits, 30 seconds at most: a ward must always get in again, and a person with a quarter of an hour
//! tries some forty of a million.

use argon2::{Algorithm, Argon2, Params, Version};
use jiff::{SignedDuration, ToSpan, Zoned};
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

use crate::device::Device;
use crate::failure::Failure;
use crate::key::random;
use crate::view::PinView;

/// Fewest and most digits.
const DIGITS: std::ops::RangeInclusive<usize> = 6..=12;
/// Wrong ones that nobody waits for.
const FREE: u32 = 3;
/// Longest wait in seconds.
const LONGEST: i64 = 30;
/// Where it is kept: salt, what becomes of it, and how many wrong ones came since the last right one.
const PIN: &str = "staff.pin";
const SALT: usize = 16;
const HASH: usize = 32;

/// Until when nothing is tried.
#[derive(Default)]
pub(crate) struct PinWait(Mutex<Waiting>);

#[derive(Default)]
enum Waiting {
    /// Since the device was opened nobody has tried.
    #[default]
    Unknown,
    Until(Option<Zoned>),
}

struct Kept {
    salt: [u8; SALT],
    hash: Zeroizing<[u8; HASH]>,
    wrong: u32,
}

/// Sets the PIN, in place of one that was there.
pub(crate) fn set(device: &Device, pin: &str) -> Result<(), Failure> {
    if !DIGITS.contains(&pin.len()) || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
        let (least, most) = DIGITS.into_inner();
        return Err(Failure::Invalid(format!("a PIN has {least} to {most} digits")));
    }
    if is_simple(pin.as_bytes()) {
        return Err(Failure::Invalid(
            "the digits of a PIN are not all the same, and not one after the other".into(),
        ));
    }
    let salt = random()?;
    let hash = hashed(pin, &salt)?;
    let mut waiting = device.pin_wait.0.lock().unwrap_or_else(PoisonError::into_inner);
    keep(device, &Kept { salt, hash, wrong: 0 })?;
    *waiting = Waiting::Until(None);
    Ok(())
}

/// Whether one was set.
pub(crate) fn is_set(device: &Device) -> Result<bool, Failure> {
    Ok(device.vault.setting(PIN)?.is_some())
}

/// Tries a PIN. One that is tried too early counts for nothing, right or wrong.
pub(crate) fn attempt(device: &Device, pin: &str) -> Result<PinView, Failure> {
    // One at a time, so that many at once are not many.
    let mut waiting = device.pin_wait.0.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(mut kept) = read(device)? else { return Ok(PinView::NotSet) };
    let now = device.clock.now();
    if matches!(*waiting, Waiting::Unknown) {
        // Starting the program anew is no way around the wait.
        *waiting = Waiting::Until(after(&now, kept.wrong));
    }
    if let Waiting::Until(Some(until)) = &*waiting {
        let left = now.duration_since(until).as_secs().saturating_neg();
        if left > 0 {
            // A clock that was set back keeps nobody out for longer.
            let left = left.min(LONGEST);
            *waiting = Waiting::Until(now.checked_add(left.seconds()).ok());
            return Ok(PinView::Wait { seconds: left.unsigned_abs() });
        }
    }
    let right = *hashed(pin, &kept.salt)? == *kept.hash;
    kept.wrong = if right { 0 } else { kept.wrong.saturating_add(1) };
    keep(device, &kept)?;
    let until = after(&now, kept.wrong);
    let seconds = until.as_ref().map_or(0, |until| until.duration_since(&now).as_secs().unsigned_abs());
    *waiting = Waiting::Until(until);
    Ok(if right { PinView::Right } else { PinView::Wrong { seconds } })
}

/// When the next one may be tried: 1, 2, 4 … seconds after the third wrong one.
fn after(now: &Zoned, wrong: u32) -> Option<Zoned> {
    let over = wrong.checked_sub(FREE)?;
    let seconds = 1_i64.checked_shl(over).map_or(LONGEST, |seconds| seconds.clamp(1, LONGEST));
    now.checked_add(SignedDuration::from_secs(seconds)).ok()
}

fn is_simple(pin: &[u8]) -> bool {
    let steps = |step: i16| pin.windows(2).all(|two| i16::from(two[1]) - i16::from(two[0]) == step);
    [-1, 0, 1].into_iter().any(steps)
}

/// The first choice of OWASP for a device with little memory: Argon2id, 19 MiB, 2 passes.
fn hashed(pin: &str, salt: &[u8; SALT]) -> Result<Zeroizing<[u8; HASH]>, Failure> {
    let cost = Params::new(19 * 1024, 2, 1, Some(HASH)).map_err(Failure::internal)?;
    let mut out = Zeroizing::new([0; HASH]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, cost)
        .hash_password_into(pin.as_bytes(), salt, out.as_mut_slice())
        .map_err(Failure::internal)?;
    Ok(out)
}

fn keep(device: &Device, kept: &Kept) -> Result<(), Failure> {
    let bytes = Zeroizing::new([&kept.salt[..], kept.hash.as_slice(), &kept.wrong.to_le_bytes()].concat());
    Ok(device.vault.keep_setting(PIN, &bytes)?)
}

fn read(device: &Device) -> Result<Option<Kept>, Failure> {
    let Some(bytes) = device.vault.setting(PIN)?.map(Zeroizing::new) else { return Ok(None) };
    let read = || -> Option<Kept> {
        let (salt, rest) = bytes.split_first_chunk::<SALT>()?;
        let (hash, wrong) = rest.split_first_chunk::<HASH>()?;
        let wrong = u32::from_le_bytes(wrong.try_into().ok()?);
        Some(Kept { salt: *salt, hash: Zeroizing::new(*hash), wrong })
    };
    read().map(Some).ok_or_else(|| Failure::Corrupt("the PIN of staff; set it anew".into()))
}
