use super::Look;
use crate::app::choices::SettingsCommand;
use crate::app::command::Command;
use crate::app::state::EngineState;
use crate::app::wording::counted;
use crate::library::ModelUse;
use egui::{Button, Ui};

/// Letters of a model's key that tell it from others.
const SHOWN: usize = 8;

/// What models that are no longer used said of the photos, and how to remove it.
pub(super) fn show(ui: &mut Ui, look: Look<'_>) {
    let state = look.state;
    let in_use = |model: &&ModelUse| {
        let answers = match &state.engine {
            EngineState::Ready(facts) => facts.key == model.model,
            _ => true,
        };
        let next = state.next_model.as_ref();
        answers || next.is_some_and(|next| next.key == model.model)
    };
    for model in state.choices.models.iter().filter(|model| !in_use(model)) {
        ui.horizontal_wrapped(|ui| {
            let key = model.model.to_string();
            let size = format!("{:.1} MB", model.bytes() as f64 / 1e6);
            let name = key.get(..SHOWN).unwrap_or(&key);
            ui.label(format!(
                "Another model ({name}) knows {}, {size}",
                counted(model.embedded, "photo")
            ))
            .on_hover_text(&key);
            let idle = state.indexing.is_none();
            let remove = ui
                .add_enabled(idle, Button::new("Remove"))
                .on_hover_text("The photos stay; with that model they would be looked at anew")
                .on_disabled_hover_text("Possible when indexing has ended or was stopped.");
            let remove = remove.accessible_name(format!("Remove what model {name} said"));
            if remove.clicked() {
                let wish = SettingsCommand::ForgetModel(model.model.clone());
                look.commands.send(Command::Settings(wish));
            }
        });
    }
}
