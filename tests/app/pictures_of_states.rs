//! Snapshot pictures of the main states, drawn without a graphics card; `UPDATE_SNAPSHOTS=1` makes them anew.
//!
//! They hold no times, speeds or paths of the machine, and only CC0 photos and drawn stripes.

use super::render::SoftwareRenderer;
use super::{Window, gallery::Gallery};
use egui::Theme;
use egui_kittest::SnapshotOptions;
use egui_kittest::kittest::Queryable;
use puma::app::{PumaApp, Setup};
use puma::settings::Places;

const SIZE: egui::Vec2 = egui::vec2(1180.0, 760.0);

fn open(theme: Theme, pixels_per_point: f32) -> Window {
    let gallery = Gallery::new();
    let mut setup = Setup::in_places(&Places::under(&gallery.home())).unwrap();
    setup.pictures_folder = None;
    // How folders can be watched depends on the machine, and is said beside each.
    setup.settings.watch = false;
    let harness = egui_kittest::Harness::builder()
        .with_size(SIZE)
        .with_pixels_per_point(pixels_per_point)
        .with_render_cursor(false)
        .renderer(SoftwareRenderer::default())
        .build_eframe(move |creation| PumaApp::new(creation, setup, Vec::new()).unwrap());
    let mut window = Window { harness, gallery };
    window.wait_for_label("Find pictures by looking");
    window.click("Settings");
    window.wait_for_label("Dark theme");
    window.click(match theme {
        Theme::Dark => "Dark theme",
        Theme::Light => "Light theme",
    });
    window.harness.key_press(egui::Key::Escape);
    window.harness.step();
    window
}

/// Waits until nothing moves any more, and compares.
fn compare(window: &mut Window, name: &str) {
    window.wait_for("no messages and all thumbnails", |harness| {
        let app = harness.state();
        app.state().messages.shown().is_empty() && !app.is_loading_pictures()
    });
    // Away from everything that lights up under the pointer.
    window.harness.hover_at(egui::pos2(2.0, SIZE.y - 2.0));
    window.harness.run_steps(8);
    let options = SnapshotOptions::new().threshold(0.6).max_failed_pixels(20);
    let mut image = window.harness.render().unwrap();
    // How long the answer took is different each time.
    for node in window.harness.query_all_by_label_contains("answered in") {
        let rect = node.rect();
        for y in rect.top() as u32..rect.bottom() as u32 {
            for x in rect.left() as u32..rect.right() as u32 + 40 {
                image.put_pixel(x, y, image::Rgba([128, 128, 128, 255]));
            }
        }
    }
    egui_kittest::image_snapshot_options(&image, name, &options);
}

fn answered(theme: Theme) -> Window {
    let mut window = open(theme, 1.0);
    window.index_gallery();
    let cat = window.gallery.photo("cats/chelsea.png");
    window.drop_on(&cat);
    window.wait_for_answer_to(&cat);
    window
}

fn every_state(theme: Theme, name: &str) {
    let mut window = open(theme, 1.0);
    compare(&mut window, &format!("first start {name}"));
    drop(window);
    let mut window = answered(theme);
    window.wait_for("the picture of the query", |harness| {
        harness.state().has_preview()
    });
    compare(&mut window, &format!("answer {name}"));
    window.click("Prompts");
    compare(&mut window, &format!("prompts {name}"));
    window.click("Settings");
    compare(&mut window, &format!("settings {name}"));
}

#[test]
fn the_dark_window_looks_as_it_should() {
    every_state(Theme::Dark, "dark");
}

#[test]
fn the_light_window_looks_as_it_should() {
    every_state(Theme::Light, "light");
}

/// On a screen with small pixels all is as large as before and finer.
#[test]
fn twice_the_pixels_show_the_same() {
    let mut window = open(Theme::Dark, 2.0);
    window.index_gallery();
    window.wait_for_label("Photo chelsea.png");
    let image = window.harness.render().unwrap();
    assert_eq!(image.dimensions(), (2360, 1520));
    let tile = window.harness.get_by_label("Photo chelsea.png").rect();
    assert!(tile.width() > 90.0 && tile.right() < SIZE.x, "{tile:?}");
}
