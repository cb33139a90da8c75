//! Forms made for one measurement.

use super::Shape;

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// Questions of which each is relevant only if the one before is above zero.
pub(crate) fn chain(questions: usize) -> Shape {
    let mut survey = vec![row(["type", "name", "label", "relevant"])];
    for at in 1..=questions {
        let relevant = if at == 1 { String::new() } else { format!("${{q{}}} > 0", at - 1) };
        survey.push(row(["integer", &format!("q{at}"), &format!("How often, {at}?"), &relevant]));
    }
    Shape::new(format!("chain-of-{questions}"), survey, Vec::new())
}

/// A question and calculations of which each adds one to the one before.
pub(crate) fn sums(calculations: usize) -> Shape {
    let mut survey =
        vec![row(["type", "name", "label", "calculation"]), row(["integer", "q", "How many?", ""])];
    for at in 1..=calculations {
        let before = if at == 1 { "q".to_owned() } else { format!("c{}", at - 1) };
        survey.push(row(["calculate", &format!("c{at}"), "", &format!("${{{before}}} + 1")]));
    }
    Shape::new(format!("sums-of-{calculations}"), survey, Vec::new())
}

/// Questions that have nothing to do with each other, and one calculation from the one in the middle.
pub(crate) fn flat(items: usize) -> Shape {
    let mut survey = vec![row(["type", "name", "label", "calculation"])];
    for at in 1..items {
        survey.push(row(["integer", &format!("q{at}"), &format!("How many, {at}?"), ""]));
    }
    survey.push(row(["calculate", "double", "", &format!("${{q{}}} * 2", items / 2)]));
    Shape::new(format!("flat-{items}"), survey, Vec::new())
}

/// A repeat with a question and a calculation from it.
pub(crate) fn repeated() -> Shape {
    let survey = vec![
        row(["type", "name", "label", "calculation"]),
        row(["begin repeat", "night", "Night", ""]),
        row(["integer", "hours", "How many hours?", ""]),
        row(["calculate", "minutes", "", "${hours} * 60"]),
        row(["end repeat", "", "", ""]),
    ];
    Shape::new("repeated", survey, Vec::new())
}

/// A form of the field's everyday kind: questions of all types in groups, some relevant by an answer, some with
/// constraints, lists of choices, a cascade and scores. The seed varies sizes and order.
pub(crate) fn varied(seed: usize, questions: usize) -> Shape {
    let mut survey =
        vec![row(["type", "name", "label", "relevant", "constraint", "calculation", "choice_filter"])];
    let mut in_group = false;
    for at in 1..=questions {
        let name = format!("q{at}");
        let before = format!("q{}", at - 1);
        let relevant = if at % 4 == 2 { format!("${{{before}}} != ''") } else { String::new() };
        let label = format!("Question {at} of form {seed}: how was it on the ward?");
        let (kind, constraint, calculation, filter) = match (at + seed) % 9 {
            0 => ("integer", ". >= 0 and . <= 100", String::new(), ""),
            1 => ("select_one often", "", String::new(), ""),
            2 => ("text", "string-length(.) < 200", String::new(), ""),
            3 => ("select_multiple place", "", String::new(), ""),
            4 => ("decimal", ". < 1000", String::new(), ""),
            5 => (
                "calculate",
                "",
                format!("if(${{{before}}} = '', 0, string-length(${{{before}}})) + {at}"),
                "",
            ),
            6 => ("date", ". >= date('2000-01-01')", String::new(), ""),
            7 => ("select_one ward", "", String::new(), "kind != ${q0}"),
            _ => ("note", "", String::new(), ""),
        };
        if at % 12 == 1 {
            if in_group {
                survey.push(row(["end group", "", "", "", "", "", ""]));
            }
            survey.push(row([
                "begin group",
                &format!("g{at}"),
                &format!("Part {}", at / 12 + 1),
                "",
                "",
                "",
                "",
            ]));
            in_group = true;
        }
        let label = if kind == "calculate" { String::new() } else { label };
        let relevant = if kind == "calculate" { String::new() } else { relevant };
        survey.push(row([kind, &name, &label, &relevant, constraint, &calculation, filter]));
    }
    if in_group {
        survey.push(row(["end group", "", "", "", "", "", ""]));
    }
    survey.insert(1, row(["text", "q0", "Which kind of ward is it?", "", "", "", ""]));
    Shape::new(format!("varied-{seed}-{questions}"), survey, choices(6 + seed % 30))
}

/// A form of so many rows over all sheets: questions and long lists of choices.
pub(crate) fn large(rows: usize) -> Shape {
    let questions = rows / 2;
    let mut shape = varied(3, questions);
    shape.name = format!("large-{rows}");
    let others = rows.saturating_sub(questions + questions / 6);
    if let Some((_, sheet)) = shape.sheets.iter_mut().find(|(name, _)| name == "choices") {
        *sheet = choices(others / 3);
    }
    shape
}

fn choices(each: usize) -> Vec<Vec<String>> {
    let mut rows = vec![row(["list_name", "name", "label", "kind"])];
    for list in ["often", "place", "ward"] {
        for at in 1..=each {
            let kind = if at % 2 == 0 { "acute" } else { "rehabilitation" };
            rows.push(row([list, &format!("{list}{at}"), &format!("{list} number {at}"), kind]));
        }
    }
    rows
}
