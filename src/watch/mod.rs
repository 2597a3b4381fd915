//! Folders under watch: what changes in them is told soon, and from time to time where the system cannot tell.
//!
//! A [`Watcher`] follows folders. Each is [`Mode::Watched`], or [`Mode::Periodic`] with the reason, or [`Mode::Away`]
//! until it comes back.

mod news;
mod pace;
mod remote;
mod watcher;

pub use pace::Pace;
pub use watcher::{Mode, Watcher};
