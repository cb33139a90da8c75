//! Requests outside an [`Exchange`](crate::Exchange): founding a study at a hub and letting devices in.

use nightjar_seal::{Entry, Roster};

use crate::http_message::{Request, Response};
use crate::wire::{self, Appended, Found, Founded, Message, Refusal};
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
