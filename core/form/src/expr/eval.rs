//! Runs code against the answers.

use jiff::Zoned;

use super::call;
use super::code::{Code, Ref};
use super::function::Function;
use super::syntax::Operator;
use super::val::Val;
use crate::Value;
use crate::node::NodeId;

/// What an expression sees of the answers. Nodes that are not relevant have no value.
pub(crate) trait World {
    /// The value of the one node meant.
    fn read(&self, node: Ref) -> Option<&Value>;
    /// The value of each relevant node meant.
    fn each(&self, node: Ref, found: &mut dyn FnMut(Option<&Value>));
    /// The 1-based number of the repeat instance the expression stands in.
    fn position(&self, repeat: Ref) -> usize;
    /// The value of a node in the numbered instances; `None` stands for the instance around the expression.
    fn read_at(&self, node: Ref, instances: &[Option<usize>]) -> Option<&Value>;
    /// The value of the node that the expression calculates.
    fn own(&self) -> Option<&Value>;
    /// A column of the choice looked at.
    fn column(&self, name: &str) -> &str;
    /// The label of a choice in the language on display.
    fn choice_label(&self, question: NodeId, code: &str) -> &str;
    /// The clock.
    fn now(&self) -> &Zoned;
    /// 128 bits that look random, the same whenever the session is replayed.
    fn dice(&self) -> u128;
}

/// The value of an expression.
pub(crate) fn eval(code: &Code, world: &dyn World) -> Val {
    match code {
        Code::Number(number) => Val::Number(*number),
        Code::Text(text) => Val::text(text.as_str()),
        Code::Negate(inner) => Val::Number(-eval(inner, world).to_number()),
        Code::Binary(operator, left, right) => binary(*operator, left, right, world),
        Code::Call(Function::If, arguments) => {
            let branch = if eval(&arguments[0], world).to_boolean() { 1 } else { 2 };
            eval(&arguments[branch], world)
        }
        Code::Call(Function::Coalesce, arguments) => match eval(&arguments[0], world) {
            first if first.is_blank() => eval(&arguments[1], world),
            first => first,
        },
        Code::Call(Function::Once, arguments) => match world.own() {
            Some(value) if value.missing().is_none() => Val::of(Some(value)),
            _ => eval(&arguments[0], world),
        },
        Code::Call(function, arguments) => {
            let values = arguments.iter().map(|argument| eval(argument, world)).collect();
            call::call(*function, values, world)
        }
        Code::Read(node) => Val::of(world.read(*node)),
        Code::ReadAll(node) => {
            let mut values = Vec::new();
            world.each(*node, &mut |value| values.push(Val::of(value)));
            Val::Nodes(values)
        }
        Code::Count(node) => {
            let mut count = 0.0;
            world.each(*node, &mut |_| count += 1.0);
            Val::Number(count)
        }
        #[expect(clippy::cast_precision_loss, reason = "instances are few")]
        Code::Position(repeat) => Val::Number(world.position(*repeat) as f64),
        Code::Indexed(node, indices) => {
            let instances: Vec<Option<usize>> = indices
                .iter()
                .map(|index| index.as_ref().map(|index| instance_number(eval(index, world).to_number())))
                .collect();
            Val::of(world.read_at(*node, &instances))
        }
        Code::Matches(subject, regex) => Val::Boolean(regex.is_match(&eval(subject, world).into_text())),
        Code::ChoiceName(value, question) => {
            Val::text(world.choice_label(*question, eval(value, world).into_text().trim()))
        }
        Code::Column(name) => Val::text(world.column(name)),
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

fn binary(operator: Operator, left: &Code, right: &Code, world: &dyn World) -> Val {
    let left = eval(left, world);
    match operator {
        Operator::Or if left.to_boolean() => return Val::Boolean(true),
        Operator::And if !left.to_boolean() => return Val::Boolean(false),
        _ => {}
    }
    let right = eval(right, world);
    let number = |compute: fn(f64, f64) -> f64| Val::Number(compute(left.to_number(), right.to_number()));
    match operator {
        Operator::Or | Operator::And => Val::Boolean(right.to_boolean()),
        Operator::Equal => Val::Boolean(left.equals(&right)),
        Operator::NotEqual => Val::Boolean(left.differs(&right)),
        Operator::Less => Val::Boolean(left.compares(&right, |a, b| a < b)),
        Operator::LessOrEqual => Val::Boolean(left.compares(&right, |a, b| a <= b)),
        Operator::Greater => Val::Boolean(left.compares(&right, |a, b| a > b)),
        Operator::GreaterOrEqual => Val::Boolean(left.compares(&right, |a, b| a >= b)),
        Operator::Add => number(|a, b| a + b),
        Operator::Subtract => number(|a, b| a - b),
        Operator::Multiply => number(|a, b| a * b),
        Operator::Divide => number(|a, b| a / b),
        Operator::Modulo => number(|a, b| a % b),
        // Refused when resolving.
        Operator::Union => Val::BLANK,
    }
}
