//! `nightjar publish`: what came of the answers, for everybody.

use nightjar::{BlockView, Evaluator, PageView, PublicationView, PublishRequest, ThenView};

use crate::command::PublishArgs;
use crate::device::{options, text};
use crate::key;
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(crate) fn run(asked: &PublishArgs, screen: &mut Screen) -> Result<(), Trouble> {
    let device = &asked.device;
    // What is wrong with the file is said before a key is asked for.
    let request: Option<PublishRequest> = match &asked.file {
        None => None,
        Some(file) => {
            let read = toml::from_str(&text(file)?);
            Some(read.map_err(|fault| Trouble::Given(format!("{}: {fault}", file.display())))?)
        }
    };
    let evaluator = Evaluator::open(&device.vault, &key::open(&device.vault, &device.key)?, options())?;
    match request {
        None => {
            for publication in evaluator.publications()? {
                let title = publication.pages.first().map_or("(takes back)", |page| page.title.as_str());
                let id = &publication.id[..8];
                screen.line(format_args!("{id}  {}  {}  {title}", publication.day, publication.by))?;
            }
            Ok(())
        }
        Some(request) if asked.dry_run => {
            show(&evaluator.preview_publication(&request)?, screen)?;
            screen.line("nothing was published: this was a dry run")
        }
        Some(request) => {
            let publication = evaluator.publish(&request)?;
            show(&publication, screen)?;
            screen.line(format_args!(
                "published as {}: it goes up with this device's next sync, and is on every tablet after its own",
                &publication.id[..8]
            ))
        }
    }
}

fn show(publication: &PublicationView, screen: &mut Screen) -> Result<(), Trouble> {
    for replaced in &publication.replaces {
        screen.line(format_args!("in the place of {}", &replaced[..8]))?;
    }
    for page in &publication.pages {
        show_page(page, &publication.day, screen)?;
    }
    Ok(())
}

fn show_page(page: &PageView, day: &str, screen: &mut Screen) -> Result<(), Trouble> {
    let easy = if page.easy_read { ", easy read" } else { "" };
    screen.line(format_args!("--- {}{easy}, {day}", page.language))?;
    screen.line(&page.title)?;
    for block in &page.blocks {
        match block {
            BlockView::Heading(text) => screen.line(format_args!("\n  {text}"))?,
            BlockView::Paragraph(text) => screen.line(format_args!("  {text}"))?,
            BlockView::Item(text) => screen.line(format_args!("  - {text}"))?,
        }
    }
    for theme in &page.themes {
        screen.line(format_args!("\n  {}\n  said: {}", theme.name, theme.said))?;
        match &theme.then {
            ThenView::Planned { change, who, by } => {
                screen.line(format_args!("  will change: {change} ({who}, {by})"))?;
            }
            ThenView::Done { change, who, when } => {
                screen.line(format_args!("  done: {change} ({who}, {when})"))?;
            }
            ThenView::Not { change, why } => {
                let change = change.as_ref().map(|change| format!("{change} ")).unwrap_or_default();
                screen.line(format_args!("  not done: {change}Why: {why}"))?;
            }
        }
    }
    screen.line("---")
}
