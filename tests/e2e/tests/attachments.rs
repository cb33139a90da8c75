//! A respondent shows a picture and says something: it comes to the evaluator over a line that is cut, without where it was taken, and leaves
//! everywhere when they take it out.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nightjar::form::Value;
use nightjar::{
    Failure, OwnState, ReceiptKind, RecordsRequest, Sitting, StudyPack, TakeOutRequest, TakeOutView,
    TakeOutWhat,
};
use nightjar_e2e::holds;
use nightjar_e2e::study::{Founded, begin};
use nightjar_test_support::{HubProcess, Line, Postgres, Weather, program, sleepwell};
use rust_xlsxwriter::Workbook;

const FORM: &str = "shown";

/// The form of these tests: it asks for a picture and a voice note.
fn workbook() -> Vec<u8> {
    let mut workbook = Workbook::new();
    let mut sheet = |name: &str, rows: &[&[&str]]| {
        let sheet = workbook.add_worksheet().set_name(name).unwrap();
        for (row, cells) in rows.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                sheet.write(row as u32, column as u16, *cell).unwrap();
            }
        }
    };
    let plan = "patient-text";
    sheet(
        "survey",
        &[
            &["type", "name", "label::English (en)", "nightjar::risk_disclosure_plan"],
            &["image", "place", "Show us where you sleep", plan],
            &["audio", "told", "Tell us about your night", plan],
            &["text", "words", "Anything else?", plan],
        ],
    );
    sheet("settings", &[&["form_title", "form_id"], &["Shown", FORM]]);
    workbook.save_to_buffer().unwrap()
}

/// The study of the other tests with that form.
fn pack() -> StudyPack {
    let mut files = BTreeMap::new();
    let mut left = vec![sleepwell()];
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
                continue;
            }
            let name = path.strip_prefix(sleepwell()).unwrap().to_str().unwrap().replace('\\', "/");
            files.insert(name, std::fs::read(&path).unwrap());
        }
    }
    let study = String::from_utf8(files.remove("study.toml").unwrap()).unwrap();
    let study = study
        .replace(r#"may = ["patient-core", "position"]"#, r#"may = ["patient-core", "position", "shown"]"#);
    let instrument = r#"
[[instrument]]
id = "shown"
title = "Shown"
file = "forms/shown.xlsx"
kind = "response"
denominators = ["people who were asked"]
schedule = "Once."
wording_status = "draft"
"#;
    let at = study.find("[[instrument]]").unwrap();
    files.insert("study.toml".into(), format!("{}{instrument}\n{}", &study[..at], &study[at..]).into_bytes());
    files.insert("forms/shown.xlsx".into(), workbook());
    StudyPack::from_files(files).unwrap()
}

/// A JPEG as a camera makes it, with a place in it; its pixels are noise, so that it is several chunks.
fn picture() -> Vec<u8> {
    let mut state = 7_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let pixels = image::RgbImage::from_fn(700, 500, |_, _| image::Rgb([noise(), noise(), noise()]));
    let mut plain = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut plain, 95).encode_image(&pixels).unwrap();
    let exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0GPS 51.4545 N 2.5879 W";
    let segment = [&[0xFF, 0xE1][..], &(exif.len() as u16 + 2).to_be_bytes(), exif].concat();
    [&plain[..2], &segment, &plain[2..]].concat()
}

/// A WAV of some seconds that names its singer.
fn voice() -> Vec<u8> {
    let part =
        |name: &[u8; 4], content: &[u8]| [&name[..], &(content.len() as u32).to_le_bytes(), content].concat();
    let format = [1, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x80, 0x3E, 0, 0, 2, 0, 16, 0];
    let samples: Vec<u8> = SPOKEN.iter().copied().cycle().take(90_000).collect();
    let parts =
        [part(b"LIST", b"INFOIARTsomebody"), part(b"fmt ", &format), part(b"data", &samples)].concat();
    [&b"RIFF"[..], &(parts.len() as u32 + 4).to_le_bytes(), b"WAVE", &parts].concat()
}

/// What is said: to be looked for where it must not be.
const SPOKEN: &[u8] = b"CANARY-5519 they shone a torch on me at four ";

/// The files of chunks beside a vault.
fn chunks(vault: &Path) -> Vec<PathBuf> {
    let folder = PathBuf::from(format!("{}-attachments", vault.display()));
    let files = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file() && path.file_name().unwrap() != "lock").collect()
}

struct Scene {
    // Ends before its folder goes.
    hub: HubProcess,
    line: Line,
    study: Founded,
    data: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let hub = HubProcess::start(&program(), data.path());
        let line = Line::to(hub.port());
        let address = format!("http://{}", line.near);
        let study = Founded::with(pack(), Some((&address, &hub.setup_code)));
        Self { hub, line, study, data }
    }

    fn vault(&self, name: &str) -> PathBuf {
        self.study.folder.path().join(name)
    }

    /// A chunk of the bytes that a hub's database holds: whether they are in any of its files.
    fn hub_holds(&self, sealed: &[u8]) -> bool {
        holds(self.data.path(), &sealed[sealed.len() - 64..]).is_some()
    }
}

fn shown(sitting: &Sitting) {
    sitting.attach("place", &picture()).unwrap();
    sitting.attach("told", &voice()).unwrap();
}

#[test]
fn a_picture_and_a_voice_come_whole_over_a_line_that_is_cut_and_leave_when_they_are_taken_out() {
    let scene = Scene::new();
    let (study, line) = (&scene.study, &scene.line);
    let tablet = study.tablet("One");
    let sitting = begin(&tablet, FORM, "patient");
    assert!(matches!(sitting.attach("words", &picture()), Err(Failure::Invalid(_))), "not there");
    assert!(matches!(sitting.attach("told", &picture()), Err(Failure::Invalid(_))), "not that");
    assert!(matches!(sitting.attach("place", b"GIF89a"), Err(Failure::Invalid(_))), "nor something else");
    shown(&sitting);
    // Once more: the one before is gone.
    let before = chunks(&scene.vault("one")).len();
    shown(&sitting);
    assert_eq!(chunks(&scene.vault("one")).len(), before);
    let seen = sitting.attachment("place").unwrap();
    assert_eq!(seen.media_type, "image/jpeg");
    assert!(holds(study.folder.path(), SPOKEN).is_none(), "it lies nowhere but sealed");
    sitting.answer("words", Some(Value::Text("the torch".into()))).unwrap();
    let (finished, words) = sitting.finish_with(ReceiptKind::Read).unwrap();
    assert!(holds(study.folder.path(), SPOKEN).is_none());
    let own = chunks(&scene.vault("one"));
    assert!(own.len() >= 3, "{own:?}");
    let sealed: Vec<Vec<u8>> = own.iter().map(|file| std::fs::read(file).unwrap()).collect();

    // The envelope gets through and the first chunk; in the middle of the next the line is cut, over and over.
    let mut cuts = 0;
    let synced = loop {
        line.weather(Weather { cut_up: Some(400_000), ..Weather::default() });
        line.hang_up();
        match tablet.sync() {
            Ok(synced) => break synced,
            Err(Failure::Offline(_)) => cuts += 1,
            Err(other) => panic!("{other}"),
        }
        assert!(cuts < 20, "each sync gets further");
    };
    assert!(cuts > 0, "the line was cut");
    assert_eq!((synced.chunks_waiting, synced.waiting), (0, 0));
    line.weather(Weather::default());
    line.hang_up();
    assert!(sealed.iter().all(|sealed| scene.hub_holds(sealed)));

    // The evaluator's line is cut as well.
    let evaluator = &study.steward;
    line.weather(Weather { cut_down: Some(300_000), ..Weather::default() });
    line.hang_up();
    let mut cuts = 0;
    while let Err(failure) = evaluator.sync() {
        assert!(matches!(failure, Failure::Offline(_)), "{failure}");
        cuts += 1;
        if cuts == 3 {
            line.weather(Weather::default());
            line.hang_up();
        }
        assert!(cuts < 9);
    }
    assert!(cuts > 0);
    line.weather(Weather::default());
    line.hang_up();
    let synced = evaluator.sync().unwrap();
    assert_eq!((synced.chunks_missing, synced.requests), (0, 1), "and nothing new is one request");
    let place = evaluator.attachment(&finished.record, "place").unwrap();
    assert_eq!(place, seen);
    for gone in [&b"GPS"[..], b"Exif"] {
        assert!(!place.bytes.windows(gone.len()).any(|window| window == gone));
    }
    let decoded = image::load_from_memory(&place.bytes).unwrap();
    assert_eq!((decoded.width(), decoded.height()), (700, 500));
    let told = evaluator.attachment(&finished.record, "told").unwrap();
    assert_eq!(told.media_type, "audio/wav");
    assert!(told.bytes.windows(SPOKEN.len()).any(|window| window == SPOKEN));
    assert!(!told.bytes.windows(8).any(|window| window == b"somebody"));
    assert!(matches!(evaluator.attachment(&finished.record, "words"), Err(Failure::Invalid(_))));
    assert!(tablet.attachment(&finished.record, "place").is_err(), "the tablet has no key of it");
    assert!(holds(study.folder.path(), SPOKEN).is_none(), "nor is it in clear on the evaluator's disk");
    let found =
        evaluator.records(RecordsRequest { form_id: Some(FORM.into()), ..Default::default() }).unwrap();
    assert_eq!(found.len(), 1);

    // A second evaluator reads it as well; then it is taken out.
    let (second, invitation) = &study.second;
    second.join(invitation, study.pack.clone()).unwrap();
    assert!(tablet.take_out(&words).unwrap());
    assert_eq!(tablet.own_answers(&words, "en").unwrap().state, OwnState::TakenOut);
    assert_eq!(chunks(&scene.vault("one")), Vec::<PathBuf>::new());
    tablet.sync().unwrap();
    assert!(
        !sealed.iter().any(|sealed| scene.hub_holds(sealed)),
        "the hub has nothing of it, its log included"
    );
    evaluator.sync().unwrap();
    second.sync().unwrap();
    for name in ["steward", "second"] {
        assert_eq!(chunks(&scene.vault(name)), Vec::<PathBuf>::new(), "{name}");
    }
    assert!(evaluator.attachment(&finished.record, "place").is_err());
    assert!(holds(study.folder.path(), &sealed[0][100..164]).is_none());
    let synced = evaluator.sync().unwrap();
    assert_eq!((synced.chunks_missing, synced.requests), (0, 1));
    drop(scene.hub);
}

#[test]
fn who_walks_off_leaves_nothing_and_what_stewards_take_out_goes_everywhere() {
    let scene = Scene::new();
    let study = &scene.study;
    let tablet = study.tablet("One");
    let sitting = begin(&tablet, FORM, "patient");
    shown(&sitting);
    sitting.detach("told").unwrap();
    assert!(sitting.attachment("told").is_err());
    let page = sitting.go_to("place").unwrap();
    assert!(page.questions[0].value.is_some(), "what was not taken back is there");
    // It goes on where it was, whatever happened to the program.
    let again = tablet.resume(&sitting.id()).unwrap();
    assert_eq!(again.attachment("place").unwrap().media_type, "image/jpeg");
    tablet.hand_over().unwrap();
    assert!(matches!(again.attachment("place"), Err(Failure::Closed(_))));
    assert_eq!(chunks(&scene.vault("one")), Vec::<PathBuf>::new());

    let sitting = begin(&tablet, FORM, "patient");
    shown(&sitting);
    let finished = sitting.finish().unwrap();
    tablet.sync().unwrap();
    study.steward.sync().unwrap();
    assert!(study.steward.attachment(&finished.record, "told").is_ok());
    let sealed: Vec<_> =
        chunks(&scene.vault("one")).iter().map(|file| std::fs::read(file).unwrap()).collect();
    assert!(scene.hub_holds(&sealed[0]));
    let what = TakeOutWhat::Records(vec![finished.record.clone()]);
    let request = TakeOutRequest { what, consents: Vec::new() };
    assert!(matches!(study.steward.take_out(&request).unwrap(), TakeOutView::Done { .. }));
    study.steward.sync().unwrap();
    tablet.sync().unwrap();
    for name in ["one", "steward"] {
        assert_eq!(chunks(&scene.vault(name)), Vec::<PathBuf>::new(), "{name}");
    }
    assert!(!sealed.iter().any(|sealed| scene.hub_holds(sealed)));
}

#[test]
fn a_correction_may_show_another_picture() {
    let scene = Scene::new();
    let tablet = scene.study.tablet("One");
    let sitting = begin(&tablet, FORM, "patient");
    shown(&sitting);
    let (finished, words) = sitting.finish_with(ReceiptKind::Read).unwrap();
    let again = tablet.correct_own(&words, "en").unwrap();
    let mut small = Vec::new();
    let pixels = image::RgbImage::from_pixel(9, 9, image::Rgb([200, 10, 10]));
    pixels.write_with_encoder(image::codecs::png::PngEncoder::new(&mut small)).unwrap();
    again.attach("place", &small).unwrap();
    assert!(again.finish_correction(&words).unwrap());
    tablet.sync().unwrap();
    scene.study.steward.sync().unwrap();
    let place = scene.study.steward.attachment(&finished.record, "place").unwrap();
    assert_eq!(place.media_type, "image/png");
    assert_eq!(scene.study.steward.attachment(&finished.record, "told").unwrap().media_type, "audio/wav");
}

#[test]
fn a_file_carries_attachments_where_there_is_no_hub() {
    let study = Founded::with(pack(), None);
    let (tablet, _, invitation) = study.let_in("One", &[]);
    let file = |name: &str| study.folder.path().join(name);
    study.steward.export_bundle(&file("roster"), None).unwrap();
    tablet.join_with_bundle(&invitation, &study.pack, &file("roster")).unwrap();
    let sitting = begin(&tablet, FORM, "patient");
    shown(&sitting);
    let finished = sitting.finish().unwrap();
    let written = tablet.export_bundle(&file("given"), None).unwrap();
    assert!(written.chunks >= 3, "{written:?}");
    assert_eq!(nightjar::inspect_bundle(&file("given")).unwrap().chunks, written.chunks);
    assert!(holds(study.folder.path(), SPOKEN).is_none());
    // A file that is cut in the middle of the last chunk brings what came before.
    let whole = std::fs::read(file("given")).unwrap();
    std::fs::write(file("cut"), &whole[..whole.len() - 1_000]).unwrap();
    let taken = study.steward.import_bundle(&file("cut")).unwrap();
    assert!(!taken.whole && taken.chunks + 1 == written.chunks, "{taken:?}");
    for missing in [1, 0] {
        let taken = study.steward.import_bundle(&file("given")).unwrap();
        assert_eq!((taken.chunks, taken.whole), (missing, true), "again is harmless");
    }
    let told = study.steward.attachment(&finished.record, "told").unwrap();
    assert!(told.bytes.windows(SPOKEN.len()).any(|window| window == SPOKEN));
}

#[test]
fn hubs_over_postgresql_keep_attachments_and_let_them_go() {
    let Some(postgres) = Postgres::start() else { return };
    let data = tempfile::tempdir().unwrap();
    let hub =
        HubProcess::start_with(&program(), data.path(), "127.0.0.1:0", &["--database", &postgres.url()]);
    let study = Founded::with(pack(), Some((&hub.address, &hub.setup_code)));
    let tablet = study.tablet("One");
    let sitting = begin(&tablet, FORM, "patient");
    shown(&sitting);
    let (finished, words) = sitting.finish_with(ReceiptKind::Read).unwrap();
    let synced = tablet.sync().unwrap();
    assert!(synced.chunks_sent >= 3 && synced.chunks_waiting == 0, "{synced:?}");
    study.steward.sync().unwrap();
    assert_eq!(study.steward.attachment(&finished.record, "told").unwrap().media_type, "audio/wav");
    let held = || {
        let mut client = postgres::Client::connect(&postgres.url(), postgres::NoTls).unwrap();
        client.query_one("SELECT count(*) FROM nightjar_hub.chunk", &[]).unwrap().get::<_, i64>(0)
    };
    assert_eq!(held() as u64, synced.chunks_sent);
    assert!(tablet.take_out(&words).unwrap());
    tablet.sync().unwrap();
    assert_eq!(held(), 0);
    study.steward.sync().unwrap();
    assert_eq!(chunks(&study.folder.path().join("steward")), Vec::<PathBuf>::new());
}
