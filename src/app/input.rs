//! Keys, drops and pastes turned into commands.

use super::choices::SettingsCommand;
use super::command::{Command, Commands};
use super::results;
use super::state::State;
use egui::text_edit::TextEditState;
use egui::{Context, Event, Id, Key, KeyboardShortcut, Modifiers};

const OPEN_FOLDER: KeyboardShortcut =
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::O);
const OPEN_PICTURE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::O);
const SETTINGS: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Comma);
const BACK: KeyboardShortcut = KeyboardShortcut::new(Modifiers::ALT, Key::ArrowLeft);
const FORWARD: KeyboardShortcut = KeyboardShortcut::new(Modifiers::ALT, Key::ArrowRight);

/// Reads what arrived since the last frame.
pub fn read(ctx: &Context, state: &State, commands: &Commands) {
    follow_typing(ctx);
    let dropped: Vec<_> = ctx.input_mut(|input| std::mem::take(&mut input.raw.dropped_files));
    if !dropped.is_empty() {
        let paths = dropped.iter().map(|file| file.path().to_owned()).collect();
        commands.send(Command::TakeDropped(paths));
    }
    if state.asks_something() {
        return;
    }
    if ctx.input_mut(|input| input.consume_shortcut(&SETTINGS)) {
        let open = SettingsCommand::Open(!state.choices.open);
        commands.send(Command::Settings(open));
    }
    // The longer shortcut first: the shorter one would match it too.
    for (shortcut, command) in [
        (OPEN_FOLDER, Command::PickFolder),
        (OPEN_PICTURE, Command::PickPicture),
        (BACK, Command::Back),
        (FORWARD, Command::Forward),
    ] {
        if ctx.input_mut(|input| input.consume_shortcut(&shortcut)) {
            commands.send(command);
        }
    }
    if is_typing(ctx) {
        return;
    }
    let pasted: Vec<Event> = ctx.input(|input| {
        let pastes = |event: &&Event| matches!(event, Event::Paste(_) | Event::PasteImage(_));
        input.events.iter().filter(pastes).cloned().collect()
    });
    for event in pasted {
        match event {
            Event::Paste(text) => commands.send(Command::TakePasted(text)),
            Event::PasteImage(image) => commands.send(Command::TakePixels(image)),
            _ => {}
        }
    }
    let nothing_open =
        !egui::Popup::is_any_open(ctx) && !state.failures_open && !state.choices.open;
    if nothing_open
        && !results::escape(ctx, state, commands)
        && (state.answer.is_some() || state.listing.is_some())
        && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
    {
        commands.send(match state.listing {
            Some(_) => Command::CloseListing,
            None => Command::ClearQuery,
        });
    }
}

/// Whether the keys of this frame are those of a text field, even if it gives up the focus with one of them.
///
/// Enter takes the focus from a field while it is laid out, and Escape before anything is; neither uses up the key.
pub fn is_typing(ctx: &Context) -> bool {
    typed_into(ctx).is_some()
}

/// The text field that the keys of this frame go to, as far as it is noted.
fn typed_into(ctx: &Context) -> Option<Id> {
    ctx.data(|data| data.get_temp::<Option<Id>>(noted()))
        .flatten()
}

/// Notes which text field the keys of this frame go to: the one that has the focus, or had it until Escape.
fn follow_typing(ctx: &Context) {
    let is_text = |id: &Id| TextEditState::load(ctx, *id).is_some();
    let focused = ctx.memory(|memory| memory.focused()).filter(is_text);
    let left = typed_into(ctx).filter(|id| ctx.memory(|memory| memory.had_focus_last_frame(*id)));
    ctx.data_mut(|data| data.insert_temp(noted(), focused.or(left)));
}

fn noted() -> Id {
    Id::unique("typed into")
}
