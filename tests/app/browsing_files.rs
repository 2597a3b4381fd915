//! What is done with files from the grid: exports, and the trash of a private folder.

use super::Window;
use super::browsing::{press, press_with, with_neighbours};
use super::gallery::{Gallery, READABLE};
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use std::path::Path;

fn export_to(window: &mut Window, format: &str, path: &Path) {
    window.click("Export…");
    window.wait_for_label("Save as");
    window.click(format);
    let field = "Export to this file";
    window.harness.get_by_label(field).focus();
    window.harness.run_steps(2);
    press_with(window, Modifiers::COMMAND, Key::A);
    let text = path.display().to_string();
    window.harness.get_by_label(field).type_text(&text);
    window.harness.run_steps(2);
    window.click("Save");
}

#[test]
fn results_are_saved_as_tables_that_read_back() {
    let mut window = with_neighbours();
    let path = window.gallery.outside("cats, and more.csv");
    export_to(&mut window, "Table (CSV)", &path);
    window.wait_for_label("12 photos saved in cats, and more.csv");
    let hits = window.hits();
    let mut reader = csv::Reader::from_path(&path).unwrap();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), READABLE);
    for (record, hit) in records.iter().zip(&hits) {
        assert_eq!(&record[1], hit.path.to_str().unwrap());
        assert_eq!(record[2].parse::<f32>().unwrap(), hit.score);
        assert_eq!(&record[3], hit.domain);
        assert!(record[4].is_empty(), "no camera dated these pictures");
        assert_eq!(&record[5], hit.modified.to_string());
        assert_eq!(record[6].parse::<u64>().unwrap(), hit.bytes);
    }

    // Only what is selected, and with the query.
    press_with(&mut window, Modifiers::SHIFT, Key::ArrowRight);
    let path = window.gallery.outside("two.json");
    export_to(&mut window, "JSON", &path);
    window.wait_for_label("2 photos saved in two.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(found["photos"].as_array().unwrap().len(), 2);
    assert_eq!(found["query"][0]["name"], "chelsea.png");
    let similarities = found["photos"][0]["prompt_similarities"]
        .as_array()
        .unwrap();
    assert_eq!(similarities.len(), 20);
}

#[test]
fn a_file_is_replaced_only_after_a_question() {
    let mut window = with_neighbours();
    let path = window.gallery.outside("there.csv");
    std::fs::write(&path, "mine").unwrap();
    export_to(&mut window, "Table (CSV)", &path);
    window.wait_for_label("there.csv is there already.");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    window.click("Replace it");
    window.wait_for_label("12 photos saved in there.csv");
    assert!(
        std::fs::read_to_string(&path)
            .unwrap()
            .starts_with("rank,path,score")
    );
}

#[test]
fn a_contact_sheet_shows_every_photo() {
    let mut window = with_neighbours();
    let path = window.gallery.outside("sheet.png");
    export_to(&mut window, "Contact sheet (PNG)", &path);
    window.wait_for_label("12 photos saved in sheet.png");
    let sheet = image::open(&path).unwrap().into_rgb8();
    assert!(
        sheet.width() > 1500 && sheet.height() > 500,
        "{:?}",
        sheet.dimensions()
    );
    let inked = sheet.pixels().filter(|pixel| pixel.0 != [255; 3]).count();
    let all = (sheet.width() * sheet.height()) as usize;
    assert!(inked > all / 4, "{inked} of {all} pixels are not paper");
}

/// Set for the process that may throw files away: its trash is a private folder.
#[cfg(target_os = "linux")]
const PRIVATE_TRASH: &str = "PUMA_TEST_PRIVATE_TRASH";

#[cfg(target_os = "linux")]
#[test]
fn files_go_into_the_trash_after_a_question_and_come_back() {
    if std::env::var_os(PRIVATE_TRASH).is_some() {
        return throw_away_and_take_back();
    }
    with_a_private_trash("files_go_into_the_trash_after_a_question_and_come_back");
}

#[cfg(target_os = "linux")]
#[test]
fn files_below_a_linked_folder_come_back_from_the_trash() {
    if std::env::var_os(PRIVATE_TRASH).is_some() {
        return throw_away_below_a_link_and_take_back();
    }
    with_a_private_trash("files_below_a_linked_folder_come_back_from_the_trash");
}

/// Runs the test of that name again in a process whose trash is a private folder: nothing real may be thrown away.
#[cfg(target_os = "linux")]
fn with_a_private_trash(name: &str) {
    let home = tempfile::tempdir().unwrap();
    let this = format!("app::browsing_files::{name}");
    let run = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &this, "--nocapture"])
        .env(PRIVATE_TRASH, "1")
        .env("XDG_DATA_HOME", home.path().join("data"))
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout) + String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
    if said.contains("no trash here") {
        eprintln!("skipped: this system offers no trash for temporary files");
    }
}

#[cfg(target_os = "linux")]
fn throw_away_and_take_back() {
    let mut window = with_neighbours();
    press(&mut window, Key::ArrowRight);
    let path = window
        .harness
        .state()
        .state()
        .results
        .path(1)
        .unwrap()
        .to_owned();
    let list = window.harness.state().state().results.list();
    press(&mut window, Key::Delete);
    window.wait_for_label("to the trash?");
    window.click("Keep");
    assert!(path.exists());
    press(&mut window, Key::Delete);
    window.wait_for_label("to the trash?");
    window.click("Move to trash");
    window.wait_for("the end of it", |harness| {
        !harness.state().state().results.trashing.busy
    });
    if super::shows(&window.harness, "could not be moved to the trash") {
        assert!(path.exists());
        println!("no trash here");
        return;
    }
    window.wait_for_label("1 file moved to the trash.");
    assert!(!path.exists());
    assert_eq!(window.harness.state().state().results.len(), READABLE - 1);
    window.wait_for("the catalogue to follow", |harness| {
        let library = harness.state().state().library.as_ref().unwrap();
        library.embedded == READABLE - 1
    });
    // What is chosen meanwhile stays chosen, though the tiles move.
    press_with(&mut window, Modifiers::COMMAND, Key::Space);
    let chosen = window.harness.state().state().results.chosen_paths();
    assert_eq!(chosen.len(), 1);
    assert_ne!(chosen[0], path);
    window.click("Take back from the trash");
    window.wait_for_label("1 file taken back from the trash.");
    assert_eq!(
        window.harness.state().state().results.chosen_paths(),
        chosen
    );
    assert!(path.exists());
    window.wait_for("the catalogue to follow", |harness| {
        let library = harness.state().state().library.as_ref().unwrap();
        library.embedded == READABLE
    });
    // However often the answer was made anew, it is the same list to the grid.
    assert_eq!(window.harness.state().state().results.list(), list);
}

#[cfg(target_os = "linux")]
fn throw_away_below_a_link_and_take_back() {
    let gallery = Gallery::new();
    let (photos, real) = (gallery.photos(), gallery.outside("elsewhere"));
    std::fs::rename(&photos, &real).unwrap();
    std::os::unix::fs::symlink(&real, &photos).unwrap();
    let mut window = Window::open_beside(gallery, |setup| setup, Vec::new());
    window.wait_for_label("Find pictures by looking");
    window.index_gallery();
    let cat = photos.join("cats/chelsea.png");
    window.drop_on(&cat);
    window.wait_for_label("Neighbour 1: chelsea.png");
    press(&mut window, Key::ArrowRight);
    let results = &window.harness.state().state().results;
    let path = results.path(1).unwrap().to_owned();
    assert!(path.starts_with(&photos), "{path:?}");
    press(&mut window, Key::Delete);
    window.wait_for_label("to the trash?");
    window.click("Move to trash");
    window.wait_for("the end of it", |harness| {
        !harness.state().state().results.trashing.busy
    });
    if super::shows(&window.harness, "could not be moved to the trash") {
        println!("no trash here");
        return;
    }
    window.wait_for("the catalogue to follow", |harness| {
        let state = harness.state().state();
        let library = state.library.as_ref().unwrap();
        state.indexing.is_none() && library.embedded == READABLE - 1
    });
    assert!(!path.exists());

    // With another file in its place it stays in the trash, and on offer.
    std::fs::write(&path, "in the way").unwrap();
    window.click("Take back from the trash");
    window.wait_for_label("Not everything could be taken back");
    let offered = &window.harness.state().state().results.trashing.last;
    assert_eq!(*offered, std::slice::from_ref(&path));
    std::fs::remove_file(&path).unwrap();
    window.click("Take back from the trash");
    window.wait_for_label("1 file taken back from the trash.");
    assert!(image::open(&path).is_ok());
    let trashing = &window.harness.state().state().results.trashing;
    assert!(trashing.last.is_empty() && !trashing.busy);
}
