use egui::{Align2, Area, Color32, Order, Sense, Shape, Stroke, TextStyle, Ui};

/// Lights the whole window up while files are dragged over it, and says what dropping them does.
pub fn drop_zone(ui: &Ui) {
    let ctx = ui.ctx();
    if !ctx.input(|input| !input.raw.hovered_files.is_empty()) {
        return;
    }
    let rect = ctx.content_rect();
    Area::new(egui::Id::unique("drop zone"))
        .order(Order::Foreground)
        .fixed_pos(rect.min)
        .interactable(false)
        .show(ctx, |ui| {
            let visuals = ui.visuals().clone();
            let accent = crate::app::theme::accent(&visuals);
            let shade = if visuals.dark_mode {
                Color32::from_black_alpha(205)
            } else {
                Color32::from_white_alpha(225)
            };
            let response = ui.allocate_rect(rect, Sense::hover());
            response
                .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, "Drop zone"));
            let painter = ui.painter();
            painter.rect_filled(rect, 0, shade);
            let zone = rect.shrink(28.0);
            let corners = [
                zone.left_top(),
                zone.right_top(),
                zone.right_bottom(),
                zone.left_bottom(),
                zone.left_top(),
            ];
            painter.extend(Shape::dashed_line(
                &corners,
                Stroke::new(3.0, accent),
                14.0,
                9.0,
            ));
            let heading = TextStyle::Heading.resolve(ui.style());
            painter.text(
                zone.center() - egui::vec2(0.0, 14.0),
                Align2::CENTER_CENTER,
                "Drop a picture to find its neighbours",
                heading,
                visuals.strong_text_color(),
            );
            painter.text(
                zone.center() + egui::vec2(0.0, 16.0),
                Align2::CENTER_CENTER,
                "or a folder to add it to the library",
                TextStyle::Body.resolve(ui.style()),
                visuals.text_color(),
            );
        });
}
