//! What the tests of every language are told through their environment.

use crate::checkout::Checkout;
use crate::hub::Hub;

/// Environment variables for tests: where things are, and the hub to talk to.
#[derive(Debug, Default)]
pub(crate) struct TestContext {
    in_checkout: Vec<(&'static str, &'static str)>,
    root: String,
    program: String,
    values: Vec<(&'static str, String)>,
}

impl TestContext {
    /// For tests that start what they need themselves.
    pub(crate) fn new(checkout: &Checkout) -> TestContext {
        TestContext {
            in_checkout: vec![
                ("NIGHTJAR_SCENARIOS", "tests/vectors/scenarios"),
                ("NIGHTJAR_STUDY", "core/studies/sleepwell"),
            ],
            root: checkout.root.display().to_string(),
            program: checkout.program().display().to_string(),
            values: Vec::new(),
        }
    }

    /// For tests that talk to a hub.
    pub(crate) fn with_hub(checkout: &Checkout, hub: &Hub) -> TestContext {
        let values =
            vec![("NIGHTJAR_HUB", hub.address.clone()), ("NIGHTJAR_SETUP_CODE", hub.setup_code.clone())];
        TestContext { values, ..TestContext::new(checkout) }
    }

    /// The variables on this host.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        self.all(&self.root, &self.program)
    }

    /// The variables where the checkout and the program's folder are seen under other names.
    pub(crate) fn seen_from_root(&self, checkout: &str, program_folder: &str) -> Vec<(String, String)> {
        self.all(checkout, &format!("{program_folder}/nightjar"))
    }

    fn all(&self, root: &str, program: &str) -> Vec<(String, String)> {
        let folders =
            self.in_checkout.iter().map(|(name, path)| ((*name).to_owned(), format!("{root}/{path}")));
        let values = self.values.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let program = (!program.is_empty()).then(|| ("NIGHTJAR_BIN".to_owned(), program.to_owned()));
        folders.chain(values).chain(program).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_follow_where_the_checkout_is_seen() {
        let checkout = Checkout {
            root: "/host".into(),
            target: "/host/target".into(),
            cache: "/cache".into(),
            incremental: true,
        };
        let context = TestContext::new(&checkout);
        let of = |variables: Vec<(String, String)>, name: &str| {
            variables.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
        };
        assert_eq!(
            of(context.variables(), "NIGHTJAR_STUDY").as_deref(),
            Some("/host/core/studies/sleepwell")
        );
        let seen = context.seen_from_root("/inside/checkout", "/inside/program");
        assert_eq!(
            of(seen.clone(), "NIGHTJAR_STUDY").as_deref(),
            Some("/inside/checkout/core/studies/sleepwell")
        );
        assert_eq!(of(seen, "NIGHTJAR_BIN").as_deref(), Some("/inside/program/nightjar"));
    }
}
