//! What tablets hold differently: every value with who wrote it, and a way to say which one holds.

use maud::{Markup, html};
use nightjar::{ConflictView, Failure};

use super::Drawn;
use crate::texts::filled;

pub(super) fn draw(drawn: &Drawn<'_>, conflicts: &[ConflictView]) -> Result<Markup, Failure> {
    let texts = drawn.texts;
    let forms = drawn.tablet.forms()?;
    let title =
        |id: &str| forms.iter().find(|form| form.form_id == id).map_or(id, |form| &form.title).to_owned();
    Ok(html! {
        h1 { (texts.conflicts_title) }
        p { (texts.conflicts_lead) }
        @if conflicts.is_empty() { p { (texts.no_conflicts) } }
        @for (at, conflict) in conflicts.iter().enumerate() {
            section .record {
                h2 { (title(&conflict.form_id)) @if let Some(natural) = &conflict.natural_key { ": " (natural) } }
                p { strong { (conflict.label) } }
                ul .many {
                    @for (n, held) in conflict.values.iter().enumerate() {
                        li {
                            p {
                                strong { (held.text) } br;
                                span .place {
                                    (held.role.replace('_', " ")) ", " (held.tablet) @if let Some(time) = &held.time { ", " (time.replace('T', " ")) }
                                }
                                @if let Some(why) = &held.disputes { br; (filled(&texts.disputed, &[("why", why)])) }
                            }
                            button .nhsuk-button.nhsuk-button--secondary name="do" value=(format!("settle:{at}:{n}")) {
                                (filled(&texts.this_holds, &[("value", &held.text)]))
                                span .only-read { ": " (conflict.label) }
                            }
                        }
                    }
                }
                div .nhsuk-form-group {
                    label .nhsuk-label for=(format!("other{at}")) {
                        (texts.other_value) span .only-read { ": " (conflict.label) }
                    }
                    input .nhsuk-input.nhsuk-input--width-10 #(format!("other{at}")) type="text" name=(format!("other{at}")) maxlength="4000" autocomplete="off";
                }
                button .nhsuk-button.nhsuk-button--secondary name="do" value=(format!("other:{at}")) {
                    (texts.other_holds) span .only-read { ": " (conflict.label) }
                }
            }
        }
    })
}
