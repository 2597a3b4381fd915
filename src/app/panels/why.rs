use super::Look;
use super::bars::{Series, bar_chart, key, query_color, range_of, strongest};
use super::pointed;
use crate::app::command::Command;
use crate::app::engine::{Answer, DomainSource};
use crate::app::state::Scale;
use crate::app::theme;
use egui::{ComboBox, RichText, ScrollArea, TextureHandle, Ui};

/// Greatest height of the query's picture.
const PICTURE_PX: f32 = 220.0;
/// Neighbours whose prompts the scale has room for.
const IN_SCALE: usize = 24;

/// What the query is and why it finds what it finds: its prompt similarities beside its domain's mean.
pub fn why(ui: &mut Ui, look: Look<'_>, preview: Option<&TextureHandle>) {
    ui.heading("Why");
    let Some(answer) = &look.state.answer else {
        ui.add_space(6.0);
        ui.weak("Search with a picture, and this panel shows which prompts of the model it calls.");
        return;
    };
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        query(ui, look, answer, preview);
        ui.add_space(8.0);
        if answer.similarity.is_empty() {
            ui.weak("This model has no prompt pool: it is a plain ViT.");
            return;
        }
        scale(ui, look);
        prompts(ui, look, answer);
    });
}

fn query(ui: &mut Ui, look: Look<'_>, answer: &Answer, preview: Option<&TextureHandle>) {
    let name = answer.query.name();
    if let Some(texture) = preview {
        // The same size whether the small copy or the larger one is at hand.
        let size = texture.size_vec2();
        let scale = (ui.available_width() / size.x).min(PICTURE_PX / size.y);
        let image = egui::Image::from_texture((texture.id(), size))
            .fit_to_exact_size(size * scale)
            .corner_radius(8)
            .alt_text(format!("Query: {name}"));
        ui.vertical_centered(|ui| ui.add(image));
    }
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let clear = ui.button("Clear").on_hover_text("Ask nothing (Esc)");
            if clear.accessible_name("Clear the query").clicked() {
                look.commands.send(Command::ClearQuery);
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let label = ui.add(egui::Label::new(RichText::new(&name).strong()).truncate());
                if let Some(path) = answer.query.path() {
                    label.on_hover_text(path.display().to_string());
                }
            });
        });
    });
    let Some(domain) = &answer.domain else {
        return;
    };
    let text = match answer.domain_source {
        DomainSource::Own => format!("In the library under “{domain}”"),
        DomainSource::Neighbours { votes, of } => {
            format!("Most like “{domain}”: {votes} of its first {of} neighbours")
        }
    };
    ui.weak(text);
}

/// The switch between raw similarities and what is left when the library's mean is taken away.
pub fn scale(ui: &mut Ui, look: Look<'_>) {
    let preferences = &look.state.preferences;
    ui.horizontal_wrapped(|ui| {
        for (scale, name, hint) in [
            (
                Scale::Raw,
                "Raw",
                "The cosine similarity between the picture and each prompt, as in the paper's Figure 3",
            ),
            (
                Scale::Relative,
                "Relative",
                "Less the mean over the library: without this, all domains look nearly alike",
            ),
            (
                Scale::Deviations,
                "In deviations",
                "Less the mean over the library, in standard deviations over its photos",
            ),
        ] {
            let button = ui.selectable_label(preferences.scale == scale, name);
            if button.on_hover_text(hint).clicked() {
                look.commands
                    .prefer(preferences, |changed| changed.scale = scale);
            }
        }
    });
}

fn prompts(ui: &mut Ui, look: Look<'_>, answer: &Answer) {
    let state = look.state;
    let own = state.scaled(&answer.similarity);
    let reference = state.reference_profile();
    let mean = reference.map(|profile| state.scaled(&profile.mean));
    let mean_name = reference.map(|profile| format!("mean of {}", profile.domain));
    let mut series = vec![Series {
        name: "this picture",
        color: query_color(ui),
        values: &own,
    }];
    if let (Some(mean), Some(name)) = (&mean, &mean_name) {
        series.push(Series {
            name,
            color: theme::reference(ui.visuals()),
            values: mean,
        });
    }
    // With room for the first neighbours, so that the scale stands still while the pointer moves over them.
    let others: Vec<Vec<f32>> = answer
        .hits
        .iter()
        .map(|hit| state.scaled(&hit.similarity))
        .collect();
    let range = range_of(
        series
            .iter()
            .map(|one| one.values)
            .chain(others.iter().take(IN_SCALE).map(Vec::as_slice)),
    );
    let line = pointed::get(ui)
        .and_then(|rank| others.get(rank))
        .map(|values| Series {
            name: "the neighbour under the pointer",
            color: ui.visuals().strong_text_color(),
            values,
        });
    let response = bar_chart(ui, "query prompts", 210.0, range, &series, line.as_ref());
    response.accessible_name("Prompt similarities of the query");
    let mut entries: Vec<_> = series
        .iter()
        .map(|one| (one.name, Some(one.color)))
        .collect();
    entries.push((
        "the neighbour under the pointer",
        line.map(|line| line.color),
    ));
    key(ui, &entries);
    ui.add_space(4.0);
    compare(ui, look);
    let numbers: Vec<String> = strongest(&own, 3).iter().map(ToString::to_string).collect();
    ui.add_space(4.0);
    let how = match state.preferences.scale {
        Scale::Raw => "Calls most",
        Scale::Relative | Scale::Deviations => "Calls more than other pictures do",
    };
    ui.label(format!("{how}: prompts {}", numbers.join(", ")));
}

/// Lets the user compare the query with another domain than its own.
fn compare(ui: &mut Ui, look: Look<'_>) {
    let state = look.state;
    if state.profiles.len() < 2 {
        return;
    }
    let chosen = state
        .reference_profile()
        .map_or("nothing", |profile| profile.domain.as_str());
    ui.horizontal(|ui| {
        let caption = ui.label("Beside it:");
        let shown = ComboBox::from_id_salt("compare with")
            .selected_text(crate::app::wording::shortened(chosen, 24))
            .show_ui(ui, |ui| {
                let own = ui.selectable_label(state.compare_with.is_none(), "its own domain");
                if own.clicked() {
                    look.commands.send(Command::CompareWith(None));
                }
                for profile in &state.profiles {
                    let selected = state.compare_with.as_ref() == Some(&profile.domain);
                    if ui.selectable_label(selected, &profile.domain).clicked() {
                        let domain = Some(profile.domain.clone());
                        look.commands.send(Command::CompareWith(domain));
                    }
                }
            });
        shown.response.labelled_by(caption.id);
    });
}
