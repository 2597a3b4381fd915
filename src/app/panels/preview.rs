use super::preview_facts::preview_facts;
use super::preview_view::PreviewView;
use super::tile::no_picture;
use super::{Look, grid::keep_focus};
use crate::app::command::Command;
use crate::app::results::{Order, Preview, Shot, Wish};
use crate::app::thumbnails::{Thumbnail, ThumbnailCache};
use crate::app::wording::{count, file_name};
use crate::photo::Part;
use egui::{
    Align, CentralPanel, Event, Frame, Key, Layout, Modifiers, Panel, Rect, Response, Role, Sense,
    TextureHandle, TextureOptions, Ui, Vec2, WidgetInfo,
};
use std::path::PathBuf;

/// Orders are rounded up to this, so that a window that is being resized does not order with every step.
const STEP_PX: u32 = 128;
/// One press of plus or minus.
const ZOOM_STEP: f32 = 1.25;
/// One press of an arrow key, as part of the window.
const PAN_STEP: f32 = 0.15;

/// One photo over the whole window, to look at closely. Holds how it is looked at, and its textures.
#[derive(Default)]
pub struct PreviewPane {
    path: PathBuf,
    view: PreviewView,
    whole: Option<(Order, TextureHandle)>,
    /// A part of it in more detail.
    close: Option<(Order, Part, TextureHandle)>,
    ordered_whole: Option<Order>,
    ordered_close: Option<Order>,
    facts_hidden: bool,
}

impl PreviewPane {
    /// Takes what was ordered, unless another photo is shown by now.
    pub fn take(&mut self, ctx: &egui::Context, shot: Shot) {
        if shot.order.path != self.path {
            return;
        }
        let options = TextureOptions {
            // Single pixels stay single pixels when they are looked at through a magnifying glass.
            magnification: egui::TextureFilter::Nearest,
            ..TextureOptions::LINEAR
        };
        if shot.order.part.is_some() {
            let texture = ctx.load_texture("preview part", shot.image, options);
            self.close = Some((shot.order, shot.part, texture));
            self.ordered_close = None;
        } else {
            let texture = ctx.load_texture("preview", shot.image, TextureOptions::LINEAR);
            self.whole = Some((shot.order, texture));
            // An order for a part may have been forgotten over this one.
            self.ordered_close = None;
        }
    }

    /// Forgets the photo, since none is shown.
    pub fn close(&mut self) {
        if !self.path.as_os_str().is_empty() {
            self.open(PathBuf::new());
        }
    }

    /// Turns to another photo.
    fn open(&mut self, path: PathBuf) {
        *self = PreviewPane {
            path,
            facts_hidden: self.facts_hidden,
            ..PreviewPane::default()
        };
    }

    /// Shows the photo, its facts and the ways on from it.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        look: Look<'_>,
        preview: &Preview,
        thumbnails: &mut ThumbnailCache,
    ) {
        let opened = preview.path != self.path;
        if opened {
            self.open(preview.path.clone());
        }
        let margin = egui::Margin::symmetric(10, 7);
        let bar = Frame::side_top_panel(ui.style()).inner_margin(margin);
        Panel::top("preview bar")
            .frame(bar)
            .show(ui, |ui| self.bar(ui, look, preview));
        if !self.facts_hidden {
            let frame = Frame::side_top_panel(ui.style()).inner_margin(egui::Margin::same(12));
            Panel::right("preview facts")
                .frame(frame)
                .default_size(310.0)
                .size_range(240.0..=520.0)
                .show(ui, |ui| preview_facts(ui, look, preview));
        }
        let ground = Frame::NONE.fill(ui.visuals().extreme_bg_color);
        CentralPanel::default().frame(ground).show(ui, |ui| {
            let (area, response) =
                ui.allocate_exact_size(ui.available_size(), Sense::click_and_drag());
            let pressing = ui.memory(|memory| memory.focused()).is_none();
            if opened || pressing {
                response.request_focus();
            }
            keep_focus(ui, &response);
            self.picture(ui, look, preview, thumbnails, area, &response);
        });
    }

    fn bar(&mut self, ui: &mut Ui, look: Look<'_>, preview: &Preview) {
        let send = |wish: Wish| look.commands.send(Command::Results(wish));
        ui.horizontal(|ui| {
            let back = ui.button("Close").on_hover_text("Back to the photos (Esc)");
            if back.accessible_name("Close the preview").clicked() {
                send(Wish::ClosePreview);
            }
            let all = look.state.results.len();
            if let Some(at) = preview.at {
                for (name, hint, to) in [
                    ("Previous", "The photo before (Left)", at.checked_sub(1)),
                    (
                        "Next",
                        "The photo after (Right)",
                        Some(at + 1).filter(|to| *to < all),
                    ),
                ] {
                    let button = ui.add_enabled(to.is_some(), egui::Button::new(name));
                    if button.on_hover_text(hint).clicked()
                        && let Some(to) = to
                    {
                        send(Wish::Preview(to));
                    }
                }
                ui.weak(format!("{} of {}", count(at + 1), count(all)));
            }
            ui.separator();
            let out = ui.button("−").on_hover_text("Zoom out (-)");
            if out.accessible_name("Zoom out").clicked() {
                self.view.zoom_by(1.0 / ZOOM_STEP, None);
            }
            let more = ui.button("+").on_hover_text("Zoom in (+)");
            if more.accessible_name("Zoom in").clicked() {
                self.view.zoom_by(ZOOM_STEP, None);
            }
            // A small picture fits as it is: then only one of the two is lit.
            let fits = self.view.is_fit() && !self.view.is_full();
            let fit = ui.selectable_label(fits, "Fit");
            if fit.on_hover_text("All of it (0)").clicked() {
                self.view.fit();
            }
            let full = ui.selectable_label(self.view.is_full(), "100 %");
            if full.on_hover_text("Each pixel as it is (1)").clicked() {
                self.view.zoom_to(1.0, None);
            }
            ui.weak(format!("Zoom {:.0} %", self.view.zoom() * 100.0));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let mut shown = !self.facts_hidden;
                ui.toggle_value(&mut shown, "Facts")
                    .on_hover_text("What is known of this photo (I)");
                self.facts_hidden = !shown;
                let similar = ui.button("Search similar").on_hover_text("Enter");
                if similar.clicked() {
                    send(Wish::SearchWith(vec![preview.path.clone()]));
                }
                let name = egui::RichText::new(file_name(&preview.path)).strong();
                ui.add(egui::Label::new(name).truncate());
            });
        });
    }

    fn picture(
        &mut self,
        ui: &Ui,
        look: Look<'_>,
        preview: &Preview,
        thumbnails: &mut ThumbnailCache,
        area: Rect,
        response: &Response,
    ) {
        let name = file_name(&preview.path);
        let size = match &preview.picture {
            Some(Ok(picture)) => Some(picture.size_px),
            _ => None,
        };
        response.widget_info(|| {
            let label = match (&preview.picture, size) {
                (Some(Err(reason)), _) => format!("{name} cannot be shown: {reason}"),
                (_, Some([width, height])) => format!("Picture {name}, {width} × {height} pixels"),
                _ => format!("Picture {name}, being read"),
            };
            WidgetInfo::labeled(Role::Image, true, label)
        });
        self.keys(ui, look, preview, response);
        self.pointer(ui, response);
        if let Some(Err(reason)) = &preview.picture {
            no_picture(ui, area.shrink(24.0), reason);
            return;
        }
        let pixels_per_point = ui.ctx().pixels_per_point();
        let Some(size_px) = size else {
            self.order_whole(look, area, pixels_per_point);
            if let Thumbnail::Ready(texture) = thumbnails.get(&preview.path) {
                let small = texture.size_vec2();
                let scale = (area.width() / small.x).min(area.height() / small.y);
                let room = Rect::from_center_size(area.center(), small * scale);
                paint(ui, &texture, room);
            }
            return;
        };
        self.view.settle(area, size_px, pixels_per_point);
        self.order_whole(look, area, pixels_per_point);
        let painter_area = ui.painter_at(area);
        let all = self.view.on_screen(Part::all(size_px[0], size_px[1]));
        if let Some((_, texture)) = &self.whole {
            paint_clipped(&painter_area, texture, all);
        } else if let Thumbnail::Ready(texture) = thumbnails.get(&preview.path) {
            paint_clipped(&painter_area, &texture, all);
        }
        self.order_close(look, size_px);
        if let Some((_, part, texture)) = &self.close
            && self
                .view
                .needs_detail(self.whole.as_ref().map(|whole| &whole.1))
        {
            paint_clipped(&painter_area, texture, self.view.on_screen(*part));
        }
    }

    fn order_whole(&mut self, look: Look<'_>, area: Rect, pixels_per_point: f32) {
        let side = |points: f32| ((points * pixels_per_point) as u32).next_multiple_of(STEP_PX);
        let order = Order {
            path: self.path.clone(),
            part: None,
            most_px: [side(area.width()), side(area.height())],
        };
        if self.ordered_whole.as_ref() != Some(&order) {
            self.ordered_whole = Some(order.clone());
            look.commands.send(Command::Results(Wish::Load(order)));
        }
    }

    /// Orders what is in sight at the resolution of the screen, once the whole is there.
    fn order_close(&mut self, look: Look<'_>, size_px: [u32; 2]) {
        let whole = self.whole.as_ref().map(|whole| &whole.1);
        if whole.is_none() || self.ordered_close.is_some() || !self.view.needs_detail(whole) {
            return;
        }
        let seen = self.view.part_in_sight(0.0);
        if let Some((order, part, _)) = &self.close {
            let covers = part.x <= seen.x + 0.5
                && part.y <= seen.y + 0.5
                && part.x + part.width >= seen.x + seen.width - 0.5
                && part.y + part.height >= seen.y + seen.height - 0.5;
            let density = f64::from(order.most_px[0]) / part.width;
            if covers && density >= f64::from(self.view.zoom().min(1.0)) * 0.95 {
                return;
            }
        }
        let part = self.view.part_in_sight(0.25);
        let zoom = f64::from(self.view.zoom().min(1.0));
        let order = Order {
            path: self.path.clone(),
            most_px: [part.width, part.height].map(|side| (side * zoom).ceil().max(1.0) as u32),
            part: Some(part.within(size_px[0], size_px[1])),
        };
        self.ordered_close = Some(order.clone());
        look.commands.send(Command::Results(Wish::Load(order)));
    }

    fn pointer(&mut self, ui: &Ui, response: &Response) {
        if response.dragged() {
            self.view.pan(response.drag_delta());
        }
        if response.double_clicked() {
            if self.view.is_fit() {
                self.view.zoom_to(1.0, response.interact_pointer_pos());
            } else {
                self.view.fit();
            }
        }
        if let Some(at) = response.hover_pos() {
            let (wheel, pinch) =
                ui.input(|input| (input.smooth_scroll_delta.y, input.zoom_delta()));
            let factor = (wheel / 240.0).exp() * pinch;
            if factor != 1.0 {
                self.view.zoom_by(factor, Some(at));
            }
        }
    }

    fn keys(&mut self, ui: &Ui, look: Look<'_>, preview: &Preview, response: &Response) {
        if egui::Popup::is_any_open(ui.ctx()) || look.state.asks_something() {
            return;
        }
        let send = |wish: Wish| look.commands.send(Command::Results(wish));
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::Escape) {
            send(Wish::ClosePreview);
        }
        if !response.has_focus() {
            return;
        }
        if pressed(Key::Space) {
            send(Wish::ClosePreview);
        }
        if pressed(Key::Enter) {
            send(Wish::SearchWith(vec![preview.path.clone()]));
        }
        if pressed(Key::Delete) {
            send(Wish::AskToTrash(vec![preview.path.clone()]));
        }
        if pressed(Key::I) {
            self.facts_hidden = !self.facts_hidden;
        }
        let copies = |event: &Event| matches!(event, Event::Copy);
        if ui.input(|input| input.events.iter().any(copies)) {
            send(Wish::CopyPaths(vec![preview.path.clone()]));
        }
        for (keys, factor) in [
            (&[Key::Plus, Key::Equals][..], ZOOM_STEP),
            (&[Key::Minus][..], 1.0 / ZOOM_STEP),
        ] {
            // On most keyboards the plus needs Shift.
            let any = |key: &Key| {
                ui.input_mut(|input| {
                    input.consume_key(Modifiers::SHIFT, *key)
                        || input.consume_key(Modifiers::NONE, *key)
                })
            };
            if keys.iter().any(any) {
                self.view.zoom_by(factor, None);
            }
        }
        if pressed(Key::Num0) {
            self.view.fit();
        }
        if pressed(Key::Num1) {
            self.view.zoom_to(1.0, None);
        }
        let room = response.rect.size() * PAN_STEP;
        for (key, way, step) in [
            (Key::ArrowLeft, Vec2::new(1.0, 0.0), -1),
            (Key::ArrowRight, Vec2::new(-1.0, 0.0), 1),
            (Key::ArrowUp, Vec2::new(0.0, 1.0), 0),
            (Key::ArrowDown, Vec2::new(0.0, -1.0), 0),
            (Key::PageUp, Vec2::ZERO, -1),
            (Key::PageDown, Vec2::ZERO, 1),
        ] {
            if !pressed(key) {
                continue;
            }
            if way != Vec2::ZERO && !self.view.is_fit() {
                self.view.pan(way * room);
            } else if step != 0
                && let Some(at) = preview.at
                && let Some(to) = at.checked_add_signed(step)
                && to < look.state.results.len()
            {
                send(Wish::Preview(to));
            }
        }
    }
}

fn paint(ui: &Ui, texture: &TextureHandle, room: Rect) {
    egui::Image::from_texture((texture.id(), texture.size_vec2())).paint_at(ui, room);
}

fn paint_clipped(painter: &egui::Painter, texture: &TextureHandle, room: Rect) {
    let whole = Rect::from_min_max(egui::Pos2::ZERO, egui::pos2(1.0, 1.0));
    painter.image(texture.id(), room, whole, egui::Color32::WHITE);
}
