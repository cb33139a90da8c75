//! Runs code against the answers.

use super::call::{self, Arguments};
use super::code::Code;
use super::function::Function;
use super::path;
use super::syntax::Operator;
use super::val::Val;
use super::world::{Node, World};

/// What a predicate looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) node: Node,
    /// From 1.
    pub(crate) position: usize,
    pub(crate) size: usize,
}

impl Frame {
    pub(crate) fn of(node: Node) -> Frame {
        Frame { node, position: 1, size: 1 }
    }
}

/// The value of an expression where it stands.
pub(crate) fn eval<'a, W: World>(code: &'a Code, world: &'a W) -> Val<'a> {
    eval_in(code, world, &Frame::of(world.own()))
}

/// The value of an expression that looks at a node.
pub(crate) fn eval_in<'a, W: World>(code: &'a Code, world: &'a W, frame: &Frame) -> Val<'a> {
    match code {
        Code::Number(number) => Val::Number(*number),
        Code::Text(text) => Val::text(&**text),
        Code::Negate(inner) => Val::Number(-number_in(inner, world, frame)),
        Code::Binary(operator, ..) if operator.is_arithmetic() => Val::Number(number_in(code, world, frame)),
        Code::Binary(operator, left, right) => binary(*operator, left, right, world, frame),
        Code::Call(function, arguments) => function_call(*function, arguments, world, frame),
        Code::Read(node) => world.read(*node),
        Code::ReadAll(node) => {
            let mut nodes = Vec::new();
            world.each(*node, &mut |node| nodes.push(node));
            Val::Nodes(nodes)
        }
        Code::Count(node) => {
            let mut count = 0.0;
            world.each(*node, &mut |_| count += 1.0);
            Val::Number(count)
        }
        #[expect(clippy::cast_precision_loss, reason = "instances are few")]
        Code::Position(repeat) => Val::Number(world.position(*repeat) as f64),
        Code::Indexed(node, indices) => {
            let number = |code: &Code| instance_number(eval_in(code, world, frame).to_number(world));
            let instances: Vec<Option<usize>> =
                indices.iter().map(|index| index.as_ref().map(number)).collect();
            world.read_at(*node, &instances)
        }
        Code::IndexedIn(target, repeats) => indexed_in(target, repeats, world, frame),
        Code::Matches(subject, regex) => {
            Val::Boolean(regex.is_match(&eval_in(subject, world, frame).into_text(world)))
        }
        Code::ChoiceName(value, question) => {
            let value = eval_in(value, world, frame).into_text(world);
            Val::Text(world.choice_label(*question, value.trim()))
        }
        Code::Words(id) => world.words(&eval_in(id, world, frame).into_text(world)),
        Code::Lookup { instance, column, key, value } => {
            let value = eval_in(value, world, frame).into_text(world);
            Val::Text(world.look_up(*instance, key, &value, column))
        }
        Code::Column(name) => Val::text(world.column(name)),
        Code::Path(path) => Val::Nodes(path::nodes(path, world, frame)),
        Code::Wrong(problem) => {
            world.fail(problem);
            Val::BLANK
        }
    }
}

/// The value of an expression as a number, without a value in between where that is not needed.
pub(crate) fn number_in<'a, W: World>(code: &'a Code, world: &'a W, frame: &Frame) -> f64 {
    match code {
        Code::Number(number) => *number,
        Code::Negate(inner) => -number_in(inner, world, frame),
        Code::Read(node) => world.read_number(*node),
        Code::Binary(operator, left, right) if operator.is_arithmetic() => {
            arithmetic(*operator, number_in(left, world, frame), number_in(right, world, frame))
        }
        code => eval_in(code, world, frame).to_number(world),
    }
}

/// What an operator that takes two numbers computes; of any other, NaN.
#[inline]
fn arithmetic(operator: Operator, left: f64, right: f64) -> f64 {
    match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        Operator::Modulo => left % right,
        _ => f64::NAN,
    }
}

/// Functions that look at less than all their arguments, or at the frame, and all the others.
fn function_call<'a, W: World>(
    function: Function,
    arguments: &'a [Code],
    world: &'a W,
    frame: &Frame,
) -> Val<'a> {
    let value = |index: usize| arguments.get(index).map_or(Val::BLANK, |code| eval_in(code, world, frame));
    match function {
        Function::If => value(if value(0).to_boolean(world) { 1 } else { 2 }),
        Function::Coalesce => match value(0) {
            first if first.is_blank(world) => value(1),
            first => first,
        },
        Function::Once => match world.own_value() {
            own if own.is_blank(world) => value(0),
            own => own,
        },
        #[expect(clippy::cast_precision_loss, reason = "nodes are bounded")]
        Function::Position => match arguments.first() {
            None => Val::Number(frame.position as f64),
            Some(_) => Val::Number(path::place_among_namesakes(&value(0), world) as f64),
        },
        #[expect(clippy::cast_precision_loss, reason = "nodes are bounded")]
        Function::Last => Val::Number(frame.size as f64),
        _ => {
            let values = arguments.iter().map(|argument| eval_in(argument, world, frame)).collect();
            call::call(function, Arguments::new(values, world, frame))
        }
    }
}

/// Blank and 0 mean the first instance, as in JavaRosa.
fn instance_number(number: f64) -> usize {
    if number.is_nan() || number < 1.0 {
        return if number < 0.0 { usize::MAX } else { 1 };
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
    {
        number as usize
    }
}

/// Of the target's nodes, those in the numbered instance of each repeat.
fn indexed_in<'a, W: World>(
    target: &'a Code,
    repeats: &'a [(Code, Code)],
    world: &'a W,
    frame: &Frame,
) -> Val<'a> {
    let Val::Nodes(mut nodes) = eval_in(target, world, frame) else { return Val::BLANK };
    for (repeat, index) in repeats {
        let Val::Nodes(instances) = eval_in(repeat, world, frame) else { return Val::BLANK };
        let number = instance_number(eval_in(index, world, frame).to_number(world));
        // Within each parent the instances are counted anew.
        let chosen: Vec<Node> = instances
            .iter()
            .copied()
            .filter(|node| path::place_among_namesakes(&Val::Nodes(vec![*node]), world) == number)
            .collect();
        nodes.retain(|node| {
            let mut up = Some(*node);
            while let Some(at) = up {
                if chosen.contains(&at) {
                    return true;
                }
                up = path::parent(at, world);
            }
            false
        });
    }
    Val::Nodes(nodes)
}

fn binary<'a, W: World>(
    operator: Operator,
    left: &'a Code,
    right: &'a Code,
    world: &'a W,
    frame: &Frame,
) -> Val<'a> {
    let left = eval_in(left, world, frame);
    match operator {
        Operator::Or if left.to_boolean(world) => return Val::Boolean(true),
        Operator::And if !left.to_boolean(world) => return Val::Boolean(false),
        _ => {}
    }
    let right = eval_in(right, world, frame);
    match operator {
        Operator::Or | Operator::And => Val::Boolean(right.to_boolean(world)),
        Operator::Equal => Val::Boolean(left.equals(&right, world)),
        Operator::NotEqual => Val::Boolean(left.differs(&right, world)),
        Operator::Less => Val::Boolean(left.compares(&right, world, |a, b| a < b)),
        Operator::LessOrEqual => Val::Boolean(left.compares(&right, world, |a, b| a <= b)),
        Operator::Greater => Val::Boolean(left.compares(&right, world, |a, b| a > b)),
        Operator::GreaterOrEqual => Val::Boolean(left.compares(&right, world, |a, b| a >= b)),
        Operator::Union => match (left, right) {
            (Val::Nodes(mut nodes), Val::Nodes(more)) => {
                nodes.extend(more);
                path::arrange(&mut nodes, world);
                Val::Nodes(nodes)
            }
            _ => Val::Nodes(Vec::new()),
        },
        operator => Val::Number(arithmetic(operator, left.to_number(world), right.to_number(world))),
    }
}
