//! One start of the program.

use super::desk::Desk;
use anyhow::{Context, bail};
use std::collections::HashSet;
use std::fmt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use x11rb::protocol::xproto::Window;

/// How often the screen is looked at.
const EVERY: Duration = Duration::from_millis(4);
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// Colours of a window whose bars and words are drawn.
const DRAWN: usize = 30;
/// Colours of a window that shows photos.
const WITH_PHOTOS: usize = 150;

/// Times since the start of the process, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start {
    /// The window is on the screen.
    mapped: f64,
    /// It shows its bars and words.
    drawn: f64,
    /// The answer to the picture is there, which the title tells.
    answered: f64,
    /// Neighbours are to be seen.
    shown: f64,
    /// Processor time until then.
    processor: f64,
    /// How much of it Mesa's drawing threads took.
    drawing: f64,
}

/// The running program; killed if the measurement fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Start {
    /// Starts the program, looks at it until neighbours are to be seen, and closes it.
    pub fn of(desk: &Desk, home: &Path, library: &Path, picture: &Path) -> anyhow::Result<Start> {
        let start = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_puma"))
            .arg("--library")
            .args([library, picture])
            .env("DISPLAY", &desk.display)
            .env("PUMA_HOME", home)
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .env_remove("XDG_RUNTIME_DIR")
            .stderr(Stdio::null())
            .spawn()?;
        let mut running = Running(child);
        let mut times = Start::default();
        let asked = picture.file_name().context("a picture's name")?;
        let asked = format!("{} - PUMA", asked.to_string_lossy());
        let window = wait("its window", || {
            let windows = desk.windows();
            windows.first().map(|(window, _)| *window)
        })?;
        times.mapped = ms(start);
        wait("its first frame", || {
            (colours(desk, 0) > DRAWN).then_some(())
        })?;
        times.drawn = ms(start);
        wait("its answer", || {
            (desk.title(window)? == asked).then_some(())
        })?;
        times.answered = ms(start);
        wait("neighbours", || {
            let middle = super::desk::SCREEN_PX.1 as i16 / 2;
            (colours(desk, middle) > WITH_PHOTOS).then_some(())
        })?;
        times.shown = ms(start);
        let process = Path::new("/proc").join(running.0.id().to_string());
        times.processor = processor_ms(&process)?;
        for thread in std::fs::read_dir(process.join("task"))? {
            let thread = thread?.path();
            let name = std::fs::read_to_string(thread.join("comm")).unwrap_or_default();
            if name.starts_with("llvmpipe") {
                times.drawing += processor_ms(&thread)?;
            }
        }
        running.close(desk, window)?;
        Ok(times)
    }

    /// The middle of each time, or whatever `choose` takes.
    pub fn middle(all: &[Start], choose: impl Fn(Vec<f64>) -> f64) -> Start {
        let of = |part: &dyn Fn(&Start) -> f64| choose(all.iter().map(part).collect());
        Start {
            mapped: of(&|start| start.mapped),
            drawn: of(&|start| start.drawn),
            answered: of(&|start| start.answered),
            shown: of(&|start| start.shown),
            processor: of(&|start| start.processor),
            drawing: of(&|start| start.drawing),
        }
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "  window {:.0} ms, first frame {:.0} ms, answer {:.0} ms, neighbours on the screen {:.0} ms; processor time {:.0} ms, {:.0} of it drawing",
            self.mapped, self.drawn, self.answered, self.shown, self.processor, self.drawing
        )
    }
}

impl Running {
    /// Closes the window and waits for the end.
    fn close(&mut self, desk: &Desk, window: Window) -> anyhow::Result<()> {
        desk.close(window);
        let ended = wait("its end", || self.0.try_wait().ok().flatten())?;
        anyhow::ensure!(ended.success(), "the program ended with {ended}");
        Ok(())
    }
}

/// Looks again and again until something is to be seen.
fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> anyhow::Result<T> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(seen) = look() {
            return Ok(seen);
        }
        std::thread::sleep(EVERY);
    }
    bail!("{what} did not come")
}

/// Colours in a stripe across the screen.
fn colours(desk: &Desk, top: i16) -> usize {
    let stripe = desk.area(0, top, super::desk::SCREEN_PX.0, 40);
    let colours: HashSet<&[u8]> = stripe.chunks(4).map(|pixel| &pixel[..3]).collect();
    colours.len()
}

/// Processor time of a process or thread so far, by its folder in /proc.
fn processor_ms(folder: &Path) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(folder.join("stat"))?;
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks: Vec<f64> = fields.skip(11).take(2).flat_map(str::parse).collect();
    // 100 ticks a second, on every Linux.
    Ok(ticks.iter().sum::<f64>() * 10.0)
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
