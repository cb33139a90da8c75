//! What a page hands in: which page it was, which act, and the fields of its questions.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;

use crate::guard::Refusal;

/// Most fields of one page.
const MAX_FIELDS: usize = 2_000;

/// Names one page that was drawn: new for each, and for each hand-over.
pub(crate) type Nonce = [u8; 16];

/// What was handed in.
pub(crate) struct Posted {
    /// The page it was drawn on.
    pub(crate) page: Nonce,
    /// Counts what one page hands in, so that nothing is taken twice or out of turn.
    pub(crate) number: u64,
    /// Which button.
    pub(crate) act: String,
    fields: BTreeMap<String, Vec<String>>,
}

impl Posted {
    /// Reads the body of a page's form.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Refusal> {
        if std::str::from_utf8(body).is_err() {
            return Err(Refusal::Broken);
        }
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (at, (name, value)) in form_urlencoded::parse(body).enumerate() {
            if at == MAX_FIELDS {
                return Err(Refusal::TooLarge);
            }
            fields.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        let mut one = |name: &str| fields.remove(name).and_then(|mut values| values.pop());
        let page = one("page").and_then(|page| HEXLOWER.decode(page.as_bytes()).ok()?.try_into().ok());
        let number = one("n").and_then(|number| number.parse().ok());
        let (page, number) = (page.ok_or(Refusal::Broken)?, number.ok_or(Refusal::Broken)?);
        Ok(Self { page, number, act: one("do").unwrap_or_default(), fields })
    }

    /// The same, and nothing but its answers.
    pub(crate) fn only_answers(&self) -> Self {
        let Self { page, number, fields, .. } = self;
        Self { page: *page, number: *number, act: "save".to_owned(), fields: fields.clone() }
    }

    /// A field that holds one value; line ends as the forms have them.
    pub(crate) fn one(&self, name: &str) -> Option<String> {
        self.fields.get(name)?.last().map(|value| value.replace("\r\n", "\n"))
    }

    /// All values of a field.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.fields.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_itself_and_its_turn() {
        let page = "00".repeat(16);
        let posted =
            Posted::read(format!("page={page}&n=2&do=next&q0=a+b%0D%0Ac&q1=x&q1=y").as_bytes()).unwrap();
        assert_eq!((posted.page, posted.number, posted.act.as_str()), ([0; 16], 2, "next"));
        assert_eq!(posted.one("q0").unwrap(), "a b\nc");
        assert_eq!(posted.all("q1"), ["x", "y"]);
        for broken in
            ["", "page=00&n=1", &format!("page={page}"), &format!("page={page}&n=-1"), "page=\u{ff}"]
        {
            assert!(Posted::read(broken.as_bytes()).is_err(), "{broken}");
        }
        assert!(Posted::read(&[0xff, b'=']).is_err());
        assert!(Posted::read("a=1&".repeat(3_000).as_bytes()).is_err());
    }
}
