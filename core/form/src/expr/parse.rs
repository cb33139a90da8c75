//! From text to syntax, bounded in length and depth.

use winnow::Parser;
use winnow::combinator::{
    Infix, Prefix, alt, cut_err, dispatch, empty, expression, fail, opt, preceded, repeat, separated,
    terminated,
};
use winnow::error::{ErrMode, ParserError};
use winnow::stream::Stream;
use winnow::token::any;

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
    let (tokens, starts) = tokens(source).map_err(|at| unreadable(source, at))?;
    if tokens.is_empty() {
        return Err(Fault::new("The expression is empty.", "Write an expression or clear the cell."));
    }
    if tokens.len() > MAX_TOKENS || nesting(&tokens) > MAX_NESTING {
        return Err(too_big());
    }
    let mut expr = whole(&tokens).map_err(|Stuck(left)| {
        let at = tokens.len().saturating_sub(left);
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

/// Deepest stack of open brackets and of signs, whichever the parser would recurse into. A union does not end what a sign
/// stands before: `1|-1|-1` is `1|-(1|-1)`.
fn nesting(tokens: &[Token<'_>]) -> usize {
    // By open bracket: the signs before what is being read.
    let (mut signs, mut open, mut deepest) = (vec![0_usize], 0_usize, 0);
    let mut before: Option<Token<'_>> = None;
    for token in tokens {
        let after_operand = before.is_some_and(Token::ends_operand);
        match token {
            Token::Open | Token::OpenBracket => {
                signs.push(0);
                open += 1;
            }
            Token::Close | Token::CloseBracket if signs.len() > 1 => {
                open -= 1 + signs.pop().unwrap_or(0);
            }
            Token::Minus if !after_operand => {
                signs.last_mut().into_iter().for_each(|signs| *signs += 1);
                open += 1;
            }
            Token::Comma => open -= signs.last_mut().map(std::mem::take).unwrap_or(0),
            operator if operator.is_operator() && *operator != Token::Bar => {
                open -= signs.last_mut().map(std::mem::take).unwrap_or(0);
            }
            _ => {}
        }
        before = Some(*token);
        deepest = deepest.max(open);
    }
    deepest
}

/// What is left of the tokens.
type Tokens<'t, 's> = &'t [Token<'s>];
type Parsed<T> = Result<T, ErrMode<Stuck>>;

/// Where it went wrong, which is all that is told: how many tokens were left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Stuck(usize);

impl<I: Stream> ParserError<I> for Stuck {
    type Inner = Stuck;

    fn from_input(input: &I) -> Stuck {
        Stuck(input.eof_offset())
    }

    /// Of two ways to read on, the one that came further.
    fn or(self, other: Stuck) -> Stuck {
        self.min(other)
    }

    fn into_inner(self) -> Result<Stuck, Stuck> {
        Ok(self)
    }
}

/// All of the tokens as one expression.
fn whole(mut tokens: Tokens<'_, '_>) -> Result<Expr, Stuck> {
    let parsed = expr(&mut tokens).map_err(|stuck| match stuck {
        ErrMode::Cut(stuck) | ErrMode::Backtrack(stuck) => stuck,
        ErrMode::Incomplete(_) => Stuck(0),
    })?;
    if tokens.is_empty() { Ok(parsed) } else { Err(Stuck(tokens.len())) }
}

fn just<'t, 's: 't>(token: Token<'s>) -> impl Parser<Tokens<'t, 's>, (), ErrMode<Stuck>> {
    any.verify(move |next: &Token<'s>| *next == token).void()
}

/// A fold of the operator table; one function each, as [`winnow::combinator::Infix`] has it.
macro_rules! left {
    ($power:literal, $operator:ident) => {
        empty.value(Infix::Left($power, |_: &mut Tokens<'_, '_>, left, right| {
            Ok(Expr::Binary(Operator::$operator, Box::new(left), Box::new(right)))
        }))
    };
}

fn expr(input: &mut Tokens<'_, '_>) -> Parsed<Expr> {
    let negated = Prefix(7, |_: &mut Tokens<'_, '_>, inner| Ok(Expr::Negate(Box::new(inner))));
    let infix = dispatch! {any;
        Token::Bar => left!(8, Union),
        Token::Times => left!(6, Multiply),
        Token::Div => left!(6, Divide),
        Token::Mod => left!(6, Modulo),
        Token::Plus => left!(5, Add),
        Token::Minus => left!(5, Subtract),
        Token::Less => left!(4, Less),
        Token::LessOrEqual => left!(4, LessOrEqual),
        Token::Greater => left!(4, Greater),
        Token::GreaterOrEqual => left!(4, GreaterOrEqual),
        Token::Equal => left!(3, Equal),
        Token::NotEqual => left!(3, NotEqual),
        Token::And => left!(2, And),
        Token::Or => left!(1, Or),
        _ => fail,
    };
    expression(operand).prefix(just(Token::Minus).value(negated)).infix(infix).parse_next(input)
}

/// A path, a call, a literal or what is in brackets: the first tokens tell which.
fn operand(input: &mut Tokens<'_, '_>) -> Parsed<Expr> {
    match **input {
        [Token::Slash | Token::Below, ..] => absolute(input),
        [Token::Reference(_) | Token::Number(_) | Token::Text(_) | Token::Open, ..] => filtered(input),
        [Token::Name(name), Token::Open, ..] if !is_node_type(name) => filtered(input),
        _ => steps.map(|steps| path(Start::Here, steps)).parse_next(input),
    }
}

fn path(start: Start, steps: Vec<Step>) -> Expr {
    Expr::Path(Path { start, filters: Vec::new(), steps })
}

/// What begins with a slash is nothing else.
fn absolute(input: &mut Tokens<'_, '_>) -> Parsed<Expr> {
    let steps = alt((
        preceded(just(Token::Below), cut_err(steps)).map(|mut steps| {
            steps.insert(0, below());
            steps
        }),
        preceded(just(Token::Slash), opt(steps)).map(Option::unwrap_or_default),
    ));
    steps.map(|steps| path(Start::Root, steps)).parse_next(input)
}

/// What has a value of its own, then predicates and steps.
fn filtered(input: &mut Tokens<'_, '_>) -> Parsed<Expr> {
    let start = primary.parse_next(input)?;
    let filters = predicates.parse_next(input)?;
    let steps = more_steps(input, Vec::new())?;
    Ok(match start {
        Start::Expr(inner) if steps.is_empty() && filters.is_empty() => *inner,
        start => Expr::Path(Path { start, filters, steps }),
    })
}

fn primary(input: &mut Tokens<'_, '_>) -> Parsed<Start> {
    let value = |expr| Start::Expr(Box::new(expr));
    match any.parse_next(input)? {
        Token::Reference(name) => Ok(Start::Reference(name.to_owned())),
        Token::Number(number) => Ok(value(Expr::Number(number))),
        Token::Text(text) => Ok(value(Expr::Text(text.to_owned()))),
        Token::Open => cut_err(terminated(expr, just(Token::Close))).map(value).parse_next(input),
        Token::Name(name) => {
            // What is no bracket must be an argument, so that a fault is blamed where it is in it.
            let none = just(Token::Close).map(|()| Vec::new());
            let some = terminated(separated(1.., cut_err(expr), just(Token::Comma)), just(Token::Close));
            let called = preceded(just(Token::Open), cut_err(alt((none, some))));
            called.map(|arguments| value(Expr::Call(name.to_owned(), arguments))).parse_next(input)
        }
        _ => fail.parse_next(input),
    }
}

fn predicates(input: &mut Tokens<'_, '_>) -> Parsed<Vec<Expr>> {
    let inner = cut_err(terminated(expr, just(Token::CloseBracket)));
    repeat(0.., preceded(just(Token::OpenBracket), inner)).parse_next(input)
}

fn steps(input: &mut Tokens<'_, '_>) -> Parsed<Vec<Step>> {
    let first = step.parse_next(input)?;
    let mut steps = Vec::with_capacity(2);
    steps.push(first);
    more_steps(input, steps)
}

/// Further steps after their separators.
fn more_steps(input: &mut Tokens<'_, '_>, mut steps: Vec<Step>) -> Parsed<Vec<Step>> {
    let mut separator = opt(alt((just(Token::Slash).value(false), just(Token::Below).value(true))));
    while let Some(deep) = separator.parse_next(input)? {
        steps.extend(deep.then(below));
        steps.push(cut_err(step).parse_next(input)?);
    }
    Ok(steps)
}

fn step(input: &mut Tokens<'_, '_>) -> Parsed<Step> {
    let test = test.parse_next(input)?;
    Ok(Step { test, predicates: predicates.parse_next(input)? })
}

fn test(input: &mut Tokens<'_, '_>) -> Parsed<Test> {
    match **input {
        [Token::Here, ..] => any.value(Test::Here).parse_next(input),
        [Token::Parent, ..] => any.value(Test::Parent).parse_next(input),
        [Token::At, ..] => {
            let tested = preceded(any, cut_err(node_test));
            tested.map(|test| on(Some(Axis::Attribute), test)).parse_next(input)
        }
        [Token::Name(name), Token::Axis, ..] if Axis::named(name).is_some() => {
            let tested = preceded((any, any), cut_err(node_test));
            tested.map(|test| on(Axis::named(name), test)).parse_next(input)
        }
        _ => node_test.map(|test| on(None, test)).parse_next(input),
    }
}

/// A test on an axis, the child's unless another is written.
fn on(axis: Option<Axis>, test: NodeTest) -> Test {
    match (axis, test) {
        (None | Some(Axis::Child), NodeTest::Name(name)) => Test::Child(name),
        (None | Some(Axis::Child), NodeTest::Any) => Test::Any,
        (Some(Axis::Itself), NodeTest::Node) => Test::Here,
        (Some(Axis::Parent), NodeTest::Node) => Test::Parent,
        (axis, test) => Test::On(axis.unwrap_or(Axis::Child), test),
    }
}

fn node_test(input: &mut Tokens<'_, '_>) -> Parsed<NodeTest> {
    match **input {
        // Without a bracket, `text` is a name like any other.
        [Token::Name(name), Token::Open, ..] if is_node_type(name) => {
            let text = any.verify_map(|token| match token {
                Token::Text(target) => Some(target.to_owned()),
                _ => None,
            });
            let target = preceded((any, any), cut_err(terminated(opt(text), just(Token::Close))));
            target.map(|target| of_type(name, target)).parse_next(input)
        }
        [Token::Name(name), ..] => any.map(|_| NodeTest::Name(name.to_owned())).parse_next(input),
        [Token::AnyOf(prefix), ..] => any.map(|_| NodeTest::AnyOf(prefix.to_owned())).parse_next(input),
        [Token::Star, ..] => any.value(NodeTest::Any).parse_next(input),
        _ => fail.parse_next(input),
    }
}

fn of_type(name: &str, target: Option<String>) -> NodeTest {
    match name {
        "text" => NodeTest::Text,
        "comment" => NodeTest::Comment,
        "processing-instruction" => NodeTest::Instruction(target),
        _ => NodeTest::Node,
    }
}

/// The names that are node types before a bracket, not functions.
fn is_node_type(name: &str) -> bool {
    matches!(name, "node" | "text" | "comment" | "processing-instruction")
}

/// What `//` stands for.
fn below() -> Step {
    Step { test: Test::On(Axis::DescendantOrSelf, NodeTest::Node), predicates: Vec::new() }
}

fn binary(left: Expr, operator: Operator, right: Expr) -> Expr {
    Expr::Binary(operator, Box::new(left), Box::new(right))
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
        for (source, at) in [
            ("if(${a} == 2, 1, 0)", 10),
            ("if(1, 2 + , 3)", 11),
            ("concat('a', )", 13),
            ("f(1, , 2)", 6),
            ("not(- )", 7),
            ("a[b == 2]", 6),
            ("f(", 0),
        ] {
            let place = if at == 0 { "at its end".to_owned() } else { format!("at character {at}, near") };
            let problem = parse(source).unwrap_err().problem;
            assert!(problem.contains(&place), "{source}: {problem}");
        }
        assert!(parse("f()").is_ok());
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
            format!("1{}", "|-1".repeat(1_300)),
            format!("1{}", "|-(1+1)".repeat(500)),
        ] {
            assert_eq!(
                parse(&hostile).unwrap_err().problem,
                "The expression is too long or too deeply nested."
            );
        }
    }
}
