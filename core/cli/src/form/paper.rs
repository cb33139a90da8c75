//! `nightjar form paper`: a form as a page to print.

use std::fs;
use std::path::Path;

use nightjar_form::Paper;

use super::{beside, instrument, language};
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(super) fn run(
    file: &Path,
    asked: Option<&str>,
    copies: usize,
    out: &Path,
    screen: &mut Screen,
) -> Result<(), Trouble> {
    let form = instrument(file)?;
    let language = asked.map(|asked| language(&form, asked)).transpose()?;
    let pictures = beside::pictures(file)?;
    let page = form.paper(&Paper { language, copies, pictures });
    beside::not_over(file, out)?;
    fs::write(out, page).map_err(Trouble::file(out))?;
    screen.line(format_args!("{} is written; print it from a browser", out.display()))
}
