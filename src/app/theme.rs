//! Colours, sizes and spacing of the window, in a light and a dark dress.

use egui::ecolor::Hsva;
use egui::{Color32, CornerRadius, FontFamily, FontId, Stroke, Style, TextStyle, Theme, Visuals};

/// Sets the style of both themes; `ctx` then follows the user's choice or the system's.
pub fn apply(ctx: &egui::Context) {
    for theme in [Theme::Dark, Theme::Light] {
        ctx.style_mut_of(theme, |style| {
            sizes(style);
            match theme {
                Theme::Dark => dark(&mut style.visuals),
                Theme::Light => light(&mut style.visuals),
            }
        });
    }
}

/// The colour that stands for the query and for what is selected.
pub fn accent(visuals: &Visuals) -> Color32 {
    if visuals.dark_mode {
        Color32::from_rgb(240, 165, 85)
    } else {
        Color32::from_rgb(166, 84, 8)
    }
}

/// The colour of what the query is compared with.
pub fn reference(visuals: &Visuals) -> Color32 {
    if visuals.dark_mode {
        Color32::from_rgb(128, 148, 170)
    } else {
        Color32::from_rgb(120, 138, 160)
    }
}

/// A colour for the `index`-th domain; neighbouring indices get hues far from each other.
pub fn domain_color(visuals: &Visuals, index: usize) -> Color32 {
    let hue = (0.08 + index as f32 * 0.618_034).fract();
    let (saturation, mut value, step) = if visuals.dark_mode {
        (0.50, 0.88_f32, 0.03)
    } else {
        (0.72, 0.62, -0.03)
    };
    // Hues of the same value are not equally bright to the eye.
    loop {
        let color = Color32::from(Hsva::new(hue, saturation, value, 1.0));
        let enough = contrast(color, visuals.panel_fill) >= MARK_CONTRAST;
        if enough || !(0.1..1.0).contains(&value) {
            return color;
        }
        value += step;
    }
}

/// What WCAG 2.1 asks of marks in charts (1.4.11), with a little to spare.
const MARK_CONTRAST: f32 = 3.1;

/// Contrast of two opaque colours as WCAG 2 defines it, from 1 to 21.
fn contrast(a: Color32, b: Color32) -> f32 {
    let luminance = |color: Color32| {
        let rgba = egui::Rgba::from(color);
        0.2126 * rgba.r() + 0.7152 * rgba.g() + 0.0722 * rgba.b()
    };
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    a.max(b) / a.min(b)
}

fn sizes(style: &mut Style) {
    use FontFamily::{Monospace, Proportional};
    style.text_styles = [
        (TextStyle::Small, FontId::new(12.5, Proportional)),
        (TextStyle::Body, FontId::new(15.0, Proportional)),
        (TextStyle::Button, FontId::new(15.0, Proportional)),
        (TextStyle::Heading, FontId::new(20.0, Proportional)),
        (TextStyle::Monospace, FontId::new(14.0, Monospace)),
    ]
    .into();
    style.spacing.item_spacing = egui::vec2(8.0, 6.0);
    style.spacing.button_padding = egui::vec2(10.0, 5.0);
    style.spacing.interact_size.y = 26.0;
    style.spacing.window_margin = egui::Margin::same(14);
    style.spacing.menu_margin = egui::Margin::same(8);
    style.spacing.tooltip_width = 420.0;
    style.interaction.tooltip_delay = 0.4;
    // Labels are read, not selected: a press on a caption should reach what lies beneath it.
    style.interaction.selectable_labels = false;
    style.visuals.interact_cursor = Some(egui::CursorIcon::PointingHand);
    style.visuals.window_corner_radius = CornerRadius::same(10);
    style.visuals.menu_corner_radius = CornerRadius::same(8);
    style.visuals.slider_trailing_fill = true;
    style.visuals.handle_shape = egui::style::HandleShape::Circle;
}

fn dark(visuals: &mut Visuals) {
    visuals.panel_fill = Color32::from_rgb(25, 26, 29);
    visuals.window_fill = Color32::from_rgb(34, 35, 39);
    visuals.extreme_bg_color = Color32::from_rgb(16, 17, 19);
    visuals.faint_bg_color = Color32::from_rgb(34, 35, 39);
    visuals.widgets.noninteractive.bg_fill = visuals.panel_fill;
    visuals.widgets.noninteractive.bg_stroke = Stroke::new(1.0, Color32::from_rgb(54, 56, 62));
    visuals.widgets.noninteractive.fg_stroke.color = Color32::from_rgb(222, 222, 225);
    visuals.widgets.inactive.fg_stroke.color = Color32::from_rgb(232, 232, 235);
    visuals.widgets.inactive.weak_bg_fill = Color32::from_rgb(48, 50, 56);
    visuals.widgets.inactive.bg_fill = Color32::from_rgb(62, 64, 71);
    visuals.widgets.hovered.weak_bg_fill = Color32::from_rgb(64, 66, 74);
    visuals.weak_text_color = Some(Color32::from_rgb(166, 168, 176));
    visuals.warn_fg_color = Color32::from_rgb(250, 190, 90);
    visuals.error_fg_color = Color32::from_rgb(255, 128, 118);
    visuals.selection.bg_fill = Color32::from_rgb(122, 74, 26);
    visuals.selection.stroke = Stroke::new(1.5, Color32::from_rgb(255, 228, 196));
}

fn light(visuals: &mut Visuals) {
    visuals.panel_fill = Color32::from_rgb(247, 247, 248);
    visuals.window_fill = Color32::from_rgb(255, 255, 255);
    visuals.extreme_bg_color = Color32::from_rgb(255, 255, 255);
    visuals.faint_bg_color = Color32::from_rgb(236, 237, 240);
    visuals.widgets.noninteractive.bg_fill = visuals.panel_fill;
    visuals.widgets.noninteractive.bg_stroke = Stroke::new(1.0, Color32::from_rgb(208, 210, 216));
    visuals.widgets.noninteractive.fg_stroke.color = Color32::from_rgb(32, 33, 37);
    visuals.widgets.inactive.fg_stroke.color = Color32::from_rgb(32, 33, 37);
    visuals.widgets.inactive.weak_bg_fill = Color32::from_rgb(228, 230, 234);
    visuals.widgets.inactive.bg_fill = Color32::from_rgb(208, 211, 218);
    visuals.widgets.hovered.weak_bg_fill = Color32::from_rgb(214, 217, 224);
    visuals.weak_text_color = Some(Color32::from_rgb(92, 95, 104));
    // Fields are seen on the white of windows too.
    visuals.text_edit_bg_color = Some(Color32::from_rgb(236, 237, 241));
    visuals.hyperlink_color = Color32::from_rgb(20, 92, 170);
    visuals.warn_fg_color = Color32::from_rgb(140, 82, 0);
    visuals.error_fg_color = Color32::from_rgb(184, 28, 28);
    visuals.selection.bg_fill = Color32::from_rgb(250, 220, 184);
    visuals.selection.stroke = Stroke::new(1.5, Color32::from_rgb(100, 46, 0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_on_white_is_the_greatest_contrast() {
        assert!((contrast(Color32::BLACK, Color32::WHITE) - 21.0).abs() < 0.01);
        // An example of the W3C: #767676 is the lightest grey for text on white.
        assert!((contrast(Color32::from_gray(0x76), Color32::WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn marks_are_told_from_the_ground_in_both_themes() {
        let ctx = egui::Context::default();
        apply(&ctx);
        for theme in [Theme::Dark, Theme::Light] {
            let visuals = ctx.style_of(theme).visuals.clone();
            let domains = (0..200).map(|index| domain_color(&visuals, index));
            for color in domains.chain([accent(&visuals), reference(&visuals)]) {
                for ground in [visuals.panel_fill, visuals.window_fill] {
                    let found = contrast(color, ground);
                    assert!(found >= 3.0, "{color:?} in {theme:?}: {found:.2}");
                }
            }
        }
    }

    #[test]
    fn texts_meet_wcag_aa_in_both_themes() {
        let ctx = egui::Context::default();
        apply(&ctx);
        for theme in [Theme::Dark, Theme::Light] {
            let visuals = ctx.style_of(theme).visuals.clone();
            for (name, text, ground) in [
                ("text", visuals.text_color(), visuals.panel_fill),
                ("text", visuals.text_color(), visuals.window_fill),
                ("text", visuals.text_color(), visuals.extreme_bg_color),
                (
                    "strong text",
                    visuals.strong_text_color(),
                    visuals.panel_fill,
                ),
                ("weak text", visuals.weak_text_color(), visuals.window_fill),
                ("hint", visuals.weak_text_color(), visuals.extreme_bg_color),
                (
                    "hint",
                    visuals.weak_text_color(),
                    visuals.text_edit_bg_color(),
                ),
                ("typed", visuals.text_color(), visuals.text_edit_bg_color()),
                ("error", visuals.error_fg_color, visuals.panel_fill),
                ("error", visuals.error_fg_color, visuals.window_fill),
                (
                    "error",
                    visuals.error_fg_color,
                    visuals.widgets.inactive.weak_bg_fill,
                ),
                ("warning", visuals.warn_fg_color, visuals.panel_fill),
                ("warning", visuals.warn_fg_color, visuals.window_fill),
                ("link", visuals.hyperlink_color, visuals.panel_fill),
                (
                    "button under the pointer",
                    visuals.widgets.hovered.text_color(),
                    visuals.widgets.hovered.weak_bg_fill,
                ),
                (
                    "pressed button",
                    visuals.widgets.active.text_color(),
                    visuals.widgets.active.weak_bg_fill,
                ),
                (
                    "open menu",
                    visuals.widgets.open.text_color(),
                    visuals.widgets.open.weak_bg_fill,
                ),
                ("weak text", visuals.weak_text_color(), visuals.panel_fill),
                (
                    "weak text",
                    visuals.weak_text_color(),
                    visuals.faint_bg_color,
                ),
                ("warning", visuals.warn_fg_color, visuals.faint_bg_color),
                ("error", visuals.error_fg_color, visuals.faint_bg_color),
                ("accent", accent(&visuals), visuals.panel_fill),
                (
                    "button",
                    visuals.widgets.inactive.text_color(),
                    visuals.widgets.inactive.weak_bg_fill,
                ),
                (
                    "selected",
                    visuals.selection.stroke.color,
                    visuals.selection.bg_fill,
                ),
            ] {
                let found = contrast(text, ground);
                assert!(found >= 4.5, "{name} in {theme:?}: contrast {found:.2}");
            }
        }
    }
}
