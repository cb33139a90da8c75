//! What only the inside can say: computing a little at a time gives what computing everything gives.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use rust_xlsxwriter::Workbook;

use super::state::{ScopeId, State};
use super::wave::Wave;
use super::{Entry, Opening, Session};
use crate::graph::{Aspect, Vertex};
use crate::node::NodeId;
use crate::{Instrument, Value};

const SURVEY: &str = "
type|name|label|relevant|calculation|choice_filter|repeat_count|trigger|default
select_one l|a|A||||
select_multiple l|b|B|||kind = ${a} or ${n} > 3|
integer|n|N|||
begin_group|g|G|${a} != 'y' and ${total} < 100|||
integer|m|M|${n} > 1|${n} * 2||
end_group|||||
calculate|d|||count-selected(${b}) + ${m} + 5||
begin_repeat|r|R|${n} != 0|||
integer|x|X||||
text|t|T|${x} > 1|||
calculate|p|||position(..) + ${x} + ${n}||
calculate|share|||${x} div ${total}||
begin_repeat|s|S||||${x}
integer|y|Y|${n} > 0|||
calculate|z|||${y} + ${p} + position(..)||
end_repeat|||||
end_repeat|||||
calculate|total|||sum(${x}) + sum(${y}) + count(${r})||
calculate|far|||indexed-repeat(${p}, ${r}, ${n}) + sum(${z})||
calculate|big|||sum(${x}[. > 2]) + count(${r}[x > ${n}])||
calculate|peek|||concat(${r}[position() = ${n}]/x, ' ', /data/r[last()]/t)||
text|ever|Ever||concat(${ever}, ${n}, ';')|||${n}
calculate|twice|||${ever}|||${ever}, ${a}
text|note|Note||||||concat('seen ', ${n})
calculate|words|||concat(jr:choice-name(${a}, '${a}'), join(',', ${t}))||
";
const CHOICES: &str = "
list_name|name|label|kind
l|x|Ex|x
l|y|Why|y
l|z|Zed|x
";

fn instrument() -> Arc<Instrument> {
    let mut book = Workbook::new();
    for (name, table) in [("survey", SURVEY), ("choices", CHOICES)] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        for (row, line) in table.trim().lines().enumerate() {
            for (column, cell) in line.split('|').enumerate().filter(|(_, cell)| !cell.is_empty()) {
                sheet.write_string(row as u32, column as u16, cell).unwrap();
            }
        }
    }
    let bytes = book.save_to_buffer().unwrap();
    Arc::new(Instrument::from_workbook("t.xlsx", &bytes).unwrap_or_else(|found| panic!("{found}")))
}

fn clock() -> jiff::Zoned {
    "2026-01-15T02:30:00+00:00[Europe/London]".parse().unwrap()
}

/// Forgets everything computed and computes it again.
fn recomputed(session: &Session) -> State {
    let mut session = session.clone();
    let tree = &session.instrument.clone().tree;
    let mut wave = Wave::default();
    let mut all = Vec::new();
    for id in tree.ids().filter(|id| tree[*id].scope == *id) {
        session.state.within(tree, ScopeId::ROOT, id, &mut |scope| all.push(scope));
    }
    for scope in all {
        let home = session.state[scope].node;
        for id in tree.ids().filter(|id| tree[*id].scope == home) {
            let calculated = tree[id].calculation.is_some();
            let cell = session.state.cell_mut(tree, scope, id);
            (cell.relevant, cell.cut) = (true, None);
            // What a person wrote over a calculation stands until what it is calculated from changes.
            if calculated && !cell.touched {
                cell.value = None;
            }
        }
        session.enqueue_untouched(&mut wave, scope);
    }
    session.settle(&mut wave);
    session.state
}

impl Session {
    fn enqueue_untouched(&self, wave: &mut Wave, scope: ScopeId) {
        self.enqueue(wave, scope);
        wave.forget(|rank, scope| {
            let tree = &self.instrument.tree;
            let Some(vertex) = self.instrument.graph.vertex(rank) else { return false };
            vertex.aspect == Aspect::Value
                && tree[vertex.node].calculation.is_some()
                && self.state.cell(tree, scope, vertex.node).touched
        });
    }
}

fn entry() -> impl Strategy<Value = Entry> {
    let path = prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "n"]).prop_map(str::to_owned),
        4 => (1..4, prop::sample::select(vec!["x", "t", "s[1]/y", "s[2]/y"])).prop_map(|(i, item)| format!("r[{i}]/{item}")),
    ];
    let code = || prop::sample::select(vec!["x", "y", "z"]).prop_map(str::to_owned);
    let value = prop_oneof![
        1 => Just(None),
        6 => (-1..6_i64).prop_map(|n| Some(Value::Integer(n))),
        3 => code().prop_map(|code| Some(Value::One(code))),
        3 => prop::collection::vec(code(), 0..3).prop_map(|codes| Some(Value::Many(codes))),
        1 => "[a-z]{0,3}".prop_map(|text| Some(Value::Text(text))),
    ];
    prop_oneof![
        10 => (path, value).prop_map(|(path, value)| Entry::Answer { path, value }),
        2 => Just(Entry::AddRepeat { path: "r".to_owned() }),
        1 => (1..3).prop_map(|i| Entry::RemoveRepeat { path: format!("r[{i}]") }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Invariant 12 costs no truth: what an answer recomputes is all that it affects.
    #[test]
    fn incremental_is_the_same_as_from_scratch(entries in prop::collection::vec(entry(), 0..40)) {
        let opening = Opening { language: None, now: clock(), seed: 3 };
        let mut session = Session::open(instrument(), opening).unwrap();
        for entry in &entries {
            let _ = session.apply(entry, &clock());
            prop_assert!(session.state == recomputed(&session), "after {:?}", entry);
        }
    }
}

/// Every item that an answer may change, and those that hang on these in turn.
fn reach(session: &Session, id: NodeId) -> BTreeSet<NodeId> {
    let (graph, tree) = (&session.instrument.graph, &session.instrument.tree);
    let mut seen = BTreeSet::new();
    let mut next = vec![Vertex { node: id, aspect: Aspect::Value }];
    while let Some(vertex) = next.pop() {
        if seen.insert(vertex) {
            next.extend(graph.dependants(vertex).iter().map(|edge| edge.to));
            let set = tree[vertex.node].on_change.iter().map(|index| tree.actions[*index].target.node);
            next.extend(set.map(|node| Vertex { node, aspect: Aspect::Value }));
        }
    }
    seen.into_iter().map(|vertex| vertex.node).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Two answers of which neither reaches the other's question may be given in either order.
    #[test]
    fn unrelated_answers_commute(
        before in prop::collection::vec(entry(), 0..12),
        one in entry(),
        other in entry(),
    ) {
        let (Entry::Answer { path: a, .. }, Entry::Answer { path: b, .. }) = (&one, &other) else {
            return Ok(());
        };
        let mut first = Session::open(instrument(), Opening { language: None, now: clock(), seed: 3 }).unwrap();
        for entry in &before {
            let _ = first.apply(entry, &clock());
        }
        let (Ok((_, a)), Ok((_, b))) = (first.locate(a), first.locate(b)) else { return Ok(()) };
        if a == b || reach(&first, a).contains(&b) || reach(&first, b).contains(&a) {
            return Ok(());
        }
        let mut second = first.clone();
        let _ = (first.apply(&one, &clock()), first.apply(&other, &clock()));
        let _ = (second.apply(&other, &clock()), second.apply(&one, &clock()));
        prop_assert!(first.state == second.state);
    }
}

/// An answer looks at what depends on it, not at the form: the wave stays small however long the form is.
#[test]
fn an_answer_costs_what_it_affects() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("survey").unwrap();
    for (column, heading) in ["type", "name", "label", "relevant"].iter().enumerate() {
        sheet.write_string(0, column as u16, *heading).unwrap();
    }
    for i in 0..2_000_u32 {
        sheet.write_string(i + 1, 0, "integer").unwrap();
        sheet.write_string(i + 1, 1, format!("q{i}")).unwrap();
        sheet.write_string(i + 1, 2, "Q").unwrap();
        sheet
            .write_string(
                i + 1,
                3,
                if i % 10 == 0 { "true()".to_owned() } else { format!("${{q{}}} > 0", i - 1) },
            )
            .unwrap();
    }
    let instrument =
        Arc::new(Instrument::from_workbook("long.xlsx", &book.save_to_buffer().unwrap()).unwrap());
    let opening = Opening { language: None, now: clock(), seed: 3 };
    let session = Session::open(instrument.clone(), opening).unwrap();
    let q = |i: usize| instrument.tree.by_name[&*format!("q{i}")][0];
    let reach = |id: NodeId| {
        let mut wave = Wave::default();
        session.touch(&mut wave, Vertex { node: id, aspect: Aspect::Value }, ScopeId::ROOT);
        wave.len()
    };
    assert_eq!((reach(q(0)), reach(q(9)), reach(q(1990))), (1, 0, 1));
}
