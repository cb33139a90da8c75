//! What came of the answers: for everybody who takes up the tablet, before anything is asked. All of it is plain text.

use maud::{Markup, html};
use nightjar::{BlockView, Failure, PageView, PublicationView, Tablet, ThemeView, ThenView};
use nightjar_form::Language;

use super::frame::{Always, Frame, Page, many, read_aloud, ways};
use crate::texts::filled;

pub(super) fn draw(frame: &Frame<'_>, tablet: &Tablet, id: Option<&str>) -> Result<Markup, Failure> {
    let texts = frame.texts;
    let all = tablet.publications()?;
    let chosen = id.and_then(|id| all.iter().find(|publication| publication.id == id));
    let main = match chosen
        .and_then(|publication| Some((publication, publication.page_for(frame.language())?)))
    {
        Some((publication, page)) => {
            let others: &[(&str, &str)] = if all.len() > 1 { &[("came", &texts.came_others)] } else { &[] };
            html! { (told(frame, publication, page)) (ways(("home", &texts.start_again), others)) }
        }
        // None, or one that is gone since.
        None => list(frame, &all),
    };
    Ok(frame.around(Page {
        title: texts.came_title.clone(),
        primary: "",
        back: false,
        always: Always::Talk,
        main,
    }))
}

fn list(frame: &Frame<'_>, all: &[PublicationView]) -> Markup {
    let texts = frame.texts;
    let named = all.iter().filter_map(|publication| {
        let page = publication.page_for(frame.language())?;
        let day = frame.day(&publication.day);
        Some((format!("came:{}", publication.id), format!("{} ({day})", page.title)))
    });
    let named: Vec<_> = named.collect();
    let choices: Vec<_> = named.iter().map(|(act, words)| (act.clone(), words.as_str())).collect();
    html! {
        h1 { (texts.came_title) }
        p { (texts.came_lead) }
        (many(&choices))
        (ways(("home", &texts.start_again), &[]))
    }
}

fn told(frame: &Frame<'_>, publication: &PublicationView, page: &PageView) -> Markup {
    let texts = frame.texts;
    let language = Language::new(&page.language);
    // A voice and a screen reader have to know, where it is another than that of the rest.
    let base = frame.language().split('-').next().unwrap_or_default();
    let other = language.code().split('-').next() != Some(base);
    let lang = other.then(|| language.code().to_owned());
    let dir = other.then(|| if language.is_right_to_left() { "rtl" } else { "ltr" });
    let day = filled(&texts.came_day, &[("day", &frame.day(&publication.day))]);
    let body = html! {
        div lang=[lang] dir=[dir] {
            h1 { (page.title) }
            (blocks(&page.blocks))
        }
        @for theme in &page.themes { (of_theme(frame, theme, other.then(|| language.code()), dir)) }
        p { (day) }
    };
    read_aloud(frame, &body)
}

fn blocks(blocks: &[BlockView]) -> Markup {
    let is_item = |block: &BlockView| matches!(block, BlockView::Item(_));
    html! {
        @for run in blocks.chunk_by(|a, b| is_item(a) && is_item(b)) {
            @match run {
                [BlockView::Heading(text)] => h2 { (text) },
                [BlockView::Paragraph(text)] => p { (text) },
                items => ul {
                    @for item in items { @if let BlockView::Item(text) = item { li { (text) } } }
                },
            }
        }
    }
}

/// What people said of it, and what comes of that.
fn of_theme(frame: &Frame<'_>, theme: &ThemeView, lang: Option<&str>, dir: Option<&str>) -> Markup {
    let texts = frame.texts;
    let rows: Vec<(&str, &str)> = match &theme.then {
        ThenView::Planned { change, who, by } => {
            vec![(&texts.came_planned, change), (&texts.came_who, who), (&texts.came_by, by)]
        }
        ThenView::Done { change, who, when } => {
            vec![(&texts.came_done, change), (&texts.came_who_did, who), (&texts.came_when, when)]
        }
        ThenView::Not { change, why } => {
            let not_done = change.iter().map(|change| (texts.came_not_done.as_str(), change.as_str()));
            let term = if change.is_some() { &texts.came_why } else { &texts.came_not };
            not_done.chain([(term.as_str(), why.as_str())]).collect()
        }
    };
    html! {
        h2 lang=[lang] dir=[dir] { (theme.name) }
        dl .nhsuk-summary-list {
            (row(&texts.came_said, &theme.said, lang, dir))
            @for (term, words) in rows { (row(term, words, lang, dir)) }
        }
    }
}

fn row(term: &str, words: &str, lang: Option<&str>, dir: Option<&str>) -> Markup {
    html! {
        div .nhsuk-summary-list__row {
            dt .nhsuk-summary-list__key { (term) }
            dd .nhsuk-summary-list__value lang=[lang] dir=[dir] { (words) }
        }
    }
}
