//! Opening the real window: its size, icon, place of memory, and the display server it asks.

use super::PumaApp;
use super::engine::Setup;
use super::handover::{self, Found, Place};
use super::state::State;
use anyhow::{Context, anyhow, bail};
use egui::{UserAttentionType, ViewportBuilder, ViewportCommand};
use std::path::PathBuf;

/// The program's icon, rendered from `assets/icon.svg`.
const ICON: &[u8] = include_bytes!("../../assets/icon.png");

/// Opens the window and returns when it is closed; `ask` names pictures to search with and folders to add.
///
/// Where a window is open on the same library already, that one takes them and comes to the front.
///
/// # Errors
/// Where there is no display, or it offers no OpenGL.
pub fn open(mut setup: Setup, ask: Vec<PathBuf>) -> anyhow::Result<()> {
    // The open window may have another working folder.
    let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    let ask: Vec<PathBuf> = ask.into_iter().map(absolute).collect();
    let place = Place::of(&setup.run_dir, &setup.library);
    let door = match handover::find(place, &ask, setup.alone) {
        Found::NoWindow(door) => door,
        Found::Window => {
            eprintln!("puma: the window that is open takes it from here");
            return Ok(());
        }
    };
    let display = Display::of_this_session()?;
    setup.drops_arrive = display != Display::Wayland;
    let options = eframe::NativeOptions {
        viewport: ViewportBuilder::default()
            .with_title("PUMA")
            .with_app_id("puma")
            .with_icon(icon()?)
            .with_inner_size([1280.0, 820.0])
            .with_min_inner_size([640.0, 420.0])
            .with_drag_and_drop(true),
        persistence_path: Some(setup.window_memory.clone()),
        event_loop_builder: display.hook(),
        ..Default::default()
    };
    eframe::run_native(
        "PUMA",
        options,
        Box::new(move |creation| {
            let mut app = PumaApp::new(creation, setup, ask)?;
            if let Some(door) = door {
                app.take_what_comes(door)?;
            }
            Ok(Box::new(app))
        }),
    )
    .map_err(|error| anyhow!("{error}"))
    .context("the window could not be opened; `puma index` and `puma search` work without one")
}

/// What stands in the window's title: the query, if there is one.
pub fn title(state: &State) -> String {
    match &state.answer {
        Some(answer) => format!("{} - PUMA", answer.query.name()),
        None => "PUMA".to_owned(),
    }
}

/// Brings the window to the front, or asks for attention where the desktop forbids that.
pub fn to_front(ctx: &egui::Context) {
    ctx.send_viewport_cmd(ViewportCommand::Minimized(false));
    ctx.send_viewport_cmd(ViewportCommand::Focus);
    let attention = UserAttentionType::Informational;
    ctx.send_viewport_cmd(ViewportCommand::RequestUserAttention(attention));
}

fn icon() -> anyhow::Result<egui::IconData> {
    let image = image::load_from_memory(ICON)?.into_rgba8();
    let (width, height) = image.dimensions();
    Ok(egui::IconData {
        rgba: image.into_raw(),
        width,
        height,
    })
}

/// What the window talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Display {
    /// An X server, XWayland included: dropped files arrive.
    X11,
    /// A Wayland compositor without X: winit hands no dropped files on.
    Wayland,
    /// Windows or macOS.
    #[cfg(not(target_os = "linux"))]
    Other,
}

impl Display {
    #[cfg(not(target_os = "linux"))]
    fn of_this_session() -> anyhow::Result<Display> {
        Ok(Display::Other)
    }

    #[cfg(target_os = "linux")]
    fn of_this_session() -> anyhow::Result<Display> {
        let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let wayland = named("WAYLAND_DISPLAY").or_else(|| named("WAYLAND_SOCKET"));
        match (named("DISPLAY"), wayland) {
            (Some(display), Some(_)) if answers(&display) => Ok(Display::X11),
            (_, Some(_)) => Ok(Display::Wayland),
            (Some(_), None) => Ok(Display::X11),
            (None, None) => bail!(
                "there is no display to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set); \
                 `puma index FOLDER` and `puma search PICTURE` work in a terminal"
            ),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn hook(self) -> Option<eframe::EventLoopBuilderHook> {
        None
    }

    /// winit would take Wayland where both are there; PUMA wants X11 for its file drops.
    #[cfg(target_os = "linux")]
    fn hook(self) -> Option<eframe::EventLoopBuilderHook> {
        use winit::platform::x11::EventLoopBuilderExtX11;
        (self == Display::X11).then(|| -> eframe::EventLoopBuilderHook {
            Box::new(|builder| {
                builder.with_x11();
            })
        })
    }
}

/// Whether the X server that `display` names takes connections; another machine's is believed to.
#[cfg(target_os = "linux")]
fn answers(display: &str) -> bool {
    let Some(number) = display.strip_prefix(':') else {
        return true;
    };
    let number = number.split('.').next().unwrap_or(number);
    std::os::unix::net::UnixStream::connect(format!("/tmp/.X11-unix/X{number}")).is_ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn a_dead_x_server_is_noticed() {
        assert!(!super::answers(":4711"));
        assert!(!super::answers(":4711.0"));
        assert!(super::answers("elsewhere:0"));
    }
}
