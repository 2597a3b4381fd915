use super::Look;
use super::filter_words::words;
use crate::app::command::Command;
use crate::app::engine::{Browse, Wanted};
use crate::app::results::{Source, Wish};
use crate::app::wording::{count, counted};
use crate::search::Order;
use egui::{RichText, Ui};

/// The lines above the grid: what it shows, what is chosen of it, which filters are on, and what can be done.
pub fn results_bar(ui: &mut Ui, look: Look<'_>) {
    // What comes and goes here must not change the names of what lies below.
    let fixed = egui::UiBuilder::new().scope_id(egui::Id::unique("results bar"));
    ui.scope_builder(fixed, |ui| lines(ui, look));
}

fn lines(ui: &mut Ui, look: Look<'_>) {
    let answer = look
        .state
        .answer
        .as_deref()
        .filter(|_| look.state.listing.is_none());
    ui.horizontal_wrapped(|ui| {
        if look.state.results.selection.is_empty() {
            shown(ui, look);
        } else {
            chosen(ui, look);
        }
        if let Some(answer) = answer {
            super::lens(ui, look, answer);
        }
    });
    filters_on(ui, look);
    trash_way_back(ui, look);
    if let Some(answer) = answer {
        super::lens_result(ui, look, answer);
    }
    super::export_progress(ui, look);
    ui.add_space(2.0);
}

fn shown(ui: &mut Ui, look: Look<'_>) {
    let results = &look.state.results;
    let preferences = &look.state.preferences;
    let source = results.source();
    ui.add(egui::Label::new(RichText::new(source.title()).strong()).truncate());
    ui.weak(counted(results.len(), "photo"));
    if let Source::Listing(listing) = source {
        let close = ui.button("Close").on_hover_text("Close this list (Esc)");
        if close.accessible_name("Close the list").clicked() {
            look.commands.send(Command::CloseListing);
        }
        if let Wanted::Browse(browse) = &listing.wanted {
            order(ui, look, browse);
        }
    } else {
        browse_button(ui, look);
    }
    if !source.groups().is_empty() {
        let mut joined = preferences.join_duplicates;
        ui.checkbox(&mut joined, "Join near duplicates")
            .on_hover_text("Show photos that look nearly the same as one tile with their number; a click on the number shows each");
        look.commands.prefer(preferences, |changed| {
            changed.join_duplicates = joined;
        });
    }
    let mut open = preferences.filters_open;
    ui.toggle_value(&mut open, "Filters")
        .on_hover_text("Show only photos of some domains, dates, types, sizes or scores");
    look.commands
        .prefer(preferences, |changed| changed.filters_open = open);
    export(ui, look);
}

/// Lists the whole library.
pub fn browse_button(ui: &mut Ui, look: Look<'_>) {
    let button = ui.button("Browse all photos");
    let button = button.on_hover_text("All photos of the library, by folder or by date");
    if button.clicked() {
        let filter = look.state.filter.clone();
        let order = look.state.preferences.browse_order;
        look.commands
            .send(Command::Browse(Browse { order, filter }));
    }
}

fn order(ui: &mut Ui, look: Look<'_>, browse: &Browse) {
    for (order, name, hint) in [
        (
            Order::Folder,
            "By folder",
            "By the folder they lie in, then by name",
        ),
        (Order::Newest, "Newest first", "By the day they were taken"),
        (Order::Oldest, "Oldest first", "By the day they were taken"),
    ] {
        let entry = ui.selectable_label(browse.order == order, name);
        if entry.on_hover_text(hint).clicked() {
            let filter = browse.filter.clone();
            look.commands
                .send(Command::Browse(Browse { order, filter }));
            look.commands.prefer(&look.state.preferences, |changed| {
                changed.browse_order = order;
            });
        }
    }
}

fn chosen(ui: &mut Ui, look: Look<'_>) {
    let results = &look.state.results;
    let chosen = results.selection.len();
    let send = |wish: Wish| look.commands.send(Command::Results(wish));
    ui.strong(format!("{} selected", count(chosen)));
    let search = ui.button("Search with these");
    if search
        .on_hover_text("One query of all selected pictures (Enter)")
        .clicked()
    {
        send(Wish::SearchWith(results.chosen_paths()));
    }
    if ui.button("Copy paths").on_hover_text("Ctrl+C").clicked() {
        send(Wish::CopyPaths(results.chosen_paths()));
    }
    let trash = ui.add_enabled(!results.trashing.busy, egui::Button::new("Move to trash…"));
    if trash.on_hover_text("Del").clicked() {
        send(Wish::AskToTrash(results.chosen_paths()));
    }
    export(ui, look);
    if ui.button("Select all").on_hover_text("Ctrl+A").clicked() {
        send(Wish::ChooseAll);
    }
    if ui
        .button("Select none")
        .on_hover_text("Nothing is selected (Esc)")
        .clicked()
    {
        send(Wish::ChooseNone);
    }
}

fn export(ui: &mut Ui, look: Look<'_>) {
    let idle = look.state.results.export.progress.is_none();
    let any = !look.state.results.is_empty();
    let button = ui.add_enabled(idle && any, egui::Button::new("Export…"));
    let hint = "Save what is selected, or all that is shown, as CSV, JSON or a contact sheet";
    if button.on_hover_text(hint).clicked() {
        look.commands.send(Command::Results(Wish::OpenExport(true)));
    }
}

fn filters_on(ui: &mut Ui, look: Look<'_>) {
    let filter = &look.state.filter;
    if filter.is_empty() {
        return;
    }
    // As high as its text: a layout of its own would take all the room of the grid.
    ui.horizontal_wrapped(|ui| {
        let text = format!("Only {}", words(filter));
        ui.colored_label(ui.visuals().warn_fg_color, text);
        if !filter.name.trim().is_empty() {
            ui.weak("Names and folders only").on_hover_text(
                "This model searches by pictures, not by text: words filter file names and folders",
            );
        }
        if ui.button("Clear filters").clicked() {
            look.commands.send(Command::SetFilter(Box::default()));
        }
    });
}

fn trash_way_back(ui: &mut Ui, look: Look<'_>) {
    let trashing = &look.state.results.trashing;
    let last = &trashing.last;
    if last.is_empty() || !crate::app::results::CAN_TAKE_BACK {
        return;
    }
    ui.horizontal(|ui| {
        ui.weak(format!("{} in the trash.", counted(last.len(), "file")));
        let back = egui::Button::new("Take back from the trash");
        if ui.add_enabled(!trashing.busy, back).clicked() {
            look.commands.send(Command::Results(Wish::Untrash));
        }
        if ui.button("Leave there").clicked() {
            look.commands.send(Command::Results(Wish::LeaveInTrash));
        }
    });
}
