use nightjar_record::study::{InstrumentKind, Study, Voice};

use super::FormFindings;
use crate::disclose::Shown;
use crate::figure::{Figure, FigureOrigin};

/// From who could have answered to who did. A denominator nobody recorded stays "not known".
#[derive(Debug)]
pub(crate) struct Funnel {
    pub(crate) steps: Vec<Step>,
}

/// One step, out of the one named.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) label: String,
    pub(crate) out_of: String,
    pub(crate) figure: Figure,
}

const QUESTION: &str = "Who was asked, and who answered?";

/// How many offers were made to one group of respondents, and what they are called; `None` when the offers do not say
/// whom they were made to, or the form is for more than one group.
fn offers_to(encounters: &FormFindings, voices: &[Voice]) -> Option<(Shown, String)> {
    let group = match voices {
        [Voice::Patient] => "patient",
        [Voice::Carer] => "carer",
        [Voice::Staff] => "staff",
        _ => return None,
    };
    let respondent = encounters.question("respondent")?;
    let column = respondent.codes.iter().position(|code| code == group)?;
    let cell = respondent.lines.first()?.cells.get(column)?;
    Some((cell.numerator, format!("offers logged: {}", respondent.columns[column])))
}

impl Funnel {
    pub(crate) fn of(study: &Study, forms: &[FormFindings], origin: FigureOrigin) -> Funnel {
        let mut steps = Vec::new();
        let id = |what: &str| format!("{}.participation.{what}", origin.code());
        let everybody =
            |form: &FormFindings| form.records.lines.first().map_or(Shown::NOT_KNOWN, |l| l.base.numerator);
        let denominators = |form: &FormFindings| {
            let named = study.instrument(&form.form_id).map(|known| known.denominators.join("; "));
            named.unwrap_or_else(|| "people who could have answered".to_owned())
        };
        let encounters = forms.iter().find(|form| form.kind == Some(InstrumentKind::Encounter));
        let offers = encounters.map_or(Shown::NOT_KNOWN, everybody);
        if let Some(encounters) = encounters {
            steps.push(Step {
                label: "Offers logged, asked or not".into(),
                out_of: denominators(encounters),
                figure: Figure::count(
                    id("offers"),
                    QUESTION,
                    "Offers logged".into(),
                    offers,
                    Shown::NOT_KNOWN,
                    origin,
                ),
            });
            if let Some(outcome) = encounters.question("outcome") {
                let everybody = outcome.lines.first();
                // The last column holds offers without an outcome; the table of the form shows them.
                let outcomes = outcome.columns.len().saturating_sub(1);
                let cells = everybody.iter().flat_map(|line| &line.cells).take(outcomes);
                for (label, cell) in outcome.columns.iter().zip(cells) {
                    let mut figure = cell.clone();
                    figure.id = id(&format!("offers.{}", cell.id.rsplit('.').next().unwrap_or_default()));
                    figure.question = QUESTION.into();
                    figure.group = format!("Offers: {label}");
                    steps.push(Step {
                        label: format!("Outcome: {label}"),
                        out_of: "offers logged".to_owned(),
                        figure,
                    });
                }
            }
        }
        for form in forms.iter().filter(|form| form.kind == Some(InstrumentKind::Response)) {
            // Only offers to the people who may answer the form count; who those were, the offer says.
            let offers = encounters.and_then(|encounters| offers_to(encounters, form.voices.as_slice()));
            let (of, out_of) = offers.unwrap_or_else(|| (Shown::NOT_KNOWN, denominators(form)));
            let n = everybody(form);
            let name = format!("responses.{}", form.form_id);
            let group = format!("Responses: {}", form.title);
            let figure = if of.is_not_known() {
                Figure::count(id(&name), QUESTION, group, n, of, origin)
            } else {
                Figure::share(id(&name), QUESTION, group, (n, of), origin)
            };
            steps.push(Step { label: format!("Responses received: {}", form.title), out_of, figure });
        }
        Funnel { steps }
    }
}
