//! The published engines, installed in a folder outside the checkout: how each is started.
//!
//! `cargo xtask conformance --peers` and `cargo xtask bench form` install them there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::batch::{self, Unanswered};

/// A folder with the scripts of `tests/conformance/peers`, their npm packages and a virtual environment `venv`.
#[derive(Debug, Clone)]
pub struct Peers {
    folder: PathBuf,
    jar: PathBuf,
}

/// A conversion by pyxform.
#[derive(Debug, Serialize)]
pub struct Conversion {
    /// Names the outcome.
    pub id: String,
    /// An XLSForm.
    pub form: PathBuf,
    /// How often, for the times.
    pub times: usize,
}

/// What pyxform made of a form.
#[derive(Debug, Default, Deserialize)]
pub struct Converted {
    /// The conversion's name.
    pub id: String,
    /// The XForm.
    #[serde(default)]
    pub xml: Option<String>,
    /// Why there is none.
    #[serde(default)]
    pub error: Option<String>,
    /// Milliseconds of each conversion.
    #[serde(default)]
    pub ms: Vec<f64>,
}

impl Peers {
    /// The peers in a folder where they are installed.
    pub fn at(folder: &Path) -> io::Result<Peers> {
        let packages = folder.join("venv/lib");
        for entry in fs::read_dir(&packages)? {
            let jar =
                entry?.path().join("site-packages/pyxform/validators/odk_validate/bin/ODK_Validate.jar");
            if jar.is_file() {
                return Ok(Peers { folder: folder.to_owned(), jar });
            }
        }
        let what = format!("pyxform and its ODK_Validate.jar are not in {}", packages.display());
        Err(io::Error::new(io::ErrorKind::NotFound, what))
    }

    /// Where they are installed.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// JavaRosa, speaking the batch protocol.
    #[must_use]
    pub fn javarosa(&self) -> Command {
        let mut java = Command::new("java");
        // The stack that a chain of a thousand questions takes is more than the default.
        java.args(["-Duser.timezone=UTC", "-Xss16m", "-cp"]).arg(&self.jar);
        java.arg(self.folder.join("PeerJavaRosa.java")).env("TZ", "UTC");
        java
    }

    /// ODK Web Forms' engine, speaking the batch protocol.
    #[must_use]
    pub fn web_forms(&self) -> Command {
        let mut node = Command::new("node");
        node.arg(self.folder.join("web-forms.mjs")).env("TZ", "UTC");
        node
    }

    /// pyxform, converting.
    #[must_use]
    pub fn pyxform(&self) -> Command {
        let mut python = Command::new(self.folder.join("venv/bin/python"));
        python.arg(self.folder.join("pyxform-convert.py"));
        python.env_remove("PYTHONHOME").env_remove("PYTHONPATH");
        python
    }

    /// Converts forms, in one process.
    pub fn convert(&self, conversions: &[Conversion]) -> Result<Vec<Converted>, Unanswered> {
        batch::exchange(&mut self.pyxform(), conversions)
    }
}
