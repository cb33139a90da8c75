//! The words of the expression language.

use logos::Logos;

/// One token. `And`, `Or`, `Div`, `Mod` and `Times` are told from names and wildcards by what stands before them.
#[derive(Logos, Debug, Clone, Copy, PartialEq)]
#[logos(skip r"[ \t\r\n\u{a0}]+")]
pub(crate) enum Token<'a> {
    #[regex(r"[0-9]+(\.[0-9]*)?|\.[0-9]+", |lex| lex.slice().parse().ok())]
    Number(f64),
    #[regex(r#""[^"]*"|'[^']*'"#, |lex| &lex.slice()[1..lex.slice().len() - 1])]
    Text(&'a str),
    #[regex(r"\$\{[^{}]*\}", |lex| lex.slice()[2..lex.slice().len() - 1].trim())]
    Reference(&'a str),
    #[regex(r"[\p{L}_][\p{L}\p{N}_.\-]*(:[\p{L}_][\p{L}\p{N}_.\-]*)?")]
    Name(&'a str),
    /// `prefix:*`
    #[regex(r"[\p{L}_][\p{L}\p{N}_.\-]*:\*", |lex| &lex.slice()[..lex.slice().len() - 2])]
    AnyOf(&'a str),
    #[token("::")]
    Axis,
    #[token("@")]
    At,
    #[token("(")]
    Open,
    #[token(")")]
    Close,
    #[token("[")]
    OpenBracket,
    #[token("]")]
    CloseBracket,
    #[token(",")]
    Comma,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("=")]
    Equal,
    #[token("!=")]
    NotEqual,
    #[token("<")]
    Less,
    #[token("<=")]
    LessOrEqual,
    #[token(">")]
    Greater,
    #[token(">=")]
    GreaterOrEqual,
    #[token("|")]
    Bar,
    #[token("/")]
    Slash,
    #[token("//")]
    Below,
    #[token(".")]
    Here,
    #[token("..")]
    Parent,
    And,
    Or,
    Div,
    Mod,
    Times,
}

impl Token<'_> {
    /// Whether it stands between two operands.
    pub(crate) fn is_operator(self) -> bool {
        matches!(
            self,
            Token::Plus
                | Token::Minus
                | Token::Times
                | Token::Div
                | Token::Mod
                | Token::Equal
                | Token::NotEqual
                | Token::Less
                | Token::LessOrEqual
                | Token::Greater
                | Token::GreaterOrEqual
                | Token::And
                | Token::Or
                | Token::Bar
        )
    }

    /// Whether an operand may end here, so that a following `-`, `*` or `and` is an operator (XPath 1.0, 3.7).
    pub(crate) fn ends_operand(self) -> bool {
        matches!(
            self,
            Token::Number(_)
                | Token::Text(_)
                | Token::Reference(_)
                | Token::Name(_)
                | Token::AnyOf(_)
                | Token::Close
                | Token::CloseBracket
                | Token::Star
                | Token::Here
                | Token::Parent
        )
    }
}

/// All tokens, and the byte each starts at; or the byte of the first that is none.
pub(crate) fn tokens(source: &str) -> Result<(Vec<Token<'_>>, Vec<usize>), usize> {
    let room = source.len() / 3 + 1;
    let (mut found, mut starts) = (Vec::with_capacity(room), Vec::with_capacity(room));
    for (token, span) in Token::lexer(source).spanned() {
        let Ok(token) = token else { return Err(span.start) };
        let after_operand = found.last().copied().is_some_and(Token::ends_operand);
        if let Token::Name(name) = token
            && after_operand
            && let Some((operator, number)) = run_together(name)
        {
            found.extend([operator, Token::Number(number)]);
            starts.extend([span.start, span.end]);
            continue;
        }
        let token = match token {
            Token::Name("and") if after_operand => Token::And,
            Token::Name("or") if after_operand => Token::Or,
            Token::Name("div") if after_operand => Token::Div,
            Token::Name("mod") if after_operand => Token::Mod,
            Token::Star if after_operand => Token::Times,
            other => other,
        };
        found.push(token);
        starts.push(span.start);
    }
    Ok((found, starts))
}

/// `and1`, `div2`: an operator and a number without the space between them.
fn run_together<'a>(name: &str) -> Option<(Token<'a>, f64)> {
    let digits = name.find(|c: char| c.is_ascii_digit())?;
    let operator = match &name[..digits] {
        "and" => Token::And,
        "or" => Token::Or,
        "div" => Token::Div,
        "mod" => Token::Mod,
        _ => return None,
    };
    Some((operator, name[digits..].parse().ok()?))
}
