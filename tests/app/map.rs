//! The map of the library: drawn, moved about on, chosen from with a lasso.

use super::gallery::READABLE;
use super::{Window, shows};
use egui::{Event, Modifiers, PointerButton, Pos2};
use egui_kittest::kittest::Queryable;

fn opened() -> Window {
    let mut window = Window::indexed();
    window.click("Map");
    window.wait_for_label("Map of the library, 12 photos, 0 chosen");
    window.wait_for("the islands", |harness| {
        let map = &harness.state().state().map;
        map.islands.is_some() && map.progress.is_none()
    });
    window.click("Lasso");
    window
}

/// Presses at the first corner and goes around all of them, while the lasso is on.
fn lasso(window: &mut Window, corners: &[Pos2]) {
    let modifiers = Modifiers::NONE;
    let button = |pos: Pos2, pressed: bool| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers,
    };
    let harness = &mut window.harness;
    harness.event(Event::PointerMoved(corners[0]));
    harness.step();
    harness.event(button(corners[0], true));
    harness.step();
    for corner in &corners[1..] {
        harness.event(Event::PointerMoved(*corner));
        harness.step();
    }
    harness.event(button(corners[corners.len() - 1], false));
    harness.step();
    harness.step();
}

#[test]
fn a_lasso_chooses_and_the_grid_shows_what_is_chosen() {
    let mut window = opened();
    let rect = window
        .harness
        .get_by_label_contains("Map of the library")
        .rect();
    let inside = rect.shrink(4.0);
    let corners = [
        inside.left_top(),
        inside.right_top(),
        inside.right_bottom(),
        inside.left_bottom(),
    ];
    lasso(&mut window, &corners);
    window.wait_for_label("12 photos chosen");
    window.click("Choose none");
    window.wait_for_label("Map of the library, 12 photos, 0 chosen");

    // Only the left half.
    let photos = window.harness.state().state().map.photos.clone().unwrap();
    let islands = window.harness.state().state().map.islands.clone().unwrap();
    let middle = inside.center_top().x;
    let half = [
        inside.left_top(),
        Pos2::new(middle, inside.top()),
        Pos2::new(middle, inside.bottom()),
        inside.left_bottom(),
    ];
    let expected: Vec<usize> = (0..photos.len())
        .filter(|row| islands.points[*row][0] < -0.005)
        .collect();
    assert!(!expected.is_empty() && expected.len() < READABLE);
    lasso(&mut window, &half);
    let noun = if expected.len() == 1 {
        "photo"
    } else {
        "photos"
    };
    window.wait_for_label(&format!("{} {noun} chosen", expected.len()));
    window.click("Show in grid");
    window.wait_for_label("Chosen on the map");
    let listing = window.harness.state().state().listing.clone().unwrap();
    assert_eq!(listing.photos.len(), expected.len());
    let mut listed: Vec<_> = (0..expected.len())
        .map(|at| listing.photos.facts(at).unwrap().id)
        .collect();
    listed.sort();
    let ids: Vec<_> = expected.iter().map(|row| photos.facts(*row).id).collect();
    assert_eq!(listed, ids);
}

#[test]
fn chosen_photos_are_one_question() {
    let mut window = opened();
    window
        .harness
        .get_by_label_contains("Domain cats on the map")
        .click_secondary();
    window.harness.run_steps(3);
    window.click("Choose its photos");
    window.wait_for_label("4 photos chosen");
    window.click("Search with these");
    window.wait_for("the answer", |harness| {
        let answer = harness.state().state().answer.as_ref();
        answer.is_some_and(|answer| answer.query.parts.len() == 4)
    });
}

#[test]
fn the_map_moves_by_keys_and_hides_domains() {
    let mut window = opened();
    assert!(shows(&window.harness, "Near on an island means alike"));
    window.click("Overview");
    window.wait_for_label("The two directions in which photos differ most");
    window
        .harness
        .get_by_label_contains("Map of the library")
        .focus();
    window.harness.run_steps(2);
    for key in [
        egui::Key::Plus,
        egui::Key::ArrowLeft,
        egui::Key::ArrowUp,
        egui::Key::Num0,
    ] {
        window.harness.key_press(key);
        window.harness.run_steps(2);
    }
    // The middle of the whole map has a photo near it or none; with Space it is chosen if so, and nothing breaks.
    window.harness.key_press(egui::Key::Space);
    window.harness.run_steps(2);
    window.click("Domain drawn on the map");
    window.harness.run_steps(2);
    let rect = window
        .harness
        .get_by_label_contains("Map of the library")
        .rect()
        .shrink(4.0);
    let corners = [
        rect.left_top(),
        rect.right_top(),
        rect.right_bottom(),
        rect.left_bottom(),
    ];
    lasso(&mut window, &corners);
    window.wait_for_label("8 photos chosen");
    window.click("Show all domains on the map");
    window.click("Reset view");
}
