use super::Look;
use super::grid::keep_focus;
use crate::app::command::Command;
use crate::app::query::Query;
use crate::app::results::{Item, Wish};
use crate::app::thumbnails::Thumbnail;
use crate::app::{theme, wording};
use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align2, CornerRadius, Id, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, TextStyle, Ui,
    Vec2, WidgetInfo,
};

/// Height of the line below the picture.
pub const CAPTION_PX: f32 = 26.0;

/// Room for the dot before a domain's name, and for the margins.
const DOT_ROOM_PX: f32 = 18.0;
/// Radius of the mark that chooses a tile, and its distance from the corner.
const MARK_PX: f32 = 11.0;
const MARK_AT_PX: f32 = 18.0;

/// One picture to click on, with what is known about it.
pub struct Tile<'a> {
    /// The photo.
    pub item: Item<'a>,
    /// Its place in the grid, counted from 0.
    pub at: usize,
    /// Whether the keys are on it.
    pub current: bool,
    /// Whether it is chosen.
    pub chosen: bool,
    /// Whether any tile is chosen: then a click chooses instead of searching.
    pub choosing: bool,
    /// Whether its embedding is near the query's and its prompt profile far from it.
    pub far: bool,
}

impl Tile<'_> {
    /// Shows the tile in `rect` and sends what its clicks mean.
    pub fn show(
        &self,
        ui: &Ui,
        rect: Rect,
        id: Id,
        look: Look<'_>,
        thumbnail: &Thumbnail,
    ) -> Response {
        // One stop of the Tab key for the whole grid; the arrow keys go on from there.
        let sense = if self.current {
            Sense::click()
        } else {
            Sense::CLICK
        };
        let response = ui.interact(rect, id, sense);
        let failed = match thumbnail {
            Thumbnail::Failed(reason) => Some(reason.as_str()),
            _ => None,
        };
        response.widget_info(|| {
            let mut label = self.item.label();
            if self.far {
                label += ", prompts differ";
            }
            if let Some(reason) = failed {
                label += &format!(", no picture: {reason}");
            }
            WidgetInfo::selected(Role::Button, true, self.chosen, label)
        });
        if response.has_focus() {
            keep_focus(ui, &response);
            if !self.current {
                look.commands.send(Command::Results(Wish::Go(self.at)));
            }
        }
        let picture = Rect::from_min_size(rect.min, Vec2::splat(rect.width()));
        self.paint_picture(ui, picture, &response, thumbnail);
        self.paint_caption(ui, rect, picture, look);
        self.react(ui, &response, look, picture);
        response.on_hover_ui(|ui| self.tip(ui, failed))
    }

    fn tip(&self, ui: &mut Ui, failed: Option<&str>) {
        let item = &self.item;
        ui.label(wording::file_name(item.path));
        if let Some(folder) = item.path.parent() {
            ui.weak(folder.display().to_string());
        }
        match (item.score, item.domain) {
            (Some(score), Some(domain)) => ui.label(format!("Score {score:.3} · {domain}")),
            (None, Some(domain)) => ui.label(domain),
            _ => ui.weak("A click searches with it, a double click shows it large."),
        };
        if item.copies > 1 {
            let others = wording::counted(item.copies - 1, "other photo");
            ui.label(format!("Stands for {others} that look nearly the same."));
        }
        if self.far {
            ui.label("Near by its embedding, far by its prompts.");
        }
        if let Some(reason) = failed {
            ui.colored_label(ui.visuals().error_fg_color, reason);
        }
    }

    fn paint_picture(&self, ui: &Ui, picture: Rect, response: &Response, thumbnail: &Thumbnail) {
        let visuals = ui.visuals();
        let radius = CornerRadius::same(8);
        let painter = ui.painter();
        painter.rect_filled(picture, radius, visuals.faint_bg_color);
        match thumbnail {
            Thumbnail::Ready(texture) => {
                egui::Image::from_texture((texture.id(), texture.size_vec2()))
                    .uv(centre_square(texture.size_vec2()))
                    .corner_radius(radius)
                    .paint_at(ui, picture);
            }
            Thumbnail::Loading => {
                painter.text(
                    picture.center(),
                    Align2::CENTER_CENTER,
                    "…",
                    TextStyle::Heading.resolve(ui.style()),
                    visuals.weak_text_color(),
                );
            }
            Thumbnail::Failed(reason) => no_picture(ui, picture, reason),
        }
        let accent = theme::accent(visuals);
        let width = if response.has_focus() || self.chosen || self.item.is_query {
            3.0
        } else if response.hovered() {
            2.0
        } else {
            0.0
        };
        if width > 0.0 {
            let stroke = Stroke::new(width, accent);
            painter.rect_stroke(picture, radius, stroke, StrokeKind::Inside);
        }
        if response.has_focus() && self.chosen {
            // Apart from the other chosen ones.
            let inner = picture.shrink(4.0);
            let stroke = Stroke::new(1.5, visuals.strong_text_color());
            painter.rect_stroke(inner, radius, stroke, StrokeKind::Inside);
        }
        if self.chosen || self.choosing || response.hovered() {
            self.paint_mark(ui, mark(picture));
        }
        let lower = picture.right_bottom() + Vec2::new(-8.0, -30.0);
        if let Some(moved) = &self.item.moved {
            badge(ui, lower, &moved.sign());
        } else if self.far {
            badge(ui, lower, "≠");
        }
        if self.item.copies > 1 {
            let text = format!("{}×", self.item.copies);
            badge(ui, picture.right_top() + Vec2::new(-8.0, 8.0), &text);
        }
    }

    /// The round mark that chooses the tile.
    fn paint_mark(&self, ui: &Ui, centre: Pos2) {
        let visuals = ui.visuals();
        let painter = ui.painter();
        let (fill, stroke) = if self.chosen {
            (theme::accent(visuals), visuals.extreme_bg_color)
        } else {
            (
                visuals.extreme_bg_color.gamma_multiply(0.75),
                visuals.strong_text_color(),
            )
        };
        painter.circle(centre, MARK_PX, fill, Stroke::new(1.5, stroke));
        if self.chosen {
            let tick =
                [(-4.5, 0.5), (-1.2, 3.8), (5.0, -3.6)].map(|(x, y)| centre + Vec2::new(x, y));
            painter.line(tick.to_vec(), Stroke::new(2.0, visuals.extreme_bg_color));
        }
    }

    fn paint_caption(&self, ui: &Ui, rect: Rect, picture: Rect, look: Look<'_>) {
        let visuals = ui.visuals();
        let painter = ui.painter_at(rect.intersect(ui.clip_rect()));
        let middle = (picture.bottom() + rect.bottom()) / 2.0;
        let small = TextStyle::Small.resolve(ui.style());
        let mut left = rect.left() + 3.0;
        if let Some(score) = self.item.score {
            let text = if self.item.is_query {
                "the query".to_owned()
            } else {
                format!("{score:.3}")
            };
            let drawn = painter.text(
                egui::pos2(left, middle),
                Align2::LEFT_CENTER,
                text,
                small.clone(),
                visuals.text_color(),
            );
            left = drawn.right() + 8.0;
        }
        let (text, color) = match self.item.domain.filter(|_| self.item.score.is_some()) {
            Some(domain) => {
                let at = look.state.domain_index(domain);
                (
                    domain.to_owned(),
                    at.map(|at| theme::domain_color(visuals, at)),
                )
            }
            None => (wording::file_name(self.item.path), None),
        };
        let room = (rect.right() - left - DOT_ROOM_PX).max(0.0);
        let weak = visuals.weak_text_color();
        let mut job = LayoutJob::simple_singleline(text, small, weak);
        job.wrap = TextWrapping::truncate_at_width(room);
        let galley = painter.layout_job(job);
        let start = match self.item.score {
            Some(_) => rect.right() - 3.0 - galley.size().x,
            None => left,
        };
        if let Some(color) = color {
            painter.circle_filled(egui::pos2(start - 8.0, middle), 4.0, color);
        }
        painter.galley(
            egui::pos2(start, middle - galley.size().y / 2.0),
            galley,
            weak,
        );
    }

    fn react(&self, ui: &Ui, response: &Response, look: Look<'_>, picture: Rect) {
        let send = |wish: Wish| look.commands.send(Command::Results(wish));
        if response.secondary_clicked() {
            send(Wish::Go(self.at));
        }
        if response.double_clicked() && !ui.input(|input| input.modifiers.any()) {
            send(Wish::Preview(self.at));
            return;
        }
        if !response.clicked() {
            return;
        }
        // A key or an assistive program cannot double click, so there is nothing to wait for.
        if !ui.input(|input| input.pointer.any_released()) {
            let path = self.item.path.to_owned();
            look.commands.send(Command::Ask(Query::file(path)));
            return;
        }
        let modifiers = ui.input(|input| input.modifiers);
        let on_mark = response
            .interact_pointer_pos()
            .is_some_and(|at| at.distance(mark(picture)) <= MARK_PX + 3.0);
        let on_badge = self.item.copies > 1
            && response
                .interact_pointer_pos()
                .is_some_and(|at| at.x > picture.right() - 48.0 && at.y < picture.top() + 36.0);
        if on_badge {
            send(Wish::OpenGroup(self.at));
        } else if modifiers.shift {
            send(Wish::Extend(self.at));
        } else if modifiers.command || on_mark || self.choosing {
            send(Wish::Toggle(self.at));
        } else {
            send(Wish::Go(self.at));
            let path = self.item.path.to_owned();
            look.commands.send(Command::AskOnClick(path));
        }
    }
}

/// Where the mark that chooses a tile is.
fn mark(picture: Rect) -> Pos2 {
    picture.left_top() + Vec2::splat(MARK_AT_PX)
}

fn badge(ui: &Ui, right_top: Pos2, text: &str) {
    let visuals = ui.visuals();
    // Of the fonts compiled in, only this one has the triangles of moved ranks.
    let font = egui::FontId::monospace(TextStyle::Small.resolve(ui.style()).size);
    let color = visuals.strong_text_color();
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, color);
    let size = galley.size() + Vec2::new(12.0, 4.0);
    let rect = Rect::from_min_size(right_top - Vec2::new(size.x, 0.0), size);
    ui.painter()
        .rect_filled(rect, CornerRadius::same(9), visuals.extreme_bg_color);
    ui.painter()
        .galley(rect.min + Vec2::new(6.0, 2.0), galley, color);
}

/// A torn picture with the reason below it.
pub fn no_picture(ui: &Ui, room: Rect, reason: &str) {
    let visuals = ui.visuals();
    let painter = ui.painter_at(room.intersect(ui.clip_rect()));
    let size = (room.width().min(room.height()) * 0.24).clamp(20.0, 90.0);
    let frame = Rect::from_center_size(
        room.center_top() + Vec2::new(0.0, room.height() * 0.30),
        Vec2::new(size * 1.25, size),
    );
    let stroke = Stroke::new(1.5, visuals.weak_text_color());
    painter.rect_stroke(frame, CornerRadius::same(3), stroke, StrokeKind::Inside);
    let within = |x: f32, y: f32| frame.min + Vec2::new(frame.width() * x, frame.height() * y);
    let tear = [
        (0.62, 0.0),
        (0.48, 0.3),
        (0.60, 0.52),
        (0.42, 0.78),
        (0.52, 1.0),
    ];
    painter.line(tear.map(|(x, y)| within(x, y)).to_vec(), stroke);
    painter.circle_stroke(within(0.24, 0.3), size * 0.09, stroke);
    let font = TextStyle::Small.resolve(ui.style());
    let mut job = LayoutJob::simple(
        reason.to_owned(),
        font,
        visuals.error_fg_color,
        room.width() - 16.0,
    );
    job.halign = egui::Align::Center;
    job.wrap.max_rows = ((room.bottom() - frame.bottom() - 14.0) / 17.0).max(1.0) as usize;
    let galley = painter.layout_job(job);
    painter.galley(
        egui::pos2(room.center().x, frame.bottom() + 8.0),
        galley,
        visuals.error_fg_color,
    );
}

/// The part of a texture that fills a square without bending the picture: about what the model sees of it.
fn centre_square(size: Vec2) -> Rect {
    let whole = egui::pos2(1.0, 1.0);
    let margin = if size.x > size.y {
        egui::vec2((1.0 - size.y / size.x) / 2.0, 0.0)
    } else {
        egui::vec2(0.0, (1.0 - size.x / size.y) / 2.0)
    };
    Rect::from_min_max(Pos2::ZERO + margin, whole - margin)
}
