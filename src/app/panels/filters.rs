use super::filter_words::{bytes, date_text, first_moment, moment_after, size};
use super::{Look, next_group};
use crate::app::command::Command;
use crate::app::engine::Answer;
use crate::app::theme;
use crate::app::wording::{count, file_name, shortened};
use crate::photo::Format;
use crate::search::Filter;
use egui::{CornerRadius, Rect, ScrollArea, Slider, TextEdit, Ui, Vec2};

/// Widths of the fields.
const DATE_PX: f32 = 92.0;
const SIZE_PX: f32 = 78.0;
/// Size of the histogram of scores.
const HISTOGRAM_PX: Vec2 = Vec2::new(240.0, 40.0);

/// The line of filters. Holds what is being typed.
#[derive(Default)]
pub struct Filters {
    from: String,
    until: String,
    smallest: String,
    largest: String,
    /// The filter that the texts stand for.
    of: Filter,
}

impl Filters {
    /// Shows the filters, if they are open.
    pub fn show(&mut self, ui: &mut Ui, look: Look<'_>) {
        if !look.state.preferences.filters_open {
            return;
        }
        let mut filter = look.state.filter.clone();
        if filter != self.of {
            // Changed elsewhere, or cleared.
            self.read(&filter);
        }
        let before = filter.clone();
        let mut errors = Vec::new();
        // The name of an open menu must not change with what appears above it.
        let fixed = egui::UiBuilder::new().scope_id(egui::Id::unique("filters"));
        ui.scope_builder(fixed, |ui| {
            egui::Frame::group(ui.style()).show(ui, |ui| {
                ui.horizontal_wrapped(|ui| {
                    domains(ui, look, &mut filter);
                    folders(ui, look, &mut filter);
                    formats(ui, &mut filter);
                    next_group(ui, 2.0 * DATE_PX + 80.0);
                    self.dates(ui, &mut filter, &mut errors);
                    next_group(ui, 2.0 * SIZE_PX + 70.0);
                    self.sizes(ui, &mut filter, &mut errors);
                    if look.state.listing.is_none()
                        && let Some(answer) = &look.state.answer
                    {
                        next_group(ui, HISTOGRAM_PX.x);
                        minimum_score(ui, answer, &mut filter);
                    }
                });
                for error in &errors {
                    ui.colored_label(ui.visuals().error_fg_color, error);
                }
            });
        });
        if filter != before {
            self.of = filter.clone();
            look.commands.send(Command::SetFilter(Box::new(filter)));
        }
    }

    fn read(&mut self, filter: &Filter) {
        self.of = filter.clone();
        self.from = date_text(filter.from);
        self.until = filter.before.map_or_else(String::new, |before| {
            super::filter_words::last_day(before).to_string()
        });
        self.smallest = filter.smallest_bytes.map_or_else(String::new, size);
        self.largest = filter.largest_bytes.map_or_else(String::new, size);
    }

    fn dates(&mut self, ui: &mut Ui, filter: &mut Filter, errors: &mut Vec<String>) {
        ui.label("Taken");
        let hint = "Year, month or day, such as 2019, 2019-05 or 2019-05-31. The camera's date, or else the file's";
        for (text, name, before) in [
            (&mut self.from, "Taken from", false),
            (&mut self.until, "Taken until", true),
        ] {
            let placeholder = if before { "until" } else { "from" };
            if !field(ui, text, name, placeholder, hint, DATE_PX) {
                continue;
            }
            let parse = if before { moment_after } else { first_moment };
            match parse(text) {
                Ok(moment) if before => filter.before = moment,
                Ok(moment) => filter.from = moment,
                Err(_) => {}
            }
        }
        errors.extend(first_moment(&self.from).err());
        errors.extend(moment_after(&self.until).err());
        if let (Some(from), Some(before)) = (filter.from, filter.before)
            && from >= before
        {
            errors.push(
                "The first day is after the last one, so no photo can be in between.".to_owned(),
            );
        }
    }

    fn sizes(&mut self, ui: &mut Ui, filter: &mut Filter, errors: &mut Vec<String>) {
        ui.label("Size");
        let hint = "Such as 500 kB or 2 MB";
        for (text, name, largest) in [
            (&mut self.smallest, "Smallest size", false),
            (&mut self.largest, "Largest size", true),
        ] {
            let placeholder = if largest { "at most" } else { "at least" };
            if !field(ui, text, name, placeholder, hint, SIZE_PX) {
                continue;
            }
            match bytes(text) {
                Ok(bytes) if largest => filter.largest_bytes = bytes,
                Ok(bytes) => filter.smallest_bytes = bytes,
                Err(_) => {}
            }
        }
        errors.extend(bytes(&self.smallest).err());
        errors.extend(bytes(&self.largest).err());
        if let (Some(least), Some(most)) = (filter.smallest_bytes, filter.largest_bytes)
            && least > most
        {
            errors.push(
                "The smallest size is above the largest one, so no file can be in between."
                    .to_owned(),
            );
        }
    }
}

/// One short text field; says whether its text changed.
fn field(
    ui: &mut Ui,
    text: &mut String,
    name: &str,
    placeholder: &str,
    hint: &str,
    width: f32,
) -> bool {
    let edit = TextEdit::singleline(text)
        .hint_text(placeholder)
        .desired_width(width);
    let response = ui.add(edit).on_hover_text(hint);
    let changed = response.changed();
    response.accessible_name(name);
    changed
}

/// A button that opens a list of boxes to tick; with none ticked everything passes.
fn choice<T: Clone + PartialEq>(
    ui: &mut Ui,
    what: &str,
    all: impl Iterator<Item = (T, String)>,
    chosen: &mut Vec<T>,
) {
    let name = match chosen.len() {
        0 => format!("{what}: all"),
        more => format!("{what}: {}", count(more)),
    };
    let menu = egui::containers::menu::MenuButton::new(name).config(
        egui::containers::menu::MenuConfig::new()
            .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside),
    );
    menu.ui(ui, |ui| {
        ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            for (value, name) in all {
                let mut ticked = chosen.contains(&value);
                if ui.checkbox(&mut ticked, name).changed() {
                    if ticked {
                        chosen.push(value);
                    } else {
                        chosen.retain(|other| *other != value);
                    }
                }
            }
        });
        if ui
            .add_enabled(!chosen.is_empty(), egui::Button::new("All of them"))
            .clicked()
        {
            chosen.clear();
            ui.close();
        }
    });
}

fn domains(ui: &mut Ui, look: Look<'_>, filter: &mut Filter) {
    let all = look.state.profiles.iter().map(|profile| {
        let name = shortened(&profile.domain, 40);
        (
            profile.domain.clone(),
            format!("{name} ({})", count(profile.count)),
        )
    });
    choice(ui, "Domains", all, &mut filter.domains);
}

fn folders(ui: &mut Ui, look: Look<'_>, filter: &mut Filter) {
    let mut all: Vec<std::path::PathBuf> = look
        .state
        .library
        .iter()
        .flat_map(|library| &library.roots)
        .map(|root| root.path.clone())
        .collect();
    // One that was chosen from a photo lies below a root.
    for folder in &filter.folders {
        if !all.contains(folder) {
            all.push(folder.clone());
        }
    }
    let all = all.into_iter().map(|path| {
        let name = shortened(&file_name(&path), 40);
        (path, name)
    });
    choice(ui, "Folders", all, &mut filter.folders);
}

fn formats(ui: &mut Ui, filter: &mut Filter) {
    let all = Format::all().map(|format| (format, format.to_string()));
    choice(ui, "Types", all, &mut filter.formats);
}

/// A slider below the scores of all photos, so that the tail of what is unlike can be cut off.
fn minimum_score(ui: &mut Ui, answer: &Answer, filter: &mut Filter) {
    let histogram = &answer.histogram;
    let filled = |count: &u32| *count > 0;
    let first = histogram.counts.iter().position(filled).unwrap_or(0);
    let last = histogram.counts.iter().rposition(filled).unwrap_or(0);
    let (low, high) = (histogram.edge(first), histogram.edge(last + 1));
    let least = filter.minimum_score.unwrap_or(low);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let (room, response) = ui.allocate_exact_size(HISTOGRAM_PX, egui::Sense::hover());
        let most = histogram.counts.iter().copied().max().unwrap_or(0);
        let visuals = ui.visuals();
        let bar = room.width() / (last + 1 - first) as f32;
        for (at, &photos) in histogram.counts[first..=last].iter().enumerate() {
            if photos == 0 {
                continue;
            }
            // Logarithms: thousands are unlike, and the few that count should be seen beside them.
            let height = (f64::from(photos)).ln_1p() / f64::from(most).ln_1p();
            let left = room.left() + bar * at as f32;
            let top = room.bottom() - (room.height() * height as f32).max(1.0);
            let column = Rect::from_min_max(
                egui::pos2(left, top),
                egui::pos2(left + (bar - 0.5).max(0.5), room.bottom()),
            );
            let color = if histogram.edge(first + at + 1) > least {
                theme::accent(visuals)
            } else {
                visuals.weak_text_color().gamma_multiply(0.5)
            };
            ui.painter().rect_filled(column, CornerRadius::ZERO, color);
        }
        let kept = count(histogram.at_least(least) as usize);
        response.on_hover_text(format!(
            "How many photos have which score. {kept} of {} have at least {least:.2}.",
            count(answer.passed)
        ));
        ui.horizontal(|ui| {
            let mut score = least;
            ui.spacing_mut().slider_width = HISTOGRAM_PX.x;
            let slider = Slider::new(&mut score, low..=high)
                .show_value(false)
                .step_by(0.01);
            let response = ui.add(slider);
            let changed = response.changed();
            response
                .on_hover_text("Least score that is shown")
                .accessible_name("Minimum score");
            if changed {
                filter.minimum_score = (score > low + 0.005).then_some(score);
            }
            ui.weak(match filter.minimum_score {
                Some(least) => format!("≥ {least:.2}: {kept}"),
                None => "all scores".to_owned(),
            });
        });
    });
}
