use nightjar_seal::{EnrolmentRequest, Invitation, Refused, RootPublic};

use crate::fixture::World;

fn request(world: &World) -> EnrolmentRequest {
    EnrolmentRequest { device: world.tablet.public(), label: "tablet 1, Alder".into() }
}

fn invitation(world: &World) -> Invitation {
    let (study, root, head) = (world.roster.study(), world.roster.root(), world.roster.head());
    Invitation { study, root, head, hub: "https://hub.example:8443".into() }
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
    assert!(matches!(Invitation::from_text(&"x".repeat(10_000)), Err(Refused::Oversize { .. })));
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
