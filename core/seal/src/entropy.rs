//! The one door through which randomness comes in.

use std::convert::Infallible;

use hpke::rand_core::{TryCryptoRng, TryRng};

/// A source of secret random bytes. The caller owns it: nothing in this crate draws randomness by itself.
///
/// Keys, nonces and ids come from here, so outside tests it must be the operating system's generator. Closures are
/// sources too:
///
/// ```
/// # use nightjar_seal::{DeviceKeys, Entropy};
/// let mut system = |bytes: &mut [u8]| getrandom::fill(bytes).expect("the system has randomness");
/// let keys = DeviceKeys::generate(&mut system);
/// ```
pub trait Entropy {
    /// Fills all of `bytes`.
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> Entropy for F {
    fn fill(&mut self, bytes: &mut [u8]) {
        self(bytes);
    }
}

/// `N` fresh random bytes.
pub(crate) fn random<const N: usize>(entropy: &mut dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// Lets libraries that ask for an `Rng` draw from an [`Entropy`].
pub(crate) struct Adapter<'a>(pub(crate) &'a mut dyn Entropy);

impl TryRng for Adapter<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(random(self.0)))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(random(self.0)))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Adapter<'_> {}
