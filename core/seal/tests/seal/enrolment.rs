use nightjar_seal::{EnrolmentRequest, Invitation, Refused, RootPublic, frames};

use crate::fixture::World;

fn request(world: &World) -> EnrolmentRequest {
    EnrolmentRequest { device: world.tablet.public(), label: "tablet 1, Alder".into() }
}

fn invitation(world: &World) -> Invitation {
    let (study, root, head) = (world.roster.study(), world.roster.root(), world.roster.head());
    let (hub, device) = ("https://hub.example:8443".into(), world.tablet.tag());
    Invitation { study, root, head, hub, device, until: 1_700_000_000, pass: None }
}

#[test]
fn texts_come_back_in_any_case_and_spacing() {
    let world = World::new();
    let (request, invitation) = (request(&world), invitation(&world));
    let (asked, invited) = (request.to_text(), invitation.to_text());
    assert!(asked.starts_with("nightjar-request:") && invited.starts_with("nightjar-invitation:"));
    let wrapped: String =
        asked.as_bytes().chunks(40).map(|line| format!(" {}\r\n", String::from_utf8_lossy(line))).collect();
    for text in [asked.clone(), asked.to_uppercase(), asked.to_lowercase(), wrapped] {
        assert_eq!(EnrolmentRequest::from_text(&text).unwrap(), request);
    }
    assert_eq!(Invitation::from_text(&invited).unwrap(), invitation);
    assert_eq!(
        invitation.to_text().len().max(asked.len()).min(400),
        invitation.to_text().len().max(asked.len()),
        "fits a QR code"
    );
}

#[test]
fn cut_short_anywhere_is_named_so() {
    let world = World::new();
    let (asked, invited) = (request(&world).to_text(), invitation(&world).to_text());
    for len in 1..asked.len() {
        assert!(
            matches!(EnrolmentRequest::from_text(&asked[..len]), Err(Refused::Truncated { .. })),
            "{len} characters"
        );
    }
    for len in 1..invited.len() {
        assert!(
            matches!(Invitation::from_text(&invited[..len]), Err(Refused::Truncated { .. })),
            "{len} characters"
        );
    }
}

#[test]
fn one_altered_character_anywhere_is_refused() {
    let world = World::new();
    let asked = request(&world).to_text();
    for at in 0..asked.len() {
        for other in ["a", "7", "1", "-", "ä"] {
            if asked[at..at + 1].eq_ignore_ascii_case(other) {
                continue;
            }
            let altered = format!("{}{other}{}", &asked[..at], &asked[at + 1..]);
            assert!(EnrolmentRequest::from_text(&altered).is_err(), "character {at} replaced by {other}");
        }
    }
}

#[test]
fn other_texts_are_named() {
    let world = World::new();
    let wrong = EnrolmentRequest::from_text(&invitation(&world).to_text()).unwrap_err();
    assert_eq!(wrong.to_string(), "this is not an enrolment request: it must begin with “nightjar-request:”");
    for text in ["", "hello", "nightjar", "ünïcödé, and a good deal of it"] {
        assert!(Invitation::from_text(text).is_err(), "{text}");
    }
    assert!(matches!(Invitation::from_text(&"x".repeat(200_000)), Err(Refused::Oversize { .. })));
    let more = format!("{}aaaaaaaa", request(&world).to_text());
    assert!(matches!(EnrolmentRequest::from_text(&more), Err(Refused::Altered { .. })));
}

#[test]
fn bounds_and_keys_are_checked_on_reading() {
    let world = World::new();
    let weak = Invitation { root: RootPublic([0; 32]), ..invitation(&world) };
    assert!(matches!(Invitation::from_text(&weak.to_text()), Err(Refused::WeakKey { .. })));
    let far = Invitation { hub: "x".repeat(513), ..invitation(&world) };
    assert!(matches!(Invitation::from_text(&far.to_text()), Err(Refused::Oversize { .. })));
    let nameless = EnrolmentRequest { label: " ".into(), ..request(&world) };
    assert!(matches!(EnrolmentRequest::from_text(&nameless.to_text()), Err(Refused::Malformed { .. })));
}

#[test]
fn fingerprints_are_short_and_differ() {
    let world = World::new();
    let (one, other) = (world.tablet.public().fingerprint(), world.evaluators[0].public().fingerprint());
    assert_eq!((one.len(), one.matches('-').count()), (14, 2));
    assert_ne!(one, other);
}

#[test]
fn a_long_text_comes_in_parts_in_any_order() {
    let world = World::new();
    let (invitation, other) = (invitation(&world), Invitation { until: 7, ..invitation(&world) });
    let text = invitation.to_text();
    assert_eq!(frames(&text, 5_000), [text.to_ascii_uppercase()], "one part is the text itself");
    for most in [64, 100, 200] {
        let parts = frames(&text, most);
        assert!(parts.len() > 1 && parts.iter().all(|part| part.len() <= most));
        assert!(
            parts.iter().all(|part| part
                .bytes()
                .all(|byte| b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".contains(&byte))),
            "the characters that a QR code packs best"
        );
        let read = |parts: &[String]| Invitation::from_text(&parts.join("\n"));
        assert_eq!(read(&parts).unwrap(), invitation);
        let mut turned = parts.clone();
        turned.reverse();
        turned.push(parts[0].to_ascii_lowercase());
        assert_eq!(read(&turned).unwrap(), invitation, "in any order, one twice");
        for missing in 0..parts.len() {
            let mut left = parts.clone();
            left.remove(missing);
            let (part, all) = (missing + 1, parts.len());
            assert_eq!(read(&left), Err(Refused::MissingPart { part, parts: all }));
            let mut mixed = parts.clone();
            mixed[missing] = frames(&other.to_text(), most)[missing].clone();
            assert!(matches!(read(&mixed), Err(Refused::Altered { .. })), "a part of another text");
        }
        assert!(EnrolmentRequest::from_text(&parts.join(" ")).is_err());
    }
    for wrong in [
        "nightjar-part:",
        "nightjar-part:0/1:A:B",
        "nightjar-part:2/1:A:B",
        "nightjar-part:1/99:A:B",
        "nightjar-part:+1/1:A:B",
    ] {
        assert!(matches!(Invitation::from_text(wrong), Err(Refused::Altered { .. })), "{wrong}");
    }
    assert!(matches!(Invitation::from_text(&"nightjar-part:".repeat(20_000)), Err(Refused::Oversize { .. })));
}
