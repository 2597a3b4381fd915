use super::Look;
use super::figure3::{arranged_values, tip};
use super::prompts::{press, show_strongest, value_words};
use crate::app::theme;
use crate::figures::{ColourScale, View};
use egui::{
    Align2, Color32, EventFilter, Id, Key, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind,
    TextStyle, Ui, WidgetInfo, pos2, vec2,
};

/// Height of a row.
const ROW_PX: f32 = 22.0;
/// Room for the names of the domains, of the width at hand.
const NAMES_SHARE: f32 = 0.24;
/// Widest and narrowest cell.
const CELL_PX: (f32, f32) = (13.0, 56.0);
/// Steps of the colours in the key.
const KEY_STEPS: usize = 64;

/// Domains down and prompts across, the values as colours; only rows in sight are made.
///
/// One cell at a time can have the focus; the arrow keys move it.
pub fn heat_map(ui: &mut Ui, look: Look<'_>) {
    let state = look.state;
    let shown = state.shown_profiles();
    let view = state.preferences.scale.view();
    let order = &state.pool.arrangement;
    let values = arranged_values(look, shown, view);
    let scale = ColourScale::over(view.colour_map(), values.iter().flatten());
    key(ui, &scale, view);
    ui.add_space(4.0);
    let width = ui.available_width() - ui.spacing().scroll.allocated_width();
    let names = (width * NAMES_SHARE).clamp(70.0, 220.0);
    let columns = order.prompts.len().max(1) as f32;
    let cell = ((width - names) / columns).clamp(CELL_PX.0, CELL_PX.1);
    let map = Map {
        look,
        view,
        values: &values,
        scale,
        names,
        cell,
        cursor: ui.scope_id().with("cursor"),
    };
    // The names of the columns stay in sight while the rows scroll.
    let (heads, _) = ui.allocate_exact_size(vec2(width, 18.0), Sense::hover());
    let font = TextStyle::Small.resolve(ui.style());
    for (place, prompt) in order.prompts.iter().enumerate() {
        let at = pos2(
            heads.left() + names + (place as f32 + 0.5) * cell,
            heads.bottom(),
        );
        let number = (prompt + 1).to_string();
        let weak = ui.visuals().weak_text_color();
        ui.painter()
            .text(at, Align2::CENTER_BOTTOM, number, font.clone(), weak);
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    let moved = map.keys(ui);
    let mut area = ScrollArea::vertical()
        .id_salt("heat map")
        .auto_shrink(false);
    if let Some((row, _)) = moved {
        let memory = ui.scope_id().with("offset");
        let (offset, height) = ui.data(|data| data.get_temp(memory)).unwrap_or((0.0, 0.0));
        let top = row as f32 * ROW_PX;
        let offset: f32 = offset;
        if top < offset {
            area = area.vertical_scroll_offset(top);
        } else if top + ROW_PX > offset + height {
            area = area.vertical_scroll_offset(top + ROW_PX - height);
        }
    }
    let memory = ui.scope_id().with("offset");
    let output = area.show_rows(ui, ROW_PX, values.len(), |ui, rows| {
        for row in rows {
            map.row(ui, row, moved);
        }
    });
    let offset = (
        output.state.unclamped_offset().y,
        output.inner_rect.height(),
    );
    ui.data_mut(|data| data.insert_temp(memory, offset));
}

struct Map<'a> {
    look: Look<'a>,
    view: View,
    values: &'a [Vec<f32>],
    scale: ColourScale,
    names: f32,
    cell: f32,
    /// Under which the cell that can have the focus is remembered.
    cursor: Id,
}

impl Map<'_> {
    fn cell_id(&self, row: usize, place: usize) -> Id {
        self.cursor.with((row, place))
    }

    fn cursor(&self, ui: &Ui) -> (usize, usize) {
        let (row, place) = ui.data(|data| data.get_temp(self.cursor)).unwrap_or((0, 0));
        let prompts = self.look.state.pool.arrangement.prompts.len();
        (
            row.min(self.values.len().saturating_sub(1)),
            place.min(prompts.saturating_sub(1)),
        )
    }

    /// Moves the focus by the arrow keys; gives the cell it has moved to.
    fn keys(&self, ui: &Ui) -> Option<(usize, usize)> {
        let (row, place) = self.cursor(ui);
        let id = self.cell_id(row, place);
        if !ui.memory(|memory| memory.has_focus(id)) {
            return None;
        }
        ui.memory_mut(|memory| {
            let filter = EventFilter {
                horizontal_arrows: true,
                vertical_arrows: true,
                ..EventFilter::default()
            };
            memory.set_focus_lock_filter(id, filter);
        });
        let prompts = self.look.state.pool.arrangement.prompts.len();
        let (mut to_row, mut to_place) = (row, place);
        ui.input(|input| {
            for (key, down, right) in [
                (Key::ArrowUp, -1, 0),
                (Key::ArrowDown, 1, 0),
                (Key::PageUp, -10, 0),
                (Key::PageDown, 10, 0),
                (Key::ArrowLeft, 0, -1),
                (Key::ArrowRight, 0, 1),
            ] {
                for _ in 0..input.num_presses(key) {
                    to_row = to_row.saturating_add_signed(down);
                    to_place = to_place.saturating_add_signed(right);
                }
            }
            if input.key_pressed(Key::Home) {
                to_place = 0;
            }
            if input.key_pressed(Key::End) {
                to_place = prompts;
            }
        });
        let to = (
            to_row.min(self.values.len().saturating_sub(1)),
            to_place.min(prompts.saturating_sub(1)),
        );
        if to == (row, place) {
            return None;
        }
        ui.data_mut(|data| data.insert_temp(self.cursor, to));
        Some(to)
    }

    fn row(&self, ui: &mut Ui, row: usize, moved: Option<(usize, usize)>) {
        let state = self.look.state;
        let shown = state.shown_profiles();
        let order = &state.pool.arrangement;
        let Some(&index) = order.domains.get(row) else {
            return;
        };
        let profile = &shown.profiles[index];
        let width = self.names + self.cell * order.prompts.len() as f32;
        let (rect, _) = ui.allocate_exact_size(vec2(width, ROW_PX), Sense::hover());
        let name = rect.with_max_x(rect.left() + self.names - 8.0);
        let mut inside = ui.new_child(
            egui::UiBuilder::new()
                .max_rect(name)
                .layout(egui::Layout::right_to_left(egui::Align::Center)),
        );
        inside.add(egui::Label::new(&profile.domain).truncate());
        let cursor = self.cursor(ui);
        for (place, &value) in self.values[row].iter().enumerate() {
            let left = rect.left() + self.names + place as f32 * self.cell;
            let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(self.cell, ROW_PX));
            let prompt = order.prompts[place];
            // One stop of the tab key for the whole map, not one a cell.
            let sense = if cursor == (row, place) {
                Sense::click()
            } else {
                Sense::CLICK
            };
            let response = ui.interact(cell, self.cell_id(row, place), sense);
            if moved == Some((row, place)) {
                response.request_focus();
            }
            let words = || value_words(profile, prompt, value, self.view);
            response.widget_info(|| {
                let label = format!("{}, {}", profile.domain, words());
                WidgetInfo::labeled(Role::Button, true, label)
            });
            if value.is_finite() {
                let [red, green, blue] = self.scale.colour(value, ui.visuals().dark_mode);
                let inside = cell.shrink(0.5);
                let color = Color32::from_rgb(red, green, blue);
                ui.painter().rect_filled(inside, 1, color);
            }
            if response.has_focus() || response.hovered() {
                let strong = Stroke::new(2.0, ui.visuals().strong_text_color());
                ui.painter()
                    .rect_stroke(cell, 2, strong, StrokeKind::Inside);
                tip(&response, |ui| {
                    ui.strong(&profile.domain);
                    ui.label(words());
                    if !press(shown).is_empty() {
                        ui.weak(press(shown));
                    }
                });
            }
            if response.clicked() {
                ui.data_mut(|data| data.insert_temp(self.cursor, (row, place)));
                show_strongest(self.look, shown, index, prompt);
            }
        }
    }
}

/// The colours with their values.
fn key(ui: &mut Ui, scale: &ColourScale, view: View) {
    ui.horizontal(|ui| {
        let size = vec2(260.0, 30.0);
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        response.widget_info(|| {
            let label = format!(
                "Colours from {:+.3} to {:+.3}, {}",
                scale.low,
                scale.high,
                view.title()
            );
            WidgetInfo::labeled(Role::Image, true, label)
        });
        let bar = rect.with_max_y(rect.top() + 12.0).shrink2(vec2(14.0, 0.0));
        let span = scale.high - scale.low;
        for step in 0..KEY_STEPS {
            let along = (step as f32 + 0.5) / KEY_STEPS as f32;
            let [red, green, blue] = scale.colour(scale.low + span * along, ui.visuals().dark_mode);
            let left = bar.left() + bar.width() * step as f32 / KEY_STEPS as f32;
            let size = vec2(bar.width() / KEY_STEPS as f32 + 0.5, bar.height());
            let part = Rect::from_min_size(pos2(left, bar.top()), size);
            let color = Color32::from_rgb(red, green, blue);
            ui.painter().rect_filled(part, 0, color);
        }
        let font = TextStyle::Small.resolve(ui.style());
        for (mark, text) in scale.marks(4) {
            let x = bar.left() + bar.width() * (mark - scale.low) / span;
            let weak = ui.visuals().weak_text_color();
            let at = pos2(x, bar.bottom() + 2.0);
            ui.painter()
                .text(at, Align2::CENTER_TOP, text, font.clone(), weak);
        }
        let line = theme::accent(ui.visuals());
        let zero = -scale.low / span;
        if (0.0..=1.0).contains(&zero) {
            let x = bar.left() + bar.width() * zero;
            ui.painter().vline(x, bar.y_range(), Stroke::new(1.0, line));
        }
        ui.add(egui::Label::new(egui::RichText::new(view.title()).weak()).truncate());
    });
}
