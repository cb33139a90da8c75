//! Reading a form whatever its bytes; what can be read is walked through once.

use std::sync::Arc;

use nightjar_form::{Attachments, Entry, Instrument, Opening, Session};

use crate::now;

/// Pages that are looked at.
const PAGES: usize = 60;
/// Instances that are added to each repeat.
const INSTANCES: usize = 3;

/// Reads the bytes as the file name says. Whatever is wrong is a list of diagnostics, never a panic.
pub fn read(name: &str, bytes: &[u8]) {
    match Instrument::read(name, bytes, &Attachments::default()) {
        Ok(instrument) => walk(instrument),
        Err(diagnostics) => {
            let _ = diagnostics.to_string();
        }
    }
}

/// Opens the form and goes forward, so that what a form says is computed and shown as well as read.
fn walk(instrument: Instrument) {
    let opening = Opening { language: None, now: now().clone(), seed: 7 };
    let Ok(mut session) = Session::open(Arc::new(instrument), opening) else { return };
    for _ in 0..PAGES {
        let page = session.page();
        if page.check {
            break;
        }
        if let Some(repeat) = page.repeat.filter(|repeat| repeat.count < INSTANCES) {
            let _ = session.apply(&Entry::AddRepeat { path: repeat.path }, now());
        }
        if session.apply(&Entry::Next, now()).is_err() {
            break;
        }
    }
    let _ = session.finish();
    let _ = session.stop();
}
