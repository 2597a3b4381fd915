use super::figure3::small_multiples;
use super::health::health;
use super::heat_map::heat_map;
use super::lines::overlaid;
use super::save_figure::save_figure;
use super::why::scale;
use super::{Look, next_group};
use crate::app::command::Command;
use crate::app::pool::{PoolCommand, PromptsTab, Saved, Shown};
use crate::app::wording::{counted, file_name};
use crate::figures::{Chart, Profile, Sort, View};
use egui::{ComboBox, Ui};

/// Room for the choice of a scale, and for that of an order.
const SCALE_PX: f32 = 240.0;
const ORDER_PX: f32 = 260.0;

/// The view of the prompt pool: the profiles of the domains (the paper's Figure 3), and the health of the pool.
pub fn prompts(ui: &mut Ui, look: Look<'_>) {
    let state = look.state;
    let preferences = &state.preferences;
    ui.horizontal_wrapped(|ui| {
        ui.heading("Prompts");
        ui.add_space(8.0);
        for (tab, name, hint) in [
            (
                PromptsTab::Profiles,
                "By domain",
                "Which prompts each domain calls: the paper's Figure 3",
            ),
            (
                PromptsTab::Health,
                "Health of the pool",
                "How much the library uses each prompt",
            ),
        ] {
            let button = ui.selectable_label(preferences.pool.tab == tab, name);
            if button.on_hover_text(hint).clicked() {
                look.commands
                    .prefer(preferences, |changed| changed.pool.tab = tab);
            }
        }
    });
    ui.add_space(4.0);
    match preferences.pool.tab {
        PromptsTab::Profiles => profiles(ui, look),
        PromptsTab::Health => health(ui, look),
    }
    save_figure(ui, look);
}

fn profiles(ui: &mut Ui, look: Look<'_>) {
    let state = look.state;
    let shown = state.shown_profiles();
    source(ui, look, shown);
    ui.horizontal_wrapped(|ui| {
        charts(ui, look);
        next_group(ui, SCALE_PX);
        scale(ui, look);
        next_group(ui, ORDER_PX);
        order(ui, look);
    });
    ui.add_space(6.0);
    if shown.profiles.iter().all(|profile| profile.mean.is_empty()) {
        ui.label(match shown.profiles.len() {
            0 => "There is nothing to draw yet: add a folder of photos first.",
            _ => "This model has no prompt pool: it is a plain ViT.",
        });
        return;
    }
    if state.preferences.scale.view() == View::Standardised
        && shown
            .overall
            .is_some_and(|all| all.std.iter().all(|std| std.is_nan()))
    {
        ui.label(
            "This file holds means without their spread, as older versions wrote them. \
             Show it raw or relative, or run puma eval again.",
        );
        return;
    }
    match state.preferences.chart {
        Chart::SmallMultiples => small_multiples(ui, look),
        Chart::Lines => overlaid(ui, look),
        Chart::HeatMap => heat_map(ui, look),
    }
}

/// Whose profiles are shown, and the ways to others and to a file.
fn source(ui: &mut Ui, look: Look<'_>, shown: Shown<'_>) {
    ui.horizontal_wrapped(|ui| {
        match &look.state.pool.benchmark {
            None => {
                let domains = counted(shown.profiles.len(), "domain");
                ui.label(format!("Mean similarity to each prompt, {domains} of the library."))
                    .on_hover_text(
                        "Prompts that all domains call are shared; prompts that one calls more than the others \
                         are its own.",
                    );
                let open = ui.button("Open benchmark…");
                let open = open.on_hover_text(
                    "Draw the sets of a file that `puma eval --json FILE` wrote, as in the paper's Figure 3",
                );
                if open.clicked() {
                    look.commands.send(Command::Pool(PoolCommand::PickBenchmark));
                }
            }
            Some(benchmark) => {
                let sets = counted(shown.profiles.len(), "set");
                let name = file_name(&benchmark.path);
                ui.label(format!("Mean similarity to each prompt, {sets} of {name}."))
                    .on_hover_text(benchmark.path.display().to_string());
                if ui.button("Back to the library").clicked() {
                    look.commands.send(Command::Pool(PoolCommand::CloseBenchmark));
                }
            }
        }
        let save = ui.add_enabled(
            !shown.profiles.is_empty(),
            egui::Button::new("Save figure…"),
        );
        if save.on_hover_text("As PNG, SVG, CSV or JSON").clicked() {
            look.commands
                .send(Command::Pool(PoolCommand::OpenSave(Saved::Figure)));
        }
    });
}

fn charts(ui: &mut Ui, look: Look<'_>) {
    let preferences = &look.state.preferences;
    for (chart, name, hint) in [
        (
            Chart::SmallMultiples,
            "Small charts",
            "A chart for each domain, all on one scale",
        ),
        (Chart::Lines, "Lines", "All domains in one chart"),
        (
            Chart::HeatMap,
            "Heat map",
            "Domains down, prompts across, values as colours",
        ),
    ] {
        let button = ui.selectable_label(preferences.chart == chart, name);
        if button.on_hover_text(hint).clicked() {
            look.commands
                .prefer(preferences, |changed| changed.chart = chart);
        }
    }
}

fn order(ui: &mut Ui, look: Look<'_>) {
    let preferences = &look.state.preferences;
    let name = |sort: Sort| match sort {
        Sort::Name => "by name",
        Sort::Count => "by number of photos",
        Sort::Likeness => "by likeness",
    };
    let chosen = preferences.pool.sort;
    let caption = ui.label("Domains");
    let shown = ComboBox::from_id_salt("order of domains")
        .selected_text(name(chosen))
        .show_ui(ui, |ui| {
            for sort in [Sort::Name, Sort::Count, Sort::Likeness] {
                if ui.selectable_label(chosen == sort, name(sort)).clicked() {
                    look.commands
                        .prefer(preferences, |changed| changed.pool.sort = sort);
                }
            }
        });
    shown.response.labelled_by(caption.id);
    let mut alike = preferences.pool.sort_prompts;
    ui.checkbox(&mut alike, "Like prompts together")
        .on_hover_text(
            "Put prompts side by side that the domains call alike, instead of by their numbers",
        );
    look.commands
        .prefer(preferences, |changed| changed.pool.sort_prompts = alike);
}

/// What a press on a prompt of a domain does, in words; empty where there are no photos to show.
pub fn press(shown: Shown<'_>) -> &'static str {
    if shown.library {
        "Press to see the photos that call it most"
    } else {
        ""
    }
}

/// Shows the photos of a domain that call a prompt (from 0) most.
pub fn show_strongest(look: Look<'_>, shown: Shown<'_>, domain: usize, prompt: usize) {
    if shown.library
        && let Some(profile) = shown.profiles.get(domain)
    {
        let domain = Some(profile.domain.clone());
        to_photos(look, domain, prompt);
    }
}

/// Shows the photos of the whole library that call a prompt (from 0) most.
pub fn show_strongest_of_all(look: Look<'_>, prompt: usize) {
    to_photos(look, None, prompt);
}

fn to_photos(look: Look<'_>, domain: Option<String>, prompt: usize) {
    look.commands
        .send(Command::ShowStrongest { domain, prompt });
}

/// What is known of a prompt (from 0) in a domain, in words.
pub fn value_words(profile: &Profile, prompt: usize, value: f32, view: View) -> String {
    let number = prompt + 1;
    let (Some(mean), Some(&std)) = (profile.mean.get(prompt), profile.std.get(prompt)) else {
        return format!("prompt {number}");
    };
    let spread = if std.is_finite() {
        format!(", spread {std:.4}")
    } else {
        String::new()
    };
    let photos = counted(profile.count, "photo");
    match view {
        View::Mean => format!("prompt {number}: mean {mean:+.4}{spread}, {photos}"),
        View::Centred => {
            format!(
                "prompt {number}: {value:+.4} from the mean of all (mean {mean:+.4}{spread}, {photos})"
            )
        }
        View::Standardised => format!(
            "prompt {number}: {value:+.3} standard deviations from the mean of all (mean {mean:+.4}{spread}, {photos})"
        ),
    }
}
