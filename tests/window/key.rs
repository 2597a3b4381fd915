//! Keysyms of keys that type nothing (`X11/keysymdef.h`).

pub const ENTER: u32 = 0xff0d;
pub const ESCAPE: u32 = 0xff1b;
pub const LEFT: u32 = 0xff51;
pub const RIGHT: u32 = 0xff53;
pub const SHIFT: u32 = 0xffe1;
pub const CONTROL: u32 = 0xffe3;
pub const ALT: u32 = 0xffe9;
