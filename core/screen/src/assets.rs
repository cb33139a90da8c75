//! The files that pages need: the stylesheet, the script, and the pictures and recordings of the forms.

use nightjar::StudyPack;

const STYLE: &[u8] = include_bytes!("../assets/screen.css");
/// A moon, for the window's title.
const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#a98a66" d="M11 1a7 7 0 1 0 4 10A6 6 0 0 1 11 1z"/></svg>"##;
const SCRIPT: &[u8] = include_bytes!("../assets/screen.js");

/// A file of the program: its type and bytes.
pub(crate) fn named(name: &str) -> Option<(&'static str, &'static [u8])> {
    match name {
        "screen.css" => Some(("text/css; charset=utf-8", STYLE)),
        "screen.js" => Some(("text/javascript; charset=utf-8", SCRIPT)),
        "icon.svg" => Some(("image/svg+xml", ICON.as_bytes())),
        _ => None,
    }
}

/// A picture or recording beside a form of the study: its type and bytes.
pub(crate) fn media<'p>(pack: &'p StudyPack, form_id: &str, name: &str) -> Option<(&'static str, &'p [u8])> {
    let kind = kind(name)?;
    let file = &pack.study().instrument(form_id)?.file;
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    // Looked up as a whole among the files of the pack: no path leads out of it.
    let path = if folder.is_empty() { format!("media/{name}") } else { format!("{folder}/media/{name}") };
    Some((kind, pack.files().get(&path)?))
}

fn kind(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    Some(match ending.to_ascii_lowercase().as_str() {
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "wav" => "audio/wav",
        _ => return None,
    })
}

/// Whether a file is a recording.
pub(crate) fn is_recording(name: &str) -> bool {
    kind(name).is_some_and(|kind| kind.starts_with("audio/"))
}
