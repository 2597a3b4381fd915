use super::pointed;
use super::rows::{Rows, Step};
use super::tile::{CAPTION_PX, Tile};
use super::{Look, tile_menu};
use crate::app::command::Command;
use crate::app::engine::Answer;
use crate::app::results::{Results, Wish};
use crate::app::thumbnails::ThumbnailCache;
use egui::{Event, EventFilter, Id, Key, Modifiers, ScrollArea, Sense, Ui, Vec2};

/// Room for the scroll bar, which otherwise floats over the last column.
const BAR_PX: f32 = 10.0;
/// Height of the heading of a section.
const HEADING_PX: f32 = 34.0;
/// Smallest and greatest wished side of a tile.
pub const TILE_PX: std::ops::RangeInclusive<f32> = 96.0..=320.0;

/// The results as tiles in rows that scroll; only what is in sight is made and laid out.
///
/// One tile is the current one: the Tab key reaches it, the arrow keys move it, and the view follows it.
pub fn grid(ui: &mut Ui, look: Look<'_>, thumbnails: &mut ThumbnailCache, salt: &str) {
    let results = &look.state.results;
    let grid_id = ui.id().with(("grid", salt));
    let height = ui.available_height();
    let rows = Rows::new(
        ui.available_width() - BAR_PX,
        look.state.preferences.tile_px,
        CAPTION_PX,
        results.len(),
        HEADING_PX,
        std::iter::empty(),
    );
    let active = keys_are_here(ui, look, grid_id);
    if active {
        keys(ui, look, &rows, height);
    }
    resize_by_wheel(ui, look);
    let pointed_at = ScrollArea::vertical()
        .id_salt(grid_id)
        .auto_shrink(false)
        .show_viewport(ui, |ui, viewport| {
            ui.set_min_size(Vec2::new(ui.available_width(), rows.height()));
            let origin = ui.min_rect().min.to_vec2();
            follow(ui, results, &rows, grid_id, origin);
            let mut pointed_at = None;
            let mut current_seen = false;
            for seen in rows.in_sight(viewport.min.y, viewport.max.y) {
                for index in seen.tiles {
                    let Some(item) = results.item(index) else {
                        continue;
                    };
                    let current = index == results.selection.current();
                    current_seen |= current;
                    let tile = Tile {
                        item,
                        at: index,
                        current,
                        chosen: results.selection.contains(index),
                        choosing: !results.selection.is_empty(),
                    };
                    let rect = rows.tile(index).translate(origin);
                    let thumbnail = thumbnails.get(item.path);
                    let response = tile.show(ui, rect, grid_id.with(index), look, &thumbnail);
                    if response.hovered() || response.has_focus() {
                        pointed_at = Some(item.rank - 1);
                    }
                    let by_key = current && active && tile_menu::key_pressed(ui);
                    tile_menu::tile_menu(&response, look, &tile, by_key);
                }
            }
            if !current_seen && !results.is_empty() {
                // Scrolled out of sight, it keeps the keys.
                let rect = rows.tile(results.selection.current()).translate(origin);
                keep_focus(
                    ui,
                    &ui.interact(rect, grid_id.with(results.selection.current()), Sense::click()),
                );
            }
            pointed_at
        })
        .inner;
    pointed::set(ui, pointed_at);
}

/// The neighbours of the query, nearest first.
pub fn neighbours(ui: &mut Ui, look: Look<'_>, answer: &Answer, thumbnails: &mut ThumbnailCache) {
    super::results_bar(ui, look);
    if look.state.results.is_empty() {
        pointed::set(ui, None);
        ui.add_space(24.0);
        ui.vertical_centered(|ui| {
            if answer.hits.is_empty() {
                ui.label("The library holds no photo to compare with yet.");
                ui.weak("Photos can be found as soon as they are indexed.");
            } else {
                ui.label("All of these photos are in the trash.");
            }
        });
        return;
    }
    ui.push_id(answer.generation, |ui| {
        grid(ui, look, thumbnails, "neighbours");
    });
}

/// Keeps arrow keys and Escape from moving the focus away.
pub fn keep_focus(ui: &Ui, response: &egui::Response) {
    let filter = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        escape: true,
        tab: false,
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
}

/// Whether keys mean the grid: its tile has them, or nothing else wants them.
fn keys_are_here(ui: &Ui, look: Look<'_>, grid_id: Id) -> bool {
    let current = grid_id.with(look.state.results.selection.current());
    let focused = ui.memory(|memory| memory.focused());
    (focused.is_none() || focused == Some(current))
        && !egui::Popup::is_any_open(ui.ctx())
        && !look.state.asks_something()
}

fn keys(ui: &Ui, look: Look<'_>, rows: &Rows, page_px: f32) {
    let results = &look.state.results;
    let send = |wish: Wish| look.commands.send(Command::Results(wish));
    let current = results.selection.current();
    if results.is_empty() {
        return;
    }
    let steps = [
        (Key::ArrowLeft, Step::Left),
        (Key::ArrowRight, Step::Right),
        (Key::ArrowUp, Step::Up),
        (Key::ArrowDown, Step::Down),
        (Key::PageUp, Step::PageUp),
        (Key::PageDown, Step::PageDown),
        (Key::Home, Step::First),
        (Key::End, Step::Last),
    ];
    let (mut to, mut extended, mut moved) = (current, false, false);
    ui.input_mut(|input| {
        for (key, step) in steps {
            // Shift first: a pattern without it matches with it too.
            for (modifiers, extends) in [(Modifiers::SHIFT, true), (Modifiers::NONE, false)] {
                for _ in 0..input.count_and_consume_key(modifiers, key) {
                    to = rows.step(to, step, page_px);
                    extended |= extends;
                    moved = true;
                }
            }
        }
    });
    if moved {
        send(if extended {
            Wish::Extend(to)
        } else {
            Wish::Go(to)
        });
    }
    let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
    if pressed(Modifiers::COMMAND, Key::Space) {
        send(Wish::Toggle(to));
    }
    if pressed(Modifiers::NONE, Key::Space) {
        send(Wish::Preview(to));
    }
    if pressed(Modifiers::NONE, Key::Enter) {
        send(Wish::SearchWith(results.meant(to)));
    }
    if pressed(Modifiers::COMMAND, Key::A) {
        send(Wish::ChooseAll);
    }
    if pressed(Modifiers::NONE, Key::Delete) {
        send(Wish::AskToTrash(results.meant(to)));
    }
    let copies = |event: &Event| matches!(event, Event::Copy);
    if ui.input(|input| input.events.iter().any(copies)) {
        send(Wish::CopyPaths(results.meant_now()));
    }
    let preferences = &look.state.preferences;
    for (keys, factor) in [
        (&[Key::Plus, Key::Equals][..], 1.15),
        (&[Key::Minus][..], 1.0 / 1.15),
    ] {
        if keys.iter().any(|&key| pressed(Modifiers::COMMAND, key)) {
            look.commands
                .prefer(preferences, |changed| changed.tile_px = tile_px(changed.tile_px * factor));
        }
    }
}

/// A wished side within its limits.
fn tile_px(wished: f32) -> f32 {
    wished.clamp(*TILE_PX.start(), *TILE_PX.end())
}

/// Ctrl and the wheel make the tiles larger and smaller.
fn resize_by_wheel(ui: &Ui, look: Look<'_>) {
    let zoom = ui.input(|input| input.zoom_delta());
    if zoom != 1.0 && ui.rect_contains_pointer(ui.available_rect_before_wrap()) {
        look.commands.prefer(&look.state.preferences, |changed| {
            changed.tile_px = tile_px(changed.tile_px * zoom);
        });
    }
}

/// Brings the current tile into sight and gives it the keys after every move of the selection.
fn follow(ui: &Ui, results: &Results, rows: &Rows, grid_id: Id, origin: Vec2) {
    let seen_id = grid_id.with("moves");
    let moves = results.selection.moves();
    let seen = ui.data(|data| data.get_temp::<u64>(seen_id));
    if seen == Some(moves) {
        return;
    }
    ui.data_mut(|data| data.insert_temp(seen_id, moves));
    let first_time = seen.is_none();
    if first_time && moves == 0 {
        return;
    }
    let current = results.selection.current();
    let rect = rows.tile(current).translate(origin);
    ui.scroll_to_rect_animation(rect, None, egui::style::ScrollAnimation::none());
    ui.memory_mut(|memory| memory.request_focus(grid_id.with(current)));
}
