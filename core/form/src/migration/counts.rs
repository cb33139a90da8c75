//! Repeats that an answer counts: more instances than it says are there when it was lowered or blanked since.

use super::plan::{Attempt, numbered, repeat_of};
use crate::logic::question;
use crate::{Entry, Instrument, ItemKind, Session, Value};

/// Raises the counts of repeats that had more instances, outer ones first, and gives the entries that put them back.
pub(super) fn raise(old: &Session, new: &Instrument, tried: &mut Attempt) -> Vec<Entry> {
    let mut back = Vec::new();
    for counted in old.counted() {
        let tree = &old.instrument().tree;
        let Some(repeat) = repeat_of(new, tree[counted.repeat].key)
            .filter(|id| new.tree[*id].depth == tree[counted.repeat].depth)
        else {
            continue;
        };
        let source = new.tree[repeat].source.repeat_count.as_deref();
        let Some(counter) = source.and_then(|source| question(&new.tree, repeat, source)) else { continue };
        let number = matches!(
            new.item_at(counter).map(crate::Item::kind),
            Some(ItemKind::Integer | ItemKind::Decimal | ItemKind::Range)
        );
        let fewer = tried
            .session
            .count_of(&numbered(new, repeat, &counted.numbers))
            .is_some_and(|count| count < counted.count);
        // The question that counts stands around the repeat.
        let around = new.tree.repeats(repeat).starts_with(&new.tree.repeats(counter));
        let (true, true, true, Ok(count)) = (number, fewer, around, i64::try_from(counted.count)) else {
            continue;
        };
        let path = numbered(new, counter, &counted.numbers);
        let entry = |value| Entry::Answer { path: path.clone(), value };
        let before = tried.session.value(&path).cloned();
        if tried.apply(entry(Some(Value::Integer(count))), old).is_ok() {
            back.push(entry(before));
        }
    }
    back
}
