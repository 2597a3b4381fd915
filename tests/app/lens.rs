//! The lens over the neighbours, with the model that is shipped.

use super::{Window, shows};
use egui_kittest::kittest::Queryable;
use puma::app::LensChoice;

fn choose(window: &mut Window, from: &str, to: &str) {
    window.click(&format!("Lens: {from}"));
    window.harness.run_steps(2);
    window.click(to);
}

#[test]
fn the_neighbours_move_without_the_prompts_and_come_back() {
    let mut window = Window::asked_with_the_cat();
    let whole = window.harness.state().state().answer.clone().unwrap();
    choose(&mut window, "Off", "Prompts off");
    window.wait_for_label("Without the prompts");
    let state = window.harness.state().state();
    let result = state.lens.result.clone().unwrap();
    let shown = state.answer.clone().unwrap();
    assert_eq!(state.lens.choice, LensChoice::PromptsOff);
    assert_eq!(shown.hits.len(), whole.hits.len());
    assert!(shown.hits.is_sorted_by(|a, b| a.score >= b.score));
    for (place, moved) in shown.moves.iter().enumerate() {
        let moved = moved.unwrap();
        assert_eq!(moved.now, place + 1);
        let before = &whole.hits[moved.was - 1];
        assert_eq!(
            (before.id, before.score),
            (shown.hits[place].id, moved.old_score)
        );
    }
    // Whether a rank moves depends on the model; scores do with any whose prompts count.
    let moved = shown.hits.iter().zip(shown.moves.iter().flatten());
    assert!(moved.clone().count() > 1);
    assert!(
        moved
            .filter(|(hit, _)| hit.id != whole.hits[0].id)
            .all(|(hit, moved)| hit.score != moved.old_score)
    );
    assert_eq!(result.summary.compared, whole.hits.len() - 1);

    window.click("Take the lens off");
    window.wait_for_label("Lens: Off");
    let back = window.harness.state().state().answer.clone().unwrap();
    assert!(back.moves.is_empty());
    let ids = |hits: &[puma::search::Hit]| hits.iter().map(|hit| hit.id).collect::<Vec<_>>();
    assert_eq!(ids(&back.hits), ids(&whole.hits));
    assert!(!shows(&window.harness, "Without the prompts"));
}

#[test]
fn one_prompt_is_picked_and_the_lens_stays_for_the_next_question() {
    let mut window = Window::asked_with_the_cat();
    choose(&mut window, "Off", "One prompt off");
    window.wait_for_label("Prompt that is left out: ");
    window
        .harness
        .get_by_label_contains("Prompt that is left out: ")
        .click();
    window.harness.run_steps(3);
    window
        .harness
        .get_by_label_contains("Prompt 3, weight")
        .click();
    window.wait_for_label("Without prompt 3");
    assert_eq!(
        window.harness.state().state().lens.choice,
        LensChoice::PromptOff(2)
    );

    let rocket = window.gallery.photo("things/rocket.png");
    window.drop_on(&rocket);
    window.wait_for("the same lens on the next answer", |harness| {
        let answer = harness.state().state().answer.as_ref();
        answer
            .is_some_and(|answer| answer.query.path() == Some(&rocket) && !answer.moves.is_empty())
    });
}

#[test]
fn a_neighbour_that_is_gone_is_told_and_stands_last() {
    let mut window = Window::asked_with_the_cat();
    let gone = window.gallery.photo("drawn/stripes 2.png");
    std::fs::remove_file(&gone).unwrap();
    choose(&mut window, "Off", "Adapters off");
    window.wait_for_label("1 file could not be read again and stand last");
    let shown = window.harness.state().state().answer.clone().unwrap();
    assert_eq!(shown.hits.last().unwrap().path, gone);
    assert_eq!(shown.moves.last(), Some(&None));
}
