use super::{MapView, Shown, dots, lasso, marks, pictures};
use crate::app::command::Command;
use crate::app::panels::Look;
use crate::app::query::Query;
use crate::app::theme;
use crate::app::thumbnails::{Thumbnail, ThumbnailCache};
use crate::app::wording::{self, counted};
use egui::{
    EventFilter, Key, PointerButton, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui,
    UiBuilder, Vec2, WidgetInfo,
};

/// A dot is pointed at from this far away.
const REACH_PX: f32 = 10.0;
/// What an arrow key moves the map by.
const STEP_PX: f32 = 60.0;
/// What a key zooms by.
pub const ZOOM_STEP: f32 = 1.5;
/// Longest side of the picture under the pointer.
const TIP_PX: f32 = 220.0;

/// The map itself.
pub fn show(
    ui: &mut Ui,
    look: Look<'_>,
    view: &mut MapView,
    shown: Shown<'_>,
    thumbnails: &mut ThumbnailCache,
    size: Vec2,
) {
    let (canvas, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let name = format!(
        "Map of the library, {}, {} chosen",
        counted(shown.photos.len(), "photo"),
        view.chosen.len()
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
    move_about(ui, view, canvas, &response);
    keys(ui, view, canvas, &response);

    let visuals = ui.visuals().clone();
    let builder = UiBuilder::new().max_rect(canvas);
    let mut child = ui.new_child(builder);
    child.set_clip_rect(canvas.intersect(ui.clip_rect()));
    let painter = child.painter().clone();
    painter.rect_filled(canvas, 8, visuals.extreme_bg_color);
    let seen = dots::seen(ui, view, shown, canvas);
    painter.add(Shape::mesh(seen.mesh.clone()));
    let marked = marks::marked(look, view, shown);
    let placed = pictures::show(
        &child,
        view,
        shown,
        &seen,
        canvas,
        &marked.rows(),
        thumbnails,
    );
    marked.paint(&child, view, shown, canvas, &placed);

    let pointed = match response.hover_pos() {
        Some(at) => pointed_at(view, shown, &seen, &placed, canvas, at),
        None if response.has_focus() => nearest(view, shown, &seen, canvas, canvas.center(), 60.0),
        None => None,
    };
    if let Some(row) = pointed {
        let at = view.camera.to_screen(canvas, shown.layout.points[row]);
        let stroke = Stroke::new(2.0, visuals.strong_text_color());
        painter.circle_stroke(at, dots::radius(seen.in_sight.len()) + 4.0, stroke);
    }
    if response.has_focus() {
        let stroke = Stroke::new(2.0, theme::accent(&visuals));
        painter.rect_stroke(canvas, 8, stroke, egui::StrokeKind::Inside);
    }
    draw_lasso(ui, view, shown, &seen, canvas, &response);
    react(ui, look, view, shown, &response, pointed);
    if let Some(row) = pointed
        && view.lasso.is_empty()
    {
        tip(response, shown, row, thumbnails);
    }
}

fn move_about(ui: &Ui, view: &mut MapView, canvas: Rect, response: &Response) {
    let lasso = view.lasso_on || ui.input(|input| input.modifiers.shift);
    if response.drag_started_by(PointerButton::Primary) && lasso {
        let start = ui.input(|input| input.pointer.press_origin());
        view.lasso = start.into_iter().collect();
    }
    if response.dragged() && view.lasso.is_empty() {
        view.camera.drag(canvas, response.drag_delta());
    }
    if let Some(at) = response.hover_pos() {
        let (wheel, pinch) = ui.input(|input| (input.smooth_scroll_delta.y, input.zoom_delta()));
        let factor = (wheel * 0.003).exp() * pinch;
        if factor != 1.0 {
            view.camera.zoom_at(canvas, at, factor);
        }
    }
}

fn keys(ui: &Ui, view: &mut MapView, canvas: Rect, response: &Response) {
    if !response.has_focus() {
        return;
    }
    let filter = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let pressed = |key: Key| ui.input(|input| input.key_pressed(key) && !input.modifiers.any());
    let middle = canvas.center();
    for (key, by) in [
        (Key::ArrowLeft, Vec2::new(STEP_PX, 0.0)),
        (Key::ArrowRight, Vec2::new(-STEP_PX, 0.0)),
        (Key::ArrowUp, Vec2::new(0.0, STEP_PX)),
        (Key::ArrowDown, Vec2::new(0.0, -STEP_PX)),
    ] {
        if pressed(key) {
            view.camera.drag(canvas, by);
        }
    }
    // On most keyboards a plus is typed with Shift.
    let plus = ui.input(|input| input.key_pressed(Key::Plus) || input.key_pressed(Key::Equals));
    if plus {
        view.camera.zoom_at(canvas, middle, ZOOM_STEP);
    }
    if pressed(Key::Minus) {
        view.camera.zoom_at(canvas, middle, 1.0 / ZOOM_STEP);
    }
    if pressed(Key::Num0) || pressed(Key::Home) {
        view.camera = super::Camera::default();
    }
}

fn pointed_at(
    view: &MapView,
    shown: Shown<'_>,
    seen: &dots::Seen,
    placed: &[pictures::Placed],
    canvas: Rect,
    at: Pos2,
) -> Option<usize> {
    let picture = placed.iter().find(|placed| placed.rect.contains(at));
    picture
        .map(|placed| placed.row)
        .or_else(|| nearest(view, shown, seen, canvas, at, REACH_PX))
}

fn nearest(
    view: &MapView,
    shown: Shown<'_>,
    seen: &dots::Seen,
    canvas: Rect,
    at: Pos2,
    reach_px: f32,
) -> Option<usize> {
    let rows = seen.in_sight.iter().map(|row| *row as usize);
    rows.map(|row| {
        let place = view.camera.to_screen(canvas, shown.layout.points[row]);
        (row, place.distance_sq(at))
    })
    .filter(|(_, far)| *far <= reach_px * reach_px)
    .min_by(|a, b| a.1.total_cmp(&b.1))
    .map(|(row, _)| row)
}

fn draw_lasso(
    ui: &Ui,
    view: &mut MapView,
    shown: Shown<'_>,
    seen: &dots::Seen,
    canvas: Rect,
    response: &Response,
) {
    if view.lasso.is_empty() {
        return;
    }
    if let Some(at) = response.interact_pointer_pos() {
        lasso::draw_on(&mut view.lasso, at);
    }
    let stroke = Stroke::new(2.0, theme::accent(ui.visuals()));
    ui.painter_at(canvas)
        .add(Shape::closed_line(view.lasso.clone(), stroke));
    if response.dragged() {
        return;
    }
    let corners = std::mem::take(&mut view.lasso);
    let around = lasso::around(&corners);
    let caught: Vec<usize> = seen
        .in_sight
        .iter()
        .map(|row| *row as usize)
        .filter(|&row| {
            let at = view.camera.to_screen(canvas, shown.layout.points[row]);
            around.contains(at) && lasso::holds(&corners, at)
        })
        .collect();
    let keep = ui.input(|input| input.modifiers.command);
    view.choose(caught, keep);
    ui.ctx().request_repaint();
}

fn react(
    ui: &Ui,
    look: Look<'_>,
    view: &mut MapView,
    shown: Shown<'_>,
    response: &Response,
    pointed: Option<usize>,
) {
    let path = |row: usize| shown.photos.facts(row).path.clone();
    if response.clicked() || response.drag_started() {
        response.request_focus();
    }
    let entered = response.has_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let only = (view.chosen.len() == 1).then(|| view.chosen.first().copied());
    if let Some(row) = only.flatten().filter(|_| entered).or(pointed)
        && (entered || response.double_clicked())
    {
        look.commands.send(Command::Ask(Query::file(path(row))));
    } else if response.clicked_by(PointerButton::Primary)
        || (response.has_focus() && ui.input(|input| input.key_pressed(Key::Space)))
    {
        let more = ui.input(|input| input.modifiers.command);
        match pointed {
            Some(row) if more && view.chosen.remove(&row) => view.revision += 1,
            Some(row) => view.choose([row], more),
            None if !more && !view.chosen.is_empty() => view.choose([], false),
            None => {}
        }
    }
    if response.secondary_clicked() {
        view.menu_row = pointed;
    }
    let Some(row) = view.menu_row else {
        return;
    };
    response.context_menu(|ui| {
        let mut entry = |text: &str, command: &dyn Fn() -> Command| {
            if ui.button(text).clicked() {
                look.commands.send(command());
                ui.close();
            }
        };
        entry("Search similar", &|| Command::Ask(Query::file(path(row))));
        entry("Open", &|| Command::Open(path(row)));
        entry("Show in file manager", &|| Command::Reveal(path(row)));
        entry("Copy path", &|| Command::CopyPath(path(row)));
    });
}

fn tip(response: Response, shown: Shown<'_>, row: usize, thumbnails: &mut ThumbnailCache) {
    let facts = shown.photos.facts(row);
    response.on_hover_ui_at_pointer(|ui| {
        if let Thumbnail::Ready(texture) = thumbnails.get(&facts.path) {
            let size = texture.size_vec2();
            let size = size * (TIP_PX / size.x.max(size.y));
            let image = egui::Image::from_texture((texture.id(), texture.size_vec2()));
            ui.add(image.fit_to_exact_size(size).corner_radius(6));
        }
        ui.label(wording::file_name(&facts.path));
        ui.weak(&facts.domain);
    });
}
