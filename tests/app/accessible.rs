//! Everything that can be used has a name and can be reached with the keyboard, in every main state.

use super::Window;
use egui::accesskit::{Action, Role};
use egui_kittest::kittest::{AccessKitNode, NodeT};
use std::collections::HashMap;

/// Handles at the edges of windows and panels, scroll bars, and the ground of windows, which a press raises: keys move
/// what is inside instead.
const BY_POINTER_ONLY: [Role; 3] = [Role::Splitter, Role::ScrollBar, Role::Window];

fn is_usable(node: &AccessKitNode<'_>) -> bool {
    let data = node.data();
    (data.supports_action(Action::Click) || data.supports_action(Action::SetValue))
        && !node.is_disabled()
        && !node.is_hidden()
        && !BY_POINTER_ONLY.contains(&node.role())
}

/// All that can be used now: its number and what it is.
fn usable(window: &Window) -> HashMap<String, String> {
    let root = window.harness.root();
    root.children_recursive()
        .map(|node| node.accesskit_node())
        .filter(is_usable)
        .map(|node| {
            let name = node
                .label()
                .or_else(|| node.placeholder().map(str::to_owned));
            let what = format!("{:?} {:?} at {:?}", node.role(), name, node.raw_bounds());
            (format!("{:?}", node.id()), what)
        })
        .collect()
}

fn focused(window: &Window) -> Option<String> {
    let root = window.harness.root();
    root.children_recursive()
        .map(|node| node.accesskit_node())
        .find(AccessKitNode::is_focused)
        .map(|node| format!("{:?}", node.id()))
}

/// Presses Tab until a tile of the grid has the focus.
fn to_the_grid(window: &mut Window) -> bool {
    (0..200).any(|_| {
        window.harness.key_press(egui::Key::Tab);
        window.harness.step();
        let root = window.harness.root();
        root.children_recursive()
            .map(|node| node.accesskit_node())
            .filter(AccessKitNode::is_focused)
            .filter_map(|node| node.label())
            .any(|name| name.starts_with("Photo ") || name.starts_with("Neighbour "))
    })
}

#[track_caller]
fn check(window: &mut Window, state: &str) {
    window.harness.run_steps(4);
    let unnamed = window.harness.unnamed_widgets();
    assert!(unnamed.is_empty(), "{state}: without a name: {unnamed:#?}");
    let mut missed = usable(window);
    assert!(!missed.is_empty());
    let mut pressed = 0;
    while !missed.is_empty() && pressed < 600 {
        window.harness.key_press(egui::Key::Tab);
        window.harness.step();
        pressed += 1;
        if let Some(reached) = focused(window) {
            missed.remove(&reached);
        }
        if pressed % 100 == 0 {
            // What came and went meanwhile, as messages do, need not be reached.
            let now = usable(window);
            missed.retain(|id, _| now.contains_key(id));
        }
    }
    // The grid is one stop of Tab; arrow keys go from tile to tile.
    if !missed.is_empty() && to_the_grid(window) {
        window.harness.key_press(egui::Key::Home);
        for _ in 0..200 {
            window.harness.run_steps(2);
            if let Some(reached) = focused(window) {
                missed.remove(&reached);
            }
            window.harness.key_press(egui::Key::ArrowRight);
        }
    }
    let missed: Vec<_> = missed.into_values().collect();
    assert!(missed.is_empty(), "{state}: Tab does not reach {missed:#?}");
}

#[test]
fn every_control_has_a_name_and_is_reached_by_keys() {
    let mut window = Window::open();
    window.wait_for_label("Find pictures by looking");
    check(&mut window, "first start");
    window.index_gallery();
    window.wait_for("no messages", |harness| {
        harness.state().state().messages.shown().is_empty()
    });
    check(&mut window, "nothing asked");
    let cat = window.gallery.photo("cats/chelsea.png");
    window.drop_on(&cat);
    window.wait_for_answer_to(&cat);
    check(&mut window, "an answer");
    window.click("Prompts");
    check(&mut window, "prompts");
    window.click("Settings");
    window.wait_for_label("12 thumbnails on disk");
    check(&mut window, "settings");
    window.harness.key_press(egui::Key::Escape);
    window.harness.step();
    window.press("1 file could not be read");
    check(&mut window, "unreadable files");
}
