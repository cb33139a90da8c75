//! What came of it: the evaluator publishes one page in easy read, and every tablet has it after its next sync.

use serde_json::json;

use super::Demo;
use super::heard::Publication;
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(super) fn run(demo: &mut Demo, screen: &mut Screen) -> Result<(), Trouble> {
    screen.heading("9. What came of it")?;
    let page = json!({
        "language": "en",
        "easy_read": true,
        "title": "What you told us about nights",
        "text": "# Thank you\nMany of you told us how you sleep.\n\n- We read all of it.\n- Nobody can see who said what.",
        "theme": [
            {
                "name": "Doors",
                "said": "Doors bang at night. That wakes people up.",
                "state": "planned",
                "change": "The doors will close softly.",
                "who": "The people who look after the building",
                "when": "By the end of June",
            },
            {
                "name": "Lights",
                "said": "The light in the corridor is too bright.",
                "state": "done",
                "change": "The light is low from 10 at night.",
                "who": "The ward manager",
                "when": "In March",
            },
            {
                "name": "Checks",
                "said": "Staff look in at night with a torch.",
                "state": "not",
                "why": "Staff must see that everybody is safe. They will use a smaller light.",
            },
        ],
    });
    let published: Publication = demo.evaluators[0].device()?.ask("publish", json!({ "page": [page] }))?;
    demo.evaluators[0].sync()?;
    for tablet in &mut demo.tablets {
        tablet.sync()?;
        let shown: Vec<Publication> = tablet.device()?.ask("publications", json!({}))?;
        if shown != [published.clone()] {
            return Err(Trouble::NotHeld(format!("{} shows what came of it", tablet.name)));
        }
    }
    screen.line(format_args!(
        "The evaluator published a page in easy read, \"{}\": for three things that people said what changes, who does it and by when, or why not. It is on all {} tablets now, for everybody who takes one up.",
        published.pages.first().map(|page| page.title.as_str()).unwrap_or_default(),
        demo.tablets.len()
    ))
}
