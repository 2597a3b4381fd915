use crate::app::theme;
use crate::photo::Region;
use egui::{
    Color32, CornerRadius, Pos2, Rect, Role, Sense, Stroke, StrokeKind, TextureHandle, Ui, Vec2,
    WidgetInfo,
};

/// A rectangle with less than this of a side was a slip of the hand.
const LEAST_SIDE: f32 = 0.03;
/// What is left out of the search lies under this shade.
const SHADE: Color32 = Color32::from_black_alpha(150);

/// An asked picture on which a rectangle can be drawn; gives the rectangle when it is finished.
///
/// `most` is the room that the picture may take, `region` the part that counts now.
pub fn part_picture(
    ui: &mut Ui,
    texture: Option<&TextureHandle>,
    most: Vec2,
    region: Option<Region>,
    label: &str,
) -> Option<Region> {
    let own = texture.map_or(Vec2::splat(most.y), TextureHandle::size_vec2);
    let size = own * (most.x / own.x).min(most.y / own.y);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, label));
    // Kept here, since egui forgets where a press began in the frame of its end.
    if response.drag_started()
        && let Some(start) = ui.input(|input| input.pointer.press_origin())
    {
        ui.data_mut(|data| data.insert_temp(response.id, start));
    }
    let drawn = (response.dragged() || response.drag_stopped())
        .then(|| {
            let start = ui.data(|data| data.get_temp::<Pos2>(response.id))?;
            let now = ui.input(|input| input.pointer.latest_pos())?;
            Some(Region::between(inside(rect, start), inside(rect, now)))
        })
        .flatten();
    let finished = response.drag_stopped();
    if ui.is_rect_visible(rect) {
        paint(ui, rect, texture, drawn.or(region));
    }
    response.on_hover_cursor(egui::CursorIcon::Crosshair);
    drawn.filter(|drawn| finished && drawn.width > LEAST_SIDE && drawn.height > LEAST_SIDE)
}

fn inside(rect: Rect, at: Pos2) -> [f32; 2] {
    let part = (at - rect.min) / rect.size();
    [part.x, part.y]
}

fn paint(ui: &Ui, rect: Rect, texture: Option<&TextureHandle>, region: Option<Region>) {
    let (painter, visuals) = (ui.painter(), ui.visuals());
    match texture {
        Some(texture) => egui::Image::from_texture((texture.id(), rect.size()))
            .corner_radius(CornerRadius::same(4))
            .paint_at(ui, rect),
        None => {
            painter.rect_filled(rect, 4, visuals.faint_bg_color);
        }
    }
    let Some(region) = region else {
        return;
    };
    let at = |x: f32, y: f32| rect.min + rect.size() * Vec2::new(x, y);
    let kept = Rect::from_min_max(
        at(region.x, region.y),
        at(region.x + region.width, region.y + region.height),
    );
    for outside in [
        Rect::from_min_max(rect.min, Pos2::new(rect.max.x, kept.min.y)),
        Rect::from_min_max(Pos2::new(rect.min.x, kept.max.y), rect.max),
        Rect::from_min_max(
            Pos2::new(rect.min.x, kept.min.y),
            Pos2::new(kept.min.x, kept.max.y),
        ),
        Rect::from_min_max(
            Pos2::new(kept.max.x, kept.min.y),
            Pos2::new(rect.max.x, kept.max.y),
        ),
    ] {
        painter.rect_filled(outside, 0, SHADE);
    }
    let stroke = Stroke::new(2.0, theme::accent(visuals));
    painter.rect_stroke(kept, 0, stroke, StrokeKind::Inside);
}
