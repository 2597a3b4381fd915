use super::Look;
use crate::app::command::Command;
use crate::app::state::EngineState;
use egui::{Align, Layout, Ui};

/// One line while another model looks at the photos: which one answers meanwhile, and how to end that.
pub fn next_model(ui: &mut Ui, look: Look<'_>) {
    let (Some(next), EngineState::Ready(answers)) = (&look.state.next_model, &look.state.engine)
    else {
        return;
    };
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let now = ui
                .button("Use it now")
                .on_hover_text("Photos that it has not looked at yet cannot be found until it has");
            if now.clicked() {
                look.commands.send(Command::UseNextModel);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = format!(
                    "{} answers until {} has looked at all photos.",
                    answers.model, next.model
                );
                ui.add(egui::Label::new(text).truncate());
            });
        });
    });
}
