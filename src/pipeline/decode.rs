use super::look::Look;
use super::progress::Tally;
use super::room::Room;
use super::{Control, Options};
use crate::library::{Failure, Job};
use crossbeam_channel::{Receiver, Sender};

/// A photo on its way from a decoder to the model.
pub(super) struct Decoded {
    pub job: Job,
    pub look: Look,
}

/// Decodes photos until there are no more or nobody wants them.
pub(super) fn run(
    jobs: &Receiver<Job>,
    decoded: &Sender<Decoded>,
    image_size_px: u32,
    options: &Options,
    control: &Control,
    tally: &Tally,
    room: &Room,
) {
    // A decoding process of this thread's own, which ends with the run.
    let reader = options.reader.anew();
    for job in jobs {
        if control.is_stopped() {
            return;
        }
        control.give_way();
        tally.set_current(job.path.clone());
        let taken = room.for_photo(&job.path);
        // The window's small copy is made while the photo is decoded anyway.
        let thumbnail = options
            .thumbnails
            .as_ref()
            .map(|thumbnails| thumbnails.file(&job.path, job.mtime_ns, job.size_bytes));
        let crop = reader
            .crop(&job.path, image_size_px, thumbnail)
            .map_err(|error| Failure::of(&error));
        drop(taken);
        let look = Look::after(&job, crop);
        if decoded.send(Decoded { job, look }).is_err() {
            return;
        }
    }
}
