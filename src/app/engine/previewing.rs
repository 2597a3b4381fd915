use super::answering::PREVIEW_PX;
use super::{Event, Events};
use crate::app::previews::MOST;
use crate::app::query::{Query, Source};
use crate::app::thumbnails::color_image;
use crate::photo::{Reader, reduced};
use crossbeam_channel::{Receiver, Sender, bounded};
use image::RgbImage;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

/// The pictures of one question, each with its pixels where they are at hand.
type Order = Vec<(Source, Option<Arc<RgbImage>>)>;

/// Tells whether a file is still what it was.
type Version = Option<(SystemTime, u64)>;

/// The thread that sends the window the pictures of the newest question; ends when this is dropped.
pub(super) struct Previewing {
    newest: Sender<Order>,
    /// Takes back an order that was not begun when the next one comes.
    stale: Receiver<Order>,
}

impl Previewing {
    /// Starts the thread.
    pub(super) fn start(reader: Reader, events: Events) -> std::io::Result<Previewing> {
        let (newest, stale) = bounded(1);
        let orders = stale.clone();
        std::thread::Builder::new()
            .name("puma-preview".to_owned())
            .spawn(move || serve(&orders, &reader, &events))?;
        Ok(Previewing { newest, stale })
    }

    /// Sends the pictures of a question one by one: nobody should wait for them. An older question is given up.
    pub(super) fn show(&self, query: &Query, images: Vec<Option<Arc<RgbImage>>>) {
        let sources = query.parts.iter().map(|part| part.source.clone());
        self.order(sources.zip(images).collect());
    }

    fn order(&self, order: Order) {
        // Only this thread puts orders in, so that there is room now.
        let _older = self.stale.try_recv();
        if self.newest.try_send(order).is_err() {
            tracing::warn!("the thread that reads asked pictures has ended");
        }
    }
}

/// Carries out orders until no more can come.
fn serve(orders: &Receiver<Order>, reader: &Reader, events: &Events) {
    // What the window has, the newest first.
    let mut sent: VecDeque<(Source, Version)> = VecDeque::new();
    for order in orders {
        for (source, image) in order {
            if !orders.is_empty() {
                break;
            }
            let version = version(&source);
            let known = sent.iter().any(|one| (&one.0, one.1) == (&source, version));
            if known {
                continue;
            }
            let image = match (image, &source) {
                (Some(image), _) => image,
                (None, Source::Pasted { image, .. }) => Arc::clone(image),
                (None, Source::File(path)) => match reader.reduced(path, PREVIEW_PX) {
                    Ok(image) => Arc::new(image),
                    // The answer did without it; the panel shows the small copy.
                    Err(_) => continue,
                },
            };
            let image = Arc::new(color_image(&reduced(&image, PREVIEW_PX)));
            let preview = Event::Preview {
                source: source.clone(),
                image,
            };
            if !events.send(preview) {
                return;
            }
            sent.retain(|(known, _)| *known != source);
            sent.push_front((source, version));
            sent.truncate(MOST);
        }
    }
}

fn version(source: &Source) -> Version {
    let facts = std::fs::metadata(source.path()?).ok()?;
    Some((facts.modified().ok()?, facts.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo::Limits;
    use std::path::{Path, PathBuf};

    fn drawn(path: &Path, side_px: u32) {
        RgbImage::new(side_px, side_px).save(path).unwrap();
    }

    /// What the window is sent for these questions, each of them asked when the one before is answered.
    fn sent_for(questions: Vec<Order>) -> Vec<PathBuf> {
        let (events, arriving) = Events::channel(&egui::Context::default());
        // No order waits behind the one under way.
        let (newest, orders) = bounded(0);
        let thread = std::thread::spawn(move || {
            serve(&orders, &Reader::here(Limits::default()), &events);
        });
        for question in questions {
            newest.send(question).unwrap();
        }
        drop(newest);
        thread.join().unwrap();
        let path = |event| match event {
            Event::Preview { source, .. } => source.path().unwrap().to_owned(),
            _ => panic!("other news"),
        };
        arriving.try_iter().map(path).collect()
    }

    #[test]
    fn a_picture_that_the_window_has_is_not_decoded_again() {
        let folder = tempfile::tempdir().unwrap();
        let [cat, dog] = ["cat.png", "dog.png"].map(|name| folder.path().join(name));
        drawn(&cat, 20);
        drawn(&dog, 30);
        let part = |path: &PathBuf| (Source::File(path.clone()), None);
        // Another weight is another question with the same pictures.
        let both = || vec![part(&cat), part(&dog)];
        let questions = vec![vec![part(&cat)], both(), both(), both()];
        assert_eq!(sent_for(questions), [cat, dog]);
    }

    #[test]
    fn only_the_newest_question_waits() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cat.png");
        drawn(&file, 20);
        let (newest, stale) = bounded(1);
        let previewing = Previewing {
            newest,
            stale: stale.clone(),
        };
        for weight in 0..100 {
            let other = Source::File(folder.path().join(format!("{weight}.png")));
            previewing.order(vec![(other, None)]);
        }
        previewing.order(vec![(Source::File(file.clone()), None)]);
        assert_eq!(stale.len(), 1);
        drop(previewing);
        let (events, arriving) = Events::channel(&egui::Context::default());
        serve(&stale, &Reader::here(Limits::default()), &events);
        let told: Vec<Event> = arriving.try_iter().collect();
        assert_eq!(told.len(), 1);
        assert!(
            matches!(&told[0], Event::Preview { source, .. } if source.path() == Some(file.as_path()))
        );
    }
}
