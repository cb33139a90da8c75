use nightjar_record::study::{self, Study};

use crate::disclose::Shown;
use crate::figure::{Figure, FigureOrigin, Unit};
use crate::statistics::{Exposure, Medicine, MedicineTotals, mean_of, rate_ratio, ratio_of_ratios};
use crate::{Incidents, Published};

/// Published aggregates, printed as published, and what was computed from them.
#[derive(Debug)]
pub(crate) struct PublishedFindings {
    pub(crate) wards: Vec<WardLine>,
    /// All wards together; `None` without a table.
    pub(crate) pooled: Option<Figure>,
    pub(crate) mean_of_wards: Option<Figure>,
    pub(crate) incidents: Vec<IncidentLine>,
    pub(crate) medicines: Vec<MedicineLine>,
    /// Drugs, then all together: tablets, milligrams, defined daily doses.
    pub(crate) medicine_totals: Vec<MedicineLine>,
    pub(crate) warnings: Vec<String>,
    /// Sources by data set, from the study document.
    pub(crate) sources: Vec<study::Published>,
}

/// One ward.
#[derive(Debug)]
pub(crate) struct WardLine {
    pub(crate) ward: String,
    pub(crate) share: Figure,
}

/// One category of incidents.
#[derive(Debug)]
pub(crate) struct IncidentLine {
    pub(crate) category: String,
    pub(crate) all: Figure,
    pub(crate) night: Figure,
    pub(crate) day: Figure,
    pub(crate) night_against_day: Figure,
}

/// One drug and strength, or a total.
#[derive(Debug)]
pub(crate) struct MedicineLine {
    pub(crate) name: String,
    pub(crate) change: Figure,
    /// Before and after in the unit of the line, for people.
    pub(crate) before: f64,
    pub(crate) after: f64,
    pub(crate) unit: &'static str,
}

const PROTECTED: &str = "How many people were on protected sleep?";
const INCIDENTS: &str = "Did incident reports change?";
const HYPNOTICS: &str = "Did sleeping medicine issued to the wards change?";
/// One decimal is printed; a smaller difference is no difference in print.
const NOTABLE: f64 = 0.05;

impl PublishedFindings {
    pub(crate) fn of(study: &Study, published: &Published) -> PublishedFindings {
        let mut found = PublishedFindings {
            wards: published
                .protected_sleep
                .iter()
                .map(|w| WardLine { ward: w.ward.clone(), share: ward_share(w) })
                .collect(),
            pooled: None,
            mean_of_wards: None,
            incidents: published.incidents.iter().map(|i| IncidentLine::of(&i.category, i)).collect(),
            medicines: published.hypnotics.iter().map(MedicineLine::of_strength).collect(),
            medicine_totals: medicine_totals(&published.hypnotics),
            warnings: vec![],
            sources: study.published.clone(),
        };
        if !published.protected_sleep.is_empty() {
            let (n, of) =
                published.protected_sleep.iter().fold((0, 0), |(p, n), w| (p + w.protected, n + w.n));
            found.pooled = Some(Figure::share(
                "published.protected-sleep.pooled".into(),
                PROTECTED,
                "All wards pooled".into(),
                (Shown::published(n), Shown::published(of)),
                FigureOrigin::Published,
            ));
            found.mean_of_wards = Some(mean_of_wards(published));
        }
        if published.incidents.len() > 1 {
            let sum = |name: &str, keep: &dyn Fn(&Incidents) -> bool| {
                let rows = published.incidents.iter().filter(|i| keep(i));
                let total = rows.fold(Incidents::none(name), |sum, i| sum.plus(i));
                IncidentLine::of(name, &total)
            };
            found.incidents.push(sum("All categories (sum)", &|_| true));
            let is_aggression = |i: &Incidents| i.category.to_lowercase().contains("aggression");
            if published.incidents.iter().any(is_aggression) {
                found.incidents.push(sum("All except aggression (sum)", &|i| !is_aggression(i)));
            }
        }
        found.warnings = warnings(study, published, &found);
        found
    }

    pub(crate) fn figures(&self) -> Vec<&Figure> {
        let wards = self.wards.iter().map(|line| &line.share);
        let incidents = self.incidents.iter().flat_map(|i| [&i.all, &i.night, &i.day, &i.night_against_day]);
        let medicines = self.medicines.iter().chain(&self.medicine_totals).map(|m| &m.change);
        wards.chain(&self.pooled).chain(&self.mean_of_wards).chain(incidents).chain(medicines).collect()
    }

    /// The source of the data set whose file has this name.
    pub(crate) fn source(&self, file: &str) -> Option<&study::Published> {
        self.sources.iter().find(|set| set.file.rsplit('/').next() == Some(file))
    }
}

fn ward_share(ward: &crate::ProtectedSleep) -> Figure {
    Figure::share(
        format!("published.protected-sleep.ward.{}", slug(&ward.ward)),
        PROTECTED,
        ward.ward.clone(),
        (Shown::published(ward.protected), Shown::published(ward.n)),
        FigureOrigin::Published,
    )
}

fn mean_of_wards(published: &Published) -> Figure {
    let shares: Vec<f64> =
        published.protected_sleep.iter().map(|w| w.protected as f64 / w.n as f64 * 100.0).collect();
    Figure {
        id: "published.protected-sleep.mean-of-wards".into(),
        question: PROTECTED.into(),
        group: "Mean of ward percentages".into(),
        numerator: Shown::NOT_KNOWN,
        denominator: Shown::of_things(shares.len() as u64),
        value: mean_of(&shares),
        digits: 1,
        unit: Unit::PerCent,
        interval: None,
        method: "unweighted mean over wards",
        origin: FigureOrigin::Published,
    }
}

impl Incidents {
    fn none(category: &str) -> Incidents {
        Incidents {
            category: category.to_owned(),
            all_before: 0,
            all_after: 0,
            night_before: 0,
            night_after: 0,
        }
    }

    fn plus(mut self, other: &Incidents) -> Incidents {
        self.all_before += other.all_before;
        self.all_after += other.all_after;
        self.night_before += other.night_before;
        self.night_after += other.night_after;
        self
    }
}

impl IncidentLine {
    fn of(category: &str, counts: &Incidents) -> IncidentLine {
        let (night, day) = ((counts.night_before, counts.night_after), counts.day());
        let id = |part: &str| format!("published.incidents.{}.{part}", slug(category));
        let ratio = |part: &str, pair: (u64, u64)| {
            let found = rate_ratio(pair.0, pair.1, Exposure::AssumedEqual);
            Figure {
                id: id(part),
                question: INCIDENTS.into(),
                group: format!("{category}, {part}"),
                numerator: Shown::published(pair.1),
                denominator: Shown::published(pair.0),
                value: found.and_then(|r| r.value),
                digits: 2,
                unit: Unit::Ratio,
                interval: found.and_then(|r| r.interval),
                method: "rate ratio after/before, assumes equal exposure",
                origin: FigureOrigin::Published,
            }
        };
        let both = ratio_of_ratios(night, day);
        IncidentLine {
            category: category.to_owned(),
            all: ratio("all day", (counts.all_before, counts.all_after)),
            night: ratio("night", night),
            day: ratio("day by subtraction", day),
            night_against_day: Figure {
                id: id("night against day"),
                question: INCIDENTS.into(),
                group: format!("{category}, night against day"),
                numerator: Shown::published(night.1),
                denominator: Shown::published(night.0),
                value: both.map(|r| r.value),
                digits: 2,
                unit: Unit::Ratio,
                interval: both.map(|r| r.interval),
                method: "ratio of rate ratios, exploratory",
                origin: FigureOrigin::Published,
            },
        }
    }
}

impl MedicineLine {
    fn of_strength(medicine: &Medicine) -> MedicineLine {
        let name = format!("{} {} mg", medicine.drug, medicine.strength_mg);
        let pair = (medicine.before as f64, medicine.after as f64);
        MedicineLine::new(name, "tablets", pair, "change in tablets")
    }

    fn new(name: String, unit: &'static str, pair: (f64, f64), method: &'static str) -> MedicineLine {
        let count = |x: f64| if x.fract() == 0.0 { Shown::published(x as u64) } else { Shown::NOT_KNOWN };
        let change = Figure {
            id: format!("published.hypnotics.{}.{}", slug(&name), slug(unit)),
            question: HYPNOTICS.into(),
            group: format!("{name}, {unit}"),
            numerator: count(pair.1),
            denominator: count(pair.0),
            value: MedicineTotals::change(pair),
            digits: 1,
            unit: Unit::PerCentChange,
            interval: None,
            method,
            origin: FigureOrigin::Published,
        };
        MedicineLine { name, change, before: pair.0, after: pair.1, unit }
    }
}

fn medicine_totals(medicines: &[Medicine]) -> Vec<MedicineLine> {
    let mut lines = Vec::new();
    for drug in drugs(medicines) {
        let total = MedicineTotals::of(medicines.iter().filter(|m| m.drug == drug));
        lines.push(MedicineLine::new(drug.to_owned(), "mg", total.milligrams, "change in milligrams"));
    }
    if !medicines.is_empty() {
        let total = MedicineTotals::of(medicines);
        let tablets = (total.tablets.0 as f64, total.tablets.1 as f64);
        lines.push(MedicineLine::new("All together".into(), "tablets", tablets, "change in tablets"));
        if let Some(doses) = total.defined_doses {
            let method = "change in WHO defined daily doses";
            lines.push(MedicineLine::new("All together".into(), "defined daily doses", doses, method));
        }
    }
    lines
}

fn drugs(medicines: &[Medicine]) -> Vec<&str> {
    let mut drugs: Vec<&str> = Vec::new();
    for medicine in medicines {
        if !drugs.contains(&medicine.drug.as_str()) {
            drugs.push(&medicine.drug);
        }
    }
    drugs
}

/// What a reader of the published figures should be warned of, found in the figures themselves.
fn warnings(study: &Study, published: &Published, found: &PublishedFindings) -> Vec<String> {
    let mut warnings = Vec::new();
    if let (Some(pooled), Some(mean)) = (&found.pooled, &found.mean_of_wards)
        && let (Some(p), Some(m)) = (pooled.value, mean.value)
        && (p - m).abs() >= NOTABLE
    {
        warnings.push(format!(
            "Two figures for protected sleep: {} of all people pooled, {} as the mean of ward percentages. \
             They answer different questions; say which one is meant.",
            pooled.in_words(),
            mean.in_words()
        ));
    }
    let (listed, wards) = (published.protected_sleep.len(), study.wards.len());
    if listed > 0 && listed != wards {
        warnings.push(format!("The published table lists {listed} wards; the study has {wards}."));
    }
    warnings.extend(outlying_wards(published));
    for line in &published.incidents {
        if line.all_after >= line.all_before && line.night_after < line.night_before {
            warnings.push(format!(
                "{}: only the night count fell ({} to {}); the count for all day did not ({} to {}).",
                line.category, line.night_before, line.night_after, line.all_before, line.all_after
            ));
        }
    }
    warnings.extend(medicines_that_rose(&published.hypnotics));
    warnings
}

/// Wards of one name apart from a number, of which one had many times the people of another.
fn outlying_wards(published: &Published) -> Vec<String> {
    let stem = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ').to_owned();
    let wards = &published.protected_sleep;
    let mut warnings = Vec::new();
    for (place, first) in wards.iter().enumerate() {
        for second in &wards[place + 1..] {
            let (small, large) = if first.n <= second.n { (first, second) } else { (second, first) };
            if stem(&first.ward) == stem(&second.ward) && large.n >= small.n.saturating_mul(3) {
                warnings.push(format!(
                    "{} had {} people and {} had {}, on wards of the same kind: check the counts.",
                    small.ward, small.n, large.ward, large.n
                ));
            }
        }
    }
    warnings
}

/// Drugs that rose by milligram, or strengths that at least doubled, while the count of tablets fell in total.
fn medicines_that_rose(medicines: &[Medicine]) -> Vec<String> {
    let total = MedicineTotals::of(medicines);
    if total.tablets_change().is_none_or(|change| change >= 0.0) {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    for drug in drugs(medicines) {
        let of_drug: Vec<&Medicine> = medicines.iter().filter(|m| m.drug == drug).collect();
        let sum = MedicineTotals::of(of_drug.iter().copied());
        let doubled: Vec<String> = of_drug
            .iter()
            .filter(|m| m.after > 0 && m.after >= m.before.saturating_mul(2))
            .map(|m| format!("{} mg from {} to {} tablets", m.strength_mg, m.before, m.after))
            .collect();
        let rose = sum.milligrams.1 > sum.milligrams.0;
        let drug = drug.to_lowercase();
        let strengths = doubled.join("; ");
        if rose {
            let line = MedicineLine::new(drug.clone(), "mg", sum.milligrams, "");
            let mg = |x: f64| crate::figure::number(x, 0);
            let strengths = if strengths.is_empty() { strengths } else { format!(" ({strengths})") };
            warnings.push(format!(
                "The count of tablets fell in total, but {drug} rose by milligram: {}, from {} mg to {} mg{strengths}.",
                line.change.in_words(),
                mg(sum.milligrams.0),
                mg(sum.milligrams.1),
            ));
        } else if !strengths.is_empty() {
            warnings.push(format!(
                "The count of tablets fell in total, but of {drug} {strengths}: at least doubled."
            ));
        }
    }
    warnings
}

/// A stable word for an id: lower-case letters, digits and hyphens.
pub(crate) fn slug(text: &str) -> String {
    let words: Vec<String> = text
        .to_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '.')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.join("-")
}
