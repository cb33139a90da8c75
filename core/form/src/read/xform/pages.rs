//! Groups of the body that the instance knows nothing of, and the order in which a person meets elements.

use hashbrown::HashMap;

use super::body::{Body, Control};
use super::markup::{Report, child, plain};
use super::skeleton::{Index, ROOT, Skeleton};

/// What comes next within an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Element(Index),
    /// A group without a ref begins; its place in the body.
    Begin(u32),
    End,
}

/// The groups without a ref, by the element that holds all they show.
#[derive(Debug, Default)]
pub(super) struct Pages(HashMap<Index, Vec<u32>>);

impl Pages {
    pub(super) fn read(body: &Body<'_>, skeleton: &Skeleton<'_>, report: &mut Report<'_, '_>) -> Pages {
        let mut pages = Pages::default();
        for (place, part) in (0..).zip(&body.parts) {
            if part.control != Control::Group || part.target.is_some() {
                continue;
            }
            let shown = shown(body, skeleton, place);
            match home(skeleton, &shown, (place, part.end)) {
                Some(home) => pages.0.entry(home).or_default().push(place),
                None if child(part.node, "label").is_some() || plain(part.node, "appearance").is_some() => {
                    let problem = "The group holds only a part of a group of the instance, so its pages and its \
                                   heading cannot be shown.";
                    let problem = if shown.is_empty() { "The group is empty." } else { problem };
                    report.warning(part.node, "", problem, "Group in the body as in the instance.");
                }
                None => {}
            }
        }
        pages
    }

    /// Whether an element holds such groups.
    pub(super) fn are_in(&self, index: Index) -> bool {
        self.0.contains_key(&index)
    }

    /// The elements in an element in the order of the body, with the groups around them. What the body does not show
    /// stays where the instance has it, or comes first where there are such groups.
    pub(super) fn order(&self, skeleton: &Skeleton<'_>, body: &Body<'_>, index: Index) -> Vec<Step> {
        let groups = self.0.get(&index).map_or(&[][..], Vec::as_slice);
        let mut before = 0;
        let mut children: Vec<(u32, Index)> = Vec::with_capacity(skeleton[index].children.len());
        for child in &skeleton[index].children {
            match skeleton[*child].span {
                Some((first, _)) => before = first + 1,
                None if !groups.is_empty() => before = 0,
                None => {}
            }
            children.push((before, *child));
        }
        children.sort_by_key(|(key, _)| *key);
        let mut steps = Vec::with_capacity(children.len() + 2 * groups.len());
        let mut open: Vec<u32> = Vec::new();
        let mut next = groups.iter().copied().peekable();
        let end = |group: &u32| body.parts[*group as usize].end;
        for (_, child) in children {
            if let Some((first, _)) = skeleton[child].span {
                while open.last().is_some_and(|group| end(group) <= first) {
                    open.pop();
                    steps.push(Step::End);
                }
                while let Some(group) = next.next_if(|group| *group < first) {
                    if end(&group) > first {
                        open.push(group);
                        steps.push(Step::Begin(group));
                    }
                }
            }
            steps.push(Step::Element(child));
        }
        steps.extend(open.iter().map(|_| Step::End));
        steps
    }
}

/// The elements that a group shows, those inside others left out.
fn shown(body: &Body<'_>, skeleton: &Skeleton<'_>, group: u32) -> Vec<Index> {
    let mut shown = Vec::new();
    let mut place = group + 1;
    while let Some(part) = body.parts.get(place as usize).filter(|_| place < body.parts[group as usize].end) {
        match part.target.filter(|target| skeleton[*target].part == Some(place)) {
            Some(target) => {
                shown.push(target);
                place = part.end;
            }
            None => place += 1,
        }
    }
    shown
}

/// The element that holds all that a group shows, if nothing the group does not show is in the way.
fn home(skeleton: &Skeleton<'_>, shown: &[Index], (begin, end): (u32, u32)) -> Option<Index> {
    let mut home = skeleton[*shown.first()?].parent;
    for index in shown {
        while !skeleton.is_inside(skeleton[*index].parent, home) {
            home = skeleton[home].parent;
        }
    }
    let whole = shown.iter().all(|index| {
        let member = skeleton.around(*index).find(|at| skeleton[*at].parent == home);
        let span = member.and_then(|member| skeleton[member].span);
        *index != ROOT && span.is_some_and(|(first, last)| begin < first && last < end)
    });
    whole.then_some(home)
}
