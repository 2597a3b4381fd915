use super::Look;
use super::bars::{Band, BarChart, Series, Sign, key, listed, query_color, strongest};
use super::chart::{Chart, range_of};
use super::prompts::show_strongest_of_all;
use super::why_match::why_match;
use crate::app::command::Command;
use crate::app::engine::{Answer, DomainSource};
use crate::app::state::Scale;
use egui::{ComboBox, RichText, ScrollArea, TextureHandle, Ui};

/// Greatest height of the query's picture.
const PICTURE_PX: f32 = 220.0;

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
        ui.add_space(6.0);
        why_match(ui, look, answer);
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

/// The picture's similarities as bars, over the mean of its domain and where most of its photos lie.
fn prompts(ui: &mut Ui, look: Look<'_>, answer: &Answer) {
    let state = look.state;
    let own = state.scaled(&answer.similarity);
    let reference = state.reference_profile();
    let mean = reference.map(|profile| state.scaled(&profile.mean));
    let spread = reference.map(|profile| state.scaled_spread(&profile.std));
    let series = [Series {
        name: "this picture",
        color: query_color(ui),
        values: &own,
    }];
    let edges: Vec<Vec<f32>> = match (&mean, &spread) {
        (Some(mean), Some(spread)) => [-1.0, 1.0]
            .map(|side| {
                let pairs = mean.iter().zip(spread);
                pairs.map(|(mean, spread)| mean + side * spread).collect()
            })
            .into(),
        _ => Vec::new(),
    };
    let range = range_of(edges.iter().map(Vec::as_slice).chain([own.as_slice()]));
    let places: Vec<usize> = (0..own.len()).collect();
    let words = |place: usize| {
        let mut words = format!("prompt {}: {:+.4}", place + 1, own[place]);
        let at = |values: &Option<Vec<f32>>| values.as_ref()?.get(place).copied();
        // The reference may be another model's already, with fewer prompts.
        if let (Some(profile), Some(mean), Some(spread)) = (reference, at(&mean), at(&spread)) {
            words += &format!("; {} {mean:+.4} ± {spread:.4}", profile.domain);
        }
        words
    };
    let chart = BarChart {
        chart: Chart {
            name: "Prompt similarities of the query",
            height_px: 190.0,
            range,
            prompts: &places,
            press: "Press to see the photos that call it most",
        },
        series: &series,
        band: mean
            .as_deref()
            .zip(spread.as_deref())
            .map(|(mean, spread)| Band { mean, spread }),
        line: None,
    };
    let drawn = chart.show(ui, words);
    // A line of its own, so that nothing moves when it fills.
    ui.small(drawn.place.map_or_else(|| " ".to_owned(), words));
    if let Some(place) = drawn.pressed {
        show_strongest_of_all(look, place);
    }
    let mean_name =
        reference.map(|profile| format!("mean of {} ± one standard deviation", profile.domain));
    let mut signs = vec![("this picture", Sign::Colour(query_color(ui)))];
    if let Some(name) = &mean_name {
        signs.push((name, Sign::Band));
    }
    key(ui, &signs);
    ui.add_space(4.0);
    compare(ui, look);
    ui.add_space(4.0);
    ui.label(called(&own, state.preferences.scale));
}

/// The three prompts that a picture with these values calls most, of the relative ones only those above the mean.
fn called(values: &[f32], scale: Scale) -> String {
    let (how, most) = match scale {
        Scale::Raw => ("Calls most", values.len()),
        Scale::Relative | Scale::Deviations => (
            "Calls more than other pictures do",
            values.iter().filter(|&&value| value > 0.0).count(),
        ),
    };
    match strongest(values, most.min(3)).as_slice() {
        [] => "Calls every prompt less than other pictures do".to_owned(),
        [one] => format!("{how}: prompt {one}"),
        several => format!("{how}: prompts {}", listed(several)),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_prompts_above_the_mean_are_called_more_than_by_others() {
        let values = [-0.2, 0.1, -0.1, 0.3];
        assert_eq!(
            called(&values, Scale::Relative),
            "Calls more than other pictures do: prompts 4 and 2"
        );
        assert_eq!(
            called(&values, Scale::Raw),
            "Calls most: prompts 4, 2 and 3"
        );
        assert_eq!(
            called(&[-1.0, 0.5], Scale::Deviations),
            "Calls more than other pictures do: prompt 2"
        );
        assert_eq!(
            called(&[-1.0, -0.5], Scale::Relative),
            "Calls every prompt less than other pictures do"
        );
    }
}
