//! Memory for decoded pictures, shared by the decoders.

use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::photo;

/// What decoded pictures may take together; a single one that takes more is decoded alone.
const BYTES: u64 = 512 << 20;
/// What a pixel takes while its picture is decoded and turned upright.
const BYTES_PER_PIXEL: u64 = 6;
/// Pictures of so many bytes are small in any case and need not wait: they take no more than a few batches do.
const SMALL: u64 = 24 << 20;

/// The memory that is free; share it by reference.
pub(super) struct Room {
    free_bytes: Mutex<u64>,
    freed: Condvar,
    /// Held by who waits: others that need memory come after it.
    turn: Mutex<()>,
}

/// Memory that a picture has while this lives.
pub(super) struct Taken<'a> {
    room: &'a Room,
    bytes: u64,
}

impl Room {
    pub fn new() -> Room {
        Room {
            free_bytes: Mutex::new(BYTES),
            freed: Condvar::new(),
            turn: Mutex::new(()),
        }
    }

    /// Waits until there is memory for the photo at `path`; what its header says counts.
    pub fn for_photo(&self, path: &Path) -> Taken<'_> {
        let size_px = photo::header(path).ok().and_then(|header| header.size_px);
        let (width, height) = size_px.unwrap_or_default();
        self.take(u64::from(width) * u64::from(height) * BYTES_PER_PIXEL)
    }

    fn take(&self, bytes: u64) -> Taken<'_> {
        if bytes <= SMALL {
            let bytes = 0;
            return Taken { room: self, bytes };
        }
        let bytes = bytes.min(BYTES);
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self
            .free_bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while *free < bytes {
            free = self
                .freed
                .wait(free)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *free -= bytes;
        Taken { room: self, bytes }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self
            .room
            .free_bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner) += self.bytes;
        self.room.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn large_pictures_wait_for_each_other_and_small_ones_for_none() {
        let room = Room::new();
        let large = room.take(u64::MAX);
        drop(room.take(SMALL));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| drop(room.take(SMALL + 1)));
            std::thread::sleep(Duration::from_millis(30));
            assert!(!waiting.is_finished());
            drop(large);
            waiting.join().unwrap();
        });
        let halves = [room.take(BYTES / 2), room.take(BYTES / 2)];
        assert_eq!(*room.free_bytes.lock().unwrap(), 0);
        drop(halves);
        assert_eq!(*room.free_bytes.lock().unwrap(), BYTES);
    }
}
