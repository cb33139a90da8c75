//! From text to syntax, bounded in length and depth.

use chumsky::pratt::{infix, left, prefix};
use chumsky::prelude::*;

use super::Fault;
use super::syntax::{Axis, Expr, NodeTest, Operator, Path, Start, Step, Test};
use super::token::{Token, tokens};

/// Longest expression, in bytes.
const MAX_LEN: usize = 16_000;
/// Most tokens of one expression.
const MAX_TOKENS: usize = 4_000;
/// Deepest nesting of brackets and signs, checked before the recursive parser sees the tokens.
const MAX_NESTING: usize = 40;
/// Deepest syntax tree, which bounds the recursion of whatever walks it.
const MAX_DEPTH: usize = 200;

/// Parses one expression.
pub(crate) fn parse(source: &str) -> Result<Expr, Fault> {
    let too_big =
        || Fault::new("The expression is too long or too deeply nested.", "Split it over calculate rows.");
    if source.len() > MAX_LEN {
        return Err(too_big());
    }
    let spanned = tokens(source).map_err(|at| unreadable(source, at))?;
    if spanned.is_empty() {
        return Err(Fault::new("The expression is empty.", "Write an expression or clear the cell."));
    }
    let (tokens, starts): (Vec<Token<'_>>, Vec<usize>) = spanned.into_iter().unzip();
    if tokens.len() > MAX_TOKENS || nesting(&tokens) > MAX_NESTING {
        return Err(too_big());
    }
    let parsed = expression().parse(tokens.as_slice()).into_result();
    let mut expr = parsed.map_err(|faults| {
        let at = faults.iter().map(|fault| fault.span().start).max().unwrap_or(0);
        unreadable(source, starts.get(at).copied().unwrap_or(source.len()))
    })?;
    if expr.depth() > MAX_DEPTH {
        balance(&mut expr);
    }
    if expr.depth() > MAX_DEPTH { Err(too_big()) } else { Ok(expr) }
}

/// Makes long rows of `or` or of `and` trees of little depth, wherever they stand: which of them are evaluated, and in which
/// order, is the same.
fn balance(mut expr: &mut Expr) {
    loop {
        expr = match expr {
            Expr::Binary(Operator::Or | Operator::And, ..) => return balance_row(expr),
            // Rows of other operators hang to the left; to the right the depth is that of the brackets.
            Expr::Binary(_, left, right) => {
                balance(right);
                left
            }
            Expr::Negate(inner) => inner,
            Expr::Call(_, arguments) => return arguments.iter_mut().for_each(balance),
            Expr::Path(path) => {
                let predicates = path.steps.iter_mut().flat_map(|step| &mut step.predicates);
                path.filters.iter_mut().chain(predicates).for_each(balance);
                match &mut path.start {
                    Start::Expr(inner) => inner,
                    Start::Root | Start::Here | Start::Reference(_) => return,
                }
            }
            Expr::Number(_) | Expr::Text(_) => return,
        }
    }
}

fn balance_row(expr: &mut Expr) {
    let Expr::Binary(operator, ..) = *expr else { return };
    let mut row = Vec::new();
    let mut rest = std::mem::replace(expr, Expr::Number(0.0));
    loop {
        match rest {
            Expr::Binary(same, left, right) if same == operator => {
                row.push(*right);
                rest = *left;
            }
            first => {
                row.push(first);
                break;
            }
        }
    }
    row.reverse();
    row.iter_mut().for_each(balance);
    while row.len() > 1 {
        let mut pairs = row.into_iter();
        let mut next = Vec::new();
        while let Some(left) = pairs.next() {
            next.push(match pairs.next() {
                Some(right) => binary(left, operator, right),
                None => left,
            });
        }
        row = next;
    }
    *expr = row.pop().unwrap_or(Expr::Number(0.0));
}

fn unreadable(source: &str, at: usize) -> Fault {
    let rest: String = source.get(at..).unwrap_or_default().chars().take(20).collect();
    let place = match rest.as_str() {
        "" => "at its end".to_owned(),
        rest => {
            let character = source.get(..at).unwrap_or_default().chars().count() + 1;
            format!("at character {character}, near `{rest}`")
        }
    };
    Fault::new(
        format!("The expression cannot be read {place}."),
        "Check brackets, quotes, commas and operators there.",
    )
}

/// Deepest run of open brackets and of signs, whichever the parser would recurse into.
fn nesting(tokens: &[Token<'_>]) -> usize {
    let (mut open, mut signs, mut deepest) = (0_usize, 0_usize, 0_usize);
    for token in tokens {
        match token {
            Token::Open | Token::OpenBracket => open += 1,
            Token::Close | Token::CloseBracket => open = open.saturating_sub(1),
            _ => {}
        }
        signs = if *token == Token::Minus { signs + 1 } else { 0 };
        deepest = deepest.max(open + signs);
    }
    deepest
}

/// Where it went wrong is all that is told.
type Faults = extra::Err<Cheap>;

fn expression<'t, 's: 't>() -> impl Parser<'t, &'t [Token<'s>], Expr, Faults> {
    recursive(|expr| {
        let predicates = expr
            .clone()
            .delimited_by(just(Token::OpenBracket), just(Token::CloseBracket))
            .repeated()
            .collect();
        let named = select! {
            Token::Name(name) => NodeTest::Name(name.to_owned()),
            Token::AnyOf(prefix) => NodeTest::AnyOf(prefix.to_owned()),
            Token::Star => NodeTest::Any,
        };
        let of_type = select! { Token::Name(name) if is_node_type(name) => name }
            .then_ignore(just(Token::Open))
            .then(select! { Token::Text(target) => target.to_owned() }.or_not())
            .then_ignore(just(Token::Close))
            .map(|(name, target)| match name {
                "text" => NodeTest::Text,
                "comment" => NodeTest::Comment,
                "processing-instruction" => NodeTest::Instruction(target),
                _ => NodeTest::Node,
            });
        // Without a bracket, `text` is a name like any other.
        let like_a_type =
            select! { Token::Name(name) if is_node_type(name) => NodeTest::Name(name.to_owned()) }
                .then_ignore(just(Token::Open).not());
        let node_test = choice((like_a_type, of_type, named));
        let axis = choice((
            just(Token::At).to(Axis::Attribute),
            select! { Token::Name(name) if Axis::named(name).is_some() => name }
                .then_ignore(just(Token::Axis))
                .map(|name| Axis::named(name).unwrap_or(Axis::Child)),
        ));
        let test = choice((
            just(Token::Here).to(Test::Here),
            just(Token::Parent).to(Test::Parent),
            axis.or_not().then(node_test).map(|(axis, test)| match (axis, test) {
                (None | Some(Axis::Child), NodeTest::Name(name)) => Test::Child(name),
                (None | Some(Axis::Child), NodeTest::Any) => Test::Any,
                (Some(Axis::Itself), NodeTest::Node) => Test::Here,
                (Some(Axis::Parent), NodeTest::Node) => Test::Parent,
                (axis, test) => Test::On(axis.unwrap_or(Axis::Child), test),
            }),
        ));
        let step = test.then(predicates.clone()).map(|(test, predicates)| Step { test, predicates }).boxed();
        let next = choice((just(Token::Slash).to(false), just(Token::Below).to(true)))
            .then(step.clone())
            .repeated()
            .collect::<Vec<_>>()
            .map(joined)
            .boxed();
        let steps = step.map(|first| vec![first]).then(next.clone()).map(|(mut first, more)| {
            first.extend(more);
            first
        });

        let call = select! { Token::Name(name) if !is_node_type(name) => name.to_owned() }
            .then(
                expr.clone()
                    .separated_by(just(Token::Comma))
                    .collect::<Vec<_>>()
                    .delimited_by(just(Token::Open), just(Token::Close)),
            )
            .map(|(name, arguments)| Expr::Call(name, arguments));
        let literal = select! {
            Token::Number(number) => Expr::Number(number),
            Token::Text(text) => Expr::Text(text.to_owned()),
        };
        let primary = choice((
            select! { Token::Reference(name) => Start::Reference(name.to_owned()) },
            call.map(|call| Start::Expr(Box::new(call))),
            literal.map(|literal| Start::Expr(Box::new(literal))),
            expr.delimited_by(just(Token::Open), just(Token::Close))
                .map(|inner| Start::Expr(Box::new(inner))),
        ));
        let filtered = primary.then(predicates).then(next).map(
            |((start, filters), steps): ((_, Vec<Expr>), Vec<Step>)| match start {
                Start::Expr(inner) if steps.is_empty() && filters.is_empty() => *inner,
                start => Expr::Path(Path { start, filters, steps }),
            },
        );
        let path = |start, steps| Expr::Path(Path { start, filters: Vec::new(), steps });
        let absolute = choice((
            just(Token::Below).ignore_then(steps.clone()).map(|mut steps: Vec<Step>| {
                steps.insert(0, below());
                steps
            }),
            just(Token::Slash).ignore_then(steps.clone().or_not().map(Option::unwrap_or_default)),
        ))
        .map(move |steps| path(Start::Root, steps));
        let relative = steps.map(move |steps| path(Start::Here, steps));

        // What begins with a slash is nothing else.
        choice((absolute, filtered, relative)).boxed().pratt((
            infix(left(8), just(Token::Bar).to(Operator::Union), |l, op, r, _| binary(l, op, r)),
            prefix(7, just(Token::Minus), |_, inner: Expr, _| Expr::Negate(Box::new(inner))),
            infix(left(6), factor(), |l, op, r, _| binary(l, op, r)),
            infix(left(5), term(), |l, op, r, _| binary(l, op, r)),
            infix(left(4), order(), |l, op, r, _| binary(l, op, r)),
            infix(left(3), equality(), |l, op, r, _| binary(l, op, r)),
            infix(left(2), just(Token::And).to(Operator::And), |l, op, r, _| binary(l, op, r)),
            infix(left(1), just(Token::Or).to(Operator::Or), |l, op, r, _| binary(l, op, r)),
        ))
    })
    .then_ignore(end())
}

/// The names that are node types before a bracket, not functions.
fn is_node_type(name: &str) -> bool {
    matches!(name, "node" | "text" | "comment" | "processing-instruction")
}

/// What `//` stands for.
fn below() -> Step {
    Step { test: Test::On(Axis::DescendantOrSelf, NodeTest::Node), predicates: Vec::new() }
}

/// Steps after their separators, where `true` stands for `//`.
fn joined(steps: Vec<(bool, Step)>) -> Vec<Step> {
    steps.into_iter().flat_map(|(deep, step)| deep.then(below).into_iter().chain([step])).collect()
}

fn binary(left: Expr, operator: Operator, right: Expr) -> Expr {
    Expr::Binary(operator, Box::new(left), Box::new(right))
}

fn factor<'t, 's: 't>() -> impl Parser<'t, &'t [Token<'s>], Operator, Faults> + Clone {
    select! {
        Token::Times => Operator::Multiply,
        Token::Div => Operator::Divide,
        Token::Mod => Operator::Modulo,
    }
}

fn term<'t, 's: 't>() -> impl Parser<'t, &'t [Token<'s>], Operator, Faults> + Clone {
    select! {
        Token::Plus => Operator::Add,
        Token::Minus => Operator::Subtract,
    }
}

fn order<'t, 's: 't>() -> impl Parser<'t, &'t [Token<'s>], Operator, Faults> + Clone {
    select! {
        Token::Less => Operator::Less,
        Token::LessOrEqual => Operator::LessOrEqual,
        Token::Greater => Operator::Greater,
        Token::GreaterOrEqual => Operator::GreaterOrEqual,
    }
}

fn equality<'t, 's: 't>() -> impl Parser<'t, &'t [Token<'s>], Operator, Faults> + Clone {
    select! {
        Token::Equal => Operator::Equal,
        Token::NotEqual => Operator::NotEqual,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    /// The tree in brackets: operators before operands.
    fn show(expr: &Expr) -> String {
        let all = |list: &[Expr]| list.iter().map(show).collect::<Vec<_>>().join(" ");
        match expr {
            Expr::Number(n) => n.to_string(),
            Expr::Text(text) => format!("'{text}'"),
            Expr::Negate(inner) => format!("(neg {})", show(inner)),
            Expr::Binary(op, l, r) => format!("({op:?} {} {})", show(l), show(r)),
            Expr::Call(name, arguments) => format!("{name}({})", all(arguments)),
            Expr::Path(path) => {
                let mut text = match &path.start {
                    Start::Root => "/".to_owned(),
                    Start::Here => String::new(),
                    Start::Reference(name) => format!("${{{name}}}"),
                    Start::Expr(inner) => show(inner),
                };
                if !path.filters.is_empty() {
                    text += &format!("[{}]", all(&path.filters));
                }
                for step in &path.steps {
                    text += &format!("~{:?}", step.test);
                    if !step.predicates.is_empty() {
                        text += &format!("[{}]", all(&step.predicates));
                    }
                }
                text
            }
        }
    }

    fn check(source: &str, expect: Expect) {
        expect.assert_eq(&match parse(source) {
            Ok(expr) => show(&expr),
            Err(fault) => fault.problem,
        });
    }

    #[test]
    fn long_rows_are_read_wherever_they_stand() {
        let row = |operator: &str| {
            (0..250).map(|n| format!("${{a}} = {n}")).collect::<Vec<_>>().join(&format!(" {operator} "))
        };
        let (or, and) = (row("or"), row("and"));
        for source in [
            format!("not({or})"),
            format!("1 + ({or}) * 2"),
            format!("if({or}, /d/r[{and}]/b, ({and})[1])"),
            format!("-({or} or ({and}))"),
        ] {
            assert!(parse(&source).is_ok(), "{}", source.get(..20).unwrap_or_default());
        }
        check("not(1 or 2 or 3)", expect!["not((Or (Or 1 2) 3))"]);
        let sum = vec!["1"; 500].join(" + ");
        check(&sum, expect!["The expression is too long or too deeply nested."]);
    }

    #[test]
    fn precedence_and_names_follow_xpath() {
        check("1 + 2 * 3 - 4", expect!["(Subtract (Add 1 (Multiply 2 3)) 4)"]);
        check("-2 mod 3", expect!["(Modulo (neg 2) 3)"]);
        check("${a} = 1 or ${b} and not(${c})", expect!["(Or (Equal ${a} 1) (And ${b} not(${c})))"]);
        check("${ a }>=1 and .!= 'x'", expect![[r#"(And (GreaterOrEqual ${a} 1) (NotEqual ~Here 'x'))"#]]);
        check("div div mod", expect![[r#"(Divide ~Child("div") ~Child("mod"))"#]]);
        check("../a-b * 2", expect![[r#"(Multiply ~Parent~Child("a-b") 2)"#]]);
        check("position(../..)", expect!["position(~Parent~Parent)"]);
        check("/data/text", expect![[r#"/~Child("data")~Child("text")"#]]);
        check("text/text()", expect![[r#"~Child("text")~On(Child, Text)"#]]);
        check("jr:choice-name(${a}, '${a}')", expect!["jr:choice-name(${a} '${a}')"]);
        check(
            "instance('wards')/root/item[name = current()/../ward]/beds",
            expect![[
                r#"instance('wards')~Child("root")~Child("item")[(Equal ~Child("name") current()~Parent~Child("ward"))]~Child("beds")"#
            ]],
        );
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_place() {
        check("1 + ", expect!["The expression cannot be read at its end."]);
        check("${a} == 2", expect!["The expression cannot be read at character 7, near `= 2`."]);
        check("if(1, 2", expect!["The expression cannot be read at its end."]);
        check("'open", expect!["The expression cannot be read at character 1, near `'open`."]);
        check("ä # b", expect!["The expression cannot be read at character 3, near `# b`."]);
    }

    #[test]
    fn a_long_row_of_alternatives_is_not_deep() {
        let long = format!("a = 0{}", " or a = 1".repeat(700));
        assert!(parse(&long).unwrap().depth() < 20);
    }

    #[test]
    fn hostile_nesting_and_length_are_refused_before_the_stack_is_used() {
        for hostile in [
            "(".repeat(15_000),
            format!("{}1{}", "(".repeat(7_000), ")".repeat(7_000)),
            "-".repeat(15_000),
            format!("1{}", "+1".repeat(1_900)),
            format!("1{}", "+1".repeat(7_900)),
            "a[".repeat(7_000),
            "x".repeat(20_000),
        ] {
            assert_eq!(
                parse(&hostile).unwrap_err().problem,
                "The expression is too long or too deeply nested."
            );
        }
    }
}
