use super::answering::PREVIEW_PX;
use crate::app::query::{Part, Source};
use crate::library::PhotoId;
use crate::model::Embedded;
use crate::photo::{Looked, Reader, Region};
use crate::search::{SearchError, Searcher};
use image::RgbImage;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

/// Whole pictures kept, so that another rectangle on one of them is answered without decoding it again, and as many
/// small copies.
const MOST_IMAGES: usize = 3;
/// Embedded pictures kept, so that another weight is answered at once.
const MOST_EMBEDDED: usize = 64;

/// Looks at the pictures of questions, and remembers the last ones.
pub(super) struct Eyes {
    reader: Reader,
    images: Images,
    small: Images,
    embedded: VecDeque<(Source, Version, Option<Region>, Embedded)>,
}

type Images = VecDeque<(Source, Version, Arc<RgbImage>)>;

/// Tells whether a file is still what it was.
type Version = Option<(SystemTime, u64)>;

/// One picture of a question.
pub(super) struct Seen {
    /// Its number in the library, if it is a whole photo of it.
    pub photo: Option<PhotoId>,
    /// What the model says of it.
    pub embedded: Embedded,
    /// Its pixels, or a copy of at most [`PREVIEW_PX`], where they are at hand.
    pub image: Option<Arc<RgbImage>>,
}

impl Eyes {
    pub(super) fn new(reader: Reader) -> Eyes {
        Eyes {
            reader,
            images: VecDeque::new(),
            small: VecDeque::new(),
            embedded: VecDeque::new(),
        }
    }

    /// What the model says of one picture of a question; the library's word where it has one.
    pub(super) fn see(&mut self, searcher: &Searcher, part: &Part) -> Result<Seen, SearchError> {
        if let (Source::File(path), None) = (&part.source, part.crop)
            && let Some(photo) = searcher.library().photo_at(path)?
            && let Some(embedded) = searcher.embedded(photo)
        {
            return Ok(Seen {
                photo: Some(photo),
                embedded,
                image: None,
            });
        }
        let version = version(&part.source);
        let known = self.embedded.iter().find(|(source, seen, crop, _)| {
            (source, seen, crop) == (&part.source, &version, &part.crop)
        });
        if let Some((.., embedded)) = known {
            return Ok(Seen {
                photo: None,
                embedded: embedded.clone(),
                image: found(&self.images, &part.source, version)
                    .or_else(|| found(&self.small, &part.source, version)),
            });
        }
        let (image, embedded) = match (&part.source, part.crop) {
            (Source::File(path), None) if found(&self.images, &part.source, version).is_none() => {
                let size_px = searcher.puma().image_size();
                let looked = self.reader.look(path, size_px, PREVIEW_PX);
                let Looked { crop, small } = looked.map_err(SearchError::Photo)?;
                let small = Arc::new(small);
                let entry = (part.source.clone(), version, Arc::clone(&small));
                keep(&mut self.small, entry, MOST_IMAGES);
                (small, searcher.embed_crop(&crop)?)
            }
            (source, crop) => {
                let image = self.image(source, version)?;
                let embedded = match crop {
                    Some(region) => searcher.embed(&region.cut(&image))?,
                    None => searcher.embed(&image)?,
                };
                (image, embedded)
            }
        };
        let entry = (part.source.clone(), version, part.crop, embedded.clone());
        keep(&mut self.embedded, entry, MOST_EMBEDDED);
        Ok(Seen {
            photo: None,
            embedded,
            image: Some(image),
        })
    }

    fn image(&mut self, source: &Source, version: Version) -> Result<Arc<RgbImage>, SearchError> {
        if let Source::Pasted { image, .. } = source {
            return Ok(Arc::clone(image));
        }
        if let Some(image) = found(&self.images, source, version) {
            return Ok(image);
        }
        let path = source.path().unwrap_or(std::path::Path::new(""));
        let image = self.reader.read(path).map_err(SearchError::Photo)?;
        let image = Arc::new(image);
        let entry = (source.clone(), version, Arc::clone(&image));
        keep(&mut self.images, entry, MOST_IMAGES);
        Ok(image)
    }
}

/// The picture of a source among those that are kept, unless its file is another now.
fn found(images: &Images, source: &Source, version: Version) -> Option<Arc<RgbImage>> {
    let mut kept = images.iter();
    let known = kept.find(|(of, seen, _)| (of, *seen) == (source, version));
    known.map(|(.., image)| Arc::clone(image))
}

fn keep<T>(kept: &mut VecDeque<T>, one: T, most: usize) {
    kept.push_front(one);
    kept.truncate(most);
}

fn version(source: &Source) -> Version {
    let facts = std::fs::metadata(source.path()?).ok()?;
    Some((facts.modified().ok()?, facts.len()))
}
