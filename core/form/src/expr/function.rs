//! The functions of the language and how many arguments each takes.

/// A function that computes its value from its arguments' values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Function {
    Abs,
    Acos,
    Area,
    Asin,
    Atan,
    Atan2,
    Base64Decode,
    Boolean,
    BooleanFromString,
    Ceiling,
    Checklist,
    Coalesce,
    Concat,
    Contains,
    Cos,
    Count,
    CountNonEmpty,
    CountSelected,
    Date,
    DateTime,
    DecimalDateTime,
    DecimalTime,
    Digest,
    Distance,
    EndsWith,
    Exp,
    Exp10,
    False,
    Floor,
    FormatDate,
    Geofence,
    If,
    Int,
    Intersects,
    Join,
    Last,
    LocalName,
    Log,
    Log10,
    Max,
    Min,
    Name,
    NamespaceUri,
    NormalizeSpace,
    Not,
    Now,
    Number,
    Once,
    Pi,
    Position,
    Pow,
    Random,
    Randomize,
    Regex,
    Round,
    Selected,
    SelectedAt,
    Sin,
    Sqrt,
    StartsWith,
    String,
    StringLength,
    Substr,
    Substring,
    SubstringAfter,
    SubstringBefore,
    Sum,
    Tan,
    Today,
    Translate,
    True,
    Uuid,
    WeightedChecklist,
}

/// As many arguments as one likes.
const MANY: usize = usize::MAX;

/// Name, function, fewest and most arguments; in order of the names.
const TABLE: &[(&str, Function, usize, usize)] = &[
    ("abs", Function::Abs, 1, 1),
    ("acos", Function::Acos, 1, 1),
    ("area", Function::Area, 1, 1),
    ("asin", Function::Asin, 1, 1),
    ("atan", Function::Atan, 1, 1),
    ("atan2", Function::Atan2, 2, 2),
    ("base64-decode", Function::Base64Decode, 1, 1),
    ("boolean", Function::Boolean, 1, 1),
    ("boolean-from-string", Function::BooleanFromString, 1, 1),
    ("ceiling", Function::Ceiling, 1, 1),
    ("checklist", Function::Checklist, 2, MANY),
    ("coalesce", Function::Coalesce, 2, 2),
    ("concat", Function::Concat, 0, MANY),
    ("contains", Function::Contains, 2, 2),
    ("cos", Function::Cos, 1, 1),
    ("count", Function::Count, 1, 1),
    ("count-non-empty", Function::CountNonEmpty, 1, 1),
    ("count-selected", Function::CountSelected, 1, 1),
    ("date", Function::Date, 1, 1),
    ("date-time", Function::DateTime, 1, 1),
    ("decimal-date-time", Function::DecimalDateTime, 1, 1),
    ("decimal-time", Function::DecimalTime, 1, 1),
    ("digest", Function::Digest, 2, 3),
    ("distance", Function::Distance, 1, MANY),
    ("enclosed-area", Function::Area, 1, 1),
    ("ends-with", Function::EndsWith, 2, 2),
    ("exp", Function::Exp, 1, 1),
    ("exp10", Function::Exp10, 1, 1),
    ("false", Function::False, 0, 0),
    ("floor", Function::Floor, 1, 1),
    ("format-date", Function::FormatDate, 2, 2),
    ("format-date-time", Function::FormatDate, 2, 2),
    ("geofence", Function::Geofence, 2, 2),
    ("if", Function::If, 3, 3),
    ("int", Function::Int, 1, 1),
    ("intersects", Function::Intersects, 1, 1),
    ("join", Function::Join, 1, MANY),
    ("last", Function::Last, 0, 0),
    ("local-name", Function::LocalName, 0, 1),
    ("log", Function::Log, 1, 1),
    ("log10", Function::Log10, 1, 1),
    ("max", Function::Max, 1, MANY),
    ("min", Function::Min, 1, MANY),
    ("name", Function::Name, 0, 1),
    ("namespace-uri", Function::NamespaceUri, 0, 1),
    ("normalize-space", Function::NormalizeSpace, 0, 1),
    ("not", Function::Not, 1, 1),
    ("now", Function::Now, 0, 0),
    ("number", Function::Number, 0, 1),
    ("once", Function::Once, 1, 1),
    ("pi", Function::Pi, 0, 0),
    ("position", Function::Position, 0, 1),
    ("pow", Function::Pow, 2, 2),
    ("random", Function::Random, 0, 0),
    ("randomize", Function::Randomize, 1, 2),
    ("regex", Function::Regex, 2, 2),
    ("round", Function::Round, 1, 2),
    ("selected", Function::Selected, 2, 2),
    ("selected-at", Function::SelectedAt, 2, 2),
    ("sin", Function::Sin, 1, 1),
    ("sqrt", Function::Sqrt, 1, 1),
    ("starts-with", Function::StartsWith, 2, 2),
    ("string", Function::String, 0, 1),
    ("string-length", Function::StringLength, 0, 1),
    ("substr", Function::Substr, 2, 3),
    ("substring", Function::Substring, 2, 3),
    ("substring-after", Function::SubstringAfter, 2, 2),
    ("substring-before", Function::SubstringBefore, 2, 2),
    ("sum", Function::Sum, 1, 1),
    ("tan", Function::Tan, 1, 1),
    ("today", Function::Today, 0, 0),
    ("translate", Function::Translate, 3, 3),
    ("true", Function::True, 0, 0),
    ("uuid", Function::Uuid, 0, 1),
    ("weighted-checklist", Function::WeightedChecklist, 4, MANY),
];

/// Functions of XForms and XPath that this engine knows of but does not run.
const REFUSED: &[&str] = &[
    "cast",
    "comment",
    "extract-signed",
    "id",
    "lang",
    "node",
    "processing-instruction",
    "property",
    "text",
    "version",
];

impl Function {
    /// The function of this name with its fewest and most arguments.
    pub(crate) fn named(name: &str) -> Option<(Function, usize, usize)> {
        let at = TABLE.binary_search_by_key(&name, |row| row.0).ok()?;
        let (_, function, fewest, most) = TABLE[at];
        Some((function, fewest, most))
    }

    /// Whether the name is a function of ODK or XPath that is not supported.
    pub(crate) fn is_refused(name: &str) -> bool {
        REFUSED.contains(&name)
    }

    /// The known name closest to a mistyped one.
    pub(crate) fn nearest(name: &str) -> Option<&'static str> {
        let wanted: String = name.to_lowercase().replace(['_', ' '], "-");
        let squeeze = |text: &str| text.replace('-', "");
        TABLE.iter().map(|row| row.0).find(|known| squeeze(known) == squeeze(&wanted))
    }

    /// Whether an argument may be several nodes.
    pub(crate) fn takes_nodes(self) -> bool {
        matches!(
            self,
            Function::Sum
                | Function::Max
                | Function::Min
                | Function::Join
                | Function::Concat
                | Function::Count
                | Function::CountNonEmpty
                | Function::Checklist
                | Function::Randomize
                | Function::Area
                | Function::Distance
                | Function::Boolean
                | Function::Not
                | Function::Position
                | Function::Name
                | Function::LocalName
                | Function::NamespaceUri
        )
    }

    /// Whether its first argument must be nodes.
    pub(crate) fn needs_nodes(self) -> bool {
        matches!(
            self,
            Function::Sum
                | Function::Count
                | Function::CountNonEmpty
                | Function::Randomize
                | Function::Position
                | Function::Name
                | Function::LocalName
                | Function::NamespaceUri
        )
    }

    /// Whether it writes names of months and days, in the language on display.
    pub(crate) fn names_months(self) -> bool {
        self == Function::FormatDate
    }
}
