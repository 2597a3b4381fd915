use super::Look;
use super::part_editor::{Decision, PartEditor};
use super::part_picture::part_picture;
use crate::app::ask_state::PartChoice;
use crate::app::command::Command;
use crate::app::engine::Answer;
use crate::app::query::Query;
use crate::app::wording::{count, counted, shortened};
use crate::photo::Region;
use egui::{ScrollArea, Slider, TextureHandle, Ui, Vec2};

/// Height of the pictures, and so of the strip: small, since the grid is what people look at.
const HEIGHT_PX: f32 = 54.0;
/// Widest picture.
const WIDTH_PX: f32 = 96.0;

/// The strip above the neighbours: the pictures asked with, what of each counts and how much, and what was found.
#[derive(Default)]
pub struct QueryParts {
    /// What is chosen so far of the picture that a part is being chosen of.
    editor: Option<PartEditor>,
}

impl QueryParts {
    /// Shows the strip; `pictures` are those of the parts in their order, where they are at hand.
    pub fn show(&mut self, ui: &mut Ui, look: Look<'_>, pictures: &[Option<TextureHandle>]) {
        let Some(query) = look.state.shown_query() else {
            self.editor = None;
            return;
        };
        ScrollArea::horizontal()
            .id_salt("query parts")
            .max_height(HEIGHT_PX + 8.0)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                ui.horizontal_top(|ui| {
                    for number in 0..query.parts.len() {
                        let picture = pictures.get(number).and_then(Option::as_ref);
                        ui.push_id(number, |ui| self.part(ui, look, query, number, picture));
                    }
                });
            });
        if let Some(answer) = &look.state.answer {
            if query.parts.len() > 1 {
                ui.label(summary(answer));
            }
            nothing_similar(ui, answer);
        }
        self.edit(ui, look, query, pictures);
        ui.separator();
    }

    fn part(
        &mut self,
        ui: &mut Ui,
        look: Look<'_>,
        query: &Query,
        number: usize,
        picture: Option<&TextureHandle>,
    ) {
        let part = &query.parts[number];
        let name = part.source.name();
        let label = format!("Asked picture {}: {name}", number + 1);
        let most = Vec2::new(WIDTH_PX, HEIGHT_PX);
        if let Some(region) = part_picture(ui, picture, most, part.crop, &label) {
            crop(look, query, number, Some(region));
        }
        let several = query.parts.len() > 1;
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.horizontal(|ui| {
                ui.strong(shortened(&name, 22));
                if several {
                    let less = part.weight < 0.0;
                    ui.weak(if less {
                        "less like this"
                    } else {
                        "more like this"
                    });
                }
            });
            if several {
                // On a line of its own: with two pictures their buttons must not lie out of sight.
                weight(ui, look, query, number, &name);
            }
            ui.horizontal(|ui| {
                let text = if part.crop.is_some() {
                    "Change part…"
                } else {
                    "Part…"
                };
                let choose = ui
                    .button(text)
                    .on_hover_text("Search with a part of this picture: draw it on a large one, or move its edges with the keys");
                if choose
                    .accessible_name(format!("Choose a part of {name}"))
                    .clicked()
                {
                    look.commands.send(Command::ChoosePart(Some(PartChoice {
                        query: query.clone(),
                        part: number,
                    })));
                }
                if part.crop.is_some()
                    && ui
                        .button("Whole")
                        .on_hover_text("Search with the whole picture again")
                        .accessible_name(format!("Search with the whole of {name}"))
                        .clicked()
                {
                    crop(look, query, number, None);
                }
                if several
                    && ui
                        .button("Remove")
                        .on_hover_text("Take this picture out of the question")
                        .accessible_name(format!("Remove {name} from the question"))
                        .clicked()
                {
                    let mut changed = query.clone();
                    changed.parts.remove(number);
                    look.commands.send(Command::Ask(changed));
                }
            });
            if let Some(answer) = look.state.answer.as_ref().filter(|_| !several) {
                ui.label(summary(answer));
            }
        });
        ui.add_space(10.0);
    }

    fn edit(&mut self, ui: &Ui, look: Look<'_>, query: &Query, pictures: &[Option<TextureHandle>]) {
        let chosen = look.state.choosing_part();
        let chosen = chosen.and_then(|number| Some((number, query.parts.get(number)?)));
        let Some((number, part)) = chosen else {
            self.editor = None;
            return;
        };
        let editor = self.editor.get_or_insert_with(|| PartEditor {
            region: part.crop.unwrap_or(Region::WHOLE),
        });
        let picture = pictures.get(number).and_then(Option::as_ref);
        match editor.show(ui, picture, &part.source.name()) {
            Some(Decision::Part(region)) => crop(look, query, number, Some(region)),
            Some(Decision::Whole) => crop(look, query, number, None),
            Some(Decision::Nothing) => {}
            None => return,
        }
        look.commands.send(Command::ChoosePart(None));
    }
}

/// How much a picture counts: to the left of the middle it stands for less like this.
fn weight(ui: &mut Ui, look: Look<'_>, query: &Query, number: usize, name: &str) {
    let mut weight = query.parts[number].weight;
    let slider = Slider::new(&mut weight, -1.0..=1.0)
        .step_by(0.05)
        .max_decimals(2);
    let response = ui
        .add(slider)
        .on_hover_text("Right of the middle: more like this. Left of it: less like this.");
    let changed = response.changed();
    response.accessible_name(format!("Weight of {name}"));
    if changed {
        let mut query = query.clone();
        query.parts[number].weight = weight;
        look.commands.send(Command::Ask(query));
    }
}

fn crop(look: Look<'_>, query: &Query, number: usize, region: Option<Region>) {
    let mut changed = query.clone();
    changed.parts[number].crop = region.filter(|region| !region.is_whole());
    if changed != *query {
        look.commands.send(Command::Ask(changed));
    }
}

/// Says so where what was found does not resemble the question at all.
fn nothing_similar(ui: &mut Ui, answer: &Answer) {
    if let Some(similar_from) = answer.nothing_similar() {
        let text = format!(
            "Nothing similar here: photos of this library that belong together score {similar_from:.2} or more."
        );
        ui.colored_label(ui.visuals().warn_fg_color, text);
    }
}

/// Such as `200 neighbours of 7,278 photos in 38 ms`.
fn summary(answer: &Answer) -> String {
    let time = match answer.took.as_millis() {
        0 => "under 1 ms".to_owned(),
        ms => format!("{} ms", count(ms as usize)),
    };
    let hits = counted(answer.hits.len(), "neighbour");
    if answer.filter.is_empty() {
        format!("{hits} of {} in {time}", counted(answer.searched, "photo"))
    } else {
        format!(
            "{hits} of the {} that pass the filter ({} in all) in {time}",
            counted(answer.passed, "photo"),
            count(answer.searched)
        )
    }
}
