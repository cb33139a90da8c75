//! Markdown in labels: the part of it that ODK documents, read into typed spans, never into markup of the author's own.
//!
//! What is read (ODK documentation, "Form styling"): `**bold**` and `__bold__`, `*italic*` and `_italic_`, `# headings`,
//! links with `http` or `https`, line ends, and `\` before a sign that shall stay. Of the tags ODK knows, `<span …>` and
//! `<p …>` are dropped and their text kept, `<br>` ends a line; every other `<` is a `<`.

use maud::{Markup as Html, PreEscaped, html};

/// Longest text read for its marks; a longer one is shown as it is.
const MAX_TEXT: usize = 40_000;

/// A text with its marks read.
///
/// ```
/// # use nightjar_form::Markup;
/// let markup = Markup::of("Did you sleep **well**? <script>");
/// assert_eq!(markup.plain(), "Did you sleep well? <script>");
/// assert_eq!(markup.html(), "Did you sleep <strong>well</strong>? &lt;script&gt;");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Markup {
    lines: Vec<Line>,
}

/// One line: ordinary text, or a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// From 1, the greatest, to 6; `None` for ordinary text.
    pub heading: Option<u8>,
    /// The pieces in order; empty for an empty line.
    pub spans: Vec<Span>,
}

/// Words that look the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Span {
    /// The words; no markup is in them.
    pub text: String,
    /// Whether they are bold.
    pub bold: bool,
    /// Whether they are italic.
    pub italic: bool,
    /// Where they lead: an `http` or `https` address.
    pub link: Option<String>,
}

impl Markup {
    /// Reads a text. Every text can be read; what is no mark stays as it is.
    #[must_use]
    pub fn of(text: &str) -> Markup {
        if text.len() > MAX_TEXT {
            let lines = text.lines().map(|line| Line {
                heading: None,
                spans: vec![Span { text: line.to_owned(), ..Span::default() }],
            });
            return Markup { lines: lines.collect() };
        }
        let broken = text.replace("<br>", "\n").replace("<br/>", "\n").replace("<br />", "\n");
        let lines = broken.lines().map(|line| {
            let (heading, rest) = heading(line.trim_end());
            let mut spans = Vec::new();
            Inline { spans: &mut spans }.read(rest, &Span::default());
            Line { heading, spans }
        });
        Markup { lines: lines.collect() }
    }

    /// The lines in order.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The words alone, lines kept apart.
    #[must_use]
    pub fn plain(&self) -> String {
        let line = |line: &Line| line.spans.iter().map(|span| span.text.as_str()).collect::<String>();
        self.lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// HTML made of `strong`, `em`, `a`, `br` and, for headings, `strong class="heading-1"`: it may stand inside a
    /// label or legend. Everything else is escaped.
    #[must_use]
    pub fn html(&self) -> String {
        self.rendered().into_string()
    }

    pub(crate) fn rendered(&self) -> Html {
        html! {
            @for (i, line) in self.lines.iter().enumerate() {
                @if i > 0 { br; }
                @match line.heading {
                    Some(level) => strong class=(format!("heading-{level}")) { (spans(&line.spans)) },
                    None => (spans(&line.spans)),
                }
            }
        }
    }
}

fn spans(spans: &[Span]) -> Html {
    html! {
        @for span in spans {
            @let words = html! { (span.text) };
            @let words = if span.italic { html! { em { (words) } } } else { words };
            @let words = if span.bold { html! { strong { (words) } } } else { words };
            @match &span.link {
                Some(link) => a href=(link) rel="noopener noreferrer" { (words) },
                None => (PreEscaped(words.into_string())),
            }
        }
    }
}

/// `## words`: the level and the words. A space is needed, so that "#1 in your list" stays.
fn heading(line: &str) -> (Option<u8>, &str) {
    let level = line.bytes().take_while(|b| *b == b'#').count();
    let rest = &line[level..];
    match u8::try_from(level) {
        Ok(level @ 1..=6) if rest.starts_with(' ') => (Some(level), rest.trim_start()),
        _ => (None, line),
    }
}

struct Inline<'a> {
    spans: &'a mut Vec<Span>,
}

impl Inline<'_> {
    /// Reads a part of a line in the look around it. Bold inside bold is no mark, nor italic in italic, nor a link in a
    /// link, so that this goes three deep at most.
    fn read(&mut self, text: &str, look: &Span) {
        let mut at = 0;
        // A mark without an end stays without one further on: each is looked for once.
        let mut endless: Vec<&str> = Vec::new();
        while let Some(first) = text[at..].chars().next() {
            let rest = &text[at..];
            let before = text[..at].chars().next_back();
            if first == '\\'
                && let Some(escaped) = rest[1..].chars().next().filter(char::is_ascii_punctuation)
            {
                self.push(escaped.encode_utf8(&mut [0; 4]), look);
                at += 1 + escaped.len_utf8();
                continue;
            }
            if rest.starts_with("${")
                && let Some(end) = rest.find('}')
            {
                self.push(&rest[..=end], look);
                at += end + 1;
                continue;
            }
            if first == '<'
                && let Some(end) = tag(rest)
            {
                at += end;
                continue;
            }
            if first == '['
                && look.link.is_none()
                && let Some((words, address, end)) = link(rest)
            {
                self.read(words, &Span { link: Some(address.to_owned()), ..look.clone() });
                at += end;
                continue;
            }
            let mark = ["**", "__", "*", "_"].into_iter().find(|mark| rest.starts_with(mark));
            if let Some(mark) = mark {
                let used = if mark.len() == 2 { look.bold } else { look.italic };
                if !used && !endless.contains(&mark) && opens(mark, before, &rest[mark.len()..]) {
                    if let Some(end) = closing(mark, &rest[mark.len()..]) {
                        let mut inside = look.clone();
                        if mark.len() == 2 {
                            inside.bold = true
                        } else {
                            inside.italic = true
                        }
                        self.read(&rest[mark.len()..mark.len() + end], &inside);
                        at += 2 * mark.len() + end;
                        continue;
                    }
                    endless.push(mark);
                }
                self.push(mark, look);
                at += mark.len();
                continue;
            }
            self.push(&rest[..first.len_utf8()], look);
            at += first.len_utf8();
        }
    }

    fn push(&mut self, text: &str, look: &Span) {
        match self.spans.last_mut() {
            Some(last) if (last.bold, last.italic, &last.link) == (look.bold, look.italic, &look.link) => {
                last.text += text;
            }
            _ => self.spans.push(Span { text: text.to_owned(), ..look.clone() }),
        }
    }
}

/// Whether a mark may open here: words follow at once, and `_` does not stand inside a word.
fn opens(mark: &str, before: Option<char>, after: &str) -> bool {
    let words_follow = after.chars().next().is_some_and(|c| !c.is_whitespace());
    words_follow && !(mark.starts_with('_') && before.is_some_and(char::is_alphanumeric))
}

/// How far away the closing mark is: words before it, and behind a `_` no word goes on.
fn closing(mark: &str, text: &str) -> Option<usize> {
    let sign = mark.chars().next()?;
    let mut at = 0;
    while let Some(found) = text[at..].find(sign) {
        at += found;
        let run = text[at..].chars().take_while(|c| *c == sign).count();
        let before = text[..at].chars().next_back();
        let after = text[at + run..].chars().next();
        let inside_word = sign == '_' && after.is_some_and(char::is_alphanumeric);
        // Of `***`, the inner mark closes first; the outer one takes what is left.
        let fits = run == mark.len() || run == 3;
        let ends = before.is_some_and(|c| !c.is_whitespace() && c != '\\');
        if fits && ends && !inside_word {
            return Some(at + run - mark.len());
        }
        at += run;
    }
    None
}

/// `[words](address)` with an address that a browser may follow: words, address, and where it ends.
fn link(text: &str) -> Option<(&str, &str, usize)> {
    let words_end = text.find("](")?;
    let words = &text[1..words_end];
    let rest = &text[words_end + 2..];
    let address = &rest[..rest.find(')')?];
    let lower = address.get(..8.min(address.len()))?.to_ascii_lowercase();
    let web = lower.starts_with("http://") || lower.starts_with("https://");
    let plain = !address.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"'`\\".contains(c));
    let one_line = !words.is_empty() && !words.contains(['[', ']']);
    (web && plain && one_line).then_some((words, address, words_end + 3 + address.len()))
}

/// Where a tag that is dropped ends.
fn tag(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('<')?;
    let inside = inside.strip_prefix('/').unwrap_or(inside);
    let name: String = inside.chars().take_while(char::is_ascii_alphanumeric).collect();
    if !["span", "p"].contains(&name.to_ascii_lowercase().as_str()) {
        return None;
    }
    let after = inside[name.len()..].chars().next()?;
    if after != '>' && !after.is_whitespace() {
        return None;
    }
    text.find('>').map(|end| end + 1)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: Expect) {
        expect.assert_eq(&Markup::of(text).html());
    }

    #[test]
    fn what_odk_documents_is_read() {
        check(
            "a **b** __c__ *d* _e_",
            expect!["a <strong>b</strong> <strong>c</strong> <em>d</em> <em>e</em>"],
        );
        check(
            "***both*** and **bold *and* more**",
            expect![
                "<strong><em>both</em></strong> and <strong>bold </strong><strong><em>and</em></strong><strong> more</strong>"
            ],
        );
        check(
            "# Nights\nHow was it?",
            expect![[r#"<strong class="heading-1">Nights</strong><br>How was it?"#]],
        );
        check("one<br>two\n\nthree", expect!["one<br>two<br><br>three"]);
        check(
            "see [our *page*](https://example.org/?a=1&b=2)",
            expect![[
                r#"see <a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer">our </a><a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer"><em>page</em></a>"#
            ]],
        );
        check(r#"<span style="color:red">red</span> <p style="x">p</p>"#, expect!["red p"]);
        check(r"\*not\* \_this\_", expect!["*not* _this_"]);
    }

    #[test]
    fn what_is_no_mark_stays() {
        check("2 * 3 * 4, snake_case_name, a_b", expect!["2 * 3 * 4, snake_case_name, a_b"]);
        check("1. How did you sleep?", expect!["1. How did you sleep?"]);
        check("    far in, - no list, > no quote", expect!["    far in, - no list, &gt; no quote"]);
        check("#1 in your list", expect!["#1 in your list"]);
        check("**open and *open", expect!["**open and *open"]);
        check("age < 18 > 3 & more", expect!["age &lt; 18 &gt; 3 &amp; more"]);
        check("${a_b} and ${c_d}", expect!["${a_b} and ${c_d}"]);
        check("[x] (y) [z]", expect!["[x] (y) [z]"]);
    }

    #[test]
    fn nothing_that_acts_comes_out() {
        check(
            "<script>alert(1)</script><img src=x onerror=y>",
            expect!["&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=y&gt;"],
        );
        check("[a](javascript:alert(1))", expect!["[a](javascript:alert(1))"]);
        check("[a](https://x\" onclick=\"y)", expect!["[a](https://x&quot; onclick=&quot;y)"]);
        check("<spanner>", expect!["&lt;spanner&gt;"]);
    }

    #[test]
    fn a_long_text_of_marks_is_read_in_time() {
        for piece in ["*a ", "**a", "[a](", "<p", "${", "_ "] {
            let text = piece.repeat(MAX_TEXT / piece.len());
            assert!(!Markup::of(&text).plain().is_empty());
        }
    }

    proptest! {
        /// Only the tags that this file writes are ever written, whatever the text.
        #[test]
        fn only_known_tags_come_out(text in "[a-z *_<>\\[\\]()#:/\\\\\"'&\n$\\{\\}h]{0,60}") {
            let html = Markup::of(&text).html();
            for (at, _) in html.match_indices('<') {
                let tag = html[at + 1..].trim_start_matches('/');
                let known = ["strong", "em", "a ", "a>", "br>"];
                prop_assert!(known.iter().any(|name| tag.starts_with(name)), "{html}");
            }
        }

        /// A text without marks is itself.
        #[test]
        fn plain_text_is_itself(text in "[a-zA-Z0-9 .,?!äé中]{0,60}") {
            let markup = Markup::of(&text);
            prop_assert_eq!(markup.plain().trim_end().to_owned(), text.trim_end().to_owned());
        }
    }
}
