use super::comparison::Comparison;
use super::grid::{Grid, GridRow};
use super::markdown::{efforts, figures, legend, notes};
use crate::photo::{self, Limits};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Longest side of a photo in a grid.
const SIDE_PX: u32 = 112;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:80em;padding:0 1em;color:#222}\
table{border-collapse:collapse;margin:1em 0}td,th{padding:.25em .7em;border-bottom:1px solid #ddd;text-align:right}\
td:first-child,th:first-child{text-align:left}.row{display:flex;gap:6px;align-items:center;margin:6px 0;flex-wrap:wrap}\
figure{margin:0;text-align:center;font-size:12px;color:#666}img{display:block;border:3px solid #999;border-radius:3px}\
.right img{border-color:#2a9d4a}.wrong img{border-color:#c8452f}.set{width:7em}svg{max-width:100%;height:auto}\
summary{cursor:pointer;font-weight:600;margin:.6em 0}@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}\
td,th{border-color:#444}figure{color:#aaa}svg{background:#fff}}";

/// The comparison as one page that needs no other file: tables, Figure 3 and retrieval grids.
pub fn html(comparison: &Comparison) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Comparison of methods</title><style>{STYLE}</style><h1>Comparison of methods</h1>"
    );
    let photos: usize = comparison.sets.iter().map(|set| set.photos).sum();
    let _ = write!(
        page,
        "<p>{photos} test photos in {} sets. {}</p>",
        comparison.sets.len(),
        escaped(&legend(comparison))
    );
    table(&mut page, &figures(comparison));
    table(&mut page, &efforts(comparison));
    for note in notes(comparison) {
        let _ = write!(page, "<p>{}</p>", escaped(&note));
    }
    let figures = comparison.figures();
    if !figures.is_empty() {
        page.push_str("<h2>Prompt similarities of the sets (Figure 3)</h2>");
        for figure in figures {
            let _ = write!(
                page,
                "<details><summary>{}</summary>{}</details>",
                escaped(&figure.title),
                figure.svg
            );
        }
    }
    page.push_str(
        "<h2>Nearest photos</h2><p>Two queries of each set and their nearest photos in the gallery of all sets: green where set \
         and class are the query's, red where not.</p>",
    );
    let mut pictures = Pictures::below(&comparison.root);
    for (method, grid) in comparison.methods.iter().zip(&comparison.grids) {
        let _ = write!(
            page,
            "<details><summary>{}</summary>",
            escaped(&method.name)
        );
        rows(&mut page, grid, &mut pictures);
        page.push_str("</details>");
    }
    page.push_str(&pictures.style());
    page.push_str("</html>\n");
    page
}

fn table(page: &mut String, rows: &[Vec<String>]) {
    page.push_str("<table>");
    for (number, row) in rows.iter().enumerate() {
        let tag = if number == 0 { "th" } else { "td" };
        page.push_str("<tr>");
        for cell in row {
            let _ = write!(page, "<{tag}>{}</{tag}>", escaped(cell));
        }
        page.push_str("</tr>");
    }
    page.push_str("</table>");
}

fn rows(page: &mut String, grid: &Grid, pictures: &mut Pictures) {
    for GridRow {
        set,
        query,
        neighbours,
    } in &grid.rows
    {
        let _ = write!(
            page,
            "<div class=\"row\"><span class=\"set\">{}</span>",
            escaped(set)
        );
        pictures.show(page, "query", query, "query");
        for neighbour in neighbours {
            let class = if neighbour.right { "right" } else { "wrong" };
            pictures.show(
                page,
                class,
                &neighbour.photo,
                &format!("{:.3}", neighbour.cosine),
            );
        }
        page.push_str("</div>");
    }
}

/// The photos of the page, each written once however often it is shown.
struct Pictures<'a> {
    root: &'a Path,
    numbers: HashMap<PathBuf, Option<usize>>,
    sources: Vec<String>,
}

impl<'a> Pictures<'a> {
    fn below(root: &'a Path) -> Self {
        Self {
            root,
            numbers: HashMap::new(),
            sources: Vec::new(),
        }
    }

    fn show(&mut self, page: &mut String, class: &str, path: &Path, caption: &str) {
        let number = match self.numbers.get(path) {
            Some(number) => *number,
            None => {
                let number = small_jpeg(&self.root.join(path)).map(|jpeg| {
                    self.sources.push(STANDARD.encode(jpeg));
                    self.sources.len() - 1
                });
                self.numbers.insert(path.to_owned(), number);
                number
            }
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = escaped(&name);
        match number {
            Some(number) => {
                let _ = write!(
                    page,
                    "<figure class=\"{class}\"><img class=\"p{number}\" alt=\"{name}\" title=\"{name}\">{caption}</figure>"
                );
            }
            None => {
                let _ = write!(
                    page,
                    "<figure class=\"{class}\">{name} is gone<br>{caption}</figure>"
                );
            }
        }
    }

    fn style(&self) -> String {
        let mut style = String::from("<style>");
        for (number, source) in self.sources.iter().enumerate() {
            let _ = write!(
                style,
                ".p{number}{{content:url(data:image/jpeg;base64,{source})}}"
            );
        }
        style + "</style>"
    }
}

/// A small copy of a photo; none of one that cannot be read any more.
fn small_jpeg(path: &Path) -> Option<Vec<u8>> {
    let photo = photo::read(path, &Limits::default()).ok()?;
    let small = image::DynamicImage::ImageRgb8(photo).thumbnail(SIDE_PX, SIDE_PX);
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 80);
    small.to_rgb8().write_with_encoder(encoder).ok()?;
    Some(bytes)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
