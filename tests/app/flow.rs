use super::{Window, shows};
use egui_kittest::kittest::Queryable;

/// The way of a new user: empty window, a folder, its photos, a picture, its neighbours, a neighbour's neighbours.
#[test]
fn from_the_first_start_to_the_neighbours_of_a_neighbour() {
    let mut window = Window::open();
    window.wait_for_label("Find pictures by looking");
    assert!(shows(&window.harness, "Add the first folder"));
    window.index_gallery();
    window.wait_for_label("13 photos in 1 folder, 1 not readable");
    assert!(shows(&window.harness, "Or start from one of your own"));

    let cat = window.gallery.photo("cats/chelsea.png");
    window.drop_on(&cat);
    window.wait_for_answer_to(&cat);
    window.wait_for_label("Neighbour 1: chelsea.png, score 1.000, cats");
    assert!(shows(&window.harness, "In the library under “cats”"));
    let hits = window.hits();
    assert_eq!(hits.len(), super::gallery::READABLE);
    assert!(hits.is_sorted_by(|a, b| a.score >= b.score));

    let second = hits[1].clone();
    let label = format!(
        "Neighbour 2: {}, score {:.3}, {}",
        second.path.file_name().unwrap().to_str().unwrap(),
        second.score,
        second.domain
    );
    window.click(&label);
    window.wait_for_answer_to(&second.path);

    window.click("Back");
    window.wait_for_answer_to(&cat);
    window.click("Forward");
    window.wait_for_answer_to(&second.path);
    window.click("Clear the query");
    window.wait_for_label("Show PUMA a picture");
}

#[test]
fn the_reasons_and_figure_3_are_drawn() {
    let mut window = Window::indexed();
    let coffee = window.gallery.photo("things/coffee.png");
    window.enter_path(&coffee);
    window.wait_for_answer_to(&coffee);
    window.wait_for_label("Prompt similarities of the query");
    assert!(shows(&window.harness, "mean of things"));
    window.click("Raw");
    window.wait_for_label("Calls most: prompts");

    window.click("Prompts");
    for domain in ["cats", "drawn", "things"] {
        window.wait_for_label(&format!("Prompt profile of {domain}"));
    }
    assert!(shows(&window.harness, "cats, 4 photos"));
    let profiles = &window.harness.state().state().profiles;
    assert_eq!(profiles.len(), 3);
    assert!(profiles.iter().all(|profile| profile.mean.len() == 20));
    window.click("Lines");
    window.wait_for_label("Prompt profiles of all domains");
    window.click("Neighbours");
    window.wait_for_label("Neighbour 1: coffee.png");
}

#[test]
fn a_folder_can_be_forgotten_after_a_question() {
    let mut window = Window::indexed();
    window.click("More about my photos");
    window.click("Forget this folder…");
    window.wait_for_label("Forget “my photos”?");
    window.click("Keep it");
    assert!(shows(&window.harness, "More about my photos"));

    window.click("More about my photos");
    window.click("Forget this folder…");
    window.click("Forget folder");
    window.wait_for_label("my photos is forgotten, with 13 photos");
    window.wait_for_label("Find pictures by looking");
    assert!(window.gallery.photo("cats/chelsea.png").exists());
}

#[test]
fn what_is_set_changes_the_grid() {
    let mut window = Window::indexed();
    let side = |window: &Window| {
        window
            .harness
            .get_by_label("Photo chelsea.png")
            .rect()
            .width()
    };
    window.wait_for_label("Photo chelsea.png");
    let before = side(&window);
    window
        .harness
        .get_by_label("Tile size")
        .set_value_accesskit(300.0);
    window.harness.run_steps(3);
    assert!(
        side(&window) > before * 1.3,
        "{before} to {}",
        side(&window)
    );
    window.click("View");
    window.click("Why panel");
    window.harness.run_steps(3);
    assert!(!window.harness.state().state().preferences.why_open);
}

/// A question asked before anything is indexed is answered as the library fills.
#[test]
fn an_early_question_finds_what_is_indexed_later() {
    let mut window = Window::open();
    window.wait_for_label("Find pictures by looking");
    let cat = window.gallery.photo("cats/chelsea.png");
    window.drop_on(&cat);
    window.wait_for_label("The library holds no photo to compare with yet.");
    window.index_gallery();
    window.wait_for_label("Neighbour 12: ");
    assert!(!window.harness.state().state().history.can_go_back());
}
