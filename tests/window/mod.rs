//! The real program on a real X server: files dropped by another program, keys pressed, a second start.
//!
//! Each test has an X server of its own (Xvfb) without a window manager; where Xvfb is missing it says so and is
//! skipped. Nothing waits for a fixed time: a test waits until something is to be seen from outside.

mod desk;
mod program;
mod source;
mod story;

use std::time::{Duration, Instant};

/// Longest wait for anything, on a slow machine with other work.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks again and again until `look` sees something; `None` when patience ends.
fn patiently<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(seen) = look() {
            return Some(seen);
        }
        if start.elapsed() > PATIENCE {
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Keysyms of keys that type nothing (`X11/keysymdef.h`).
mod key {
    pub const ENTER: u32 = 0xff0d;
    pub const ESCAPE: u32 = 0xff1b;
    pub const LEFT: u32 = 0xff51;
    pub const RIGHT: u32 = 0xff53;
    pub const SHIFT: u32 = 0xffe1;
    pub const CONTROL: u32 = 0xffe3;
    pub const ALT: u32 = 0xffe9;
}
