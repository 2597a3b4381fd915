//! Keys, drops and pastes turned into commands.

use super::choices::SettingsCommand;
use super::command::{Command, Commands};
use super::results;
use super::state::State;
use egui::{Event, Key, KeyboardShortcut, Modifiers};

const OPEN_FOLDER: KeyboardShortcut =
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::O);
const OPEN_PICTURE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::O);
const SETTINGS: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Comma);
const BACK: KeyboardShortcut = KeyboardShortcut::new(Modifiers::ALT, Key::ArrowLeft);
const FORWARD: KeyboardShortcut = KeyboardShortcut::new(Modifiers::ALT, Key::ArrowRight);

/// Reads what arrived since the last frame.
pub fn read(ctx: &egui::Context, state: &State, commands: &Commands) {
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
    if ctx.text_edit_focused() {
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
