use super::gallery::{Gallery, golden};
use super::{Window, shows};
use egui_kittest::kittest::Queryable;
use puma::app::Source;
use std::sync::Arc;

#[test]
fn a_pasted_picture_is_asked_with() {
    let mut window = Window::indexed();
    let cat = golden("chelsea.png");
    let size = [cat.width() as usize, cat.height() as usize];
    let pasted = egui::ColorImage::from_rgb(size, cat.as_raw());
    window
        .harness
        .event(egui::Event::PasteImage(Arc::new(pasted)));
    window.harness.step();
    window.wait_for_label("Neighbour 1: chelsea.png, score 1.000, cats");
    let answer = window.harness.state().state().answer.clone().unwrap();
    assert!(matches!(
        answer.query.parts[0].source,
        Source::Pasted { number: 1, .. }
    ));
    assert!(shows(&window.harness, "Most like “"));
    assert!(shows(&window.harness, "Pasted picture"));
}

#[test]
fn a_pasted_path_is_asked_with() {
    let mut window = Window::indexed();
    let rocket = window.gallery.photo("things/rocket.png");
    let address = format!("file://{}\n", rocket.display()).replace(' ', "%20");
    window.harness.event(egui::Event::Paste(address));
    window.harness.step();
    window.wait_for_answer_to(&rocket);
}

#[test]
fn the_command_line_asks_and_adds() {
    let gallery = Gallery::new();
    let photos = gallery.photos();
    let outside = gallery.outside("a stranger.png");
    golden("coffee.png").save(&outside).unwrap();
    let mut window = Window::open_beside(gallery, |setup| setup, vec![photos, outside.clone()]);
    window.wait_for_answer_to(&outside);
    window.wait_for_label("13 photos in 1 folder, 1 not readable");
}

#[test]
fn the_menu_of_a_picture_copies_its_path_and_searches() {
    let mut window = Window::indexed();
    window.wait_for_label("Photo chelsea.png");
    window
        .harness
        .get_by_label("Photo chelsea.png")
        .click_secondary();
    window.wait_for_label("Show in file manager");
    window.click("Copy path");
    window.wait_for_label("The path of chelsea.png is on the clipboard.");

    window
        .harness
        .get_by_label("Photo chelsea.png")
        .click_secondary();
    window.harness.run_steps(3);
    window.click("Search similar");
    let cat = window.gallery.photo("cats/chelsea.png");
    window.wait_for_answer_to(&cat);
}

/// Assistive programs and keys press without a pointer: there is no double click to wait for.
#[test]
fn a_picture_can_be_pressed_without_a_pointer() {
    let mut window = Window::indexed();
    window.wait_for_label("Photo rocket.png");
    window
        .harness
        .get_by_label("Photo rocket.png")
        .click_accesskit();
    window.harness.step();
    let rocket = window.gallery.photo("things/rocket.png");
    window.wait_for_answer_to(&rocket);
}

#[test]
fn a_drop_zone_lights_up_while_files_are_dragged() {
    let mut window = Window::open();
    window.wait_for_label("Find pictures by looking");
    assert!(!shows(&window.harness, "Drop zone"));
    window
        .harness
        .input_mut()
        .hovered_files
        .push(egui::HoveredFile::default());
    window.wait_for_label("Drop zone");
}

#[test]
fn wayland_without_drops_shows_the_other_ways() {
    let mut window = Window::open_with(
        |mut setup| {
            setup.drops_arrive = false;
            setup
        },
        Vec::new(),
    );
    window.wait_for_label("does not hand dropped files to this window");
    assert!(shows(&window.harness, "`puma PICTURE`"));
}
