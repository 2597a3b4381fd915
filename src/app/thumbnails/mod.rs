//! Thumbnails as textures: loaded on threads of their own, kept within a byte budget, failures remembered.

mod loader;

use crate::photo::Reader;
use egui::{ColorImage, TextureHandle, TextureOptions};
use loader::{Loader, Stamp};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// What there is to show for a file.
#[derive(Clone)]
pub enum Thumbnail {
    /// Nothing yet; the window is woken when it comes.
    Loading,
    /// A texture of at most 256 px a side, upright.
    Ready(TextureHandle),
    /// No picture, and why.
    Failed(String),
}

struct Entry {
    thumbnail: Thumbnail,
    bytes: usize,
    last_used: u64,
    /// Which state of the file a loaded picture shows.
    stamp: Option<Stamp>,
    /// Whether the file may have changed since.
    in_doubt: bool,
}

/// The textures of the files seen last.
pub struct ThumbnailCache {
    entries: HashMap<PathBuf, Entry>,
    loader: Loader,
    folder: PathBuf,
    bytes: usize,
    budget_bytes: usize,
    frame: u64,
}

/// Textures handed to the graphics card in one frame at most, so that no frame takes long.
const UPLOADS_PER_FRAME: usize = 16;

impl ThumbnailCache {
    /// Starts the loading threads; `folder` holds the small copies between runs, `reader` makes those that lack, and the
    /// library at `library` knows photos that cannot be reached.
    ///
    /// # Errors
    /// Where the system gives no threads.
    pub fn start(
        ctx: &egui::Context,
        folder: &Path,
        library: &Path,
        reader: &Reader,
        budget_bytes: usize,
    ) -> std::io::Result<ThumbnailCache> {
        Ok(ThumbnailCache {
            entries: HashMap::new(),
            loader: Loader::start(ctx, folder, library, reader)?,
            folder: folder.to_owned(),
            bytes: 0,
            budget_bytes,
            frame: 0,
        })
    }

    /// Takes in what was loaded and lets go of what was not seen for longest; called once a frame.
    pub fn begin_frame(&mut self, ctx: &egui::Context) {
        self.frame += 1;
        for (arrived, (path, result)) in self.loader.loaded().take(UPLOADS_PER_FRAME).enumerate() {
            let (thumbnail, bytes, stamp) = match result {
                Ok(picture) => {
                    let image = picture.image;
                    let bytes = image.pixels.len() * 4;
                    let name = path.to_string_lossy();
                    let texture = ctx.load_texture(name, image, TextureOptions::LINEAR);
                    (Thumbnail::Ready(texture), bytes, Some(picture.stamp))
                }
                Err(reason) => (Thumbnail::Failed(reason), 0, None),
            };
            if let Some(entry) = self.entries.get_mut(&path) {
                self.bytes = self.bytes - entry.bytes + bytes;
                entry.thumbnail = thumbnail;
                entry.bytes = bytes;
                entry.stamp = stamp;
            }
            if arrived + 1 == UPLOADS_PER_FRAME {
                ctx.request_repaint();
            }
        }
        for path in self.loader.given_up() {
            // Scrolled past before its turn came: asked for again when it is seen again.
            match self.entries.get_mut(&path) {
                Some(entry) if entry.stamp.is_some() => entry.in_doubt = true,
                _ => {
                    self.entries.remove(&path);
                }
            }
        }
        self.shrink();
    }

    /// The thumbnail of the file at `path`, ordered from the loader at the first call.
    pub fn get(&mut self, path: &Path) -> Thumbnail {
        if let Some(entry) = self.entries.get_mut(path) {
            entry.last_used = self.frame;
            if entry.in_doubt && entry.stamp.is_some() {
                entry.in_doubt = false;
                self.loader.order(path.to_owned(), entry.stamp);
            }
            return entry.thumbnail.clone();
        }
        self.loader.order(path.to_owned(), None);
        let entry = Entry {
            thumbnail: Thumbnail::Loading,
            bytes: 0,
            last_used: self.frame,
            stamp: None,
            in_doubt: false,
        };
        self.entries.insert(path.to_owned(), entry);
        Thumbnail::Loading
    }

    /// Where the small copies lie between runs.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many files are known, loaded or not.
    #[cfg(test)]
    pub fn known(&self) -> usize {
        self.entries.len()
    }

    /// Whether anything that was ordered has not come yet.
    pub fn is_loading(&self) -> bool {
        let loading = |entry: &Entry| matches!(entry.thumbnail, Thumbnail::Loading);
        self.entries.values().any(loading)
    }

    /// Changes how much memory the textures may take.
    pub fn set_budget(&mut self, budget_bytes: usize) {
        self.budget_bytes = budget_bytes;
    }

    /// Forgets failures, so that files that were mended since are tried again, and has the files of all other
    /// thumbnails looked at when they are seen next, so that those that changed are shown as they are now.
    pub fn look_again(&mut self) {
        self.entries
            .retain(|_, entry| !matches!(entry.thumbnail, Thumbnail::Failed(_)));
        for entry in self.entries.values_mut() {
            entry.in_doubt = true;
        }
    }

    fn shrink(&mut self) {
        if self.bytes <= self.budget_bytes {
            return;
        }
        let mut by_age: Vec<(u64, PathBuf)> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.bytes > 0 && entry.last_used + 1 < self.frame)
            .map(|(path, entry)| (entry.last_used, path.clone()))
            .collect();
        by_age.sort_unstable();
        for (_, path) in by_age {
            if self.bytes <= self.budget_bytes {
                break;
            }
            if let Some(entry) = self.entries.remove(&path) {
                self.bytes -= entry.bytes;
            }
        }
    }
}

/// A decoded picture as egui takes it.
pub fn color_image(image: &image::RgbImage) -> ColorImage {
    let size = [image.width() as usize, image.height() as usize];
    ColorImage::from_rgb(size, image.as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};
    use std::time::{Duration, Instant};

    /// Waits until the thumbnail of the file has this size.
    #[track_caller]
    fn wait_for(cache: &mut ThumbnailCache, ctx: &egui::Context, path: &Path, size: [usize; 2]) {
        let start = Instant::now();
        loop {
            cache.begin_frame(ctx);
            if let Thumbnail::Ready(texture) = cache.get(path)
                && texture.size() == size
            {
                return;
            }
            let waited = start.elapsed();
            assert!(waited < Duration::from_secs(30), "no thumbnail of {size:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn an_edited_photo_is_shown_as_it_is_now() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("photo.png");
        let save = |width, height| {
            let image =
                RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, (x * y) as u8]));
            image.save(&path).unwrap();
        };
        let ctx = egui::Context::default();
        let mut cache = ThumbnailCache::start(
            &ctx,
            &folder.path().join("thumbnails"),
            &folder.path().join("library.sqlite"),
            &Reader::default(),
            1 << 20,
        )
        .unwrap();
        save(120, 60);
        wait_for(&mut cache, &ctx, &path, [120, 60]);
        save(20, 40);
        cache.look_again();
        wait_for(&mut cache, &ctx, &path, [20, 40]);
        assert_eq!(cache.bytes, 20 * 40 * 4);

        // One that is gone stays shown as it was.
        std::fs::remove_file(&path).unwrap();
        cache.look_again();
        for _ in 0..20 {
            wait_for(&mut cache, &ctx, &path, [20, 40]);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
