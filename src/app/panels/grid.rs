use super::pointed;
use super::rows::{Rows, Step};
use super::tile::{CAPTION_PX, Tile};
use super::{Look, tile_menu};
use crate::app::command::Command;
use crate::app::input::is_typing;
use crate::app::results::{Item, Results, Wish};
use crate::app::thumbnails::ThumbnailCache;
use egui::{
    Align, Event, EventFilter, Id, Key, Label, Layout, Modifiers, Rect, RichText, ScrollArea,
    Sense, Ui, UiBuilder, Vec2,
};

/// Room for the scroll bar, which otherwise floats over the last column.
const BAR_PX: f32 = 10.0;
/// Height of the heading of a section.
const HEADING_PX: f32 = 34.0;
/// Smallest and greatest wished side of a tile.
pub const TILE_PX: std::ops::RangeInclusive<f32> = 96.0..=320.0;

/// The results as tiles in rows that scroll; only what is in sight is made and laid out.
///
/// One tile is the current one: the Tab key reaches it, the arrow keys move it, and the view follows it.
pub fn grid(ui: &mut Ui, look: Look<'_>, thumbnails: &mut ThumbnailCache) {
    let results = &look.state.results;
    let grid_id = ui.scope_id().with(("grid", results.list()));
    let height = ui.available_height();
    let rows = Rows::new(
        ui.available_width() - BAR_PX,
        look.state.preferences.tile_px,
        CAPTION_PX,
        results.len(),
        HEADING_PX,
        results.headings().map(|(_, first)| first),
    );
    keep_keys(ui, results.selection.current(), grid_id);
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
            for seen in rows.in_sight(viewport.min.y, viewport.max.y + rows.row_px()) {
                if let Some((title, _)) = results.headings().nth(seen.section) {
                    heading(ui, title, origin + Vec2::new(0.0, seen.top));
                }
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
                        far: is_far(look, &item),
                    };
                    let rect = rows.tile(index).translate(origin);
                    let thumbnail = thumbnails.get(item.path);
                    let response = tile.show(ui, rect, grid_id.with(index), look, &thumbnail);
                    if response.hovered() {
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
                    &ui.interact(
                        rect,
                        grid_id.with(results.selection.current()),
                        Sense::click(),
                    ),
                );
            }
            pointed_at
        })
        .inner;
    pointed::set(ui, pointed_at);
}

/// Whether the prompts find a neighbour far whose embedding is near.
///
/// Under a lens the places of the tiles say something else.
fn is_far(look: Look<'_>, item: &Item<'_>) -> bool {
    item.is_neighbour
        && !item.is_query
        && item.moved.is_none()
        && look.state.pool.reasons.is_far(item.rank - 1)
}

/// The neighbours of a query, or photos shown without one, with what can be done with them above.
pub fn results(
    ui: &mut Ui,
    look: Look<'_>,
    thumbnails: &mut ThumbnailCache,
    filters: &mut super::Filters,
) {
    super::results_bar(ui, look);
    filters.show(ui, look);
    let results = &look.state.results;
    if results.is_empty() {
        pointed::set(ui, None);
        ui.add_space(24.0);
        ui.vertical_centered(|ui| nothing(ui, look));
        return;
    }
    grid(ui, look, thumbnails);
}

/// Why there is nothing to see.
fn nothing(ui: &mut Ui, look: Look<'_>) {
    let results = &look.state.results;
    if results.source().len() > 0 {
        ui.label("All of these photos are in the trash.");
    } else if !look.state.filter.is_empty() {
        ui.label("No photo passes the filters.");
        ui.weak("Clear them above, or let more pass.");
    } else {
        ui.label("The library holds no photo to compare with yet.");
        ui.weak("Photos can be found as soon as they are indexed.");
    }
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

/// Lets the keys go with their photo, where a change of the library has given it another place.
fn keep_keys(ui: &Ui, current: usize, grid_id: Id) {
    let place_id = grid_id.with("place");
    let before = ui.data(|data| data.get_temp::<usize>(place_id));
    ui.data_mut(|data| data.insert_temp(place_id, current));
    if let Some(before) = before.filter(|&before| before != current) {
        ui.memory_mut(|memory| {
            if memory.focused() == Some(grid_id.with(before)) {
                memory.request_focus(grid_id.with(current));
            }
        });
    }
}

/// Whether keys mean the grid: its tile has them, or nothing else wants them.
fn keys_are_here(ui: &Ui, look: Look<'_>, grid_id: Id) -> bool {
    let current = grid_id.with(look.state.results.selection.current());
    let focused = ui.memory(|memory| memory.focused());
    (focused.is_none() || focused == Some(current))
        && !egui::Popup::is_any_open(ui.ctx())
        && !look.state.asks_something()
        && !is_typing(ui.ctx())
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
            look.commands.prefer(preferences, |changed| {
                changed.tile_px = tile_px(changed.tile_px * factor)
            });
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
    let mut rect = rows.tile(current).translate(origin);
    if results.headings().next().is_some() {
        // The heading of a section comes into sight with its first tiles.
        rect.min.y -= HEADING_PX;
    }
    ui.scroll_to_rect_animation(rect, None, egui::style::ScrollAnimation::none());
    // A list that is made anew because of what is typed above it leaves the keys there.
    if !is_typing(ui.ctx()) {
        ui.memory_mut(|memory| memory.request_focus(grid_id.with(current)));
    }
}

/// The name of a section over its tiles.
fn heading(ui: &mut Ui, title: &str, at: Vec2) {
    let size = Vec2::new(ui.available_width(), HEADING_PX);
    let room = Rect::from_min_size(at.to_pos2(), size);
    let left = UiBuilder::new()
        .max_rect(room)
        .layout(Layout::left_to_right(Align::Center));
    let text = RichText::new(title).strong();
    ui.scope_builder(left, |ui| ui.add(Label::new(text).truncate()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::command::Commands;
    use crate::app::engine::{LibraryFacts, Sample};
    use crate::app::results::follow as show;
    use crate::app::state::State;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable;
    use std::cell::RefCell;
    use std::path::PathBuf;

    /// A grid of these photos and what it needs.
    struct Shown {
        state: RefCell<State>,
        commands: Commands,
        cache: RefCell<Option<ThumbnailCache>>,
        folder: tempfile::TempDir,
    }

    impl Shown {
        fn new(names: impl Iterator<Item = String>) -> Shown {
            let shown = Shown {
                state: RefCell::new(State {
                    library: Some(LibraryFacts::default()),
                    ..State::default()
                }),
                commands: Commands::default(),
                cache: RefCell::new(None),
                folder: tempfile::tempdir().unwrap(),
            };
            shown.take(names);
            shown
        }

        /// Takes other photos up.
        fn take(&self, names: impl Iterator<Item = String>) {
            let mut state = self.state.borrow_mut();
            state.library.as_mut().unwrap().samples = names
                .map(|name| Sample {
                    path: PathBuf::from(format!("/nowhere/{name}")),
                    similarity: Vec::new(),
                })
                .collect();
            show(&mut state);
        }

        fn go(&self, to: usize) {
            self.state.borrow_mut().results.selection.go(to);
        }

        fn thumbnails(&self) -> usize {
            self.cache.borrow().as_ref().unwrap().known()
        }

        fn harness(&self) -> Harness<'_> {
            Harness::builder()
                .with_size(egui::vec2(1000.0, 700.0))
                .build_ui(|ui| {
                    let mut cache = self.cache.borrow_mut();
                    let thumbnails = cache.get_or_insert_with(|| {
                        ThumbnailCache::start(
                            ui.ctx(),
                            self.folder.path(),
                            &self.folder.path().join("library.sqlite"),
                            &crate::photo::Reader::default(),
                            1 << 20,
                        )
                        .unwrap()
                    });
                    let state = self.state.borrow();
                    let look = Look {
                        state: &state,
                        commands: &self.commands,
                    };
                    grid(ui, look, thumbnails);
                })
        }
    }

    /// However many photos there are, a frame makes tiles only for those in sight.
    #[test]
    fn of_a_hundred_thousand_tiles_only_those_in_sight_are_made() {
        let shown = Shown::new((0..100_000).map(|number| format!("{number:06}.jpg")));
        assert_eq!(shown.state.borrow().results.len(), 100_000);
        let mut harness = shown.harness();
        harness.run_steps(2);
        let seen = shown.thumbnails();
        assert!((15..60).contains(&seen), "{seen} thumbnails asked for");
        let first = "Photo 000000.jpg";
        assert!(harness.query_by_label_contains(first).is_some());

        shown.go(99_999);
        harness.run_steps(3);
        let last = "Photo 099999.jpg";
        assert!(harness.query_by_label_contains(last).is_some());
        assert!(harness.query_by_label_contains(first).is_none());
        let seen = shown.thumbnails();
        assert!(seen < 2 * 60, "{seen} thumbnails asked for");
    }

    #[test]
    fn the_keys_go_with_their_photo_when_another_comes_before_it() {
        let names = |names: &'static [&str]| names.iter().map(|name| (*name).to_owned());
        let shown = Shown::new(names(&["b.jpg", "c.jpg"]));
        let mut harness = shown.harness();
        shown.go(1);
        harness.run_steps(3);
        shown.take(names(&["a.jpg", "b.jpg", "c.jpg"]));
        // In the very frame that shows them.
        harness.input_mut().events.push(Event::Key {
            key: Key::Space,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers: Modifiers::COMMAND,
        });
        harness.run_steps(1);
        let sent = shown.commands.take();
        let chosen = sent.iter().find_map(|command| match command {
            Command::Results(Wish::Toggle(at)) => Some(*at),
            _ => None,
        });
        assert_eq!(chosen, Some(2));
    }
}
