use image::{Rgb, RgbImage, imageops};
use std::path::{Path, PathBuf};

/// Pictures of [`Gallery`] that can be read.
pub const READABLE: usize = 12;

/// A temporary folder with pictures in three folders, one broken file, and room for the program's own files.
pub struct Gallery {
    folder: tempfile::TempDir,
}

impl Gallery {
    pub fn new() -> Gallery {
        let gallery = Gallery {
            folder: tempfile::tempdir().unwrap(),
        };
        for domain in ["cats", "things", "drawn"] {
            std::fs::create_dir_all(gallery.photos().join(domain)).unwrap();
        }
        let cat = golden("chelsea.png");
        let save = |image: &RgbImage, name: &str| image.save(gallery.photos().join(name)).unwrap();
        save(&cat, "cats/chelsea.png");
        save(&imageops::flip_horizontal(&cat), "cats/mirrored.png");
        save(
            &imageops::crop_imm(&cat, 60, 20, 300, 260).to_image(),
            "cats/closer.png",
        );
        save(&imageops::brighten(&cat, 25), "cats/brighter.png");
        for name in [
            "coffee.png",
            "rocket.png",
            "astronaut.png",
            "camera_grey.png",
        ] {
            let image = golden(name);
            save(&image, &format!("things/{name}"));
        }
        for number in 0..4 {
            save(&drawn(number), &format!("drawn/stripes {number}.png"));
        }
        let whole = std::fs::read(gallery.photos().join("cats/chelsea.png")).unwrap();
        std::fs::write(gallery.broken(), &whole[..whole.len() / 3]).unwrap();
        gallery
    }

    /// Where the program keeps its files.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The folder of pictures.
    pub fn photos(&self) -> PathBuf {
        self.folder.path().join("my photos")
    }

    /// One picture of it.
    pub fn photo(&self, name: &str) -> PathBuf {
        self.photos().join(name)
    }

    /// A picture that ends too early.
    pub fn broken(&self) -> PathBuf {
        self.photos().join("things/broken.png")
    }

    /// A place outside the folder of pictures.
    pub fn outside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// One of the CC0 photos.
pub fn golden(name: &str) -> RgbImage {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/photos");
    image::open(folder.join(name)).unwrap().into_rgb8()
}

/// Coloured stripes, each number others.
fn drawn(number: u32) -> RgbImage {
    RgbImage::from_fn(160, 120, |x, y| {
        let along = if number.is_multiple_of(2) { x } else { y };
        let band = (along / (8 + 6 * number)) % 2;
        Rgb([(40 * number) as u8, (200 * band) as u8, (x + y) as u8])
    })
}
