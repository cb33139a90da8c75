//! Requests outside an [`Exchange`](crate::Exchange): founding a study at a hub and letting devices in.

use nightjar_seal::{
    ClockPublic, DeviceTag, Entry, Envelope, Pass, Publication, RecordTag, Roster, ScopeTag, Stamp, Stub,
    StudyTag,
};

use crate::http_message::{Request, Response};
use crate::wire::{
    self, Appended, Begin, ClockAsked, ClockTold, Confirmation, Confirmed, ConfirmedAsk, Found, Founded,
    Greeting, Message, Recall, Recalled, Refusal, Sealed, Welcome,
};
use crate::{Failure, bounds};

/// Founds the study of this roster at a hub, with the setup code the hub's operator was shown. Founding the same study again
/// is harmless. Only the founding entry goes up; the rest follows with [`append`].
pub fn found(roster: &Roster, setup_code: &str) -> Result<Request, Failure> {
    if setup_code.len() > bounds::TEXT_BYTES {
        return Err(Failure::Unsendable("the setup code is too long"));
    }
    let entry = roster.entries().first().ok_or(Failure::Unsendable("the roster has no founding entry"))?;
    let body = Found { setup_code: setup_code.to_owned(), entry: wire::Entry(entry.encode()) }.encode();
    Ok(Request { path: wire::FOUND_PATH.to_owned(), body, signed: false })
}

/// Reads the answer to [`found`], and checks that the hub founded this study and no other.
pub fn founded(roster: &Roster, response: &Response) -> Result<Founded, Failure> {
    let founded: Founded = answer(response)?;
    if founded.study != roster.study() {
        return Err(Failure::Malformed { what: "answer to a founding", problem: "it names another study" });
    }
    Ok(founded)
}

/// Appends one entry to the roster at the hub. It needs no device of the roster to carry it: the hub checks the entry itself.
/// An entry the hub holds already is harmless; another one at its place is refused with
/// [`Reason::PlaceTaken`](crate::wire::Reason::PlaceTaken).
pub fn append(roster: &Roster, entry: &Entry) -> Request {
    let body = wire::Entry(entry.encode()).encode();
    Request { path: wire::roster_path(roster.study()), body, signed: false }
}

/// Reads the answer to [`append`].
pub fn appended(response: &Response) -> Result<Appended, Failure> {
    answer(response)
}

/// Brings a steward's pass to the hub. It needs no device of the roster to carry it: the hub checks the pass itself, and whether it comes in
/// time.
pub fn bring(study: StudyTag, pass: &Pass) -> Request {
    Request { path: wire::pass_path(study), body: wire::Pass(pass.encode()).encode(), signed: false }
}

/// Reads the answer to [`bring`].
///
/// # Errors
/// The hub's refusal: [`Reason::Expired`](crate::wire::Reason::Expired), [`Reason::Denied`](crate::wire::Reason::Denied).
pub fn brought(response: &Response) -> Result<(), Failure> {
    accepted(response)
}

/// Asks the hub for its time with the roster as it ends here.
pub fn ask_time(roster: &Roster) -> Request {
    let body = ClockAsked { head: roster.head() }.encode();
    Request { path: wire::clock_path(roster.study()), body, signed: true }
}

/// Reads the answer to [`ask_time`]: the key that the hub signs its time with, and the time, signed with that key. Whether it is the hub
/// whose time counts the roster says.
///
/// # Errors
/// The hub's refusal, and a time that it has not signed for this roster.
pub fn time_told(roster: &Roster, response: &Response) -> Result<(ClockPublic, Stamp), Failure> {
    let ClockTold { clock, stamp } = answer(response)?;
    let checked = stamp.verify(&clock, &roster.study(), &roster.head());
    checked.map_err(|source| Failure::Forged { what: ClockTold::NAME, source })?;
    Ok((clock, stamp))
}

/// Says to the hub what this device has taken out.
pub fn confirm(study: StudyTag, confirmation: &Confirmation) -> Request {
    let path = wire::confirm_path(study, confirmation.scope());
    Request { path, body: confirmation.encode(), signed: true }
}

/// Reads the answer to [`confirm`].
///
/// # Errors
/// The hub's refusal.
pub fn confirmation_taken(response: &Response) -> Result<(), Failure> {
    accepted(response)
}

/// Asks what devices have confirmed in a scope, after a device where the answer before was not the whole.
pub fn ask_confirmed(study: StudyTag, scope: ScopeTag, after: Option<DeviceTag>) -> Request {
    let path = wire::confirmed_path(study, scope);
    Request { path, body: ConfirmedAsk { after }.encode(), signed: true }
}

/// Reads the answer to [`ask_confirmed`]. A confirmation that its device has not signed, or of another scope, is left out.
///
/// # Errors
/// The hub's refusal, and an answer that goes on where it was before.
pub fn confirmed(
    roster: &Roster,
    scope: ScopeTag,
    after: Option<DeviceTag>,
    response: &Response,
) -> Result<Confirmed, Failure> {
    let mut confirmed: Confirmed = answer(response)?;
    let first = confirmed.devices.first().map(|spoke| spoke.device);
    if first <= after && (first.is_some() || confirmed.more) {
        return Err(Failure::Malformed { what: Confirmed::NAME, problem: "it does not go on" });
    }
    for spoke in &mut confirmed.devices {
        let member = roster.member(&spoke.device);
        let proven = |said: &Confirmation| {
            said.by() == spoke.device
                && said.scope() == scope
                && member.is_some_and(|member| said.verify(&member.public).is_ok())
        };
        spoke.confirmation = spoke.confirmation.take().filter(proven);
    }
    Ok(confirmed)
}

/// Brings a publication to the hub. Any device of the roster may: it proves itself.
pub(crate) fn publish(study: StudyTag, publication: &Publication) -> Request {
    let body = wire::Publication(publication.encode()).encode();
    Request { path: wire::publish_path(study), body, signed: true }
}

/// Asks for the roster of a study after the first `held` entries, for a device that was invited and does not hold it yet. The
/// hub answers devices of the roster only, so the entry or the pass that lets the device in has to be at the hub.
pub fn fetch_roster(study: StudyTag, held: u64) -> Request {
    let (beside, scopes) = (Begin::default(), Vec::new());
    let body = Greeting { roster: held, beside, incarnation: None, scopes }.encode();
    Request { path: wire::greet_path(study), body, signed: true }
}

/// Reads the answer to [`fetch_roster`]: entries in order, not yet verified, and how many the hub holds in all. When these
/// are not all, fetch the rest. With them come the passes that wait at the hub, as far as they can be read.
pub fn fetched_roster(response: &Response) -> Result<(Vec<Entry>, Vec<Pass>, u64), Failure> {
    let Welcome::News(greeted) = answer(response)? else {
        return Err(Failure::Unasked("the roster was asked for"));
    };
    let entries =
        greeted.entries.iter().map(|entry| crate::roster::decode(&entry.0)).collect::<Result<_, _>>()?;
    let passes = greeted.passes.unwrap_or_default();
    let passes = passes.iter().filter_map(|pass| Pass::decode(&pass.0).ok()).collect();
    Ok((entries, passes, greeted.roster))
}

/// Asks for records by name, for somebody with a receipt: see [`Recall`].
///
/// # Errors
/// [`Failure::Unsendable`] for more than [`bounds::RECORDS`] at once.
pub fn recall(study: StudyTag, scope: ScopeTag, records: Vec<RecordTag>) -> Result<Request, Failure> {
    if records.len() > bounds::RECORDS {
        return Err(Failure::Unsendable("too many records are asked for at once"));
    }
    let path = wire::recall_path(study, scope);
    Ok(Request { path, body: Recall { records }.encode(), signed: true })
}

/// Reads the answer to [`recall`]: envelopes of these records, whose ids and headers say so. Nothing is known of their places in
/// a chain.
///
/// # Errors
/// The hub's refusal, and what is no answer to this.
pub fn recalled(
    study: StudyTag,
    scope: ScopeTag,
    records: &[RecordTag],
    response: &Response,
) -> Result<Vec<Envelope>, Failure> {
    let recalled: Recalled = answer(response)?;
    let mut envelopes = Vec::new();
    for Sealed(bytes) in recalled.envelopes {
        // What was erased says nothing; the withdrawal beside it does.
        if Stub::decode(&bytes).is_ok() {
            continue;
        }
        let envelope = Envelope::decode(&bytes)
            .map_err(|source| Failure::Forged { what: "recalled envelope", source })?;
        let header = envelope.header();
        if (header.study, header.scope) != (study, scope) || !records.contains(&header.record) {
            return Err(Failure::Malformed { what: Recalled::NAME, problem: "one was not asked for" });
        }
        envelopes.push(envelope);
    }
    Ok(envelopes)
}

/// The message of a successful response, or the hub's refusal.
pub(crate) fn answer<M: Message>(response: &Response) -> Result<M, Failure> {
    accepted(response)?;
    M::decode(&response.body)
}

/// That the hub did what it was asked.
pub(crate) fn accepted(response: &Response) -> Result<(), Failure> {
    match response.status {
        200 => Ok(()),
        status => match Refusal::decode(&response.body) {
            Ok(refusal) => Err(Failure::Refused(refusal)),
            Err(_) => Err(Failure::NotAHub { status, why: "its refusal is not a hub's" }),
        },
    }
}
