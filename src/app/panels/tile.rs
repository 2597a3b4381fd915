use super::Look;
use crate::app::command::Command;
use crate::app::query::Query;
use crate::app::thumbnails::Thumbnail;
use crate::app::{theme, wording};
use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align2, CornerRadius, Rect, Response, Role, Sense, Stroke, StrokeKind, TextStyle, Ui,
    WidgetInfo,
};
use std::path::Path;

/// Height of the line below the picture.
pub const CAPTION_PX: f32 = 26.0;

/// Room for the dot before a domain's name, and for the margins.
const DOT_ROOM_PX: f32 = 18.0;

/// One picture to click on, with what is known about it.
pub struct Tile<'a> {
    /// The file.
    pub path: &'a Path,
    /// Its accessible name.
    pub label: String,
    /// Its score against the query, if there is one.
    pub score: Option<f32>,
    /// The domain it belongs to.
    pub domain: Option<&'a str>,
    /// Whether it is the query itself.
    pub is_query: bool,
}

impl Tile<'_> {
    /// Lays the tile out at `side` points and sends what its clicks and its menu mean.
    pub fn show(&self, ui: &mut Ui, side: f32, look: Look<'_>, thumbnail: &Thumbnail) -> Response {
        let size = egui::vec2(side, side + CAPTION_PX);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &self.label));
        if ui.is_rect_visible(rect) {
            let picture = Rect::from_min_size(rect.min, egui::Vec2::splat(side));
            self.paint_picture(ui, picture, &response, thumbnail);
            self.paint_caption(ui, rect, picture, look);
        }
        self.react(ui, &response, look);
        let failed = match thumbnail {
            Thumbnail::Failed(reason) => Some(reason.as_str()),
            _ => None,
        };
        response.on_hover_ui(|ui| {
            ui.label(wording::file_name(self.path));
            if let Some(folder) = self.path.parent() {
                ui.weak(folder.display().to_string());
            }
            if let (Some(score), Some(domain)) = (self.score, self.domain) {
                ui.label(format!("Score {score:.3} · {domain}"));
            }
            if let Some(reason) = failed {
                ui.colored_label(ui.visuals().error_fg_color, reason);
            }
        })
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
            Thumbnail::Failed(_) => {
                painter.text(
                    picture.center(),
                    Align2::CENTER_CENTER,
                    "no picture",
                    TextStyle::Small.resolve(ui.style()),
                    visuals.error_fg_color,
                );
            }
        }
        let accent = theme::accent(visuals);
        if response.has_focus() || self.is_query {
            painter.rect_stroke(
                picture,
                radius,
                Stroke::new(3.0, accent),
                StrokeKind::Inside,
            );
        } else if response.hovered() {
            painter.rect_stroke(
                picture,
                radius,
                Stroke::new(2.0, accent),
                StrokeKind::Inside,
            );
        }
    }

    fn paint_caption(&self, ui: &Ui, rect: Rect, picture: Rect, look: Look<'_>) {
        let visuals = ui.visuals();
        let painter = ui.painter_at(rect);
        let middle = (picture.bottom() + rect.bottom()) / 2.0;
        let small = TextStyle::Small.resolve(ui.style());
        let mut left = rect.left() + 3.0;
        if let Some(score) = self.score {
            let text = if self.is_query {
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
        let (text, color) = match self.domain {
            Some(domain) => {
                let at = look.state.domain_index(domain);
                (
                    domain.to_owned(),
                    at.map(|at| theme::domain_color(visuals, at)),
                )
            }
            None => (wording::file_name(self.path), None),
        };
        let room = (rect.right() - left - DOT_ROOM_PX).max(0.0);
        let weak = visuals.weak_text_color();
        let mut job = LayoutJob::simple_singleline(text, small, weak);
        job.wrap = TextWrapping::truncate_at_width(room);
        let galley = painter.layout_job(job);
        let start = rect.right() - 3.0 - galley.size().x;
        if let Some(color) = color {
            painter.circle_filled(egui::pos2(start - 8.0, middle), 4.0, color);
        }
        painter.galley(
            egui::pos2(start, middle - galley.size().y / 2.0),
            galley,
            weak,
        );
    }

    fn react(&self, ui: &Ui, response: &Response, look: Look<'_>) {
        let path = || self.path.to_owned();
        if response.double_clicked() {
            look.commands.send(Command::OpenOnDoubleClick(path()));
        } else if response.clicked() {
            // A key or an assistive program cannot double click, so there is nothing to wait for.
            let by_pointer = ui.input(|input| input.pointer.any_released());
            look.commands.send(if by_pointer {
                Command::AskOnClick(path())
            } else {
                Command::Ask(Query::file(path()))
            });
        }
        response.context_menu(|ui| {
            let mut entry = |text: &str, command: fn(std::path::PathBuf) -> Command| {
                if ui.button(text).clicked() {
                    look.commands.send(command(path()));
                    ui.close();
                }
            };
            entry("Search similar", |path| Command::Ask(Query::file(path)));
            entry("Open", Command::Open);
            entry("Show in file manager", Command::Reveal);
            entry("Copy path", Command::CopyPath);
        });
    }
}

/// The part of a texture that fills a square without bending the picture: about what the model sees of it.
fn centre_square(size: egui::Vec2) -> Rect {
    let whole = egui::pos2(1.0, 1.0);
    let margin = if size.x > size.y {
        egui::vec2((1.0 - size.y / size.x) / 2.0, 0.0)
    } else {
        egui::vec2(0.0, (1.0 - size.x / size.y) / 2.0)
    };
    Rect::from_min_max(egui::Pos2::ZERO + margin, whole - margin)
}
