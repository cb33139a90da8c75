//! Why something could not be measured.

use nightjar_conformance::batch::Unanswered;

/// What stops a measurement.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// A workbook could not be written.
    #[error(transparent)]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// A peer did not answer.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
    /// A hub was not understood, or did not answer.
    #[error(transparent)]
    Sync(#[from] nightjar_sync::Failure),
    /// Something on our side failed.
    #[error(transparent)]
    Failed(#[from] nightjar::Failure),
    /// Something was not as it should be.
    #[error("{0}")]
    Unlike(String),
    /// A form that is measured is refused.
    #[error("{form}: {why}")]
    Refused {
        /// The form.
        form: String,
        /// By whom and why.
        why: String,
    },
}

impl Trouble {
    /// A form that is refused.
    pub(crate) fn refused(form: &str, why: impl ToString) -> Trouble {
        Trouble::Refused { form: form.to_owned(), why: why.to_string() }
    }
}
