use super::Look;
use crate::app::command::Command;
use crate::app::previews::Previews;
use crate::app::query::Query;
use crate::app::thumbnails::{Thumbnail, ThumbnailCache};
use crate::app::wording::shortened;
use egui::{Button, Image, TextureHandle, Ui, Vec2};

/// Questions in the menu.
const MOST: usize = 12;
const SIDE_PX: f32 = 44.0;

/// The menu of the last questions, each with its first picture.
pub fn recent(ui: &mut Ui, look: Look<'_>, thumbnails: &mut ThumbnailCache, previews: &Previews) {
    let queries = look.state.history.recent(MOST);
    ui.add_enabled_ui(!queries.is_empty(), |ui| {
        let menu = ui.menu_button("Recent", |ui| {
            for query in &queries {
                entry(ui, look, query, picture(query, thumbnails, previews));
            }
        });
        menu.response.on_hover_text("The last questions");
    });
}

fn entry(ui: &mut Ui, look: Look<'_>, query: &Query, picture: Option<TextureHandle>) {
    let name = shortened(&query.name(), 48);
    let button = match &picture {
        Some(texture) => {
            let size = texture.size_vec2();
            let size = size * (SIDE_PX / size.x.max(size.y));
            let image = Image::from_texture((texture.id(), size)).fit_to_exact_size(size);
            Button::image_and_text(image, &name)
        }
        None => Button::new(&name),
    };
    let button = button.min_size(Vec2::new(280.0, SIDE_PX));
    let shown = ui.add(button);
    if shown
        .accessible_name(format!("Ask again: {name}"))
        .clicked()
    {
        look.commands.send(Command::Ask((*query).clone()));
        ui.close();
    }
}

/// The first picture of a question: the larger copy, or the thumbnail.
pub fn picture(
    query: &Query,
    thumbnails: &mut ThumbnailCache,
    previews: &Previews,
) -> Option<TextureHandle> {
    of_source(&query.parts.first()?.source, thumbnails, previews)
}

/// A picture that was asked with: the larger copy, or the thumbnail.
pub fn of_source(
    source: &crate::app::query::Source,
    thumbnails: &mut ThumbnailCache,
    previews: &Previews,
) -> Option<TextureHandle> {
    if let Some(texture) = previews.get(source) {
        return Some(texture.clone());
    }
    match thumbnails.get(source.path()?) {
        Thumbnail::Ready(texture) => Some(texture),
        Thumbnail::Loading | Thumbnail::Failed(_) => None,
    }
}
