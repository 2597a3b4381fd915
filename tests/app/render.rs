//! Draws what egui lays out without a graphics card, so that a snapshot is the same on every machine.

use egui::epaint::{ImageData, Primitive, Vertex};
use egui::{
    Color32, ColorImage, Pos2, Rect, TextureFilter, TextureId, TextureOptions, TexturesDelta,
};
use egui_kittest::TestRenderer;
use image::{Rgba, RgbaImage};
use std::collections::HashMap;

/// Fills triangles on the processor: textures times vertex colours, blended with premultiplied alpha in gamma space
/// as egui's own painters do.
#[derive(Default)]
pub struct SoftwareRenderer {
    textures: HashMap<TextureId, (ColorImage, TextureOptions)>,
}

impl TestRenderer for SoftwareRenderer {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        for (id, deltas) in delta.set.drain() {
            for change in deltas {
                let ImageData::Color(image) = change.image;
                match change.pos {
                    None => {
                        let whole = ColorImage::clone(&image);
                        self.textures.insert(id, (whole, change.options));
                    }
                    Some([left, top]) => {
                        let (whole, _) = self.textures.get_mut(&id).unwrap();
                        for y in 0..image.size[1] {
                            let from = y * image.size[0];
                            let to = (top + y) * whole.size[0] + left;
                            whole.pixels[to..to + image.size[0]]
                                .copy_from_slice(&image.pixels[from..from + image.size[0]]);
                        }
                    }
                }
            }
        }
        for id in delta.free.drain() {
            self.textures.remove(&id);
        }
    }

    fn render(
        &mut self,
        ctx: &egui::Context,
        output: &egui::FullOutput,
    ) -> Result<RgbaImage, String> {
        let scale = output.pixels_per_point;
        let size = ctx.content_rect().size() * scale;
        let mut canvas = RgbaImage::from_pixel(
            size.x.round() as u32,
            size.y.round() as u32,
            Rgba([0, 0, 0, 255]),
        );
        for clipped in ctx.tessellate(output.shapes.clone(), scale) {
            let Primitive::Mesh(mesh) = &clipped.primitive else {
                return Err("paint callbacks need a graphics card".to_owned());
            };
            let Some((texture, options)) = self.textures.get(&mesh.texture_id) else {
                return Err(format!("texture {:?} is missing", mesh.texture_id));
            };
            let clip = clipped.clip_rect * scale;
            for corners in mesh.triangles() {
                let corners = corners.map(|corner| {
                    let vertex = mesh.vertices[corner as usize];
                    Vertex {
                        pos: (vertex.pos.to_vec2() * scale).to_pos2(),
                        ..vertex
                    }
                });
                fill(&mut canvas, clip, corners, texture, *options);
            }
        }
        Ok(canvas)
    }
}

/// Twice the area of a triangle, negative for one that turns the other way.
fn area(a: Pos2, b: Pos2, c: Pos2) -> f64 {
    let (ab, ac) = (b - a, c - a);
    f64::from(ab.x) * f64::from(ac.y) - f64::from(ab.y) * f64::from(ac.x)
}

fn fill(
    canvas: &mut RgbaImage,
    clip: Rect,
    [a, b, c]: [Vertex; 3],
    texture: &ColorImage,
    options: TextureOptions,
) {
    let whole = area(a.pos, b.pos, c.pos);
    if whole == 0.0 {
        return;
    }
    // Counter-clockwise triangles are turned, so that the rule for pixels on an edge holds for both.
    let (b, c, whole) = if whole < 0.0 {
        (c, b, -whole)
    } else {
        (b, c, whole)
    };
    let bounds = Rect::from_points(&[a.pos, b.pos, c.pos]).intersect(clip.round());
    let first = |from: f32| (from - 0.5).ceil().max(0.0) as u32;
    let end = |to: f32, limit: u32| ((to + 0.5).ceil().max(0.0) as u32).min(limit);
    for y in first(bounds.min.y)..end(bounds.max.y, canvas.height()) {
        for x in first(bounds.min.x)..end(bounds.max.x, canvas.width()) {
            let place = Pos2::new(x as f32 + 0.5, y as f32 + 0.5);
            if !clip.round().contains(place) {
                continue;
            }
            let shares = [
                (area(b.pos, c.pos, place), b.pos, c.pos),
                (area(c.pos, a.pos, place), c.pos, a.pos),
                (area(a.pos, b.pos, place), a.pos, b.pos),
            ];
            if shares
                .iter()
                .any(|&(share, from, to)| !inside(share, from, to))
            {
                continue;
            }
            let [to_a, to_b, to_c] = shares.map(|(share, ..)| (share / whole) as f32);
            let mix = |of: fn(&Vertex) -> f32| of(&a) * to_a + of(&b) * to_b + of(&c) * to_c;
            let uv = [mix(|vertex| vertex.uv.x), mix(|vertex| vertex.uv.y)];
            let texel = sample(texture, options, uv);
            let tint = [
                mix(|vertex| f32::from(vertex.color.r())),
                mix(|vertex| f32::from(vertex.color.g())),
                mix(|vertex| f32::from(vertex.color.b())),
                mix(|vertex| f32::from(vertex.color.a())),
            ];
            let source: [f32; 4] = std::array::from_fn(|part| tint[part] * texel[part] / 255.0);
            let below = canvas.get_pixel_mut(x, y);
            for part in 0..3 {
                let behind = f32::from(below.0[part]) * (1.0 - source[3] / 255.0);
                below.0[part] = (source[part] + behind).round().clamp(0.0, 255.0) as u8;
            }
        }
    }
}

/// Whether a pixel belongs to the triangle as far as one edge is concerned; of two triangles that share the edge, one
/// gets it.
fn inside(share: f64, from: Pos2, to: Pos2) -> bool {
    let top_left = (from.y == to.y && to.x > from.x) || to.y < from.y;
    share > 0.0 || (share == 0.0 && top_left)
}

/// The colour of a texture at a place from 0 to 1, in parts from 0 to 255.
fn sample(texture: &ColorImage, options: TextureOptions, [u, v]: [f32; 2]) -> [f32; 4] {
    let [width, height] = texture.size;
    let texel = |x: f32, y: f32| -> [f32; 4] {
        let x = x.clamp(0.0, (width - 1) as f32) as usize;
        let y = y.clamp(0.0, (height - 1) as f32) as usize;
        let color: Color32 = texture.pixels[y * width + x];
        color.to_array().map(f32::from)
    };
    let (x, y) = (u * width as f32, v * height as f32);
    if options.magnification == TextureFilter::Nearest {
        return texel(x.floor(), y.floor());
    }
    let (left, top) = ((x - 0.5).floor(), (y - 0.5).floor());
    let (right, down) = (x - 0.5 - left, y - 0.5 - top);
    let mix = |a: [f32; 4], b: [f32; 4], share: f32| -> [f32; 4] {
        std::array::from_fn(|part| a[part] + (b[part] - a[part]) * share)
    };
    mix(
        mix(texel(left, top), texel(left + 1.0, top), right),
        mix(texel(left, top + 1.0), texel(left + 1.0, top + 1.0), right),
        down,
    )
}

#[test]
fn rectangles_text_and_transparency_are_drawn() {
    let mut harness = egui_kittest::Harness::builder()
        .with_size([60.0, 40.0])
        .with_pixels_per_point(2.0)
        .renderer(SoftwareRenderer::default())
        .build_ui(|ui| {
            let painter = ui.ctx().layer_painter(egui::LayerId::background());
            let red = Color32::from_rgb(200, 20, 10);
            let left = Rect::from_min_size(Pos2::ZERO, [30.0, 40.0].into());
            painter.rect_filled(left, 0.0, red);
            let half = Color32::from_black_alpha(128);
            let below = Rect::from_min_size([0.0, 20.0].into(), [60.0, 20.0].into());
            painter.rect_filled(below, 0.0, half);
        });
    let image = harness.render().unwrap();
    assert_eq!(image.dimensions(), (120, 80));
    assert_eq!(image.get_pixel(20, 20).0, [200, 20, 10, 255]);
    assert_eq!(image.get_pixel(20, 60).0, [100, 10, 5, 255]);
    assert_eq!(image.get_pixel(100, 60).0[3], 255);
}
