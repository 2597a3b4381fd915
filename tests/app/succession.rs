//! Another model is chosen: the first one answers until the new one has looked at all photos.
use super::gallery::{Gallery, READABLE};
use super::{Window, shows};
use crate::survival::{key, write_model};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use puma::app::{PumaApp, Setup};
use puma::library::Library;
use puma::settings::{Places, Settings};
use std::path::{Path, PathBuf};

const WAITS: &str = "first.safetensors answers until second.safetensors has looked at all photos.";

/// Two tiny models beside the photos, of which the first is set.
fn gallery() -> (Gallery, PathBuf, PathBuf) {
    let gallery = Gallery::new();
    let [first, second] =
        ["first", "second"].map(|name| gallery.outside(&format!("{name}.safetensors")));
    write_model(&first, 1.0);
    write_model(&second, 3.0);
    let settings = Settings {
        model: Some(first.clone()),
        ..Settings::default()
    };
    settings.save(&Places::under(&gallery.home())).unwrap();
    (gallery, first, second)
}

/// A window in which the first model knows all photos, the two models, and the scores that the first one gives.
fn answering() -> (Window, PathBuf, PathBuf, Vec<f32>) {
    let (gallery, first, second) = gallery();
    let mut window = open(gallery);
    window.wait_for_label("Find pictures by looking");
    window.index_gallery();
    let before = scores(&mut window);
    (window, first, second, before)
}

fn library(window: &Window) -> Library {
    Library::open(&Places::under(&window.gallery.home()).library_file()).unwrap()
}

fn open(gallery: Gallery) -> Window {
    Window::open_beside(gallery, |setup: Setup| setup, Vec::new())
}

/// Types the path of another model into the settings.
fn choose(window: &mut Window, model: &Path) {
    window.click("Settings");
    let field = "Path of a model file";
    window.wait_for_label(field);
    window.harness.get_by_label(field).focus();
    window.harness.step();
    window
        .harness
        .get_by_label(field)
        .type_text(&model.display().to_string());
    window.harness.step();
    window.harness.key_press(egui::Key::Enter);
    window.harness.step();
}

fn close_settings(window: &mut Window) {
    window.harness.key_press(egui::Key::Escape);
    window.wait_for("the settings close", |harness| {
        !shows(harness, "Path of a model file")
    });
}

/// The scores of what is found for the cat, asked anew.
fn scores(window: &mut Window) -> Vec<f32> {
    let generation = |harness: &Harness<'_, PumaApp>| {
        let answer = harness.state().state().answer.as_ref();
        answer.map(|answer| answer.generation)
    };
    let before = generation(&window.harness);
    let cat = window.gallery.photo("cats/chelsea.png");
    window.drop_on(&cat);
    window.wait_for("a new answer", |harness| generation(harness) > before);
    window.hits().iter().map(|hit| hit.score).collect()
}

/// Indexed with the first model, and while another program holds the library, the second one is chosen.
fn waiting(window: &mut Window, second: &Path) {
    choose(window, second);
    window.wait_for_label(WAITS);
    window.wait_for_label("is being written by");
    close_settings(window);
}

#[test]
fn the_first_model_answers_until_the_second_has_looked_at_all_photos() {
    let (mut window, first, second, before) = answering();
    let library = library(&window);
    let holder = library.writer().unwrap();
    waiting(&mut window, &second);
    assert_eq!(scores(&mut window), before);
    assert!(shows(&window.harness, "first.safetensors · 20 prompts"));

    // Even if the window is closed on the way.
    let Window { harness, gallery } = window;
    drop(harness);
    let mut window = open(gallery);
    window.wait_for_label(WAITS);
    assert_eq!(scores(&mut window), before);

    drop(holder);
    window.wait_for("rest", |harness| harness.state().state().indexing.is_none());
    if shows(&window.harness, WAITS) {
        window.click("Re-scan");
    }
    window.wait_for_label("second.safetensors answers from now on.");
    window.wait_for("the line goes", |harness| !shows(harness, WAITS));
    let after = scores(&mut window);
    assert_eq!(after.len(), before.len());
    assert_ne!(after, before);
    // Both are kept.
    for model in [&first, &second] {
        let embedded = library.counts(&key(model)).unwrap().embedded;
        assert_eq!(embedded, READABLE);
    }
    let settings = Settings::load(&Places::under(&window.gallery.home())).unwrap();
    assert_eq!(
        (settings.model, settings.former_model),
        (Some(second), None)
    );
}

#[test]
fn the_second_model_answers_at_once_if_the_user_says_so_and_the_first_can_come_back() {
    let (mut window, first, second, before) = answering();
    let library = library(&window);
    let holder = library.writer().unwrap();
    waiting(&mut window, &second);
    window.click("Use it now");
    window.wait_for_label("second.safetensors answers from now on.");
    window.wait_for("the line goes", |harness| !shows(harness, WAITS));
    drop(holder);
    // The first one knows all photos still.
    choose(&mut window, &first);
    window.wait_for_label("first.safetensors answers, on the CPU.");
    close_settings(&mut window);
    assert_eq!(scores(&mut window), before);
}

/// Adds a second folder with two photos and indexes both.
fn with_a_drive(window: &mut Window) -> PathBuf {
    window.wait_for_label("Find pictures by looking");
    window.index_gallery();
    let drive = window.gallery.outside("drive");
    std::fs::create_dir(&drive).unwrap();
    for name in ["coffee.png", "rocket.png"] {
        let turned = image::imageops::rotate180(&super::gallery::golden(name));
        turned.save(drive.join(name)).unwrap();
    }
    window.enter_path(&drive);
    wait_for_photos(window, READABLE + 2);
    // Enter in the field asks for nothing in the grid.
    let state = window.harness.state().state();
    assert!(state.asking.is_none() && state.answer.is_none());
    drive
}

fn wait_for_photos(window: &mut Window, count: usize) {
    window.wait_for("as many photos as there are now", |harness| {
        let state = harness.state().state();
        let library = state.library.as_ref();
        state.indexing.is_none() && library.is_some_and(|library| library.embedded == count)
    });
}

#[test]
fn a_drive_that_is_away_holds_up_no_model_and_its_photos_come_back_with_it() {
    let (gallery, first, second) = gallery();
    let mut window = open(gallery);
    let drive = with_a_drive(&mut window);
    let away = window.gallery.outside("pulled out");
    std::fs::rename(&drive, &away).unwrap();
    choose(&mut window, &second);
    window.wait_for_label("second.safetensors answers from now on.");
    window.wait_for_label("2 photos cannot be reached now and will be found again");
    close_settings(&mut window);
    wait_for_photos(&mut window, READABLE);
    assert!(shows(
        &window.harness,
        "15 photos in 2 folders, 2 not indexed yet"
    ));
    assert_eq!(scores(&mut window).len(), READABLE);
    let library = library(&window);
    let embedded = |model: &Path| library.counts(&key(model)).unwrap().embedded;
    assert_eq!(
        (embedded(&first), embedded(&second)),
        (READABLE + 2, READABLE)
    );
    std::fs::rename(&away, &drive).unwrap();
    window.click("Re-scan");
    wait_for_photos(&mut window, READABLE + 2);
    assert_eq!(
        (embedded(&first), embedded(&second)),
        (READABLE + 2, READABLE + 2)
    );
    scores(&mut window);
    let hits = window.hits();
    assert!(hits.iter().any(|hit| hit.path == drive.join("rocket.png")));
}

#[test]
fn a_model_that_could_look_at_nothing_yet_takes_no_ones_place() {
    let (mut window, _, second, before) = answering();
    let (here, away) = (
        window.gallery.photos(),
        window.gallery.outside("pulled out"),
    );
    std::fs::rename(&here, &away).unwrap();
    choose(&mut window, &second);
    window.wait_for_label(WAITS);
    window.wait_for_label("not there now");
    window.wait_for("rest", |harness| harness.state().state().indexing.is_none());
    close_settings(&mut window);
    assert!(shows(&window.harness, WAITS));
    std::fs::rename(&away, &here).unwrap();
    assert_eq!(scores(&mut window), before);
    window.click("Re-scan");
    window.wait_for_label("second.safetensors answers from now on.");
    assert_ne!(scores(&mut window), before);
}

#[test]
fn what_a_model_said_that_is_no_longer_used_can_be_removed() {
    let (mut window, first, second, _) = answering();
    choose(&mut window, &second);
    window.wait_for_label("second.safetensors answers from now on.");
    window.wait_for("rest", |harness| harness.state().state().indexing.is_none());
    let key = key(&first).to_string();
    window.wait_for_label(&format!(
        "Another model ({}) knows 12 photos, 0.0 MB",
        &key[..8]
    ));
    window.press(&format!("Remove what model {} said", &key[..8]));
    window.wait_for_label("What the other model said of 12 photos is removed.");
    assert_eq!(library(&window).models().unwrap().len(), 1);
    window.wait_for("the entry goes", |harness| {
        !shows(harness, "Another model (")
    });
}
