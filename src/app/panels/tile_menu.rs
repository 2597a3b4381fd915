use super::Look;
use super::tile::Tile;
use crate::app::command::Command;
use crate::app::results::Wish;
use crate::app::wording::count;
use egui::{Context, Id, Key, KeyboardShortcut, Modifiers, Popup, Response, SetOpenCommand, Ui};
use std::path::PathBuf;

/// Opens the menu of the current tile, beside the menu key.
const OPEN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::SHIFT, Key::F10);

/// Whether the keys ask for the menu of the current tile.
pub fn key_pressed(ui: &Ui) -> bool {
    ui.input_mut(|input| {
        input.consume_shortcut(&OPEN) || input.consume_key(Modifiers::NONE, Key::Menu)
    })
}

/// The menu of a tile: for all that is chosen where the tile is among it, else for the tile alone.
///
/// Its first entry has the keys as soon as it is open, whether a key or the pointer opened it.
pub fn tile_menu(response: &Response, look: Look<'_>, tile: &Tile<'_>, by_key: bool) {
    let context = &response.ctx;
    let opening = Opening(response.id);
    let mut popup = Popup::context_menu(response);
    if by_key {
        popup = popup.open_memory(SetOpenCommand::Bool(true));
    }
    if by_key || response.secondary_clicked() {
        opening.begin(context, by_key);
    }
    // Where the pointer happens to be has nothing to do with a key.
    if opening.was_by_key(context) {
        popup = popup.anchor(response.rect.center());
    }
    popup.show(|ui| {
        // While it is measured nothing in it can take the focus.
        let take_focus = !ui.is_sizing_pass() && opening.awaits_focus(context);
        entries(ui, look, tile, take_focus);
    });
}

/// What is remembered from frame to frame of how the menu of one tile was opened.
struct Opening(Id);

impl Opening {
    fn begin(&self, context: &Context, by_key: bool) {
        context.data_mut(|data| {
            data.insert_temp(self.0.with("menu by key"), by_key);
            data.insert_temp(self.0.with("menu awaits focus"), true);
        });
    }

    fn was_by_key(&self, context: &Context) -> bool {
        let kept = context.data(|data| data.get_temp(self.0.with("menu by key")));
        kept.unwrap_or(false)
    }

    /// Says once that the first entry is to take the focus.
    fn awaits_focus(&self, context: &Context) -> bool {
        let waiting = self.0.with("menu awaits focus");
        let kept = context.data_mut(|data| data.remove_temp(waiting));
        kept.unwrap_or(false)
    }
}

/// The entries; `take_focus` where the arrow keys should go on from the first one.
fn entries(ui: &mut Ui, look: Look<'_>, tile: &Tile<'_>, mut take_focus: bool) {
    let results = &look.state.results;
    let several = match results.selection.len() {
        more if tile.chosen && more > 1 => Some(more),
        _ => None,
    };
    let path = || tile.item.path.to_owned();
    let meant = || -> Vec<PathBuf> { results.meant(tile.at) };
    let mut entry = |text: &str, keys: &str, command: &dyn Fn() -> Command| {
        let button = egui::Button::new(text).shortcut_text(keys);
        let button = ui.add(button);
        if std::mem::take(&mut take_focus) {
            button.request_focus();
        }
        if button.accessible_name(text).clicked() {
            look.commands.send(command());
            ui.close();
        }
    };
    let wish = Command::Results;
    if tile.item.copies > 1 {
        let text = format!("Show all {} nearly the same", tile.item.copies);
        entry(&text, "", &|| wish(Wish::OpenGroup(tile.at)));
    }
    match several {
        None => {
            entry("Search similar", "Enter", &|| {
                wish(Wish::SearchWith(meant()))
            });
            entry("More like this", "", &|| Command::MoreLike(path()));
            entry("Less like this", "", &|| Command::LessLike(path()));
            entry("Preview", "Space", &|| wish(Wish::Preview(tile.at)));
            entry("Open", "", &|| Command::Open(path()));
            entry("Show in file manager", "", &|| Command::Reveal(path()));
            entry("Copy path", "Ctrl+C", &|| wish(Wish::CopyPaths(meant())));
            entry("Copy picture", "", &|| wish(Wish::CopyPicture(path())));
        }
        Some(more) => {
            let more = count(more);
            entry(&format!("Search with all {more}"), "Enter", &|| {
                wish(Wish::SearchWith(meant()))
            });
            entry(&format!("Copy {more} paths"), "Ctrl+C", &|| {
                wish(Wish::CopyPaths(meant()))
            });
            entry("Preview this one", "Space", &|| {
                wish(Wish::Preview(tile.at))
            });
            entry("Show this one in file manager", "", &|| {
                Command::Reveal(path())
            });
        }
    }
    let choose = if tile.chosen { "Deselect" } else { "Select" };
    entry(choose, "Ctrl+Space", &|| wish(Wish::Toggle(tile.at)));
    let trash = match several {
        None => "Move to trash…".to_owned(),
        Some(more) => format!("Move {} to trash…", count(more)),
    };
    entry(&trash, "Del", &|| wish(Wish::AskToTrash(meant())));
}
