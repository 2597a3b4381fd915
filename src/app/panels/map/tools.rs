use super::canvas::ZOOM_STEP;
use super::{Camera, MapView, Shown, marks};
use crate::app::command::Command;
use crate::app::map::{MapKind, MapWish};
use crate::app::panels::{Look, next_group};
use crate::app::query::Query;
use crate::app::wording::counted;
use crate::library::PhotoId;
use egui::{Button, ProgressBar, Ui};
use std::path::PathBuf;

/// Pictures of one question, which the window still has room for.
const MOST_ASKED: usize = 8;
/// Zoom at which a place that was sought is shown.
const CLOSE: f32 = 6.0;

/// Room for the first of the tools, and for what draws the map anew or tells how far that is.
const LASSO_PX: f32 = 60.0;
const REDRAW_PX: f32 = 150.0;

/// The line above the map: which map, how it is looked at, and what it means.
pub fn above(ui: &mut Ui, look: Look<'_>, view: &mut MapView, shown: Shown<'_>) {
    let map = &look.state.map;
    let preferences = &look.state.preferences;
    ui.horizontal_wrapped(|ui| {
        for (kind, name, hint) in [
            (
                MapKind::Islands,
                "Islands",
                "t-SNE: photos that the model finds alike lie together",
            ),
            (
                MapKind::Overview,
                "Overview",
                "PCA: the two directions in which photos differ most",
            ),
        ] {
            let button = ui.selectable_label(preferences.map == kind, name);
            if button.on_hover_text(hint).clicked() {
                look.commands
                    .prefer(preferences, |changed| changed.map = kind);
            }
        }
        next_group(ui, LASSO_PX);
        let lasso = ui.selectable_label(view.lasso_on, "Lasso");
        let lasso = lasso.on_hover_text(
            "Drag around photos to choose them; Shift and drag does the same at any time",
        );
        if lasso.clicked() {
            view.lasso_on = !view.lasso_on;
        }
        steps(ui, look, view, shown);
        next_group(ui, REDRAW_PX);
        if let Some(part) = map.progress {
            let bar = ProgressBar::new(part)
                .desired_width(150.0)
                .text(format!("Laying out islands {:.0} %", 100.0 * part));
            ui.add(bar).accessible_name("Progress of the map");
            let stop = ui.button("Stop").on_hover_text("Keep the overview for now");
            if stop.accessible_name("Stop laying out the map").clicked() {
                look.commands.send(Command::Map(MapWish::StopIslands));
            }
        } else {
            let embedded = look
                .state
                .library
                .as_ref()
                .map_or(0, |library| library.embedded);
            let behind = map.behind(embedded);
            if behind > 0 {
                ui.weak(format!("{} came or went", counted(behind, "photo")));
            }
            let redraw = ui.button("Redraw").on_hover_text("Lay out all photos anew");
            if redraw.accessible_name("Redraw the map").clicked() {
                look.commands.send(Command::Map(MapWish::Redraw));
            }
        }
    });
    ui.weak(meaning(look, shown));
}

fn steps(ui: &mut Ui, look: Look<'_>, view: &mut MapView, shown: Shown<'_>) {
    // Buttons know no canvas; any has its middle where the map's is.
    let canvas = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(800.0, 600.0));
    let mut button = |text: &str, name: &str, hint: &str| {
        let button = ui.button(text).on_hover_text(hint);
        button.accessible_name(name).clicked()
    };
    if button("−", "Zoom out", "Zoom out (−)") {
        view.camera
            .zoom_at(canvas, canvas.center(), 1.0 / ZOOM_STEP);
    }
    if button("+", "Zoom in", "Zoom in (+)") {
        view.camera.zoom_at(canvas, canvas.center(), ZOOM_STEP);
    }
    if button("Reset view", "Reset view", "Show the whole map (0)") {
        view.camera = Camera::default();
    }
    if look.state.answer.is_some()
        && button(
            "To the query",
            "Go to the query on the map",
            "Show where the query lies",
        )
        && let Some(place) = marks::marked(look, view, shown).place(shown)
    {
        view.camera.show(place, CLOSE);
    }
}

fn meaning(look: Look<'_>, shown: Shown<'_>) -> String {
    match shown.kind {
        MapKind::Islands => {
            let count = shown.photos.len();
            let mut text = "Near on an island means alike to the model; how far islands lie apart and how large they are means little.".to_owned();
            if shown.layout.laid_out < count {
                text += &format!(
                    " {} are laid out, the others lie beside those they are most like.",
                    counted(shown.layout.laid_out, "photo")
                );
            }
            text
        }
        MapKind::Overview => {
            let [first, second] = look.state.map.explained;
            format!(
                "The two directions in which photos differ most; they hold {:.0} % of all differences.",
                100.0 * (first + second)
            )
        }
    }
}

/// The line of what is chosen and what can be done with it. Not below the map, where messages appear.
pub fn choice(ui: &mut Ui, look: Look<'_>, view: &mut MapView, shown: Shown<'_>) {
    ui.horizontal(|ui| {
        if view.chosen.is_empty() {
            ui.weak("Drag to move, wheel to zoom, double click to search, Shift and drag to choose several.");
            return;
        }
        let count = view.chosen.len();
        ui.strong(format!("{} chosen", counted(count, "photo")));
        if ui.button("Show in grid").clicked() {
            let rows = view.chosen_from_the_middle(shown.layout);
            let photos: Vec<PhotoId> = rows.iter().map(|row| shown.photos.photo(*row)).collect();
            let title = "Chosen on the map".to_owned();
            look.commands.send(Command::ShowPhotos { title, photos });
        }
        let search = ui.button("Search with these").on_hover_text(if count > MOST_ASKED {
            format!("As one question: the {MOST_ASKED} nearest to the middle of what is chosen")
        } else {
            "As one question".to_owned()
        });
        if search.clicked() {
            let paths = paths(view.chosen_from_the_middle(shown.layout), shown);
            let query = Query::files(paths.into_iter().take(MOST_ASKED));
            look.commands.send(Command::Ask(query));
        }
        if ui.button("Copy paths").clicked() {
            let paths = paths(view.chosen.iter().copied().collect(), shown);
            look.commands.send(Command::Map(MapWish::CopyPaths(paths)));
        }
        let none = ui.add(Button::new("Choose none"));
        if none.clicked() {
            view.choose([], false);
        }
    });
}

fn paths(rows: Vec<usize>, shown: Shown<'_>) -> Vec<PathBuf> {
    let path = |row: usize| shown.photos.facts(row).path.clone();
    rows.into_iter().map(path).collect()
}
