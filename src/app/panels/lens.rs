use super::{Look, keep_together};
use crate::app::command::Command;
use crate::app::engine::Answer;
use crate::app::lens::{LensChoice, LensWish};
use crate::app::wording::{counted, file_name};
use crate::search::{LensAnswer, LensSummary};
use egui::{Button, ComboBox, ProgressBar, Ui};

/// Width of the box that chooses a lens.
const CHOICE_PX: f32 = 190.0;

/// What chooses a lens, and shows how far it is.
pub fn lens(ui: &mut Ui, look: Look<'_>, answer: &Answer) {
    let lens = &look.state.lens;
    if answer.hits.is_empty() {
        return;
    }
    keep_together(ui, CHOICE_PX + 60.0);
    ui.label("Lens").on_hover_text(
        "Embeds the query and these neighbours again without a part of the model, and shows how their order changes",
    );
    choice(ui, look, answer);
    if let LensChoice::PromptOff(prompt) = lens.choice {
        prompt_picker(ui, look, answer, prompt);
    }
    match lens.running {
        Some((_, done, total)) => {
            let part = done as f32 / total.max(1) as f32;
            let bar = ProgressBar::new(part)
                .desired_width(160.0)
                .text(format!("{done} of {total}"));
            let bar = ui.add(bar);
            bar.accessible_name("Progress of the lens");
            let cancel = ui.button("Cancel").on_hover_text("Take the lens off");
            if cancel.accessible_name("Cancel the lens").clicked() {
                choose(look, LensChoice::Off);
            }
        }
        None if lens.choice != LensChoice::Off => {
            let off = ui
                .button("Take off")
                .on_hover_text("Show the order of the whole model");
            if off.accessible_name("Take the lens off").clicked() {
                choose(look, LensChoice::Off);
            }
        }
        None => {}
    }
}

/// What came out under the lens, in words.
pub fn lens_result(ui: &mut Ui, look: Look<'_>, answer: &Answer) {
    let lens = &look.state.lens;
    let Some(result) = lens.result.as_ref().filter(|_| !answer.hits.is_empty()) else {
        return;
    };
    ui.label(words(lens.choice, result));
    let Some(first) = result.missing.first() else {
        return;
    };
    let missing = counted(result.missing.len(), "file");
    let reason = &first.reason;
    let hit = answer.hits.iter().zip(&answer.moves);
    let hit = hit
        .filter(|(_, moved)| moved.is_none())
        .map(|(hit, _)| hit)
        .next();
    let name = hit.map_or_else(String::new, |hit| file_name(&hit.path));
    ui.colored_label(
        ui.visuals().warn_fg_color,
        format!("{missing} could not be read again and stand last: {name} ({reason})."),
    );
}

fn choose(look: Look<'_>, choice: LensChoice) {
    look.commands.send(Command::Lens(LensWish::Choose(choice)));
}

fn choice(ui: &mut Ui, look: Look<'_>, answer: &Answer) {
    let chosen = look.state.lens.choice;
    let prompts = answer.similarity.len();
    let one = match chosen {
        LensChoice::PromptOff(prompt) => prompt,
        _ => strongest(&answer.similarity),
    };
    let combo = ComboBox::from_id_salt("lens")
        .selected_text(name(chosen))
        .width(CHOICE_PX)
        .show_ui(ui, |ui| {
            for (choice, hint) in [
                (LensChoice::Off, "The whole model"),
                (
                    LensChoice::PromptsOff,
                    "Without the prompt pool: the prompt tokens are left out",
                ),
                (
                    LensChoice::PromptOff(one),
                    "The weight of one prompt is set to 0; the others keep theirs",
                ),
                (
                    LensChoice::OnePromptForAll,
                    "Every picture gets the mean prompt of the library: what stays the same did not need its own",
                ),
                (
                    LensChoice::AdaptersOff,
                    "Without the adapters beside attention and MLP",
                ),
            ] {
                let needs_pool = !matches!(choice, LensChoice::Off | LensChoice::AdaptersOff);
                let button = Button::selectable(chosen == choice, name(choice));
                let entry = ui.add_enabled(!needs_pool || prompts > 0, button);
                let entry = entry
                    .on_hover_text(hint)
                    .on_disabled_hover_text("This model has no prompt pool");
                if entry.clicked() {
                    choose(look, choice);
                }
            }
        });
    combo
        .response
        .accessible_name(format!("Lens: {}", name(chosen)));
}

fn prompt_picker(ui: &mut Ui, look: Look<'_>, answer: &Answer, chosen: usize) {
    let combo = ComboBox::from_id_salt("lens prompt")
        .selected_text(format!("Prompt {}", chosen + 1))
        .width(110.0)
        .show_ui(ui, |ui| {
            for (prompt, weight) in answer.similarity.iter().enumerate() {
                let text = format!("Prompt {}, weight {weight:+.3}", prompt + 1);
                if ui.selectable_label(prompt == chosen, text).clicked() {
                    choose(look, LensChoice::PromptOff(prompt));
                }
            }
        });
    let name = format!("Prompt that is left out: {}", chosen + 1);
    combo.response.accessible_name(name);
}

/// The prompt with the largest weight, of either sign: its being left out changes most.
fn strongest(weights: &[f32]) -> usize {
    let numbered = weights.iter().enumerate();
    numbered
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
        .map_or(0, |(prompt, _)| prompt)
}

fn name(choice: LensChoice) -> &'static str {
    match choice {
        LensChoice::Off => "Off",
        LensChoice::PromptsOff => "Prompts off",
        LensChoice::AdaptersOff => "Adapters off",
        LensChoice::PromptOff(_) => "One prompt off",
        LensChoice::OnePromptForAll => "One prompt for all",
    }
}

/// What the numbers mean, in a few sentences.
fn words(choice: LensChoice, result: &LensAnswer) -> String {
    let LensSummary {
        compared,
        mean_shift,
        largest_shift,
        kendall_tau,
        kept_first,
        first,
        score_change,
    } = result.summary;
    let without = match choice {
        LensChoice::Off => "With the whole model".to_owned(),
        LensChoice::PromptsOff => "Without the prompts".to_owned(),
        LensChoice::AdaptersOff => "Without the adapters".to_owned(),
        LensChoice::PromptOff(prompt) => format!("Without prompt {}", prompt + 1),
        LensChoice::OnePromptForAll => "With the same prompt for every picture".to_owned(),
    };
    if largest_shift == 0 {
        return format!(
            "{without}, none of these {} changes its place: what was left out does not decide their order.",
            counted(compared, "neighbour")
        );
    }
    let verdict = match kendall_tau {
        0.95.. => "nearly the same order",
        0.8.. => "much the same order",
        0.5.. => "a clearly different order",
        0.2.. => "an order with little of the old one left",
        _ => "hardly anything of the old order",
    };
    format!(
        "{without}: {verdict}. These {} move by {mean_shift:.1} places on average, {largest_shift} at most; \
         {kept_first} of the first {first} stay among them (Kendall's tau {kendall_tau:.2}), \
         and their scores change by {score_change:+.2}. \
         Photos beyond them are not looked at.",
        counted(compared, "neighbour")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Ablation;
    use std::time::Duration;

    fn result(summary: LensSummary) -> LensAnswer {
        LensAnswer {
            ablation: Ablation::PromptsOff,
            ranked: Vec::new(),
            missing: Vec::new(),
            summary,
            took: Duration::ZERO,
        }
    }

    #[test]
    fn numbers_are_said_in_words() {
        let summary = LensSummary {
            compared: 199,
            mean_shift: 23.44,
            largest_shift: 120,
            kendall_tau: 0.61,
            kept_first: 6,
            first: 10,
            score_change: -0.1,
        };
        let text = words(LensChoice::PromptOff(4), &result(summary));
        assert!(text.starts_with(
            "Without prompt 5: a clearly different order. These 199 neighbours move by 23.4"
        ));
        assert!(text.contains("6 of the first 10 stay"));
        let still = words(LensChoice::OnePromptForAll, &result(LensSummary::default()));
        assert!(still.contains("none of these 0 neighbours changes its place"));
    }

    #[test]
    fn the_strongest_weight_counts_whatever_its_sign() {
        assert_eq!(strongest(&[0.1, -0.7, 0.4]), 1);
        assert_eq!(strongest(&[]), 0);
    }
}
