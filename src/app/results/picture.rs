use super::News;
use crate::app::engine::{Event, Events};
use crate::app::thumbnails::color_image;
use crate::photo::{self, Camera, Part, Reader};
use egui::ColorImage;
use image::RgbImage;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::SystemTime;

/// What the preview says of a file besides its pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Width and height of the upright picture in pixels.
    pub size_px: [u32; 2],
    /// Size of the file.
    pub bytes: u64,
    /// When the file was last changed, such as `2019-05-03 12:01:59`.
    pub modified: String,
    /// What the camera wrote.
    pub camera: Camera,
}

/// A picture, or a part of one, wanted at the size at which it is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The file.
    pub path: PathBuf,
    /// Which part of it; `None` for all.
    pub part: Option<Part>,
    /// Greatest width and height, in pixels of the screen.
    pub most_px: [u32; 2],
}

/// What was ordered.
pub struct Shot {
    /// The order.
    pub order: Order,
    /// Which part it shows, within the picture.
    pub part: Part,
    /// The pixels.
    pub image: Arc<ColorImage>,
}

/// A thread that reads one picture at a time; only the newest order counts.
pub struct PictureLoader {
    orders: Arc<Orders>,
}

#[derive(Default)]
struct Orders {
    state: Mutex<(Option<Order>, bool)>,
    news: Condvar,
}

impl PictureLoader {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where the system gives none.
    pub fn start(events: &Events, reader: Reader) -> std::io::Result<PictureLoader> {
        let orders = Arc::new(Orders::default());
        let (its_orders, events) = (Arc::clone(&orders), events.clone());
        std::thread::Builder::new()
            .name("puma-picture".to_owned())
            .spawn(move || work(&its_orders, &reader, &events))?;
        Ok(PictureLoader { orders })
    }

    /// Takes an order; one that was not begun yet is forgotten.
    pub fn order(&self, order: Order) {
        self.lock().0 = Some(order);
        self.orders.news.notify_one();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Option<Order>, bool)> {
        lock(&self.orders)
    }
}

impl Drop for PictureLoader {
    fn drop(&mut self) {
        self.lock().1 = true;
        self.orders.news.notify_all();
    }
}

fn lock(orders: &Orders) -> std::sync::MutexGuard<'_, (Option<Order>, bool)> {
    orders.state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn next(orders: &Orders) -> Option<Order> {
    let mut state = lock(orders);
    loop {
        if state.1 {
            return None;
        }
        if let Some(order) = state.0.take() {
            return Some(order);
        }
        state = orders
            .news
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

/// The picture read last, so that looking closer needs no second reading.
struct Kept {
    path: PathBuf,
    modified: Option<SystemTime>,
    picture: Picture,
    image: RgbImage,
}

fn work(orders: &Orders, reader: &Reader, events: &Events) {
    let mut kept: Option<Kept> = None;
    while let Some(order) = next(orders) {
        let modified = std::fs::metadata(&order.path)
            .and_then(|facts| facts.modified())
            .ok();
        let known = kept
            .as_ref()
            .is_some_and(|kept| kept.path == order.path && kept.modified == modified);
        let path = order.path.clone();
        if !known {
            kept = None;
            match read(reader, &path) {
                Ok((picture, image)) => {
                    kept = Some(Kept {
                        path: path.clone(),
                        modified,
                        picture,
                        image,
                    });
                }
                Err(reason) => {
                    let picture = Err(reason);
                    if !events.send(Event::Results(News::Picture { path, picture })) {
                        return;
                    }
                    continue;
                }
            }
        }
        let Some(Kept { image, picture, .. }) = &kept else {
            continue;
        };
        // Whoever orders the whole may have forgotten what was known of it.
        if order.part.is_none() {
            let picture = Ok(picture.clone());
            if !events.send(Event::Results(News::Picture { path, picture })) {
                return;
            }
        }
        let all = Part::all(image.width(), image.height());
        let part = order
            .part
            .unwrap_or(all)
            .within(image.width(), image.height());
        let seen = photo::part(image, part, order.most_px);
        let shot = Shot {
            image: Arc::new(color_image(&seen)),
            part,
            order,
        };
        if !events.send(Event::Results(News::Shot(shot))) {
            return;
        }
    }
}

fn read(reader: &Reader, path: &Path) -> Result<(Picture, RgbImage), String> {
    let facts = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "The file is no longer there.".to_owned(),
        _ => format!("The file cannot be read: {error}."),
    })?;
    let image = reader
        .read(path)
        .map_err(|error| format!("{:#}.", anyhow::Error::from(error)))?;
    let picture = Picture {
        size_px: [image.width(), image.height()],
        bytes: facts.len(),
        modified: facts.modified().map(local_time).unwrap_or_default(),
        camera: photo::camera(path).unwrap_or_default(),
    };
    Ok((picture, image))
}

fn local_time(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map_or_else(
        |_| String::new(),
        |time| {
            time.to_zoned(jiff::tz::TimeZone::system())
                .strftime("%Y-%m-%d %H:%M:%S")
                .to_string()
        },
    )
}
