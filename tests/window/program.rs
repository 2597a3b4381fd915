use super::desk::Desk;
use super::patiently;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use x11rb::protocol::xproto::Window;

/// A running `puma`; killed when the test ends.
pub struct Program {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Program {
    /// Starts the built program on `desk` with all its files below `home`.
    pub fn start(desk: &Desk, home: &Path, arguments: &[&Path]) -> Program {
        let mut child = Command::new(env!("CARGO_BIN_EXE_puma"))
            .args(arguments)
            .env("DISPLAY", &desk.display)
            .env("PUMA_HOME", home)
            .env("RUST_LOG", "puma=debug,egui_system_font_provider=debug")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .env_remove("XDG_RUNTIME_DIR")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut heard = heard.lock().unwrap();
                heard.push_str(&line);
                heard.push('\n');
            }
        });
        Program { child, said }
    }

    /// What it wrote to stderr so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        patiently(|| self.child.try_wait().unwrap())
            .unwrap_or_else(|| panic!("does not end; it said\n{}", self.said()))
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for a window with this title that is none of `but`.
    #[track_caller]
    pub fn window(&self, desk: &Desk, title: &str, but: &[Window]) -> Window {
        patiently(|| {
            let windows = desk.windows();
            windows
                .iter()
                .find(|(window, found)| found == title && !but.contains(window))
                .map(|&(window, _)| window)
        })
        .unwrap_or_else(|| {
            let windows = desk.windows();
            let screen = desk.keep_screenshot();
            let said = self.said();
            panic!(
                "no window {title}, but {windows:?}, see {}; it said\n{said}",
                screen.display()
            )
        })
    }

    /// Waits until a window's title is right.
    #[track_caller]
    pub fn wait_for_title(
        &self,
        desk: &Desk,
        window: Window,
        right: impl Fn(&str) -> bool,
    ) -> String {
        patiently(|| desk.title(window).filter(|title| right(title))).unwrap_or_else(|| {
            let title = desk.title(window);
            let screen = desk.keep_screenshot();
            let said = self.said();
            panic!(
                "the title stays {title:?}, see {}; it said\n{said}",
                screen.display()
            )
        })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
