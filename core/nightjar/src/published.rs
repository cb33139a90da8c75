//! What came of the answers: an evaluator publishes it, and every device of the study has it after its next sync, or by a bundle.

use jiff::Span;
use jiff::civil::Date;
#[cfg(feature = "evaluate")]
use nightjar_seal::{Block, LastGood, Page, Placing, Refused, Theme, Then};
use nightjar_seal::{Notice, Publication, PublicationId, Roster};

use crate::device::Device;
use crate::failure::Failure;
use crate::tablet::Tablet;
use crate::view::{BlockView, PageView, PublicationView, ThemeView, ThenView};
#[cfg(feature = "evaluate")]
use crate::view::{PageRequest, PublishRequest, ThemeRequest, ThemeState};

const FIRST_DAY: Date = Date::constant(1970, 1, 1);

impl Device {
    /// What was published and stands, the newest first; of one day in the order of names, which is the same everywhere. `all`: with those
    /// that only took something back.
    pub(crate) fn publications(&self, all: bool) -> Result<Vec<PublicationView>, Failure> {
        let joined = self.joined()?;
        let held = self.vault.publications()?;
        let mut found = Vec::new();
        for notice in Notice::standing(&held, joined.roster()) {
            if let Some(publication) = self.vault.publication(&notice.id)? {
                found.push(publication);
            }
        }
        found.retain(|publication| all || !publication.pages().is_empty());
        found.sort_by_key(|publication| (std::cmp::Reverse(publication.day()), publication.id()));
        Ok(found.iter().map(|publication| view(publication, joined.roster())).collect())
    }

    /// Whether anything was published that stands and says something.
    pub(crate) fn has_publications(&self) -> Result<bool, Failure> {
        let held = self.vault.publications()?;
        // Most often there is none, and then the roster is not asked.
        Ok(!held.is_empty() && !self.publications(false)?.is_empty())
    }
}

/// The publications of a device that are here, as good ones for the entry that puts it out.
#[cfg(feature = "evaluate")]
pub(crate) fn good_of(device: &Device, by: &nightjar_seal::DeviceTag) -> Result<Vec<LastGood>, Failure> {
    let study = device.joined()?.study_tag;
    let held = device.vault.publications()?.into_iter().filter(|notice| notice.by == *by);
    Ok(held.map(|notice| LastGood::of_publication(&study, &notice.id)).collect())
}

/// Checks and signs what is to be published, without keeping it.
#[cfg(feature = "evaluate")]
fn signed(device: &Device, request: &PublishRequest) -> Result<Publication, Failure> {
    let joined = device.joined()?;
    let roster = joined.roster();
    if !roster.may_have_published(&device.tag(), &PublicationId([0; 32])) {
        return Err(Failure::Rejected(
            "only evaluators of the study publish, and none that was put out".into(),
        ));
    }
    let held = device.vault.publications()?;
    let standing = Notice::standing(&held, roster);
    let mut replaces = Vec::new();
    for begin in &request.replaces {
        let is_it = |notice: &&&Notice| begin.len() >= 8 && notice.id.to_string().starts_with(begin.as_str());
        let mut named = standing.iter().filter(is_it);
        match (named.next(), named.next()) {
            (Some(notice), None) => replaces.extend(notice.replaces.iter().chain([&notice.id]).copied()),
            (None, _) => {
                return Err(Failure::Invalid(format!(
                    "\"{begin}\" names nothing that was published and stands; give the beginning of its id, 8 digits or more"
                )));
            }
            (Some(_), Some(_)) => {
                return Err(Failure::Invalid(format!("\"{begin}\" begins the ids of several publications")));
            }
        }
    }
    if request.pages.is_empty() && replaces.is_empty() {
        return Err(Failure::Invalid("there is no page to publish, and nothing to take back".into()));
    }
    let pages = request.pages.iter().map(page).collect::<Result<Vec<_>, _>>()?;
    let days = device.now()?.date().since(FIRST_DAY).map_err(Failure::internal)?.get_days();
    let day = u32::try_from(days).unwrap_or_default();
    Publication::sign(roster.study(), day, replaces, pages, &device.keys).map_err(|refused| match refused {
        Refused::Malformed { what, problem } => Failure::Invalid(format!("{what}: {problem}")),
        refused => Failure::Invalid(refused.to_string()),
    })
}

/// What would be published.
#[cfg(feature = "evaluate")]
pub(crate) fn preview(device: &Device, request: &PublishRequest) -> Result<PublicationView, Failure> {
    let publication = signed(device, request)?;
    Ok(view(&publication, device.joined()?.roster()))
}

/// Publishes: from here on it stands on this device, and goes up with the next sync.
#[cfg(feature = "evaluate")]
pub(crate) fn publish(device: &Device, request: &PublishRequest) -> Result<PublicationView, Failure> {
    let _one_at_a_time = device.block_on(async { Ok(device.syncing.lock().await) })?;
    let publication = signed(device, request)?;
    let joined = device.joined()?;
    match device.vault.keep_publication(&publication, joined.roster())? {
        Placing::Known | Placing::Kept { .. } => {}
        Placing::Replaced => {
            return Err(Failure::Invalid("this was published before, and taken back".into()));
        }
        Placing::Beyond => {
            return Err(Failure::Invalid(
                "this device has published as many as are kept; let this one take the place of others".into(),
            ));
        }
    }
    device.notifier.reset();
    Ok(view(&publication, joined.roster()))
}

#[cfg(feature = "evaluate")]
fn page(request: &PageRequest) -> Result<Page, Failure> {
    Ok(Page {
        language: request.language.clone(),
        easy_read: request.easy_read,
        title: request.title.trim().to_owned(),
        blocks: blocks(&request.text),
        themes: request.themes.iter().map(theme).collect::<Result<_, _>>()?,
    })
}

/// Paragraphs between empty lines, headings and items on lines of their own.
#[cfg(feature = "evaluate")]
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut goes_on = false;
    for line in text.lines().map(str::trim) {
        match (line.strip_prefix("# "), line.strip_prefix("- "), blocks.last_mut()) {
            _ if line.is_empty() => goes_on = false,
            (Some(heading), _, _) => {
                blocks.push(Block::Heading(heading.trim().to_owned()));
                goes_on = false;
            }
            (_, Some(item), _) => {
                blocks.push(Block::Item(item.trim().to_owned()));
                goes_on = true;
            }
            (_, _, Some(Block::Paragraph(text) | Block::Item(text))) if goes_on => {
                text.push(' ');
                text.push_str(line);
            }
            _ => {
                blocks.push(Block::Paragraph(line.to_owned()));
                goes_on = true;
            }
        }
    }
    blocks
}

#[cfg(feature = "evaluate")]
fn theme(request: &ThemeRequest) -> Result<Theme, Failure> {
    let name = request.name.trim().to_owned();
    let invalid = |what: &str| Failure::Invalid(format!("theme \"{name}\": {what}"));
    let given = |text: &Option<String>| text.as_deref().map(|text| text.trim().to_owned());
    let [change, who, when, why] = [&request.change, &request.who, &request.when, &request.why].map(given);
    let then = match (request.state, change, who, when, why) {
        (ThemeState::Planned, Some(change), Some(who), Some(by), None) => Then::Planned { change, who, by },
        (ThemeState::Done, Some(change), Some(who), Some(when), None) => Then::Done { change, who, when },
        (ThemeState::Not, change, None, None, Some(why)) => Then::Not { change, why },
        (ThemeState::Not, ..) => {
            return Err(invalid("what is not done needs a why, and nobody and no time beside it"));
        }
        _ => return Err(invalid("what is planned or done needs change, who and when, and no why")),
    };
    Ok(Theme { name, said: request.said.trim().to_owned(), then })
}

fn view(publication: &Publication, roster: &Roster) -> PublicationView {
    let tag = publication.by();
    let label = roster.member(&tag).map(|member| member.label.clone());
    let day = Span::new().try_days(i64::from(publication.day())).and_then(|days| FIRST_DAY.checked_add(days));
    PublicationView {
        id: publication.id().to_string(),
        day: day.map(|day| day.to_string()).unwrap_or_default(),
        by: label.unwrap_or_else(|| tag.to_string().chars().take(8).collect()),
        replaces: publication.replaces().iter().map(PublicationId::to_string).collect(),
        pages: publication.pages().iter().map(page_view).collect(),
    }
}

fn page_view(page: &nightjar_seal::Page) -> PageView {
    use nightjar_seal::{Block, Then};
    let block = |block: &Block| match block.clone() {
        Block::Heading(text) => BlockView::Heading(text),
        Block::Paragraph(text) => BlockView::Paragraph(text),
        Block::Item(text) => BlockView::Item(text),
    };
    let theme = |theme: &nightjar_seal::Theme| ThemeView {
        name: theme.name.clone(),
        said: theme.said.clone(),
        then: match theme.then.clone() {
            Then::Planned { change, who, by } => ThenView::Planned { change, who, by },
            Then::Done { change, who, when } => ThenView::Done { change, who, when },
            Then::Not { change, why } => ThenView::Not { change, why },
        },
    };
    PageView {
        language: page.language.clone(),
        easy_read: page.easy_read,
        title: page.title.clone(),
        blocks: page.blocks.iter().map(block).collect(),
        themes: page.themes.iter().map(theme).collect(),
    }
}

impl PublicationView {
    /// The page for somebody who reads this language (`en`, or `en-x-easyread` for easy read): in it and as easy as they chose; else in it;
    /// else the first in easy read if they chose that; else the first. `None` where there is none.
    #[must_use]
    pub fn page_for(&self, language: &str) -> Option<&PageView> {
        let (base, easy) = match language.split_once("-x-easyread") {
            Some((base, _)) => (base, true),
            None => (language, false),
        };
        let first = |code: &str| code.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let rank = |page: &&PageView| {
            let same = page.language.eq_ignore_ascii_case(base);
            let near = first(&page.language) == first(base);
            (
                !(same && page.easy_read == easy),
                !(near && page.easy_read == easy),
                !near,
                page.easy_read != easy,
            )
        };
        self.pages.iter().min_by_key(rank)
    }
}

impl Tablet {
    /// What came of the answers: what evaluators have published and stands, the newest first. Nothing personal is in it.
    ///
    /// # Errors
    /// [`Failure::Invalid`] before this device has joined a study; when the vault cannot be read.
    pub fn publications(&self) -> Result<Vec<PublicationView>, Failure> {
        self.device.publications(false)
    }

    /// Whether [`Tablet::publications`] gives any.
    ///
    /// # Errors
    /// As [`Tablet::publications`].
    pub fn has_publications(&self) -> Result<bool, Failure> {
        self.device.has_publications()
    }
}

#[cfg(feature = "evaluate")]
impl crate::Evaluator {
    /// Tells everybody in the study what came of the answers. It stands on this device at once, and on every other when it has synced or
    /// taken in a bundle. What it replaces is forgotten there. It is signed by this device and readable for everybody, the hub too: no
    /// answer, name or figure below the study's rule belongs in it.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for what is too large or not plain text, names nothing that stands, or is one too many of this device;
    /// [`Failure::Rejected`] where this device was put out; storage failures.
    pub fn publish(&self, request: &PublishRequest) -> Result<PublicationView, Failure> {
        publish(&self.device, request)
    }

    /// What [`Evaluator::publish`](crate::Evaluator::publish) would publish. Nothing is kept.
    ///
    /// # Errors
    /// As [`Evaluator::publish`](crate::Evaluator::publish).
    pub fn preview_publication(&self, request: &PublishRequest) -> Result<PublicationView, Failure> {
        preview(&self.device, request)
    }

    /// As [`Tablet::publications`], with those that only took something back.
    ///
    /// # Errors
    /// As [`Tablet::publications`].
    pub fn publications(&self) -> Result<Vec<PublicationView>, Failure> {
        self.device.publications(true)
    }
}

#[cfg(all(test, feature = "evaluate"))]
mod tests {
    use super::*;

    #[test]
    fn text_is_headings_paragraphs_and_items_and_nothing_else() {
        let text = "\n# Thank you\n40 people answered.\nIn two weeks.\n\nMost said:\n- doors\n  bang\n- <b>lights</b>\n\n#5 is no heading\n";
        let made = blocks(text);
        let wanted = [
            Block::Heading("Thank you".into()),
            Block::Paragraph("40 people answered. In two weeks.".into()),
            Block::Paragraph("Most said:".into()),
            Block::Item("doors bang".into()),
            Block::Item("<b>lights</b>".into()),
            Block::Paragraph("#5 is no heading".into()),
        ];
        assert_eq!(made, wanted);
    }

    #[test]
    fn everybody_gets_the_page_that_is_nearest_to_what_they_read() {
        let page = |language: &str, easy_read| PageView {
            language: language.into(),
            easy_read,
            title: format!("{language} {easy_read}"),
            blocks: Vec::new(),
            themes: Vec::new(),
        };
        let publication = PublicationView {
            id: String::new(),
            day: String::new(),
            by: String::new(),
            replaces: Vec::new(),
            pages: vec![page("en", false), page("pl", false), page("en", true)],
        };
        for (asked, given) in [
            ("en", "en false"),
            ("en-GB", "en false"),
            ("en-x-easyread", "en true"),
            ("pl", "pl false"),
            ("pl-x-easyread", "pl false"),
            ("de-x-easyread", "en true"),
            ("de", "en false"),
        ] {
            assert_eq!(publication.page_for(asked).map(|page| page.title.as_str()), Some(given), "{asked}");
        }
    }
}
