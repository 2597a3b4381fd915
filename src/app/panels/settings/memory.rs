use super::Look;
use crate::app::choices::SettingsCommand;
use crate::app::command::Command;
use crate::app::state::CACHES_MIB;
use crate::app::wording::counted;
use egui::{Slider, Ui};

/// Memory for pictures, and the small copies on disk.
pub(super) fn show(ui: &mut Ui, look: Look<'_>) {
    let preferences = &look.state.preferences;
    ui.horizontal_wrapped(|ui| {
        ui.label("Memory for pictures on the screen");
        let mut mib = preferences.cache_mib;
        let slider = Slider::new(&mut mib, CACHES_MIB)
            .logarithmic(true)
            .suffix(" MiB");
        ui.add(slider)
            .accessible_name("Memory for pictures on the screen");
        look.commands
            .prefer(preferences, |changed| changed.cache_mib = mib);
    });
    ui.horizontal_wrapped(|ui| {
        let choices = &look.state.choices;
        let text = match choices.thumbnails {
            None => "Counting the small copies on disk…".to_owned(),
            Some((files, bytes)) => format!(
                "{} on disk, {:.1} MB",
                counted(files, "thumbnail"),
                bytes as f64 / 1e6
            ),
        };
        ui.label(text)
            .on_hover_text(choices.thumbnails_folder.display().to_string());
        let some = choices.thumbnails.is_some_and(|(files, _)| files > 0);
        let clear = ui.add_enabled(some, egui::Button::new("Delete thumbnails"));
        if clear
            .on_hover_text("Your photos stay; the small copies are made again when they are seen")
            .clicked()
        {
            let wish = SettingsCommand::ClearThumbnails;
            look.commands.send(Command::Settings(wish));
        }
    });
}
