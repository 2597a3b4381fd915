//! Short jobs that may take their time (dialogs, other programs, network folders), each on a thread of its own.

use super::engine::{Event, Events};

/// Runs `work` on a new thread; what it gives is sent to the window.
pub fn run(name: &str, events: &Events, work: impl FnOnce() -> Option<Event> + Send + 'static) {
    let sender = events.clone();
    let spawned = std::thread::Builder::new()
        .name(format!("puma-{name}"))
        .spawn(move || {
            if let Some(event) = work() {
                sender.send(event);
            }
        });
    if let Err(error) = spawned {
        tracing::error!("no thread for {name}: {error}");
    }
}
