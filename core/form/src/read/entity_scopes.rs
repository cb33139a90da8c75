//! Which group or repeat each entity is written in. A repeat is a scope: all that refers to an entity must be in one
//! scope or those around it, and a group holds one entity. The rules are ODK's (Entities specification 2025.1).

use std::collections::{BTreeMap, HashMap};

use super::entities::Entity;
use super::findings::Findings;
use super::sheet::Sheet;
use super::survey::Stood;
use crate::node::{NodeId, NodeKind, Tree};

/// A row that refers to an entity, or that the entity refers to.
#[derive(Debug)]
pub(crate) struct Reference {
    row: u32,
    container: NodeId,
    is_property: bool,
    name: String,
}

impl Reference {
    pub(crate) fn property(stood: &Stood, name: &str) -> Reference {
        Reference { row: stood.row, container: stood.container, is_property: true, name: name.to_owned() }
    }

    pub(crate) fn question(stood: &Stood, name: &str) -> Reference {
        Reference { is_property: false, ..Reference::property(stood, name) }
    }
}

/// An entity that wants a place.
struct Request {
    entity: usize,
    scope: NodeId,
    wanted: NodeId,
    /// The groups of the rows that save to it.
    saved_from: Vec<NodeId>,
}

/// Looks at containers: groups and repeats, and the form itself.
struct Containers<'a>(&'a Tree);

impl Containers<'_> {
    /// The nearest repeat at or above, or the form.
    fn scope(&self, container: NodeId) -> NodeId {
        self.0[container].scope
    }

    fn repeats(&self, container: NodeId) -> usize {
        self.0[container].depth
    }

    /// From the form down to the container.
    fn line(&self, container: NodeId) -> Vec<NodeId> {
        let mut line = vec![container];
        let mut at = container;
        while at != NodeId::ROOT {
            at = self.0[at].parent;
            line.push(at);
        }
        line.reverse();
        line
    }

    /// How many containers are between the scope and the container, itself included.
    fn below_scope(&self, container: NodeId) -> usize {
        let scope = self.scope(container);
        self.line(container).iter().rev().take_while(|at| **at != scope).count()
    }

    fn is_around(&self, outer: NodeId, inner: NodeId) -> bool {
        self.line(inner).contains(&outer)
    }

    fn describe(&self, container: NodeId) -> String {
        match self.0[container].kind {
            NodeKind::Repeat => format!("the repeat `{}`", self.0[container].name),
            NodeKind::Group => format!("the group `{}`", self.0[container].name),
            _ => "the form outside of repeats".to_owned(),
        }
    }

    /// Where an entity wants to be, or the faults of its references.
    fn request(
        &self,
        sheet: &Sheet,
        entity: (usize, &Entity),
        references: &[Reference],
        findings: &mut Findings,
    ) -> Option<Request> {
        let (mut deepest, mut lowest, mut lowest_saved): (
            Option<&Reference>,
            Option<&Reference>,
            Option<&Reference>,
        ) = (None, None, None);
        for reference in references {
            let scope = self.scope(reference.container);
            let deeper =
                deepest.is_none_or(|d| self.repeats(reference.container) > self.repeats(d.container));
            if deeper {
                (deepest, lowest) = (Some(reference), Some(reference));
                if reference.is_property {
                    lowest_saved = Some(reference);
                }
                continue;
            }
            let here = deepest.is_some_and(|d| self.scope(d.container) == scope);
            let below = |other: Option<&Reference>| {
                other.is_none_or(|o| {
                    here && self.below_scope(reference.container) > self.below_scope(o.container)
                })
            };
            if below(lowest) {
                lowest = Some(reference);
            }
            if reference.is_property && below(lowest_saved) {
                lowest_saved = Some(reference);
            }
        }
        let (deepest, lowest) = (deepest?, lowest?);
        let mut saved_from: Vec<NodeId> = Vec::new();
        for reference in references.iter().filter(|reference| reference.is_property) {
            if !saved_from.contains(&reference.container) {
                saved_from.push(reference.container);
            }
        }
        let wanted = match (saved_from.as_slice(), lowest_saved) {
            ([], _) | (_, None) => lowest.container,
            ([only], _) => *only,
            (several, Some(saved)) => {
                let scope = self.scope(saved.container);
                let common = self.common(several);
                let rank = |at: NodeId| (self.repeats(at), self.below_scope(at));
                if rank(common) > rank(scope) { common } else { scope }
            }
        };
        let scope = self.scope(deepest.container);
        let mut sound = true;
        for reference in references {
            let own = self.scope(reference.container);
            let astray = !self.is_around(own, scope);
            let apart = reference.is_property && self.scope(wanted) != own;
            if !astray && !apart {
                continue;
            }
            sound = false;
            let elsewhere = if astray { deepest.container } else { wanted };
            let problem = format!(
                "`{}` in {} cannot belong to the entity `{}`, which is in {}.",
                reference.name,
                self.describe(own),
                entity.1.list,
                self.describe(self.scope(elsewhere)),
            );
            let remedy = "Copy the answer there with a calculate row, and refer to that.";
            if reference.is_property {
                findings.error("survey", Some(sheet.place(reference.row, "save_to")), problem, remedy);
            } else {
                findings.error("entities", Some(super::findings::Place::row(entity.1.row)), problem, remedy);
            }
        }
        sound.then_some(Request { entity: entity.0, scope, wanted, saved_from })
    }

    /// The innermost container around all of several.
    fn common(&self, containers: &[NodeId]) -> NodeId {
        let Some((first, rest)) = containers.split_first() else { return NodeId::ROOT };
        let around = |at: &&NodeId| rest.iter().all(|other| self.is_around(**at, *other));
        self.line(*first).iter().rev().find(around).copied().unwrap_or(NodeId::ROOT)
    }
}

/// Gives each entity a container, or reports that there is none left.
pub(crate) fn allocate(
    sheet: &Sheet,
    tree: &Tree,
    entities: &[Entity],
    referred: Vec<(usize, Vec<Reference>)>,
    findings: &mut Findings,
) {
    let containers = Containers(tree);
    let mut requests: BTreeMap<NodeId, Vec<Request>> = BTreeMap::new();
    let mut asked = vec![false; entities.len()];
    for (index, references) in &referred {
        asked[*index] = true;
        if let Some(request) = containers.request(sheet, (*index, &entities[*index]), references, findings) {
            requests.entry(request.scope).or_default().push(request);
        }
    }
    // What nothing refers to belongs to the form itself.
    for entity in (0..entities.len()).filter(|index| !asked[*index]) {
        let (scope, wanted) = (NodeId::ROOT, NodeId::ROOT);
        requests.entry(scope).or_default().push(Request { entity, scope, wanted, saved_from: Vec::new() });
    }
    if let [(NodeId::ROOT, [_])] = requests.iter().map(|(s, r)| (*s, r.as_slice())).collect::<Vec<_>>()[..] {
        return;
    }
    let mut taken: HashMap<NodeId, usize> = HashMap::new();
    for (scope, mut requests) in requests {
        requests.sort_by_key(|request| entities[request.entity].row);
        for request in requests {
            if let Some(other) = place(&containers, scope, &request, &mut taken) {
                let entity = &entities[request.entity];
                let problem = format!(
                    "There is no group left for the entity `{}` in {}; row {} has it.",
                    entity.list,
                    containers.describe(scope),
                    entities[other].row,
                );
                let remedy = "Put what belongs to each entity into a group of its own.";
                findings.error("entities", Some(super::findings::Place::row(entity.row)), problem, remedy);
            }
        }
    }
}

/// Takes the innermost free container from the wanted one up to the scope; else the entity in the way.
fn place(
    containers: &Containers<'_>,
    scope: NodeId,
    request: &Request,
    taken: &mut HashMap<NodeId, usize>,
) -> Option<usize> {
    let line = containers.line(request.wanted);
    let mut in_the_way = None;
    for at in line.iter().rev() {
        match taken.get(at) {
            None => {
                taken.insert(*at, request.entity);
                for saved in &request.saved_from {
                    for between in containers.line(*saved).into_iter().rev().take_while(|node| node != at) {
                        taken.insert(between, request.entity);
                    }
                }
                return None;
            }
            Some(other) => {
                in_the_way = Some(*other);
                // Rows that save need the nearest container with an entity to be their own.
                if let Some(other) = request.saved_from.iter().find_map(|saved| taken.get(saved)) {
                    return Some(*other);
                }
            }
        }
        if *at == scope {
            break;
        }
    }
    in_the_way
}
