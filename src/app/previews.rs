//! The pictures of the last questions, larger than thumbnails.

use super::query::{MOST_PARTS, Source};
use egui::{ColorImage, Context, TextureHandle, TextureOptions};
use std::sync::Arc;

/// Pictures kept, at least those of one question; each has at most 640 px a side.
pub const MOST: usize = MOST_PARTS;

/// Textures of asked pictures, the newest first.
#[derive(Default)]
pub struct Previews(Vec<(Source, TextureHandle)>);

impl Previews {
    /// Keeps one, in place of an older one of the same picture.
    pub fn set(&mut self, ctx: &Context, source: Source, image: Arc<ColorImage>) {
        let texture = ctx.load_texture("query", image, TextureOptions::LINEAR);
        self.0.retain(|(known, _)| *known != source);
        self.0.insert(0, (source, texture));
        self.0.truncate(MOST);
    }

    /// The one of a picture.
    pub fn get(&self, source: &Source) -> Option<&TextureHandle> {
        let (_, texture) = self.0.iter().find(|(known, _)| known == source)?;
        Some(texture)
    }
}
