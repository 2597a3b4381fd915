use super::{MapView, Shown};
use crate::app::theme;
use crate::app::wording;
use egui::{Checkbox, ScrollArea, Sense, Ui};

/// The domains with their colours and counts; each can be hidden, or shown alone.
pub fn show(ui: &mut Ui, view: &mut MapView, shown: Shown<'_>) {
    let domains = shown.photos.domains();
    ui.horizontal(|ui| {
        ui.strong("Domains");
        let all = ui.add_enabled(!view.hidden.is_empty(), egui::Button::new("Show all"));
        if all.accessible_name("Show all domains on the map").clicked() {
            view.hidden.clear();
            view.revision += 1;
        }
    });
    let row_px = ui.spacing().interact_size.y;
    ScrollArea::vertical()
        .id_salt("domains of the map")
        .auto_shrink(false)
        .show_rows(ui, row_px, domains.len(), |ui, rows| {
            for at in rows {
                let (name, count) = &domains[at];
                ui.horizontal(|ui| {
                    let (dot, _) = ui.allocate_exact_size(egui::vec2(12.0, row_px), Sense::hover());
                    let color = theme::domain_color(ui.visuals(), at);
                    ui.painter().circle_filled(dot.center(), 5.0, color);
                    let mut on = !view.hidden.contains(name);
                    let text = format!("{name} ({})", wording::count(*count));
                    let check = Checkbox::new(&mut on, wording::shortened(&text, 22));
                    let response = ui.add(check).on_hover_text(format!(
                        "{text}\nA click hides or shows it; the menu of the right button shows it alone"
                    ));
                    if response.changed() {
                        if on {
                            view.hidden.remove(name);
                        } else {
                            view.hidden.insert(name.clone());
                        }
                        view.revision += 1;
                    }
                    response.context_menu(|ui| {
                        if ui.button("Show only this").clicked() {
                            let others = domains.iter().map(|(other, _)| other);
                            view.hidden = others.filter(|other| *other != name).cloned().collect();
                            view.revision += 1;
                            ui.close();
                        }
                        if ui.button("Choose its photos").clicked() {
                            let rows = (0..shown.photos.len())
                                .filter(|row| shown.photos.domain(*row) == at);
                            view.choose(rows, false);
                            ui.close();
                        }
                    });
                    response.accessible_name(format!("Domain {name} on the map"));
                });
            }
        });
}
