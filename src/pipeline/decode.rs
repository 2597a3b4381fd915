use super::look::Look;
use super::progress::Tally;
use super::room::Room;
use super::{Control, Options};
use crate::library::{Job, reason};
use crate::photo;
use crossbeam_channel::{Receiver, Sender};
use image::RgbImage;

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
    for job in jobs {
        if control.is_stopped() {
            return;
        }
        control.give_way();
        tally.set_current(job.path.clone());
        let _room = room.for_photo(&job.path);
        let crop = photo::read(&job.path, &options.limits)
            .map(|image| {
                keep_thumbnail(&job, &image, options);
                photo::evaluation_crop(&image, image_size_px)
            })
            .map_err(|error| reason(&error));
        let look = Look::after(&job, crop);
        if decoded.send(Decoded { job, look }).is_err() {
            return;
        }
    }
}

/// Makes the window's small copy while the photo is decoded anyway.
fn keep_thumbnail(job: &Job, image: &RgbImage, options: &Options) {
    let Some(thumbnails) = &options.thumbnails else {
        return;
    };
    let file = thumbnails.file(&job.path, job.mtime_ns, job.size_bytes);
    if !file.exists() {
        thumbnails.store(&job.path, job.mtime_ns, job.size_bytes, image);
    }
}
