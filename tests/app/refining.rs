//! Questions of several pictures, parts of pictures, weights, and what is offered rather than done.
use super::gallery::{Gallery, golden};
use super::{Window, shows};
use egui_kittest::kittest::Queryable;
use puma::app::{MOST_PARTS, Query};

fn query(window: &Window) -> Query {
    let answer = window.harness.state().state().answer.clone();
    answer.unwrap().query.clone()
}

fn score_of(window: &Window, name: &str) -> f32 {
    let answer = window.harness.state().state().answer.clone().unwrap();
    let hit = answer.hits.iter().find(|hit| hit.path.ends_with(name));
    hit.unwrap().score
}

/// A window that has answered a question of the cat and the coffee.
fn asked_with_two() -> Window {
    let mut window = Window::indexed();
    let cat = window.gallery.photo("cats/chelsea.png");
    let coffee = window.gallery.photo("things/coffee.png");
    window.drop_all(&[&cat, &coffee]);
    window.wait_for("the answer to both", |harness| {
        let answer = harness.state().state().answer.as_ref();
        answer.is_some_and(|answer| answer.query.parts.len() == 2)
    });
    window.wait_for_label("Asked picture 2: coffee.png");
    window
}

#[test]
fn several_pictures_make_one_question_with_weights() {
    let mut window = asked_with_two();
    let cat = window.gallery.photo("cats/chelsea.png");
    assert!(shows(&window.harness, "12 neighbours of 12 photos in"));
    let (cat_score, coffee_score) = (
        score_of(&window, "chelsea.png"),
        score_of(&window, "coffee.png"),
    );
    assert!((cat_score - coffee_score).abs() < 1e-4);

    window
        .harness
        .get_by_label("Weight of coffee.png")
        .set_value_accesskit(-0.5);
    window.wait_for("the answer to another weight", |harness| {
        let answer = harness.state().state().answer.as_ref();
        answer.is_some_and(|answer| answer.query.parts[1].weight == -0.5)
    });
    assert!(score_of(&window, "coffee.png") < coffee_score - 0.1);
    assert!(score_of(&window, "chelsea.png") > cat_score);
    window.wait_for_label("less like this");
    assert!(!window.harness.state().state().history.can_go_back());

    window.click("Remove coffee.png from the question");
    window.wait_for_answer_to(&cat);
    assert!((score_of(&window, "chelsea.png") - 1.0).abs() < 1e-4);
}

#[test]
fn a_weight_that_is_typed_and_entered_keeps_the_question() {
    let mut window = asked_with_two();
    let number = egui::accesskit::Role::SpinButton;
    let name = "Weight of coffee.png";
    window.harness.get_by_role_and_label(number, name).focus();
    window.harness.run_steps(2);
    window.harness.event(egui::Event::Text("0.5".to_owned()));
    window.harness.run_steps(2);
    window.harness.key_press(egui::Key::Enter);
    window.harness.run_steps(4);
    window.wait_for("the answer to another weight", |harness| {
        harness.state().state().asking.is_none()
    });
    let parts = query(&window).parts;
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[1].weight, 0.5);
}

#[test]
fn a_rectangle_drawn_on_the_picture_searches_that_part() {
    let mut window = Window::asked_with_the_cat();
    window.wait_for_label("Asked picture 1: chelsea.png");
    window.harness.run_steps(3);
    let rect = window
        .harness
        .get_by_label("Asked picture 1: chelsea.png")
        .rect();
    let at = |x: f32, y: f32| rect.min + rect.size() * egui::vec2(x, y);
    window.harness.drag_at(at(0.25, 0.2));
    window.harness.step();
    window.harness.hover_at(at(0.5, 0.5));
    window.harness.step();
    window.harness.hover_at(at(0.75, 0.8));
    window.harness.step();
    window.harness.drop_at(at(0.75, 0.8));
    window.harness.step();
    window.wait_for("the answer to a part", |harness| {
        let answer = harness.state().state().answer.as_ref();
        answer.is_some_and(|answer| answer.query.parts[0].crop.is_some())
    });
    let crop = query(&window).parts[0].crop.unwrap();
    assert!(
        (crop.x - 0.25).abs() < 0.02 && (crop.width - 0.5).abs() < 0.02,
        "{crop:?}"
    );
    assert!(
        (crop.y - 0.2).abs() < 0.02 && (crop.height - 0.6).abs() < 0.02,
        "{crop:?}"
    );
    assert!(score_of(&window, "chelsea.png") < 0.999);

    window.click("Search with the whole of chelsea.png");
    window.wait_for("the answer to the whole", |harness| {
        let answer = harness.state().state().answer.as_ref();
        answer.is_some_and(|answer| answer.query.parts[0].crop.is_none())
    });
    window.click("Back");
    window.wait_for("the part again", |harness| {
        let answer = harness.state().state().answer.as_ref();
        answer.is_some_and(|answer| answer.query.parts[0].crop == Some(crop))
    });
}

#[test]
fn a_part_can_be_chosen_without_a_mouse() {
    let mut window = Window::asked_with_the_cat();
    window.click("Choose a part of chelsea.png");
    window.wait_for_label("Draw a rectangle on the picture, or move its edges.");
    for (edge, value) in [("Left edge", 40.0), ("Lower edge", 70.0)] {
        let slider = window
            .harness
            .get_by_role_and_label(egui::accesskit::Role::Slider, edge);
        slider.set_value_accesskit(value);
        window.harness.run_steps(2);
    }
    window.click("Search this part");
    window.wait_for("the answer to a part", |harness| {
        let answer = harness.state().state().answer.as_ref();
        answer.is_some_and(|answer| answer.query.parts[0].crop.is_some())
    });
    let crop = query(&window).parts[0].crop.unwrap();
    assert!(
        (crop.x - 0.4).abs() < 0.01 && (crop.height - 0.7).abs() < 0.01,
        "{crop:?}"
    );
}

#[test]
fn keys_mean_the_choice_of_a_part_while_it_is_open() {
    let mut window = Window::asked_with_the_cat();
    let open = "Draw a rectangle on the picture, or move its edges.";
    window.click("Choose a part of chelsea.png");
    window.wait_for_label(open);
    for key in [egui::Key::Enter, egui::Key::Space, egui::Key::Delete] {
        window.harness.key_press(key);
        window.harness.run_steps(3);
    }
    let state = window.harness.state().state();
    assert!(state.asking.is_none());
    assert!(state.results.preview.is_none());
    assert!(state.results.trashing.asked.is_none());
    assert!(shows(&window.harness, open));

    // Escape ends it, and nothing below it.
    window.harness.key_press(egui::Key::Escape);
    window.wait_for("the end of it", |harness| !shows(harness, open));
    window.harness.run_steps(3);
    let state = window.harness.state().state();
    assert!(state.answer.is_some() && !state.asks_something());

    // Another question ends it too.
    window.click("Choose a part of chelsea.png");
    window.wait_for_label(open);
    let rocket = window.gallery.photo("things/rocket.png");
    window.drop_on(&rocket);
    window.wait_for_answer_to(&rocket);
    window.harness.run_steps(2);
    assert!(!shows(&window.harness, open));
    assert!(!window.harness.state().state().asks_something());
}

#[test]
fn a_dropped_folder_is_offered_and_a_picture_beside_it_is_asked() {
    let mut window = Window::open();
    window.wait_for_label("Find pictures by looking");
    let photos = window.gallery.photos();
    window.drop_all(&[&photos]);
    window.wait_for_label("Add the folder “my photos” to the library?");
    assert!(window.harness.state().state().indexing.is_none());
    window.click("Do not index my photos");
    assert!(!shows(&window.harness, "Add the folder"));
    assert!(
        window
            .harness
            .state()
            .state()
            .library
            .as_ref()
            .unwrap()
            .roots
            .is_empty()
    );

    let stranger = window.gallery.outside("stranger.png");
    golden("coffee.png").save(&stranger).unwrap();
    window.drop_all(&[&photos, &stranger]);
    window.wait_for_answer_to(&stranger);
    window.wait_for_label("Add the folder “my photos” to the library?");
    window.click("Index my photos");
    window.wait_for_label("Neighbour 12: ");
}

#[test]
fn a_question_takes_so_many_pictures_and_says_so() {
    let mut window = Window::indexed();
    let cat = window.gallery.photo("cats/chelsea.png");
    let copies: Vec<_> = (0..MOST_PARTS + 3)
        .map(|number| {
            let copy = window.gallery.outside(&format!("copy {number}.png"));
            std::fs::copy(&cat, &copy).unwrap();
            copy
        })
        .collect();
    let paths: Vec<&std::path::Path> = copies.iter().map(|path| path.as_path()).collect();
    window.drop_all(&paths);
    window.wait_for_label("One question takes 24 pictures");
    window.wait_for("the answer to the first", |harness| {
        let answer = harness.state().state().answer.as_ref();
        answer.is_some_and(|answer| answer.query.parts.len() == MOST_PARTS)
    });
}

#[test]
fn words_at_the_top_filter_names_and_folders() {
    let mut window = Window::indexed();
    type_words(&mut window, "stripes");
    window.wait_for("a list", |harness| {
        harness.state().state().listing.is_some()
    });
    window.wait_for_label("Photo stripes 0.png");
    window.wait_for_label("Names and folders only");
    let listing = window.harness.state().state().listing.clone().unwrap();
    assert_eq!(listing.photos.len(), 4);
    window.click("Clear the name filter");
    window.wait_for("the list to close", |harness| {
        harness.state().state().listing.is_none()
    });

    let cat = window.gallery.photo("cats/chelsea.png");
    window.drop_on(&cat);
    window.wait_for_answer_to(&cat);
    type_words(&mut window, "THINGS");
    window.wait_for_label("4 neighbours of the 4 photos that pass the filter (12 in all) in");
    let answer = window.harness.state().state().answer.clone().unwrap();
    assert!(answer.hits.iter().all(|hit| hit.domain == "things"));
    assert_eq!(answer.histogram.counts.iter().sum::<u32>(), 4);
}

fn type_words(window: &mut Window, words: &str) {
    let field = "File name, folder, or path of a picture";
    window.harness.get_by_label(field).focus();
    window.harness.step();
    window.harness.get_by_label(field).type_text(words);
    window.harness.run_steps(2);
}

#[test]
fn recent_questions_are_at_hand() {
    let mut window = Window::asked_with_the_cat();
    let rocket = window.gallery.photo("things/rocket.png");
    window.drop_on(&rocket);
    window.wait_for_answer_to(&rocket);
    window.click("Recent");
    window.harness.run_steps(2);
    window.click("Ask again: chelsea.png");
    let cat = window.gallery.photo("cats/chelsea.png");
    window.wait_for_answer_to(&cat);
}

#[test]
fn a_picture_unlike_all_others_is_said_to_be_so() {
    let gallery = Gallery::new();
    let stranger = gallery.outside("noise.png");
    let mut state = 1u32;
    let noise = image::RgbImage::from_fn(320, 240, |_, _| {
        image::Rgb([0; 3].map(|_: u8| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        }))
    });
    noise.save(&stranger).unwrap();
    let mut window = Window::open_beside(gallery, |setup| setup, Vec::new());
    window.wait_for_label("Find pictures by looking");
    window.index_gallery();
    window.drop_on(&stranger);
    window.wait_for_answer_to(&stranger);
    let best = window.harness.state().state().answer.clone().unwrap().hits[0].score;
    println!("the nearest photo scores {best}");
    window.wait_for_label("Nothing similar here");
    let cat = window.gallery.photo("cats/chelsea.png");
    window.drop_on(&cat);
    window.wait_for_answer_to(&cat);
    assert!(!shows(&window.harness, "Nothing similar here"));
}
