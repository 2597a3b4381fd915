use super::Look;
use super::bars::listed;
use super::prompts::show_strongest_of_all;
use crate::app::command::Command;
use crate::app::pool::{HealthColumn, PoolCommand, Saved};
use crate::app::theme;
use crate::app::wording::count;
use crate::figures::{Health, PromptHealth, Usage};
use egui::{Align, Layout, Rect, RichText, Sense, Ui, vec2};
use egui_extras::{Column, TableBuilder};

/// Height of a row.
const ROW_PX: f32 = 26.0;

/// How the library uses each prompt of the pool.
pub fn health(ui: &mut Ui, look: Look<'_>) {
    let Some(health) = &look.state.pool.health else {
        ui.label("There is nothing to count yet: add a folder of photos first.");
        return;
    };
    summary(ui, look, health);
    ui.add_space(6.0);
    table(ui, look, health);
}

fn summary(ui: &mut Ui, look: Look<'_>, health: &Health) {
    ui.horizontal_wrapped(|ui| {
        let photos = count(health.photos);
        ui.label(format!(
            "{photos} photos, {} prompts.",
            health.prompts.len()
        ));
        ui.label(format!(
            "Entropy of the strongest prompt: {:.2} of at most {:.2} bits as it is, {:.2} relative to the mean.",
            health.entropy_bits, health.most_bits, health.relative_entropy_bits
        ))
        .on_hover_text(
            "0 bits: one prompt is the strongest of every photo. The most: all prompts are so equally often.",
        );
        if ui.button("Save table…").clicked() {
            look.commands
                .send(Command::Pool(PoolCommand::OpenSave(Saved::Health)));
        }
    });
    let unused = health.unused();
    let (text, color) = match unused.as_slice() {
        [] => (
            "Every prompt is the strongest of some photo.".to_owned(),
            ui.visuals().weak_text_color(),
        ),
        [one] => (
            format!(
                "Nothing uses prompt {one}: it is the strongest of no photo, neither as it is nor relative to the mean."
            ),
            ui.visuals().warn_fg_color,
        ),
        more => (
            format!(
                "Nothing uses prompts {}: they are the strongest of no photo, neither as they are nor relative to the mean.",
                listed(more)
            ),
            ui.visuals().warn_fg_color,
        ),
    };
    ui.colored_label(color, text);
}

/// The rows in the order that the user chose.
fn sorted(look: Look<'_>, health: &Health) -> Vec<usize> {
    let preferences = &look.state.preferences.pool;
    let mut order: Vec<usize> = (0..health.prompts.len()).collect();
    let value = |index: &usize| -> f64 {
        let row = &health.prompts[*index];
        match preferences.column {
            HealthColumn::Prompt => row.prompt as f64,
            HealthColumn::Mean => f64::from(row.mean),
            HealthColumn::Spread => f64::from(row.std),
            HealthColumn::Strongest => row.strongest,
            HealthColumn::Relative => row.strongest_relative,
        }
    };
    order.sort_by(|a, b| {
        let ascending = value(a).total_cmp(&value(b));
        // Equal ones stay in order of their numbers either way.
        if preferences.descending {
            ascending.reverse()
        } else {
            ascending
        }
    });
    order
}

fn table(ui: &mut Ui, look: Look<'_>, health: &Health) {
    let order = sorted(look, health);
    let most = Most {
        mean: furthest(health, |row| row.mean),
        std: furthest(health, |row| row.std),
        share: health
            .prompts
            .iter()
            .map(|row| row.strongest.max(row.strongest_relative))
            .fold(0.0, f64::max),
    };
    let columns = [
        (HealthColumn::Prompt, "Prompt", "Its number in the pool"),
        (
            HealthColumn::Mean,
            "Mean",
            "Mean cosine similarity between the photos and the prompt",
        ),
        (
            HealthColumn::Spread,
            "Spread",
            "Standard deviation of that similarity: a prompt without spread tells photos apart in nothing",
        ),
        (
            HealthColumn::Strongest,
            "Strongest",
            "Share of photos whose similarity to it is the highest of all prompts",
        ),
        (
            HealthColumn::Relative,
            "Stands out",
            "Share of photos that lie furthest above the library's mean in it",
        ),
    ];
    TableBuilder::new(ui)
        .striped(true)
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(70.0))
        .columns(Column::initial(92.0).at_least(78.0), 2)
        .columns(Column::initial(100.0).at_least(92.0), 2)
        .column(Column::exact(62.0))
        .column(Column::remainder().at_least(100.0).clip(true))
        .header(ROW_PX, |mut header| {
            for (column, name, hint) in columns {
                header.col(|ui| head(ui, look, column, name, hint));
            }
            header.col(|ui| {
                ui.strong("Use");
            });
            header.col(|ui| {
                ui.strong("Stands for");
            });
        })
        .body(|body| {
            body.rows(ROW_PX, order.len(), |mut row| {
                let prompt = &health.prompts[order[row.index()]];
                row.col(|ui| number(ui, look, prompt));
                row.col(|ui| {
                    value(ui, &format!("{:+.4}", prompt.mean), prompt.mean / most.mean);
                });
                row.col(|ui| value(ui, &format!("{:.4}", prompt.std), prompt.std / most.std));
                for share in [prompt.strongest, prompt.strongest_relative] {
                    row.col(|ui| {
                        let along = (share / most.share.max(1e-9)) as f32;
                        value(ui, &format!("{:.1} %", share * 100.0), along);
                    });
                }
                row.col(|ui| usage(ui, prompt.usage));
                row.col(|ui| domains(ui, prompt));
            });
        });
}

/// The largest values of each kind, which have the longest bars.
struct Most {
    mean: f32,
    std: f32,
    share: f64,
}

fn furthest(health: &Health, value: impl Fn(&PromptHealth) -> f32) -> f32 {
    let values = health.prompts.iter().map(|row| value(row).abs());
    values.fold(1e-9, f32::max)
}

fn head(ui: &mut Ui, look: Look<'_>, column: HealthColumn, name: &str, hint: &str) {
    let preferences = &look.state.preferences;
    let chosen = preferences.pool.column == column;
    let descending = preferences.pool.descending;
    let text = RichText::new(name).strong();
    let button = ui.add(egui::Button::new(text).frame(false));
    let button = button.on_hover_text(hint);
    if chosen {
        // Drawn, since the fonts at hand have no such arrow.
        let tip = if descending { 3.0 } else { -3.0 };
        let middle = button.rect.right_center() + vec2(3.0, 0.0);
        let corners = [vec2(-4.0, -tip), vec2(4.0, -tip), vec2(0.0, tip)];
        let corners = corners.map(|corner| middle + corner).to_vec();
        let color = ui.visuals().strong_text_color();
        let arrow = egui::Shape::convex_polygon(corners, color, egui::Stroke::NONE);
        ui.painter().add(arrow);
    }
    let direction = match (chosen, descending) {
        (false, _) => "",
        (true, false) => ", ascending",
        (true, true) => ", descending",
    };
    if button
        .accessible_name(format!("Sort by {}{direction}", name.to_lowercase()))
        .clicked()
    {
        look.commands.prefer(preferences, |changed| {
            // Numbers from the first, shares from the largest.
            changed.pool.descending = if chosen {
                !descending
            } else {
                column != HealthColumn::Prompt
            };
            changed.pool.column = column;
        });
    }
}

fn number(ui: &mut Ui, look: Look<'_>, prompt: &PromptHealth) {
    let button = ui.button(prompt.prompt.to_string());
    let button = button.on_hover_text("Show the photos that call it most");
    let name = format!("Photos that call prompt {} most", prompt.prompt);
    if button.accessible_name(name).clicked() {
        show_strongest_of_all(look, prompt.prompt - 1);
    }
}

/// A number over a bar of its length; negative ones grow to the left from the middle.
fn value(ui: &mut Ui, text: &str, along: f32) {
    let room = ui.available_rect_before_wrap();
    let bar = Rect::from_min_max(
        room.left_bottom() - vec2(0.0, 5.0),
        room.right_bottom() - vec2(8.0, 2.0),
    );
    let along = along.clamp(-1.0, 1.0);
    let full = bar.with_max_x(bar.left() + bar.width() * along.abs());
    let color = if along < 0.0 {
        theme::reference(ui.visuals())
    } else {
        theme::accent(ui.visuals())
    };
    let ground = ui.visuals().widgets.noninteractive.bg_stroke.color;
    ui.painter().rect_filled(bar, 1, ground.gamma_multiply(0.5));
    ui.painter().rect_filled(full, 1, color);
    ui.label(text);
}

fn usage(ui: &mut Ui, usage: Usage) {
    let (text, color, hint) = match usage {
        Usage::Used => (
            "used",
            ui.visuals().text_color(),
            "It is the strongest of some photos",
        ),
        Usage::Rare => (
            "rare",
            ui.visuals().weak_text_color(),
            "It is the strongest of fewer than a tenth of an even share of the photos",
        ),
        Usage::Unused => (
            "unused",
            ui.visuals().warn_fg_color,
            "It is the strongest of no photo, neither as it is nor relative to the mean",
        ),
    };
    ui.colored_label(color, text).on_hover_text(hint);
}

fn domains(ui: &mut Ui, prompt: &PromptHealth) {
    let names: Vec<&str> = prompt
        .domains
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let label = egui::Label::new(names.join(", "))
        .truncate()
        .sense(Sense::hover());
    ui.add(label).on_hover_ui(|ui| {
        ui.label("Furthest above the library's mean:");
        for (name, distance) in &prompt.domains {
            ui.label(format!("{name}: {distance:+.2} standard deviations"));
        }
    });
}
