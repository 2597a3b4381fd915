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
            // As indexing sees it, even where all its pixels are kept.
            (Source::File(path), None) => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::query::MORE;
    use crate::index::Kind;
    use crate::library::Library;
    use crate::model::Puma;
    use crate::photo::{Limits, evaluation_crop};
    use candle_core::Device;
    use image::Rgb;

    #[test]
    fn a_whole_file_is_seen_as_indexing_sees_it_also_after_a_part_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("photo.jpg");
        let mut noise = 12345u32;
        let photo = RgbImage::from_fn(1600, 1200, |x, y| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Rgb([noise >> 24, (noise >> 16) / 2 + x / 8, y / 6].map(|value| value as u8))
        });
        photo.save(&file).unwrap();
        let library = folder.path().join("library.sqlite");
        drop(Library::open(&library).unwrap());
        let puma = Arc::new(Puma::shipped(&Device::Cpu).unwrap());
        let searcher = Searcher::open(&library, puma, Kind::Exact).unwrap();
        let reader = Reader::here(Limits::default());

        let mut eyes = Eyes::new(reader.clone());
        let mut part = Part::whole(Source::File(file.clone()), MORE);
        part.crop = Some(Region::between([0.1, 0.2], [0.6, 0.8]));
        eyes.see(&searcher, &part).unwrap();
        part.crop = None;
        let seen = eyes.see(&searcher, &part).unwrap();
        let indexed = reader.crop(&file, 224, None).unwrap();
        assert_ne!(indexed, evaluation_crop(&reader.read(&file).unwrap(), 224));
        assert_eq!(seen.embedded, searcher.embed_crop(&indexed).unwrap());
    }
}
