use nightjar_seal::{Refused, RequestSignature};

use crate::fixture::{World, altered};

#[test]
fn a_signature_holds_for_this_request_and_no_other() {
    let mut world = World::new();
    let (tablet, other) = (world.tablet.public(), world.evaluators[0].public());
    let signed =
        RequestSignature::sign(&world.tablet, "POST", "/v1/push", b"body", 1_700_000_000, &mut world.entropy);
    let sent = [&signed.encode()[..], b"body"].concat();
    let (received, body) = RequestSignature::split(&sent).unwrap();
    assert_eq!((&received, body), (&signed, &b"body"[..]));
    assert_eq!(received.verify(&tablet, "POST", "/v1/push", b"body"), Ok(()));
    for (method, path, body) in [
        ("GET", "/v1/push", &b"body"[..]),
        ("POST", "/v1/pull", b"body"),
        ("POST", "/v1/push", b"bodi"),
        // The same characters, cut elsewhere.
        ("POST/", "v1/push", b"body"),
    ] {
        assert!(matches!(received.verify(&tablet, method, path, body), Err(Refused::Altered { .. })));
    }
    assert!(matches!(received.verify(&other, "POST", "/v1/push", b"body"), Err(Refused::WrongDevice { .. })));
    let (mut later, mut again) = (signed.clone(), signed);
    later.time += 1;
    again.nonce = [0; 16];
    for altered in [later, again] {
        assert!(matches!(altered.verify(&tablet, "POST", "/v1/push", b"body"), Err(Refused::Altered { .. })));
    }
}

#[test]
fn altered_or_cut_bytes_never_verify() {
    let mut world = World::new();
    let tablet = world.tablet.public();
    let bytes =
        RequestSignature::sign(&world.tablet, "GET", "/v1/roster", b"", 5, &mut world.entropy).encode();
    for (at, bytes) in altered(&bytes) {
        let verified =
            RequestSignature::split(&bytes).and_then(|(s, _)| s.verify(&tablet, "GET", "/v1/roster", b""));
        assert!(verified.is_err(), "byte {at}");
    }
    for len in 0..bytes.len() {
        assert!(
            matches!(RequestSignature::split(&bytes[..len]), Err(Refused::Truncated { .. })),
            "{len} bytes"
        );
    }
}

#[test]
fn a_signature_for_one_use_does_not_hold_for_another() {
    let world = World::new();
    let signature = world.tablet.sign("applied vector", b"message");
    let public = world.tablet.public();
    assert_eq!(public.verify("applied vector", b"message", &signature), Ok(()));
    assert!(public.verify("chain head", b"message", &signature).is_err());
    assert!(public.verify("applied vecto", b"rmessage", &signature).is_err());
}
