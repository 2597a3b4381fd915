//! The grid by keys and pointer: what is chosen, the menu, the preview, filters and lists.

use super::gallery::READABLE;
use super::{Window, shows};
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use puma::app::State;
use std::path::PathBuf;

fn state(window: &Window) -> &State {
    window.harness.state().state()
}

/// A window that shows the neighbours of one picture.
pub fn with_neighbours() -> Window {
    let mut window = Window::asked_with_the_cat();
    window.wait_for_label("Neighbour 1: chelsea.png");
    window
}

pub fn press(window: &mut Window, key: Key) {
    press_with(window, Modifiers::NONE, key);
}

pub fn press_with(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.harness.key_press_modifiers(modifiers, key);
    window.harness.run_steps(4);
}

fn chosen(window: &Window) -> Vec<usize> {
    state(window).results.selection.iter().collect()
}

fn current(window: &Window) -> usize {
    state(window).results.selection.current()
}

fn copied(window: &Window) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for command in &window.harness.output().platform_output.commands {
        if let egui::OutputCommand::CopyText(text) = command {
            found.extend(text.lines().map(PathBuf::from));
        }
    }
    found
}

#[test]
fn the_keys_walk_and_choose() {
    let mut window = with_neighbours();
    press(&mut window, Key::ArrowRight);
    press(&mut window, Key::ArrowRight);
    assert_eq!(current(&window), 2);
    press(&mut window, Key::ArrowLeft);
    assert_eq!(current(&window), 1);
    let label = state(&window).results.item(1).unwrap().label();
    assert!(window.harness.get_by_label(&label).is_focused());
    press_with(&mut window, Modifiers::SHIFT, Key::ArrowRight);
    press_with(&mut window, Modifiers::SHIFT, Key::ArrowRight);
    assert_eq!(chosen(&window), [1, 2, 3]);
    assert!(shows(&window.harness, "3 selected"));
    press(&mut window, Key::End);
    assert_eq!(current(&window), READABLE - 1);
    press_with(&mut window, Modifiers::COMMAND, Key::Space);
    assert_eq!(chosen(&window), [1, 2, 3, READABLE - 1]);
    press(&mut window, Key::Home);
    assert_eq!(current(&window), 0);
    press(&mut window, Key::ArrowDown);
    assert!(current(&window) > 1, "{}", current(&window));
    press_with(&mut window, Modifiers::COMMAND, Key::A);
    assert_eq!(chosen(&window).len(), READABLE);
    // Escape takes back one thing after the other.
    press(&mut window, Key::Escape);
    assert!(chosen(&window).is_empty());
    assert!(state(&window).answer.is_some());
    press(&mut window, Key::Escape);
    window.wait_for_label("Show PUMA a picture");
}

#[test]
fn control_c_copies_the_paths_of_what_is_chosen() {
    let mut window = with_neighbours();
    press_with(&mut window, Modifiers::SHIFT, Key::ArrowRight);
    let expected: Vec<PathBuf> = state(&window).results.chosen_paths();
    assert_eq!(expected.len(), 2);
    window.harness.event(egui::Event::Copy);
    window.harness.step();
    let mut found = copied(&window);
    for _ in 0..3 {
        window.harness.step();
        found.extend(copied(&window));
    }
    assert_eq!(found, expected);
    window.wait_for_label("2 paths are on the clipboard.");
}

#[test]
fn clicks_with_control_and_shift_choose_and_several_make_one_query() {
    let mut window = with_neighbours();
    let label = |window: &Window, at| state(window).results.item(at).unwrap().label();
    let click = |window: &mut Window, at: usize, modifiers: Modifiers| {
        let label = label(window, at);
        window
            .harness
            .get_by_label_contains(&label)
            .click_modifiers(modifiers);
        window.harness.run_steps(3);
    };
    click(&mut window, 1, Modifiers::COMMAND);
    click(&mut window, 4, Modifiers::COMMAND);
    assert_eq!(chosen(&window), [1, 4]);
    click(&mut window, 6, Modifiers::SHIFT);
    assert_eq!(chosen(&window), [4, 5, 6]);
    // Once something is chosen, a plain click chooses too.
    click(&mut window, 5, Modifiers::NONE);
    assert_eq!(chosen(&window), [4, 6]);
    let expected = state(&window).results.chosen_paths();
    window.click("Search with these");
    window.wait_for("the answer to both", |harness| {
        let answer = harness.state().state().answer.as_ref();
        answer.is_some_and(|answer| answer.query.parts.len() == 2)
    });
    let answer = state(&window).answer.clone().unwrap();
    assert!(expected.iter().all(|path| answer.query.holds(path)));
    window.harness.run_steps(2);
    assert!(chosen(&window).is_empty());
}

#[test]
fn enter_searches_and_the_menu_opens_by_key() {
    let mut window = with_neighbours();
    press(&mut window, Key::ArrowRight);
    let second = state(&window).results.path(1).unwrap().to_owned();
    press_with(&mut window, Modifiers::SHIFT, Key::F10);
    window.wait_for_label("Show in file manager");
    assert!(shows(&window.harness, "More like this"));
    press(&mut window, Key::Escape);
    window.wait_for("the menu to close", |harness| {
        !shows(harness, "Show in file manager")
    });
    press(&mut window, Key::Enter);
    window.wait_for_answer_to(&second);
}

#[test]
fn arrow_keys_walk_through_a_menu_that_the_pointer_opened() {
    let mut window = with_neighbours();
    let third = state(&window).results.path(2).unwrap().to_owned();
    let tile = window.harness.get_by_label_contains("Neighbour 3: ");
    tile.click_secondary();
    window.wait_for_label("Show in file manager");
    window.harness.run_steps(2);
    let focused = |window: &Window, label: &str| {
        let entry = window.harness.get_by_label(label);
        assert!(entry.is_focused(), "{label} has no focus");
    };
    focused(&window, "Search similar");
    press(&mut window, Key::ArrowDown);
    focused(&window, "More like this");
    press(&mut window, Key::ArrowUp);
    press(&mut window, Key::Enter);
    window.wait_for_answer_to(&third);
}

#[test]
fn a_photo_to_start_from_is_previewed_with_its_prompts() {
    let mut window = Window::indexed();
    press(&mut window, Key::Space);
    window.wait_for_label("Prompt profile of ");
}

#[test]
fn space_shows_a_picture_large_with_its_facts() {
    let mut window = with_neighbours();
    press(&mut window, Key::Space);
    window.wait_for_label("Picture chelsea.png, 451 × 300 pixels");
    for fact in ["451 × 300 (0.1 megapixels)", "File size", "1 of 12"] {
        assert!(shows(&window.harness, fact), "{fact}");
    }
    assert!(shows(&window.harness, "Prompt profile of chelsea.png"));
    press(&mut window, Key::Plus);
    window.wait_for_label("Zoom 125 %");
    press(&mut window, Key::Num1);
    window.wait_for_label("Zoom 100 %");
    let second = state(&window).results.path(1).unwrap().to_owned();
    press(&mut window, Key::ArrowRight);
    window.wait_for_label("2 of 12");
    assert_eq!(
        state(&window).results.preview.as_ref().unwrap().path,
        second
    );
    press(&mut window, Key::Escape);
    window.wait_for_label("Neighbour 1: chelsea.png");
    assert!(state(&window).results.preview.is_none());
    // The keys go on where the preview was.
    press(&mut window, Key::ArrowRight);
    assert_eq!(current(&window), 2);
}

#[test]
fn a_preview_that_is_opened_again_shows_its_facts_again() {
    let mut window = with_neighbours();
    for _ in 0..2 {
        press(&mut window, Key::Space);
        window.wait_for_label("Picture chelsea.png, 451 × 300 pixels");
        window.wait_for_label("451 × 300 (0.1 megapixels)");
        press(&mut window, Key::Escape);
        window.wait_for_label("Neighbour 1: chelsea.png");
    }
}

#[test]
fn a_list_stays_open_when_the_library_grows() {
    let mut window = with_neighbours();
    window.click("Browse all photos");
    window.wait_for_label("All photos by folder");
    press(&mut window, Key::End);
    let last = state(&window)
        .results
        .path(READABLE - 1)
        .unwrap()
        .to_owned();
    std::fs::copy(
        window.gallery.photo("cats/chelsea.png"),
        window.gallery.photos().join("cats/another.png"),
    )
    .unwrap();
    window.click("Re-scan");
    window.wait_for("the list with the new photo", |harness| {
        let state = harness.state().state();
        state.listing.is_some() && state.results.len() == READABLE + 1
    });
    // The keys are on the photo that they were on.
    let current = state(&window).results.selection.current();
    assert_eq!(state(&window).results.path(current).unwrap(), last);
    window.click("Close the list");
    window.wait_for("the answer with the new photo", |harness| {
        let answer = harness.state().state().answer.as_ref();
        answer.is_some_and(|answer| answer.hits.len() == READABLE + 1)
    });
    assert!(state(&window).listing.is_none());
}

#[test]
fn a_list_that_was_closed_does_not_come_back() {
    let mut window = Window::indexed();
    let field = "File name, folder, or path of a picture";
    window.harness.get_by_label(field).focus();
    window.harness.step();
    // Gone again before the engine can have answered.
    window.harness.get_by_label(field).type_text("s");
    window.harness.key_press(Key::Backspace);
    window.harness.step();
    for _ in 0..20 {
        std::thread::sleep(std::time::Duration::from_millis(20));
        window.harness.step();
    }
    assert!(state(&window).listing.is_none());
}

#[test]
fn a_missing_file_shows_its_reason_in_the_grid_and_in_the_preview() {
    let mut window = Window::open();
    window.wait_for_label("Find pictures by looking");
    // So large that most of them are out of sight, and not loaded yet.
    window
        .harness
        .get_by_label("Tile size")
        .set_value_accesskit(320.0);
    window.harness.run_steps(3);
    window.index_gallery();
    let last = state(&window).results.len() - 1;
    let gone = state(&window).results.path(last).unwrap().to_owned();
    let name = gone.file_name().unwrap().to_str().unwrap().to_owned();
    let seen = format!("Photo {name}");
    assert!(!shows(&window.harness, &seen), "{seen} is in sight already");
    std::fs::remove_file(&gone).unwrap();
    press(&mut window, Key::End);
    window.wait_for_label(&format!(
        "Photo {name}, no picture: The file is no longer there."
    ));
    press(&mut window, Key::Space);
    window.wait_for_label(&format!(
        "{name} cannot be shown: The file is no longer there."
    ));
    press(&mut window, Key::Space);
    assert!(state(&window).results.preview.is_none());
}

#[test]
fn filters_combine_are_said_and_cleared() {
    let mut window = with_neighbours();
    window.click("Filters");
    window.click("Domains: all");
    window.wait_for_label("cats (4)");
    window.click("cats (4)");
    window.wait_for("only cats", |harness| {
        let answer = harness.state().state().answer.as_ref().unwrap();
        answer.hits.len() == 4
    });
    press(&mut window, Key::Escape);
    window.wait_for_label("Only domain cats");
    window
        .harness
        .get_by_label("Minimum score")
        .set_value_accesskit(0.999);
    window.wait_for("the cut tail", |harness| {
        let state = harness.state().state();
        state.filter.minimum_score.is_some() && state.results.len() < 4
    });
    window.wait_for_label("score at least");
    window.click("Clear filters");
    window.wait_for("all again", |harness| {
        harness.state().state().results.len() == READABLE
    });

    let type_into = |window: &mut Window, field: &str, text: &str| {
        window.harness.get_by_label(field).focus();
        window.harness.step();
        window.harness.get_by_label(field).type_text(text);
        window.harness.run_steps(3);
    };
    type_into(&mut window, "Taken from", "soon");
    window.wait_for_label("“soon” is no date");
    assert!(state(&window).filter.is_empty());
    type_into(&mut window, "Smallest size", "900 MB");
    window.wait_for_label("No photo passes the filters.");
    window.wait_for_label("at least 900 MB");
    window.click("Clear filters");
    window.wait_for_label("Neighbour 1: chelsea.png");
}

#[test]
fn enter_and_escape_in_a_field_above_the_grid_mean_the_field() {
    let mut window = with_neighbours();
    let cat = window.gallery.photo("cats/chelsea.png");
    press(&mut window, Key::ArrowRight);
    window.click("Filters");
    let into = |window: &mut Window, field: &str, text: &str| {
        window.harness.get_by_label(field).focus();
        window.harness.step();
        window.harness.get_by_label(field).type_text(text);
        window.harness.run_steps(2);
    };
    into(&mut window, "Taken from", "1990");
    window.wait_for("the answer under the filter", |harness| {
        let answer = harness.state().state().answer.as_ref();
        answer.is_some_and(|answer| answer.filter.from.is_some())
    });
    window.harness.run_steps(2);
    assert!(window.harness.get_by_label("Taken from").is_focused());
    press(&mut window, Key::Enter);
    let asked = |window: &Window| {
        let query = state(window).shown_query();
        query.and_then(|query| query.path().map(PathBuf::from))
    };
    assert_eq!(asked(&window), Some(cat.clone()));
    let field = window.harness.get_by_label("Taken from");
    assert!(!field.is_focused());

    // Escape leaves a field before it clears anything.
    into(&mut window, "Taken until", "soon");
    press(&mut window, Key::Escape);
    let field = window.harness.get_by_label("Taken until");
    assert!(!field.is_focused());
    assert_eq!(asked(&window), Some(cat));
    press(&mut window, Key::Escape);
    assert_eq!(asked(&window), None);
}

#[test]
fn all_photos_are_browsed_by_folder_and_by_date() {
    let mut window = Window::indexed();
    window.wait_for_label("Browse all photos");
    window.click("Browse all photos");
    window.wait_for_label("All photos by folder");
    let folder = window.gallery.photo("cats");
    window.wait_for_label(&folder.display().to_string());
    assert_eq!(state(&window).results.len(), READABLE);
    assert_eq!(state(&window).results.headings().count(), 3);
    let first = state(&window).results.path(0).unwrap().to_owned();
    assert!(first.starts_with(&folder), "{first:?}");
    window.click("Newest first");
    window.wait_for_label("All photos, the newest first");
    assert!(state(&window).results.headings().next().unwrap().0.len() == "2026-01".len());
    window.click("Close the list");
    window.wait_for_label("Show PUMA a picture");
}

#[test]
fn near_duplicates_are_joined_and_opened_again() {
    let mut window = Window::open();
    window.wait_for_label("Find pictures by looking");
    let cat = window.gallery.photo("cats/chelsea.png");
    for number in 0..3 {
        let copy = window.gallery.photo(&format!("cats/copy {number}.png"));
        std::fs::copy(&cat, copy).unwrap();
    }
    let photos = window.gallery.photos();
    window.enter_path(&photos);
    window.wait_for("the end of indexing", |harness| {
        let state = harness.state().state();
        let all = READABLE + 3;
        state.indexing.is_none()
            && state
                .library
                .as_ref()
                .is_some_and(|library| library.embedded == all)
    });
    window.drop_on(&cat);
    window.wait_for_answer_to(&cat);
    window.harness.run_steps(3);
    window.click("Join near duplicates");
    window.wait_for_label("nearly the same");
    let joined = state(&window).results.len();
    assert!(joined <= READABLE, "{joined} tiles");
    window
        .harness
        .get_by_label_contains("Neighbour 1: ")
        .click_secondary();
    window.harness.run_steps(3);
    window.click_containing("Show all ");
    window.harness.run_steps(3);
    assert!(state(&window).results.len() >= joined + 3);
}

#[test]
fn the_keys_change_the_size_of_the_tiles() {
    let mut window = with_neighbours();
    let before = state(&window).preferences.tile_px;
    press_with(&mut window, Modifiers::COMMAND, Key::Plus);
    let larger = state(&window).preferences.tile_px;
    assert!(larger > before * 1.1, "{before} to {larger}");
    press_with(&mut window, Modifiers::COMMAND, Key::Minus);
    let again = state(&window).preferences.tile_px;
    assert!((again - before).abs() < 1.0, "{before} and {again}");
}
