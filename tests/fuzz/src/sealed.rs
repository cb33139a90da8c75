//! Everything that the seal reads and others wrote.

use nightjar_seal::{
    Consent, ConsentRequest, EnrolmentRequest, Entry, Envelope, Invitation, Pass, Publication, Receipt, ResumeWords, Stamp, Stub,
    Withdrawal,
};

/// Reads bytes as each of them: what is read is written as it was, and has the id that it says.
pub fn read(bytes: &[u8]) {
    if let Ok(envelope) = Envelope::decode(bytes) {
        assert_eq!(envelope.encode(), bytes);
        let again = Envelope::of(envelope.clone().into_parts()).expect("made of its parts");
        assert_eq!(again.id(), envelope.id());
        let stub = Stub::of(&envelope);
        assert_eq!(Stub::decode(&stub.encode()).expect("a stub").id(), envelope.id());
        let _ = Withdrawal::of(&envelope);
    }
    if let Ok(stub) = Stub::decode(bytes) {
        assert_eq!(stub.encode(), bytes);
    }
    if let Ok(entry) = Entry::decode(bytes) {
        assert_eq!(entry.encode(), bytes);
    }
    if let Ok(pass) = Pass::decode(bytes) {
        assert_eq!(pass.encode(), bytes);
    }
    if let Ok(publication) = Publication::decode(bytes) {
        assert_eq!(publication.encode(), bytes);
    }
    if let Ok(withdrawal) = Withdrawal::decode(bytes) {
        assert_eq!(withdrawal.encode(), bytes);
    }
    if let Ok(stamp) = Stamp::decode(bytes) {
        assert_eq!(stamp.encode(), bytes);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = EnrolmentRequest::from_text(text);
    let _ = Invitation::from_text(text);
    let _ = ConsentRequest::from_text(text);
    let _ = Consent::from_text(text);
    let _ = Receipt::from_words(text);
    let _ = ResumeWords::from_words(text);
}
