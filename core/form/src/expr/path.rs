//! Walks a path: axes, tests and predicates over answers and documents alike (XPath 1.0, 2).

use super::code::{Code, PathCode, StartCode, StepCode, TestCode};
use super::eval::{Frame, eval_in};
use super::syntax::Axis;
use super::val::Val;
use super::world::{Node, World};
use crate::document::{DocKind, DocNode, Document};

/// The nodes of a path, in document order.
pub(crate) fn nodes<W: World>(path: &PathCode, world: &W, frame: &Frame) -> Vec<Node> {
    let mut found = match &path.start {
        StartCode::Answers(reference) => {
            let mut found = Vec::new();
            world.each(*reference, &mut |node| found.push(node));
            found
        }
        StartCode::Context => vec![frame.node],
        StartCode::Current => vec![world.own()],
        StartCode::Document => vec![world.document_root()],
        StartCode::Instance(name) => {
            world.instance(&eval_in(name, world, frame).into_text(world)).into_iter().collect()
        }
        StartCode::Expr(code) => match eval_in(code, world, frame) {
            Val::Nodes(nodes) => nodes,
            _ => Vec::new(),
        },
    };
    for filter in &path.filters {
        found = filtered(found, filter, world);
    }
    // Whether no node may be inside another.
    let mut flat = true;
    for step in &path.steps {
        let mut next = Vec::new();
        for node in &found {
            if !world.spend(1) {
                break;
            }
            walk(step, *node, world, &mut next);
        }
        let tame = match step.axis {
            Axis::Child | Axis::Attribute => flat,
            Axis::Itself => true,
            _ => false,
        };
        if !tame && found.len() > 1 {
            arrange(&mut next, world);
        }
        flat = flat && matches!(step.axis, Axis::Child | Axis::Attribute | Axis::Itself);
        found = next;
    }
    found
}

/// Puts nodes in document order, each once.
pub(crate) fn arrange<W: World>(nodes: &mut Vec<Node>, world: &W) {
    nodes.sort_by(|a, b| a.order(*b, world));
    nodes.dedup();
}

fn walk<W: World>(step: &StepCode, from: Node, world: &W, found: &mut Vec<Node>) {
    if step.predicates.is_empty() {
        let before = found.len();
        axis(step.axis, from, world, &mut |node| {
            if takes(&step.test, step.axis, node, world) {
                found.push(node);
            }
        });
        if step.axis.is_reverse() {
            found[before..].reverse();
        }
        return;
    }
    let mut taken = Vec::new();
    axis(step.axis, from, world, &mut |node| {
        if takes(&step.test, step.axis, node, world) {
            taken.push(node);
        }
    });
    for predicate in &step.predicates {
        taken = filtered(taken, predicate, world);
    }
    if step.axis.is_reverse() {
        taken.reverse();
    }
    found.extend(taken);
}

fn filtered<W: World>(nodes: Vec<Node>, predicate: &Code, world: &W) -> Vec<Node> {
    let size = nodes.len();
    if !world.spend(size) {
        return Vec::new();
    }
    if let Code::Number(n) = predicate {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
        let at = if n.fract() == 0.0 && *n >= 1.0 { Some(*n as usize - 1) } else { None };
        return at.and_then(|at| nodes.get(at).copied()).into_iter().collect();
    }
    let mut kept = Vec::new();
    for (node, position) in nodes.into_iter().zip(1..) {
        let value = eval_in(predicate, world, &Frame { node, position, size });
        #[expect(clippy::cast_precision_loss, reason = "nodes are bounded")]
        let keep = match value {
            Val::Number(n) => n == position as f64,
            other => other.to_boolean(world),
        };
        if keep {
            kept.push(node);
        }
    }
    kept
}

fn takes<W: World>(test: &TestCode, axis: Axis, node: Node, world: &W) -> bool {
    let kind = match node {
        Node::Above => DocKind::Document,
        Node::Answer(..) => DocKind::Element,
        Node::Doc(index, inner) => {
            world.document(index).map_or(DocKind::Text, |document| document.kind(inner))
        }
    };
    let principal = if axis == Axis::Attribute {
        kind == DocKind::Attribute || matches!(node, Node::Answer(..))
    } else {
        kind == DocKind::Element
    };
    match test {
        TestCode::Node => true,
        TestCode::Any => principal,
        TestCode::Name(name) => principal && node.is_named(name, world),
        TestCode::AnyOf(namespace) => principal && *node.names(world).2 == **namespace,
        TestCode::Text => kind == DocKind::Text,
        TestCode::Comment => kind == DocKind::Comment,
        TestCode::Instruction(target) => {
            kind == DocKind::Instruction
                && target.as_ref().is_none_or(|target| *node.names(world).1 == **target)
        }
    }
}

/// The parent of a node of any kind.
pub(crate) fn parent<W: World>(node: Node, world: &W) -> Option<Node> {
    match node {
        Node::Doc(index, inner) => {
            world.document(index)?.parent(inner).map(|parent| Node::Doc(index, parent))
        }
        answer => world.parent(answer),
    }
}

fn children<W: World>(node: Node, world: &W, found: &mut dyn FnMut(Node)) {
    match node {
        Node::Doc(index, inner) => {
            if let Some(document) = world.document(index) {
                document.children(inner).for_each(|child| found(Node::Doc(index, child)));
            }
        }
        answer => world.children(answer, found),
    }
}

fn ancestors<W: World>(node: Node, world: &W, found: &mut dyn FnMut(Node)) {
    let mut up = parent(node, world);
    while let Some(at) = up {
        found(at);
        up = parent(at, world);
    }
}

fn descendants<W: World>(node: Node, world: &W, found: &mut dyn FnMut(Node)) {
    if let Node::Doc(index, inner) = node {
        let Some(document) = world.document(index) else { return };
        return below(document, inner).for_each(|node| found(Node::Doc(index, node)));
    }
    let mut inner = Vec::new();
    world.children(node, &mut |child| inner.push(child));
    for child in inner {
        found(child);
        if world.spend(1) {
            descendants(child, world, found);
        }
    }
}

/// Everything below a node of a document but attributes, in order.
fn below(document: &Document, node: DocNode) -> impl Iterator<Item = DocNode> + '_ {
    let end = document.end(node);
    (node.0 + 1..end.0).map(DocNode).filter(|node| document.kind(*node) != DocKind::Attribute)
}

/// The siblings after (or before, nearest first) a node.
fn siblings<W: World>(node: Node, after: bool, world: &W, found: &mut dyn FnMut(Node)) {
    if let Node::Doc(index, inner) = node
        && let Some(document) = world.document(index)
    {
        if document.kind(inner) == DocKind::Attribute {
            return;
        }
        let next = |node| {
            if after { document.next_sibling(node) } else { document.previous_sibling(node) }
        };
        let mut at = next(inner);
        while let Some(sibling) = at {
            found(Node::Doc(index, sibling));
            at = next(sibling);
        }
        return;
    }
    let mut all = Vec::new();
    if let Some(parent) = parent(node, world) {
        children(parent, world, &mut |child| all.push(child));
    }
    let Some(at) = all.iter().position(|sibling| *sibling == node) else { return };
    if after {
        all[at + 1..].iter().for_each(|sibling| found(*sibling));
    } else {
        all[..at].iter().rev().for_each(|sibling| found(*sibling));
    }
}

/// Visits the nodes of an axis, in the axis's own order.
fn axis<W: World>(axis: Axis, from: Node, world: &W, found: &mut dyn FnMut(Node)) {
    let mut visits = 0_usize;
    let mut found = |node| {
        visits += 1;
        found(node);
    };
    match axis {
        Axis::Itself => found(from),
        Axis::Parent => parent(from, world).into_iter().for_each(found),
        Axis::Child => children(from, world, &mut found),
        Axis::Attribute => match from {
            Node::Doc(index, inner) => {
                if let Some(document) = world.document(index) {
                    document.attributes(inner).for_each(|node| found(Node::Doc(index, node)));
                }
            }
            answer => world.attributes(answer, &mut found),
        },
        Axis::Ancestor => ancestors(from, world, &mut found),
        Axis::AncestorOrSelf => {
            found(from);
            ancestors(from, world, &mut found);
        }
        Axis::Descendant => descendants(from, world, &mut found),
        Axis::DescendantOrSelf => {
            found(from);
            descendants(from, world, &mut found);
        }
        Axis::FollowingSibling => siblings(from, true, world, &mut found),
        Axis::PrecedingSibling => siblings(from, false, world, &mut found),
        Axis::Following => around(from, true, world, &mut found),
        Axis::Preceding => around(from, false, world, &mut found),
    }
    world.spend(visits);
}

/// Everything after a node but what is below it, or everything before it but what is above it.
fn around<W: World>(from: Node, after: bool, world: &W, found: &mut dyn FnMut(Node)) {
    let mut at = from;
    // What follows an attribute begins with the children of its element.
    if let Node::Doc(index, inner) = from
        && after
        && let Some(document) = world.document(index)
        && document.kind(inner) == DocKind::Attribute
        && let Some(element) = parent(from, world)
    {
        descendants(element, world, found);
        at = element;
    }
    loop {
        let mut beside = Vec::new();
        siblings(at, after, world, &mut |sibling| beside.push(sibling));
        for sibling in beside {
            if after {
                found(sibling);
                descendants(sibling, world, found);
            } else {
                let mut inner = Vec::new();
                descendants(sibling, world, &mut |node| inner.push(node));
                inner.into_iter().rev().for_each(&mut *found);
                found(sibling);
            }
        }
        match parent(at, world) {
            Some(parent) => at = parent,
            None => return,
        }
    }
}

/// The place, from 1, of the first node among the siblings of its name; 0 without a node.
pub(crate) fn place_among_namesakes<W: World>(value: &Val<'_>, world: &W) -> usize {
    let Val::Nodes(nodes) = value else { return 0 };
    let Some(node) = nodes.first().copied() else { return 0 };
    let own = node.names(world);
    let mut place = 1;
    let mut visits = 0;
    siblings(node, false, world, &mut |sibling| {
        visits += 1;
        place += usize::from(sibling.names(world) == own);
    });
    if world.spend(visits) { place } else { 0 }
}
