use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Options, Tree};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Pixels for each unit of the SVG, so that small letters stay sharp on dense screens and in print.
const DENSITY: f32 = 2.0;
/// No side becomes longer than this.
const LONGEST_PX: f32 = 12_000.0;
/// Font files that are too large to read for a few letters.
const LARGEST_FONT_BYTES: u64 = 40 << 20;

/// Draws SVG text as the bytes of a PNG file, with the fonts that the program carries and, for letters that they lack,
/// those found on this system. The reason in words if it cannot be drawn.
pub(super) fn png(svg: &str) -> Result<Vec<u8>, String> {
    let mut options = Options {
        font_family: FAMILY.to_owned(),
        ..Options::default()
    };
    options.fontdb = if svg.chars().all(covered) {
        bundled()
    } else {
        with_system_fonts()
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| error.to_string())?;
    let size = tree.size();
    let scale = DENSITY.min(LONGEST_PX / size.width().max(size.height()));
    let pixels = |side: f32| (side * scale).ceil().max(1.0) as u32;
    let mut pixmap = Pixmap::new(pixels(size.width()), pixels(size.height()))
        .ok_or("the picture would be too large")?;
    resvg::render(
        &tree,
        Transform::from_scale(scale, scale),
        &mut pixmap.as_mut(),
    );
    pixmap.encode_png().map_err(|error| error.to_string())
}

/// The family of the first proportional font that egui brings along.
const FAMILY: &str = "Ubuntu";

/// The fonts that egui brings along for every window.
fn bundled() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| {
        let mut fonts = Database::new();
        for font in egui::FontDefinitions::default().font_data.values() {
            let bytes: Vec<u8> = (*font.font).as_ref().to_vec();
            fonts.load_font_source(Source::Binary(Arc::new(bytes)));
        }
        fonts.set_sans_serif_family(FAMILY);
        Arc::new(fonts)
    });
    Arc::clone(fonts)
}

/// Whether the bundled text font has a letter: it covers Latin, Greek and Cyrillic and the signs between them.
fn covered(letter: char) -> bool {
    matches!(u32::from(letter), 0..0x0530 | 0x1e00..0x2100)
}

fn with_system_fonts() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| {
        let mut fonts = bundled().as_ref().clone();
        for folder in font_folders() {
            let files = walkdir::WalkDir::new(folder).max_depth(5);
            for file in files.into_iter().filter_map(Result::ok) {
                let light = file
                    .metadata()
                    .is_ok_and(|facts| facts.is_file() && facts.len() <= LARGEST_FONT_BYTES);
                if light
                    && is_font(file.path())
                    && let Ok(bytes) = std::fs::read(file.path())
                {
                    fonts.load_font_source(Source::Binary(Arc::new(bytes)));
                }
            }
        }
        fonts.set_sans_serif_family(FAMILY);
        Arc::new(fonts)
    });
    Arc::clone(fonts)
}

fn is_font(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending
        .is_some_and(|ending| ["ttf", "otf", "ttc"].contains(&ending.to_ascii_lowercase().as_str()))
}

/// Where the common systems keep fonts.
fn font_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = [
        "/usr/share/fonts",
        "/usr/local/share/fonts",
        "/System/Library/Fonts",
        "/Library/Fonts",
        "C:\\Windows\\Fonts",
    ]
    .map(PathBuf::from)
    .into();
    if let Some(user) = directories::UserDirs::new()
        && let Some(own) = user.font_dir()
    {
        folders.push(own.to_owned());
    }
    folders
}
