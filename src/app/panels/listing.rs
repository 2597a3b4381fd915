use super::Look;
use super::grid::tiles;
use super::tile::Tile;
use crate::app::command::Command;
use crate::app::engine::Listing;
use crate::app::thumbnails::ThumbnailCache;
use crate::app::wording;
use egui::Ui;

/// Photos shown without a question, with what they are and the way back.
pub fn listing(ui: &mut Ui, look: Look<'_>, listing: &Listing, thumbnails: &mut ThumbnailCache) {
    ui.horizontal(|ui| {
        ui.strong(&listing.title);
        ui.weak(wording::counted(listing.photos.len(), "photo"));
        let close = ui.button("Close").on_hover_text("Close this list (Esc)");
        if close.accessible_name("Close the list").clicked() {
            look.commands.send(Command::CloseListing);
        }
    });
    let salt = ("listing", listing.generation);
    let photos = &listing.photos;
    tiles(ui, look, thumbnails, salt, photos.len(), |place| {
        let facts = photos.facts(place);
        let path = facts.map_or(std::path::Path::new(""), |facts| facts.path.as_path());
        Tile {
            path,
            label: format!("Photo {}", wording::file_name(path)),
            score: photos.value(place),
            domain: facts.map(|facts| facts.domain.as_str()),
            is_query: false,
        }
    });
}
