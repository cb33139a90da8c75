//! What the report says, before it is laid out: every number of it as a [`Figure`].

mod answers;
mod decisions;
mod participation;
mod published;

pub(crate) use answers::{AnswerLine, AnswerTable, FormFindings, NumberTable};
pub(crate) use decisions::Decisions;
pub(crate) use participation::Funnel;
pub(crate) use published::{IncidentLine, MedicineLine, PublishedFindings};

use nightjar_record::study::DisclosurePolicy;

use crate::disclose::Policy;
use crate::figure::{Figure, FigureOrigin};
use crate::table::gather;
use crate::{Options, Published, Refused, Source};

/// Everything the report prints.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) policy: Policy,
    pub(crate) published: PublishedFindings,
    /// Own answers, then simulated ones; each only if there are any.
    pub(crate) studies: Vec<StudyFindings>,
    pub(crate) tables: Vec<crate::table::Table>,
}

/// What the records of one origin say.
#[derive(Debug)]
pub(crate) struct StudyFindings {
    pub(crate) origin: FigureOrigin,
    pub(crate) forms: Vec<FormFindings>,
    pub(crate) funnel: Funnel,
    pub(crate) decisions: Decisions,
}

impl Findings {
    pub(crate) fn of(
        source: &dyn Source,
        published: &Published,
        options: &Options,
    ) -> Result<Findings, Refused> {
        let study = source.study();
        let policy = policy(source, options)?;
        let gathered = gather(source)?;
        let cases = source.cases()?;
        let conflicts = source.conflicts()?;
        let mut origins: Vec<FigureOrigin> =
            gathered.origins.iter().map(|(origin, _)| FigureOrigin::from(*origin)).collect();
        for origin in cases.iter().map(|c| c.provenance).chain(conflicts.iter().map(|c| c.provenance)) {
            if !origins.contains(&origin.into()) {
                origins.push(origin.into());
            }
        }
        origins.sort();
        let studies = origins
            .into_iter()
            .map(|origin| {
                let tallies = gathered.origins.iter().find(|(known, _)| FigureOrigin::from(*known) == origin);
                let tallies = tallies.map_or(&[][..], |(_, tallies)| tallies.as_slice());
                let forms: Vec<FormFindings> = tallies
                    .iter()
                    .map(|tally| FormFindings::of(study, policy, &gathered, tally, origin))
                    .collect();
                let decisions = Decisions::of(study, policy, &gathered.tables, &cases, &conflicts, origin);
                let funnel = Funnel::of(study, &forms, origin);
                StudyFindings { origin, forms, funnel, decisions }
            })
            .collect();
        let published = PublishedFindings::of(study, published);
        Ok(Findings { policy, published, studies, tables: gathered.tables })
    }

    /// Every figure, in the order of the report. The same answers give the same list.
    pub(crate) fn figures(&self) -> Vec<&Figure> {
        let mut all = self.published.figures();
        for study in &self.studies {
            all.extend(study.funnel.steps.iter().map(|step| &step.figure));
            all.extend(study.forms.iter().flat_map(FormFindings::figures));
            all.extend(study.decisions.figures.iter());
        }
        all
    }
}

/// The study's policy; unsuppressed only when asked for by the role the study names.
fn policy(source: &dyn Source, options: &Options) -> Result<Policy, Refused> {
    let disclosure = &source.study().disclosure;
    let policy = Policy::of(disclosure);
    match (&options.raw_for_role, &disclosure.authorised_role) {
        (Some(asked), Some(named)) if asked == named => Ok(policy.raw()),
        (None, _) if disclosure.policy != DisclosurePolicy::RawInternal => Ok(policy),
        _ => Err(Refused::NotAuthorised),
    }
}
