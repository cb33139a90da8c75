use maud::{Markup, html};

use super::Axis;
use crate::Figure;

/// Points with their intervals, one line each. Everything drawn comes from [`Figure`]s, so a suppressed figure has no
/// point, no interval and no words but "kept back".
pub(crate) struct IntervalChart<'a> {
    /// Unique in the page, for the text alternative.
    pub(crate) id: &'a str,
    /// The question.
    pub(crate) title: &'a str,
    /// What the axis shows, with its unit.
    pub(crate) axis_label: &'a str,
    /// Where the figures come from, in a few words; printed inside the picture so that a copy keeps it.
    pub(crate) source: &'a str,
    pub(crate) axis: Axis,
    pub(crate) marks: Vec<Mark<'a>>,
}

/// One line of the chart.
pub(crate) struct Mark<'a> {
    pub(crate) label: String,
    pub(crate) figure: &'a Figure,
    /// A total, drawn as a diamond.
    pub(crate) total: bool,
}

const WIDTH: f64 = 340.0;
const LEFT: f64 = 12.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 8.0;
const LINE: f64 = 54.0;

impl IntervalChart<'_> {
    pub(crate) fn render(&self) -> Markup {
        let bottom = TOP + LINE * self.marks.len() as f64;
        let height = bottom + 62.0;
        let (title, desc) = (format!("{}-title", self.id), format!("{}-desc", self.id));
        html! {
            svg.chart viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-labelledby={ (title) " " (desc) }
                xmlns="http://www.w3.org/2000/svg" {
                title id=(title) { (self.title) }
                desc id=(desc) { (self.in_words()) }
                @for &(value, label) in self.axis.ticks() {
                    @let x = self.x(value);
                    line.grid x1=(x) x2=(x) y1=(TOP) y2=(bottom) {}
                    text.tick x=(x) y=(bottom + 16.0) text-anchor=(anchor(self.axis.place(value))) { (label) }
                }
                @if let Some(value) = self.axis.reference() {
                    line.reference x1=(self.x(value)) x2=(self.x(value)) y1=(TOP) y2=(bottom) {}
                }
                @for (place, mark) in self.marks.iter().enumerate() {
                    (self.mark(mark, TOP + LINE * place as f64))
                }
                text.axis x=(LEFT) y=(bottom + 36.0) { (self.axis_label) }
                text.tick x=(LEFT) y=(bottom + 54.0) { (self.source) }
            }
        }
    }

    fn mark(&self, mark: &Mark<'_>, y: f64) -> Markup {
        let figure = mark.figure;
        let middle = y + 42.0;
        html! {
            text.label x=(LEFT) y=(y + 14.0) { (mark.label) }
            text.value x=(LEFT) y=(y + 29.0) { (short(figure)) }
            @if let Some(value) = figure.value.filter(|v| v.is_finite() && !figure.is_suppressed()) {
                @if let Some(interval) = figure.interval {
                    @let (low, high) = (interval.lower, interval.upper);
                    @let (from, to) = (low.map_or(LEFT, |v| self.x(v)), high.map_or(WIDTH - RIGHT, |v| self.x(v)));
                    line.whisker x1=(from) x2=(to) y1=(middle) y2=(middle) {}
                    (self.end(from, middle, low, -1.0))
                    (self.end(to, middle, high, 1.0))
                }
                @let x = self.x(value);
                @if mark.total {
                    path.point d=(format!("M{:.1} {:.1}l6 -6l6 6l-6 6z", x - 6.0, middle)) {}
                } @else {
                    circle.point cx=(format!("{x:.1}")) cy=(middle) r="4.5" {}
                }
            }
        }
    }

    /// A short bar where the interval ends, an arrow where it goes on beyond the axis.
    fn end(&self, x: f64, y: f64, limit: Option<f64>, side: f64) -> Markup {
        let inside = limit.is_some_and(|value| self.axis.holds(value));
        let path = if inside {
            format!("M{x:.1} {:.1}v10", y - 5.0)
        } else {
            format!("M{:.1} {:.1}L{x:.1} {y:.1}l{:.1} 5", x - 6.0 * side, y - 5.0, -6.0 * side)
        };
        html! { path.whisker d=(path) {} }
    }

    fn x(&self, value: f64) -> f64 {
        ((LEFT + self.axis.place(value) * (WIDTH - LEFT - RIGHT)) * 10.0).round() / 10.0
    }

    /// The chart in words: the text alternative says what the picture says, no more.
    fn in_words(&self) -> String {
        let lines: Vec<String> =
            self.marks.iter().map(|mark| format!("{}: {}.", mark.label, spoken(mark.figure))).collect();
        format!("{}. {} {}", self.axis_label, lines.join(" "), self.source)
    }
}

fn anchor(place: f64) -> &'static str {
    match place {
        p if p <= 0.02 => "start",
        p if p >= 0.98 => "end",
        _ => "middle",
    }
}

/// Value and interval in a few characters.
fn short(figure: &Figure) -> String {
    match figure.interval_in_words().filter(|_| !figure.is_suppressed()) {
        Some(interval) => format!("{} ({interval})", figure.in_words()),
        None => figure.in_words(),
    }
}

fn spoken(figure: &Figure) -> String {
    if figure.is_suppressed() {
        return "kept back, too few people".to_owned();
    }
    let of = match figure.denominator.number() {
        Some(of) => format!(", {} of {of}", figure.numerator),
        None => String::new(),
    };
    match figure.interval_in_words() {
        Some(interval) => format!("{}, 95 % interval {interval}{of}", figure.in_words()),
        None => format!("{}{of}", figure.in_words()),
    }
}
