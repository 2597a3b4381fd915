//! Folders that change while the window is open, go away, come back or lie elsewhere.
use super::gallery::READABLE;
use super::{Window, shows};
use puma::app::Setup;
use puma::library::Library;
use puma::settings::{Places, Settings};
use puma::watch::Pace;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Settings by which a window watches its folders and takes changes in soon.
fn soon(mut setup: Setup) -> Setup {
    setup.settings.watch = true;
    setup.pace = Pace {
        quiet: Duration::from_millis(100),
        look: Duration::from_millis(100),
        ..Pace::default()
    };
    setup
}

/// A window that watches its folders and takes changes in soon, over the whole gallery.
fn watching() -> Window {
    let mut window = Window::open_with(soon, Vec::new());
    window.wait_for_label("Find pictures by looking");
    window.index_gallery();
    window
}

/// Waits until so many photos are known and can be found.
#[track_caller]
fn wait_for_photos(window: &mut Window, count: usize) {
    window.wait_for("as many photos as there are now", |harness| {
        let state = harness.state().state();
        let library = state.library.as_ref();
        state.indexing.is_none() && library.is_some_and(|library| library.embedded == count)
    });
}

#[test]
fn new_renamed_and_deleted_photos_are_taken_in_by_themselves() {
    let mut window = watching();
    window.wait_for_label("watched for changes");
    let (cat, new) = (
        window.gallery.photo("cats/chelsea.png"),
        window.gallery.photo("new folder/cat.png"),
    );
    fs::create_dir(new.parent().unwrap()).unwrap();
    fs::copy(&cat, &new).unwrap();
    wait_for_photos(&mut window, READABLE + 1);
    window.drop_on(&cat);
    window.wait_for_answer_to(&cat);
    assert!(window.hits().iter().any(|hit| hit.path == new));
    // A file that is deleted leaves the answer that is shown.
    fs::remove_file(&new).unwrap();
    window.wait_for("an answer without it", |harness| {
        let answer = harness.state().state().answer.as_ref();
        answer.is_some_and(|answer| answer.hits.iter().all(|hit| hit.path != new))
    });
    let (old, renamed) = (
        window.gallery.photo("drawn"),
        window.gallery.photo("painted"),
    );
    fs::rename(old, renamed).unwrap();
    window.wait_for("the renamed domain", |harness| {
        let profiles = &harness.state().state().profiles;
        let has = |name: &str| profiles.iter().any(|profile| profile.domain == name);
        has("painted") && !has("drawn")
    });
    wait_for_photos(&mut window, READABLE);
}

/// Neither changes the number of photos, or what the model has to look at.
#[test]
fn a_renamed_folder_and_a_copy_reach_what_is_open() {
    let mut window = watching();
    window.wait_for_label("watched for changes");
    let asked = window.gallery.photo("drawn/stripes 1.png");
    window.drop_on(&asked);
    window.wait_for_answer_to(&asked);
    let (old, new) = (
        window.gallery.photo("drawn"),
        window.gallery.photo("painted"),
    );
    fs::rename(&old, &new).unwrap();
    window.wait_for("the answer with the new paths", |harness| {
        let answer = harness.state().state().answer.as_ref();
        answer.is_some_and(|answer| {
            let below = |folder: &Path| {
                let hits = answer.hits.iter();
                hits.filter(|hit| hit.path.starts_with(folder)).count()
            };
            (below(&old), below(&new)) == (0, 4)
        })
    });
    // The picture asked with lies elsewhere now, which is no trouble.
    let messages = window.harness.state().state().messages.shown();
    let refused = messages
        .iter()
        .any(|message| message.text.contains("cannot be searched"));
    assert!(!refused, "{messages:?}");

    window.click("Clear the query");
    window.click("Browse all photos");
    window.wait_for_label("All photos by folder");
    let cat = window.gallery.photo("cats/chelsea.png");
    fs::copy(&cat, window.gallery.photo("cats/copy.png")).unwrap();
    window.wait_for("the list with the copy", |harness| {
        let state = harness.state().state();
        state.listing.is_some() && state.results.len() == READABLE + 1
    });
}

#[test]
fn a_program_that_writes_the_library_only_delays_what_is_followed() {
    let Window { harness, gallery } = Window::indexed();
    drop(harness);
    let file = Places::under(&gallery.home()).library_file();
    let library = Library::open(&file).unwrap();
    let other = library.writer().unwrap();
    let cat = gallery.photo("cats/chelsea.png");
    fs::copy(&cat, gallery.photo("cats/first.png")).unwrap();
    let mut window = Window::open_beside(gallery, soon, Vec::new());
    window.wait_for_label("Another program is writing the library now.");
    assert!(window.harness.state().state().indexing.is_some());
    drop(other);
    wait_for_photos(&mut window, READABLE + 1);

    // Who asks for a run is told why there is none now; what changes later is taken in all the same.
    let start = Instant::now();
    let other = loop {
        match library.writer() {
            Ok(writer) => break writer,
            Err(error) => assert!(start.elapsed() < super::PATIENCE, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    window.click("Re-scan");
    window.wait_for_label("is being written by");
    drop(other);
    window.wait_for_label("watched for changes");
    fs::copy(&cat, window.gallery.photo("cats/second.png")).unwrap();
    wait_for_photos(&mut window, READABLE + 2);
}

/// Presses the setting and waits until it is in force and kept.
fn switch_watching(window: &mut Window, on: bool) {
    window.click("Settings");
    let switch = "Watch the folders for changes";
    window.wait_for_label(switch);
    window.press(switch);
    let places = Places::under(&window.gallery.home());
    window.wait_for("the changed setting", |harness| {
        let choices = &harness.state().state().choices;
        choices.settings.watch == on && Settings::load(&places).unwrap().watch == on
    });
    window.harness.key_press(egui::Key::Escape);
    window.wait_for("the settings close", |harness| !shows(harness, switch));
}

#[test]
fn with_watching_switched_off_changes_wait_for_a_rescan() {
    let mut window = watching();
    window.wait_for_label("watched for changes");
    switch_watching(&mut window, false);
    window.wait_for("no folder is watched", |harness| {
        harness.state().state().watching.modes.is_empty()
    });
    assert!(!shows(&window.harness, "watched for changes"));
    let cat = window.gallery.photo("cats/chelsea.png");
    fs::copy(&cat, window.gallery.photo("cats/first.png")).unwrap();
    // Twenty times as long as a watched change takes to be followed up.
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(20));
        window.harness.step();
        let state = window.harness.state().state();
        assert!(state.indexing.is_none());
        assert_eq!(state.library.as_ref().unwrap().embedded, READABLE);
    }
    window.click("Re-scan");
    wait_for_photos(&mut window, READABLE + 1);
    // What came meanwhile is taken in as soon as they are watched again, and what comes then.
    fs::copy(&cat, window.gallery.photo("cats/second.png")).unwrap();
    switch_watching(&mut window, true);
    wait_for_photos(&mut window, READABLE + 2);
    window.wait_for_label("watched for changes");
    fs::copy(&cat, window.gallery.photo("cats/third.png")).unwrap();
    wait_for_photos(&mut window, READABLE + 3);
}

#[test]
fn a_folder_that_goes_away_comes_back_by_itself() {
    let mut window = watching();
    let (here, away) = (window.gallery.photos(), window.gallery.outside("away"));
    fs::rename(&here, &away).unwrap();
    window.wait_for_label("not there now");
    assert!(!shows(&window.harness, "watched for changes"));
    wait_for_photos(&mut window, READABLE);
    fs::rename(&away, &here).unwrap();
    window.wait_for_label("watched for changes");
    window.wait_for("it is back", |harness| !shows(harness, "not there now"));
    wait_for_photos(&mut window, READABLE);
}

#[test]
fn a_folder_that_lies_elsewhere_is_relinked_and_keeps_all() {
    let mut window = Window::indexed();
    let (old, new) = (
        window.gallery.photos(),
        window.gallery.outside("moved here"),
    );
    fs::rename(&old, &new).unwrap();
    window.click("Re-scan");
    window.wait_for_label("not there now");
    window.click("It is elsewhere now…");
    window.wait_for_label("Where is “my photos” now?");
    let field = "Where the folder is now";
    let wrong = window.gallery.home();
    type_into(&mut window, field, &wrong.display().to_string());
    window.click("It is there now");
    window.wait_for_label("The folder stays where it was");
    window.click("It is elsewhere now…");
    type_into(&mut window, field, &new.display().to_string());
    window.click("It is there now");
    window.wait_for("the folder in its new place", |harness| {
        let state = harness.state().state();
        let library = state.library.as_ref();
        state.indexing.is_none()
            && library.is_some_and(|library| {
                library.roots[0].path == new
                    && !library.roots[0].offline
                    && library.embedded == READABLE
            })
    });
}

fn type_into(window: &mut Window, field: &str, text: &str) {
    use egui_kittest::kittest::Queryable;
    window.harness.get_by_label(field).focus();
    window.harness.step();
    window.harness.get_by_label(field).type_text(text);
    window.harness.step();
    window.harness.step();
}
