use super::Look;
use super::bars::{BarChart, Series, query_color};
use super::chart::{Chart, range_of};
use super::filter_words::size;
use crate::app::command::Command;
use crate::app::results::{Preview, Wish};
use crate::app::wording::{count, file_name};
use egui::{Grid, RichText, ScrollArea, Ui};

/// What is known of the photo in the preview, and what can be done with it.
pub fn preview_facts(ui: &mut Ui, look: Look<'_>, preview: &Preview) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.add(egui::Label::new(RichText::new(file_name(&preview.path)).heading()).wrap());
        if let Some(folder) = preview.path.parent() {
            ui.add(egui::Label::new(RichText::new(folder.display().to_string()).weak()).wrap());
        }
        ui.add_space(6.0);
        facts(ui, look, preview);
        ui.add_space(8.0);
        actions(ui, look, preview);
        ui.add_space(8.0);
        prompts(ui, look, preview);
    });
}

fn facts(ui: &mut Ui, look: Look<'_>, preview: &Preview) {
    let item = preview.at.and_then(|at| look.state.results.item(at));
    let mut facts: Vec<(&str, String)> = Vec::new();
    match &preview.picture {
        None => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.weak("Being read…");
            });
        }
        Some(Err(reason)) => {
            let text = format!("It cannot be shown: {reason}");
            ui.colored_label(ui.visuals().error_fg_color, text);
        }
        Some(Ok(picture)) => {
            let [width, height] = picture.size_px;
            let megapixels = f64::from(width) * f64::from(height) / 1e6;
            facts.push((
                "Dimensions",
                format!("{width} × {height} ({megapixels:.1} megapixels)"),
            ));
            facts.push(("File size", size(picture.bytes)));
            facts.push(("Changed", picture.modified.clone()));
            let camera = picture.camera.facts();
            facts.extend(camera.map(|(name, value)| (name, value.to_owned())));
        }
    }
    if let Some(item) = &item {
        if let Some(domain) = item.domain {
            facts.push(("Domain", domain.to_owned()));
        }
        if let Some(score) = item.score {
            facts.push(("Score", format!("{score:.3}")));
        }
        if item.is_neighbour {
            facts.push(("Rank", count(item.rank)));
        }
    }
    Grid::new("facts")
        .num_columns(2)
        .spacing([12.0, 5.0])
        .show(ui, |ui| {
            for (name, value) in facts {
                ui.weak(name);
                ui.add(egui::Label::new(value).wrap());
                ui.end_row();
            }
        });
}

fn actions(ui: &mut Ui, look: Look<'_>, preview: &Preview) {
    let path = || preview.path.clone();
    let wish = Command::Results;
    ui.horizontal_wrapped(|ui| {
        let mut button = |text: &str, command: &dyn Fn() -> Command| {
            if ui.button(text).clicked() {
                look.commands.send(command());
            }
        };
        button("Open", &|| Command::Open(path()));
        button("Show in file manager", &|| Command::Reveal(path()));
        button("Copy path", &|| wish(Wish::CopyPaths(vec![path()])));
        button("Copy picture", &|| wish(Wish::CopyPicture(path())));
        button("Move to trash…", &|| wish(Wish::AskToTrash(vec![path()])));
    });
}

fn prompts(ui: &mut Ui, look: Look<'_>, preview: &Preview) {
    let item = preview.at.and_then(|at| look.state.results.item(at));
    let Some(item) = item.filter(|item| !item.similarity.is_empty()) else {
        return;
    };
    ui.strong("Prompt profile");
    let values = look.state.scaled(item.similarity);
    let series = [Series {
        name: "this photo",
        color: query_color(ui),
        values: &values,
    }];
    let range = range_of(series.iter().map(|one| one.values));
    let places: Vec<usize> = (0..values.len()).collect();
    let name = format!("Prompt profile of {}", file_name(&preview.path));
    let chart = BarChart {
        chart: Chart {
            name: &name,
            height_px: 170.0,
            range,
            prompts: &places,
            press: "",
        },
        series: &series,
        band: None,
        line: None,
    };
    chart.show(ui, |place| {
        format!("prompt {}: {:+.4}", place + 1, values[place])
    });
    super::why::scale(ui, look);
}
