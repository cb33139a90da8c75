//! Who may ask: devices of the roster, with a fresh signature over exactly this request.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use nightjar_seal::{DeviceTag, Member, RequestSignature, Roster};
use nightjar_sync::METHOD;
use nightjar_sync::wire::{Reason, Refusal};

use crate::Limits;

/// The requests admitted lately.
pub(crate) struct Admission {
    skew: u64,
    most: usize,
    /// What was signed before this hub started may have been admitted by the one before it, whose nonces are forgotten.
    started: u64,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    nonces: HashSet<(DeviceTag, [u8; 16])>,
    /// The same in order of admission, with the time after which a stamp is stale anyway.
    order: VecDeque<(u64, (DeviceTag, [u8; 16]))>,
}

impl Admission {
    pub(crate) fn new(limits: &Limits, started: u64) -> Self {
        Self { skew: limits.skew, most: limits.nonces, started, seen: Mutex::default() }
    }

    /// The member who asks, if it may ask at all.
    pub(crate) fn verify<'r>(
        &self,
        signature: &RequestSignature,
        roster: &'r Roster,
        path: &str,
        body: &[u8],
        now: u64,
    ) -> Result<&'r Member, Refusal> {
        let member =
            roster.member(&signature.device).filter(|member| member.revoked.is_none()).ok_or_else(|| {
                Refusal::new(Reason::UnknownDevice, "the roster has no such device, or has put it out")
            })?;
        signature
            .verify(&member.public, METHOD, path, body)
            .map_err(|_| Refusal::new(Reason::BadSignature, "the signature does not fit the request"))?;
        if signature.time.abs_diff(now) > self.skew || signature.time < self.started {
            return Err(Refusal::new(Reason::StaleTime, "signed at another time than the hub's"));
        }
        Ok(member)
    }

    /// When a signature that is admitted now is stale for certain: a signed time may lie `skew` ahead and stays good for another `skew`.
    pub(crate) fn until(&self, now: u64) -> u64 {
        now + 2 * self.skew
    }

    /// That a verified signature is admitted for the first time.
    pub(crate) fn once(&self, signature: &RequestSignature, now: u64) -> Result<(), Refusal> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((until, nonce)) = seen.order.front().copied() {
            if until >= now {
                break;
            }
            seen.order.pop_front();
            seen.nonces.remove(&nonce);
        }
        if seen.nonces.len() >= self.most {
            return Err(Refusal::new(Reason::Busy, "too many requests; come back later"));
        }
        let nonce = (signature.device, signature.nonce);
        if !seen.nonces.insert(nonce) {
            return Err(Refusal::new(Reason::Replayed, "this request was seen before"));
        }
        seen.order.push_back((self.until(now), nonce));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nightjar_seal::{Act, DeviceKeys, DocumentHash, Membership, RootKeys};

    fn entropy() -> impl FnMut(&mut [u8]) {
        |bytes| getrandom::fill(bytes).expect("randomness")
    }

    fn study(keys: &DeviceKeys) -> Roster {
        let root = RootKeys::generate(&mut entropy());
        let mut roster =
            Roster::found(&root, DocumentHash([0; 32]), "A study", &mut entropy()).expect("founds");
        let act = Act::Admit {
            device: keys.public(),
            label: "tablet 1".into(),
            membership: Membership::Tablet,
            grants: Vec::new(),
            epochs: Vec::new(),
        };
        roster.append(act, &root).expect("admits");
        roster
    }

    fn reason(result: Result<&Member, Refusal>) -> Option<Reason> {
        result.err().map(|refusal| refusal.reason)
    }

    #[test]
    fn a_signature_counts_once_near_the_hubs_time_and_for_one_request() {
        let keys = DeviceKeys::generate(&mut entropy());
        let roster = study(&keys);
        let admission = Admission::new(&Limits { skew: 300, nonces: 3, ..Limits::default() }, 1_000);
        let sign = |time| RequestSignature::sign(&keys, METHOD, "/p", b"body", time, &mut entropy());
        let ask = |signature: &RequestSignature, now| {
            let verified = admission.verify(signature, &roster, "/p", b"body", now);
            reason(verified.and_then(|member| admission.once(signature, now).map(|()| member)))
        };

        let good = sign(1_000);
        assert_eq!(
            reason(admission.verify(&good, &roster, "/q", b"body", 1_000)),
            Some(Reason::BadSignature)
        );
        assert_eq!(
            reason(admission.verify(&good, &roster, "/p", b"other", 1_000)),
            Some(Reason::BadSignature)
        );
        assert_eq!(ask(&good, 1_000), None);
        assert_eq!(ask(&good, 1_000), Some(Reason::Replayed));
        assert_eq!(ask(&good, 1_300), Some(Reason::Replayed));
        assert_eq!(ask(&good, 1_301), Some(Reason::StaleTime));
        assert_eq!(ask(&sign(999), 1_000), Some(Reason::StaleTime), "from before the hub started");
        assert_eq!(ask(&sign(0), 1_000), Some(Reason::StaleTime), "a tablet at 1970");
        assert_eq!(ask(&sign(4_000_000_000), 1_000), Some(Reason::StaleTime), "a tablet at 2099");

        let ahead = sign(1_300);
        assert_eq!(ask(&ahead, 1_000), None);
        assert_eq!(ask(&ahead, 1_600), Some(Reason::Replayed), "remembered as long as it is fresh");
        assert_eq!(ask(&sign(1_000), 1_000), None);
        assert_eq!(ask(&sign(1_000), 1_000), Some(Reason::Busy), "what is remembered is bounded");
        assert_eq!(ask(&sign(1_601), 1_601), None, "and forgotten when it is stale");

        let stranger = DeviceKeys::generate(&mut entropy());
        let signature = RequestSignature::sign(&stranger, METHOD, "/p", b"body", 1_700, &mut entropy());
        assert_eq!(ask(&signature, 1_700), Some(Reason::UnknownDevice));
    }
}
