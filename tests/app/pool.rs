use super::{Window, shows};
use egui_kittest::kittest::{NodeT, Queryable};
use puma::figures::{Profile, StoredProfiles, read_profiles};

fn window_at_prompts() -> Window {
    let mut window = Window::indexed();
    window.click("Prompts");
    window.wait_for_label("Prompt profile of cats");
    window
}

/// Where a widget of this name stands on the screen, from above.
fn height_of(window: &Window, label: &str) -> f32 {
    window.harness.get_by_label_contains(label).rect().top()
}

#[test]
fn each_prompt_of_the_picture_is_said_in_words() {
    let mut window = Window::asked_with_the_cat();
    window.wait_for_label("Prompt similarities of the query");
    let chart = "Prompt similarities of the query";
    window.harness.get_by_label_contains(chart).focus();
    window.harness.run_steps(2);
    for _ in 0..4 {
        window.harness.key_press(egui::Key::ArrowRight);
        window.harness.step();
    }
    window.harness.step();
    window.wait_for_label("Prompt similarities of the query: prompt 5: ");
    let answer = window.harness.state().state().answer.clone().unwrap();
    let state = window.harness.state().state();
    let value = state.scaled(&answer.similarity)[4];
    assert!(shows(
        &window.harness,
        &format!("prompt 5: {value:+.4}; cats ")
    ));
}

#[test]
fn a_neighbour_is_explained() {
    let mut window = Window::asked_with_the_cat();
    window.wait_for_label("Why this match");
    assert!(shows(&window.harness, "(the nearest)"));
    window.wait_for_label("Profiles alike by ");
    assert!(shows(
        &window.harness,
        "Prompts of the query and the neighbour"
    ));
    assert!(shows(&window.harness, "They agree on "));
}

#[test]
fn the_neighbour_that_the_keys_are_on_is_explained() {
    let mut window = Window::asked_with_the_cat();
    window.wait_for_label("(the nearest)");
    for _ in 0..3 {
        window.harness.key_press(egui::Key::ArrowRight);
        window.harness.run_steps(2);
    }
    let name = window.hits()[3].path.file_name().unwrap().to_owned();
    window.wait_for_label(&format!("{} (selected), score", name.to_string_lossy()));
}

#[test]
fn neighbours_with_other_prompts_are_marked_on_their_tiles() {
    let mut window = Window::asked_with_the_cat();
    // Of several pictures together nobody knows from which score on they are alike: the better half counts as near.
    let stripes = window.gallery.photo("drawn/stripes 0.png");
    let cat = window.gallery.photo("cats/chelsea.png");
    window.drop_all(&[&cat, &stripes]);
    window.wait_for("the answer to both", |harness| {
        let answer = harness.state().state().answer.as_ref();
        answer.is_some_and(|answer| answer.query.parts.len() == 2)
    });
    window.wait_for_label("Profiles alike by ");
    let far = |rank: usize| {
        let state = window.harness.state().state();
        state.pool.reasons.is_far(rank)
    };
    let hits = window.hits();
    let asked = |rank: usize| [&cat, &stripes].contains(&&hits[rank].path);
    for rank in 0..hits.len() {
        let label = format!("Neighbour {}: ", rank + 1);
        let tile = window.harness.get_by_label_contains(&label);
        let marked = tile
            .accesskit_node()
            .label()
            .is_some_and(|label| label.contains("prompts differ"));
        assert_eq!(marked, far(rank) && !asked(rank), "{label}");
    }
    let marked = (0..hits.len())
        .filter(|rank| far(*rank) && !asked(*rank))
        .count();
    assert!(marked > 0, "none of these photos differs in its prompts");
    assert!(shows(&window.harness, "far by prompts, marked ≠."));
}

#[test]
fn each_line_is_named_beside_the_chart() {
    let mut window = window_at_prompts();
    window.click("Lines");
    window.wait_for_label("Line of cats");
    window.harness.run_steps(2);
    let chart = window
        .harness
        .get_by_label_contains("Prompt profiles of all domains")
        .rect();
    let names = ["cats", "drawn", "things"].map(|domain| {
        let label = format!("Line of {domain}");
        window.harness.get_by_label(&label).rect()
    });
    assert!(names.iter().all(|name| name.left() > chart.right()));
    assert!(names.is_sorted_by(|above, below| above.bottom() <= below.top()));
}

#[test]
fn a_cell_of_the_heat_map_shows_its_photos() {
    let mut window = window_at_prompts();
    window.click("Heat map");
    window.wait_for_label("things, prompt 20: ");
    assert!(shows(&window.harness, "Colours from "));
    window.click_containing("drawn, prompt 3: ");
    window.wait_for_label("Photos of “drawn” that call prompt 3 most");
    window.wait_for_label("stripes");
    assert!(!shows(&window.harness, "chelsea.png"));
}

#[test]
fn the_arrow_keys_walk_over_the_heat_map() {
    let mut window = window_at_prompts();
    window.click("Heat map");
    window.wait_for_label("cats, prompt 1: ");
    window
        .harness
        .get_by_label_contains("cats, prompt 1: ")
        .focus();
    window.harness.run_steps(2);
    for key in [
        egui::Key::ArrowRight,
        egui::Key::ArrowDown,
        egui::Key::ArrowRight,
    ] {
        window.harness.key_press(key);
        window.harness.run_steps(2);
    }
    let cell = window.harness.get_by_label_contains("drawn, prompt 3: ");
    assert!(cell.is_focused());
    window.harness.key_press(egui::Key::Enter);
    window.harness.run_steps(2);
    window.wait_for_label("Photos of “drawn” that call prompt 3 most");
}

#[test]
fn domains_are_sorted_as_chosen() {
    let mut window = window_at_prompts();
    // A second folder of cats makes them the most.
    window.click("Heat map");
    window.wait_for_label("cats, prompt 1: ");
    assert!(height_of(&window, "cats, prompt 1: ") < height_of(&window, "drawn, prompt 1: "));
    assert!(height_of(&window, "drawn, prompt 1: ") < height_of(&window, "things, prompt 1: "));
    window.click("Domains");
    window.wait_for_label("by likeness");
    window.click("by likeness");
    let wanted = {
        use puma::figures::{Arrangement, Sort, View};
        let profiles = &window.harness.state().state().profiles;
        Arrangement::new(profiles, View::Centred, Sort::Likeness, false).domains
    };
    window.wait_for("the order", |harness| {
        harness.state().state().pool.arrangement.domains == wanted
    });
    window.harness.run_steps(2);
    let names = ["cats", "drawn", "things"];
    let heights: Vec<f32> = wanted
        .iter()
        .map(|&index| height_of(&window, &format!("{}, prompt 1: ", names[index])))
        .collect();
    assert!(heights.is_sorted(), "{wanted:?} {heights:?}");
}

#[test]
fn the_figure_is_saved_in_the_format_of_its_name() {
    let mut window = window_at_prompts();
    for (name, format) in [
        ("a.png", "PNG"),
        ("a.svg", "SVG"),
        ("a.csv", "CSV"),
        ("a.json", "JSON"),
    ] {
        let file = window.gallery.outside(name);
        save_as(&mut window, "Save figure…", &file);
        window.wait_for("the file", |_| file.exists());
        window.wait_for("the end of the form", |harness| {
            harness.state().state().pool.saving.is_none()
        });
        let bytes = std::fs::read(&file).unwrap();
        assert!(bytes.len() > 400, "{format}");
    }
    let image = image::open(window.gallery.outside("a.png")).unwrap();
    assert!(image.width() > 800);
    let read = read_profiles(&window.gallery.outside("a.json")).unwrap();
    assert_eq!(read, window.harness.state().state().profiles);

    // Escape closes the form and nothing below it.
    let answer = window.gallery.photo("cats/chelsea.png");
    window.drop_on(&answer);
    window.wait_for_answer_to(&answer);
    window.click("Prompts");
    window.wait_for_label("Prompt profile of cats");
    window.click("Save figure…");
    window.wait_for_label("File to write");
    window.harness.key_press(egui::Key::Escape);
    window.wait_for("the end of the form", |harness| {
        harness.state().state().pool.saving.is_none()
    });
    window.harness.run_steps(3);
    assert!(window.harness.state().state().answer.is_some());

    // What is there is not replaced unasked.
    let file = window.gallery.outside("a.csv");
    std::fs::write(&file, "mine").unwrap();
    save_as(&mut window, "Save figure…", &file);
    window.wait_for_label("There is a file of this name already.");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    window.click("Replace it");
    window.wait_for("the new file", |_| {
        std::fs::read_to_string(&file).unwrap() != "mine"
    });
}

fn save_as(window: &mut Window, button: &str, file: &std::path::Path) {
    // A form that has just closed still takes the next press.
    window.harness.run_steps(3);
    window.click(button);
    window.wait_for(&format!("the form for {}", file.display()), |harness| {
        shows(harness, "File to write")
    });
    window.harness.get_by_label("File to write").focus();
    window.harness.step();
    let select_all = egui::Modifiers::COMMAND;
    window.harness.key_press_modifiers(select_all, egui::Key::A);
    window.harness.step();
    let path = file.display().to_string();
    window
        .harness
        .get_by_label("File to write")
        .type_text(&path);
    window.harness.run_steps(2);
    assert_eq!(
        window
            .harness
            .state()
            .state()
            .pool
            .saving
            .as_ref()
            .unwrap()
            .path,
        path
    );
    window.click("Save");
}

#[test]
fn the_health_of_the_pool_is_a_table_that_sorts_and_saves() {
    let mut window = window_at_prompts();
    window.click("Health of the pool");
    window.wait_for_label("Entropy of the strongest prompt");
    assert!(shows(&window.harness, "12 photos, 20 prompts."));
    let health = window.harness.state().state().pool.health.clone().unwrap();
    assert_eq!(health.photos, 12);
    assert!(
        !health.unused().is_empty(),
        "12 photos cannot use all 20 prompts"
    );
    assert!(shows(&window.harness, "Nothing uses prompt"));

    let unused = health.unused()[0];
    let row = |number: usize| format!("Photos that call prompt {number} most");
    let best = health
        .prompts
        .iter()
        .max_by(|a, b| a.strongest.total_cmp(&b.strongest))
        .unwrap()
        .prompt;
    window.click("Sort by strongest");
    window.wait_for_label("Sort by strongest, descending");
    window.harness.run_steps(2);
    // The table makes the rows in sight only: what nothing uses has left it, or stands below.
    let top = |number| {
        let row = row(number);
        let node = window.harness.query_by_label(&row);
        node.map(|node| node.rect().top())
    };
    let first = top(best).unwrap();
    assert!(top(unused).is_none_or(|lower| first < lower));

    let file = window.gallery.outside("health.csv");
    save_as(&mut window, "Save table…", &file);
    window.wait_for("the table", |_| file.exists());
    assert_eq!(csv::Reader::from_path(&file).unwrap().records().count(), 20);

    window.click(&row(best));
    window.wait_for_label(&format!("Photos that call prompt {best} most"));
}

#[test]
fn benchmark_sets_are_opened_from_a_file() {
    let mut window = window_at_prompts();
    let file = window.gallery.outside("eval.json");
    let set = |name: &str, mean: f32| Profile {
        domain: name.to_owned(),
        count: 50,
        mean: vec![mean; 20],
        std: vec![0.1; 20],
    };
    let sets = [set("aircraft", 0.25), set("dogs", -0.25)];
    let text = serde_json::to_string(&StoredProfiles::of(&sets)).unwrap();
    std::fs::write(&file, text).unwrap();
    window.enter_path(&file);
    window.wait_for_label("Prompt profile of aircraft");
    assert!(shows(&window.harness, "2 sets of eval.json"));
    assert!(!shows(&window.harness, "Prompt profile of cats"));
    window.click("Back to the library");
    window.wait_for_label("Prompt profile of cats");
}
