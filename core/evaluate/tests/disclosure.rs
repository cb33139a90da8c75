//! No count that the policy keeps back can be worked out from what is printed.

use std::collections::BTreeSet;

use nightjar_evaluate::disclose::{Block, Family, Policy, Protected, Shown, protect};
use nightjar_record::study::DisclosurePolicy;
use proptest::prelude::*;

const NIGHT_2018: [u64; 7] = [46, 4, 26, 5, 1, 1, 6];
const NIGHT_2019: [u64; 7] = [84, 3, 17, 4, 8, 1, 5];

fn printed(policy: DisclosurePolicy, counts: &[u64]) -> String {
    let policy = Policy::new(policy);
    counts.iter().map(|&n| policy.count(n).to_string()).collect::<Vec<_>>().join(",")
}

#[test]
fn t5_the_policies_print_the_published_vectors() {
    assert_eq!(printed(DisclosurePolicy::NhsMhsds, &NIGHT_2018), "45,*,25,5,*,*,5");
    assert_eq!(printed(DisclosurePolicy::NhsHes2018, &NIGHT_2018), "45,*,25,*,*,*,*");
    assert_eq!(printed(DisclosurePolicy::NhsMhsds, &NIGHT_2019), "85,*,15,*,10,*,5");
    assert_eq!(printed(DisclosurePolicy::NhsHes2018, &NIGHT_2019), "85,*,15,*,10,*,*");
    assert_eq!(printed(DisclosurePolicy::RawInternal, &NIGHT_2018), "46,4,26,5,1,1,6");
    assert_eq!(printed(DisclosurePolicy::NhsMhsds, &[0]), "*");
    assert_eq!(printed(DisclosurePolicy::NhsHes2018, &[0]), "0");
}

#[test]
fn percentages_follow_each_policy() {
    let mhsds = Policy::new(DisclosurePolicy::NhsMhsds);
    assert_eq!(mhsds.percentage(4, 17), None);
    assert_eq!(mhsds.percentage(6, 17), Some(35.3));
    let hes = Policy::new(DisclosurePolicy::NhsHes2018);
    assert_eq!(hes.percentage(7, 20), None);
    assert_eq!(hes.percentage(8, 17), Some(66.7));
}

#[test]
fn an_exact_total_never_stands_beside_suppressed_counts() {
    let family =
        Family { blocks: vec![Block { columns: 7, splits: vec![vec![NIGHT_2018.to_vec()]] }], staff: false };
    let shown = &protect(Policy::new(DisclosurePolicy::NhsMhsds), &family)[0];
    assert!(!shown.overall.base.is_exact());
    assert!(shown.overall.cells.iter().all(|cell| !cell.is_exact()));
}

#[test]
fn a_small_group_of_staff_is_not_shown_at_all() {
    let family = Family {
        blocks: vec![Block { columns: 2, splits: vec![vec![vec![8, 1], vec![30, 20], vec![25, 25]]] }],
        staff: true,
    };
    let shown = &protect(Policy::new(DisclosurePolicy::NhsMhsds), &family)[0];
    assert!(shown.splits[0][0].cells.iter().all(|cell| cell.is_hidden()));
    assert!(shown.splits[0][0].base.is_hidden());
    assert!(!shown.splits[0][1].base.is_hidden());
}

/// What an attacker who knows the policy, and of each star whether the count was too small or stood beside one, believes
/// a count can be.
fn candidates(policy: DisclosurePolicy, shown: Shown, truth: u64, most: u64) -> Vec<u64> {
    let policy = Policy::new(policy);
    let most = most.max(truth + 4);
    match shown.number() {
        None if policy.count(truth).is_hidden() => {
            (0..=most).filter(|&n| policy.count(n).is_hidden()).collect()
        }
        None => (0..=most).collect(),
        Some(_) => (0..=most).filter(|&n| policy.count(n) == shown).collect(),
    }
}

/// All integer tables with these lines that print like this, as their column totals and the cells themselves.
fn tables(
    rule: DisclosurePolicy,
    shown: &Protected,
    truth: &[Vec<u64>],
    split: usize,
    most: u64,
) -> Vec<Vec<Vec<u64>>> {
    let policy = Policy::new(rule);
    // A sum is told apart like a cell: too small by itself, or kept back for its neighbours.
    let agrees = |printed: Shown, truth: u64, n: u64| match printed.is_hidden() {
        true => !policy.count(truth).is_hidden() || policy.count(n).is_hidden(),
        false => policy.count(n) == printed,
    };
    let mut all: Vec<Vec<Vec<u64>>> = vec![vec![]];
    for (row, true_line) in shown.splits[split].iter().zip(truth) {
        let mut lines: Vec<Vec<u64>> = vec![vec![]];
        for (&cell, &true_count) in row.cells.iter().zip(true_line) {
            let values = candidates(rule, cell, true_count, most);
            lines = lines
                .iter()
                .flat_map(|line| values.iter().map(move |&v| [line.as_slice(), &[v]].concat()))
                .collect();
        }
        lines.retain(|line| agrees(row.base, true_line.iter().sum(), line.iter().sum()));
        all = all
            .iter()
            .flat_map(|t| lines.iter().map(move |line| [t.as_slice(), std::slice::from_ref(line)].concat()))
            .collect();
    }
    let columns = shown.overall.cells.len();
    all.retain(|table| {
        let totals: Vec<u64> = (0..columns).map(|c| table.iter().map(|line| line[c]).sum()).collect();
        let true_totals = self::totals(truth);
        let columns = shown.overall.cells.iter().zip(&totals).zip(&true_totals);
        columns.into_iter().all(|((&p, &n), &t)| agrees(p, t, n))
            && agrees(shown.overall.base, true_totals.iter().sum(), totals.iter().sum())
    });
    all
}

fn totals(table: &[Vec<u64>]) -> Vec<u64> {
    (0..table[0].len()).map(|c| table.iter().map(|line| line[c]).sum()).collect()
}

/// Every suppressed cell has at least two values among the tables that print the same in every split.
fn nothing_is_determined(rule: DisclosurePolicy, family: &Family, most: u64) -> Result<(), TestCaseError> {
    let shown = &protect(Policy::new(rule), family)[0];
    let splits: Vec<Vec<Vec<Vec<u64>>>> = family.blocks[0]
        .splits
        .iter()
        .enumerate()
        .map(|(i, truth)| tables(rule, shown, truth, i, most))
        .collect();
    let common: BTreeSet<Vec<u64>> = splits
        .iter()
        .map(|all| all.iter().map(|t| totals(t)).collect::<BTreeSet<_>>())
        .reduce(|a, b| a.intersection(&b).cloned().collect())
        .unwrap_or_default();
    for (split, all) in splits.iter().enumerate() {
        for (line, row) in shown.splits[split].iter().enumerate() {
            for (column, cell) in row.cells.iter().enumerate().filter(|(_, cell)| cell.is_hidden()) {
                let possible: BTreeSet<u64> =
                    all.iter().filter(|t| common.contains(&totals(t))).map(|t| t[line][column]).collect();
                prop_assert!(
                    possible.len() > 1,
                    "{cell} in split {split}, line {line}, column {column} can only be {possible:?}: {family:?}"
                );
            }
        }
    }
    for (column, _) in shown.overall.cells.iter().enumerate().filter(|(_, cell)| cell.is_hidden()) {
        let possible: BTreeSet<u64> = common.iter().map(|t| t[column]).collect();
        prop_assert!(possible.len() > 1, "total {column} can only be {possible:?}: {family:?}");
    }
    Ok(())
}

/// A family of two by two tables split twice: the same people by ward and by phase.
fn people() -> impl Strategy<Value = Family> {
    // Each person: ward, phase, answer.
    prop::collection::vec((0..2_usize, 0..2_usize, prop::sample::select(vec![0_usize, 0, 0, 1])), 0..26)
        .prop_map(|people| {
            let mut splits = vec![vec![vec![0; 2]; 2]; 2];
            for (ward, phase, answer) in people {
                splits[0][ward][answer] += 1;
                splits[1][phase][answer] += 1;
            }
            Family { blocks: vec![Block { columns: 2, splits }], staff: false }
        })
}

/// One line of up to four columns; most counts stand at an edge of what rounds alike, where a total says most.
fn line() -> impl Strategy<Value = Family> {
    let count = prop_oneof![4 => prop::sample::select(vec![1_u64, 4, 7, 8, 12]), 1 => 0..13_u64];
    prop::collection::vec(count, 2..5).prop_map(|line| Family {
        blocks: vec![Block { columns: line.len(), splits: vec![vec![line]] }],
        staff: false,
    })
}

#[test]
fn a_rounded_total_that_pins_a_small_count_is_not_printed_beside_it() {
    // 5, 5, * with the total 20: two counts of at most 7, and less than 5, add up to at least 18 in one way only.
    let family =
        Family { blocks: vec![Block { columns: 3, splits: vec![vec![vec![7, 7, 4]]] }], staff: false };
    let shown = &protect(Policy::new(DisclosurePolicy::NhsMhsds), &family)[0];
    let printed: Vec<String> = shown.splits[0][0].cells.iter().map(Shown::to_string).collect();
    assert!(printed.iter().filter(|cell| *cell == "*").count() >= 2, "{printed:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_suppressed_cell_of_a_line_can_be_recovered_by_subtraction(family in line(), hes in any::<bool>()) {
        let rule = if hes { DisclosurePolicy::NhsHes2018 } else { DisclosurePolicy::NhsMhsds };
        nothing_is_determined(rule, &family, 20)?;
    }

    #[test]
    fn no_suppressed_cell_can_be_recovered_across_two_splits(family in people(), hes in any::<bool>()) {
        let rule = if hes { DisclosurePolicy::NhsHes2018 } else { DisclosurePolicy::NhsMhsds };
        nothing_is_determined(rule, &family, 14)?;
    }

    #[test]
    fn raw_internal_prints_every_count(family in people()) {
        let shown = &protect(Policy::new(DisclosurePolicy::RawInternal), &family)[0];
        for (lines, printed) in family.blocks[0].splits.iter().zip(&shown.splits) {
            for (line, row) in lines.iter().zip(printed) {
                let numbers: Vec<Option<u64>> = row.cells.iter().map(|c| c.number()).collect();
                prop_assert_eq!(numbers, line.iter().map(|&n| Some(n)).collect::<Vec<_>>());
            }
        }
    }
}
