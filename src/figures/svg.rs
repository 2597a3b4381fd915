use std::fmt::Write as _;

/// A picture in the making: only the few SVG elements the charts need.
pub(super) struct Svg {
    text: String,
}

/// Which end of a text its position is.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    /// A white picture of this size in pixels, with a title for those who have it read to them.
    pub(super) fn new(width: f64, height: f64, title: &str) -> Self {
        let mut text = String::new();
        let _ = writeln!(
            text,
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="sans-serif" role="img">"#
        );
        let _ = writeln!(text, "<title>{}</title>", escape(title));
        let mut svg = Self { text };
        svg.rect((0.0, 0.0), (width, height), "#ffffff", "");
        svg
    }

    /// A filled rectangle; `hint` shows when the pointer rests on it.
    pub(super) fn rect(&mut self, at: (f64, f64), size: (f64, f64), fill: &str, hint: &str) {
        let _ = write!(
            self.text,
            r#"<rect x="{:.2}" y="{:.2}" width="{:.2}" height="{:.2}" fill="{fill}""#,
            at.0, at.1, size.0, size.1
        );
        let _ = if hint.is_empty() {
            writeln!(self.text, "/>")
        } else {
            writeln!(self.text, "><title>{}</title></rect>", escape(hint))
        };
    }

    /// A straight line.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str, width: f64) {
        let _ = writeln!(
            self.text,
            r#"<line x1="{:.2}" y1="{:.2}" x2="{:.2}" y2="{:.2}" stroke="{stroke}" stroke-width="{width}"/>"#,
            from.0, from.1, to.0, to.1
        );
    }

    /// A line of text.
    pub(super) fn text(&mut self, at: (f64, f64), size: f64, anchor: Anchor, words: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = writeln!(
            self.text,
            r##"<text x="{:.2}" y="{:.2}" font-size="{size}" text-anchor="{anchor}" fill="#222222">{}</text>"##,
            at.0,
            at.1,
            escape(words)
        );
    }

    /// A line of text from `at` that is cut where it would be wider than `room`.
    pub(super) fn text_within(&mut self, at: (f64, f64), size: f64, room: f64, words: &str) {
        self.text(at, size, Anchor::Start, &cut(words, size, room));
    }

    /// A line of text that ends at `at`, cut where it would be wider than `room`.
    pub(super) fn text_before(&mut self, at: (f64, f64), size: f64, room: f64, words: &str) {
        self.text(at, size, Anchor::End, &cut(words, size, room));
    }

    /// A line through points; `dash` as `stroke-dasharray` has it, empty for none.
    pub(super) fn polyline(&mut self, points: &[(f64, f64)], stroke: &str, width: f64, dash: &str) {
        let places = points.iter().map(|(x, y)| format!("{x:.2},{y:.2}"));
        let places = places.collect::<Vec<_>>().join(" ");
        let dash = if dash.is_empty() {
            String::new()
        } else {
            format!(r#" stroke-dasharray="{dash}""#)
        };
        let _ = writeln!(
            self.text,
            r#"<polyline points="{places}" fill="none" stroke="{stroke}" stroke-width="{width}" stroke-linejoin="round"{dash}/>"#
        );
    }

    /// A filled circle; `hint` shows when the pointer rests on it.
    pub(super) fn dot(&mut self, at: (f64, f64), radius: f64, fill: &str, hint: &str) {
        let _ = writeln!(
            self.text,
            r#"<circle cx="{:.2}" cy="{:.2}" r="{radius}" fill="{fill}"><title>{}</title></circle>"#,
            at.0,
            at.1,
            escape(hint)
        );
    }

    /// The whole file.
    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}

/// Makes a folder's name harmless inside XML; control characters have no place in it at all.
fn escape(words: &str) -> String {
    let mut escaped = String::with_capacity(words.len());
    for letter in words.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter if letter.is_control() => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// As much of `words` as fits, by the mean width of letters in the fonts at hand.
fn cut(words: &str, size: f64, room: f64) -> String {
    let most = (room / (size * 0.52)).floor().max(4.0) as usize;
    if words.chars().count() <= most {
        return words.to_owned();
    }
    let mut short: String = words.chars().take(most - 1).collect();
    short.push('…');
    short
}
