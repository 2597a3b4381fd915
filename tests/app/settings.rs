use super::{Window, shows};
use egui_kittest::kittest::{NodeT, Queryable};
use puma::settings::{Places, Settings};

fn with_settings_open() -> Window {
    let mut window = Window::indexed();
    window.click("Settings");
    window.wait_for_label("PUMA answers, on the CPU.");
    window
}

fn kept(window: &Window) -> Settings {
    Settings::load(&Places::under(&window.gallery.home())).unwrap()
}

#[test]
fn the_panel_opens_by_key_and_closes_by_escape() {
    let mut window = Window::open();
    window.wait_for_label("Find pictures by looking");
    window
        .harness
        .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Comma);
    window.wait_for_label("Path of a model file");
    window.harness.key_press(egui::Key::Escape);
    window.wait_for("the panel closes", |harness| {
        !shows(harness, "Path of a model file")
    });
}

#[test]
fn a_wrong_model_file_is_refused_and_the_old_one_goes_on() {
    let mut window = with_settings_open();
    let wrong = window.gallery.photo("cats/chelsea.png");
    let field = "Path of a model file";
    window.harness.get_by_label(field).focus();
    window.harness.step();
    let typed = wrong.display().to_string();
    window.harness.get_by_label(field).type_text(&typed);
    window.harness.step();
    window.harness.key_press(egui::Key::Enter);
    window.wait_for_label("All stays as it was: ");
    assert!(shows(&window.harness, "chelsea.png"));
    assert!(shows(&window.harness, "PUMA answers, on the CPU."));
    assert_eq!(kept(&window).model, None);
    // It still answers.
    window.harness.key_press(egui::Key::Escape);
    window.harness.step();
    let rocket = window.gallery.photo("things/rocket.png");
    window.drop_on(&rocket);
    window.wait_for_answer_to(&rocket);
}

#[test]
fn another_model_is_taken_on_while_the_window_is_open() {
    let mut window = with_settings_open();
    let copy = window.gallery.outside("mine.safetensors");
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models/puma.safetensors");
    std::fs::copy(shipped, &copy).unwrap();
    let field = "Path of a model file";
    window.harness.get_by_label(field).focus();
    window.harness.step();
    let typed = copy.display().to_string();
    window.harness.get_by_label(field).type_text(&typed);
    window.harness.step();
    window.harness.key_press(egui::Key::Enter);
    window.wait_for_label("mine.safetensors answers, on the CPU.");
    assert_eq!(kept(&window).model, Some(copy));
    window.press("Use the one compiled in");
    window.wait_for_label("PUMA answers, on the CPU.");
    assert_eq!(kept(&window).model, None);
}

#[test]
fn names_left_out_leave_the_library() {
    let mut window = with_settings_open();
    window.harness.get_by_label("Names left out").focus();
    window.harness.step();
    window
        .harness
        .get_by_label("Names left out")
        .type_text("drawn\nMIRROR*");
    window.harness.step();
    window.press("Apply and re-scan");
    window.wait_for_label("8 photos in 1 folder, 1 not readable");
    assert_eq!(kept(&window).excluded, ["drawn", "MIRROR*"]);
}

#[test]
fn the_rule_for_domains_changes_them_at_once() {
    let mut window = with_settings_open();
    window.press("A domain is each added folder");
    window.wait_for("one domain", |harness| {
        let profiles = &harness.state().state().profiles;
        profiles.len() == 1 && profiles[0].domain == "my photos"
    });
    window.press("A domain is each folder in an added folder");
    window.wait_for("three domains", |harness| {
        harness.state().state().profiles.len() == 3
    });
}

#[test]
fn thumbnails_on_disk_are_counted_and_deleted() {
    let mut window = with_settings_open();
    window.wait_for_label("12 thumbnails on disk");
    window.press("Delete thumbnails");
    window.wait_for_label("0 thumbnails on disk");
    assert!(window.gallery.photo("cats/chelsea.png").exists());
}

#[test]
fn text_size_grows_everything_and_is_kept() {
    let mut window = with_settings_open();
    window
        .harness
        .get_by_role_and_label(egui::accesskit::Role::Slider, "Text size")
        .set_value_accesskit(150.0);
    window.wait_for("the larger text", |harness| {
        (harness.ctx.zoom_factor() - 1.5).abs() < 0.01
            && (harness.state().state().preferences.zoom - 1.5).abs() < 0.01
    });
    window.press("Usual size");
    window.wait_for("the usual text", |harness| harness.ctx.zoom_factor() == 1.0);
}

#[test]
fn a_device_that_this_build_cannot_use_says_why() {
    let window = with_settings_open();
    let cuda = window.harness.get_by_label("NVIDIA graphics card (CUDA)");
    if !cfg!(feature = "cuda") {
        assert!(cuda.accesskit_node().is_disabled());
        assert!(shows(&window.harness, "This build cannot use CUDA"));
    }
}
