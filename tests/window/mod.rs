//! The real program on a real X server: files dropped by another program, keys pressed, a second start.
//!
//! Each test has an X server of its own (Xvfb) without a window manager; where Xvfb is missing it says so and is
//! skipped. Nothing waits for a fixed time: a test waits until something is to be seen from outside.

mod desk;
mod key;
mod program;
mod source;
mod story;
mod waiting;

use waiting::patiently;
