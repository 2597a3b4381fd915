//! What is asked: pictures or parts of pictures, more or less like each.

use crate::photo::Region;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Pictures of one question at most: each is embedded, and has its place in the window.
pub const MOST_PARTS: usize = 24;

/// One question to the library: pictures with weights, which are added up.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The pictures, in the order in which they were given; never none.
    pub parts: Vec<Part>,
}

/// One picture of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The picture.
    pub source: Source,
    /// The part of it that counts; `None` for all of it.
    pub crop: Option<Region>,
    /// How much it counts: positive for more like this, negative for less like this.
    pub weight: f32,
}

/// Where a picture comes from.
#[derive(Clone)]
pub enum Source {
    /// A picture on disk, inside the library or not.
    File(PathBuf),
    /// A picture from the clipboard.
    Pasted {
        /// Tells two pasted pictures apart.
        number: u64,
        /// Its pixels.
        image: Arc<image::RgbImage>,
    },
}

/// Weight of a picture that was given, and of one that is more like what is meant.
pub const MORE: f32 = 1.0;
/// Weight of a picture that is not what is meant: half a step away from it, so that it does not outweigh what is.
pub const LESS: f32 = -0.5;

impl Query {
    /// A question with one picture file.
    pub fn file(path: impl Into<PathBuf>) -> Query {
        Query::of(Source::File(path.into()))
    }

    /// A question with several picture files, each counting the same.
    pub fn files(paths: impl IntoIterator<Item = PathBuf>) -> Query {
        let part = |path| Part::whole(Source::File(path), MORE);
        Query {
            parts: paths.into_iter().map(part).collect(),
        }
    }

    /// Leaves out all but the first [`MOST_PARTS`] pictures; says whether there were more.
    pub fn shorten(&mut self) -> bool {
        let long = self.parts.len() > MOST_PARTS;
        self.parts.truncate(MOST_PARTS);
        long
    }

    /// A question with a picture from the clipboard.
    pub fn pasted(number: u64, image: Arc<image::RgbImage>) -> Query {
        Query::of(Source::Pasted { number, image })
    }

    fn of(source: Source) -> Query {
        Query {
            parts: vec![Part::whole(source, MORE)],
        }
    }

    /// The same with `path` as one more picture, or with another weight if it is one already.
    pub fn and(&self, path: &Path, weight: f32) -> Query {
        let mut query = self.clone();
        let known = query
            .parts
            .iter_mut()
            .find(|part| part.source.path() == Some(path) && part.crop.is_none());
        match known {
            Some(part) => part.weight = weight,
            None => {
                let source = Source::File(path.to_owned());
                query.parts.push(Part::whole(source, weight));
            }
        }
        query
    }

    /// A short name for people.
    pub fn name(&self) -> String {
        let Some(first) = self.parts.first() else {
            return "nothing".to_owned();
        };
        let name = first.name();
        match self.parts.len() {
            1 => name,
            2 => format!("{name} and 1 more picture"),
            count => format!("{name} and {} more pictures", count - 1),
        }
    }

    /// The file asked with, if the question is one file.
    pub fn path(&self) -> Option<&Path> {
        match self.parts.as_slice() {
            [part] => part.source.path(),
            _ => None,
        }
    }

    /// Whether a file is one of the pictures asked with.
    pub fn holds(&self, path: &Path) -> bool {
        self.parts
            .iter()
            .any(|part| part.source.path() == Some(path))
    }
}

impl Part {
    /// All of a picture.
    pub fn whole(source: Source, weight: f32) -> Part {
        Part {
            source,
            crop: None,
            weight,
        }
    }

    /// A short name for people.
    pub fn name(&self) -> String {
        let name = self.source.name();
        match self.crop {
            Some(_) => format!("part of {name}"),
            None => name,
        }
    }
}

impl Source {
    /// A short name for people.
    pub fn name(&self) -> String {
        match self {
            Source::File(path) => super::wording::file_name(path),
            Source::Pasted { number: 1, .. } => "Pasted picture".to_owned(),
            Source::Pasted { number, .. } => format!("Pasted picture {number}"),
        }
    }

    /// The file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Source::File(path) => Some(path),
            Source::Pasted { .. } => None,
        }
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Source::File(a), Source::File(b)) => a == b,
            (Source::Pasted { number: a, .. }, Source::Pasted { number: b, .. }) => a == b,
            _ => false,
        }
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_grows_and_changes_its_mind() {
        let query = Query::file("/photos/cat.jpg");
        assert_eq!(query.path(), Some(Path::new("/photos/cat.jpg")));
        let dog = Path::new("/photos/dog.jpg");
        let both = query.and(dog, MORE);
        assert_eq!(both.name(), "cat.jpg and 1 more picture");
        assert_eq!(both.path(), None);
        assert!(both.holds(dog));
        let less = both.and(dog, LESS);
        assert_eq!(less.parts.len(), 2);
        assert_eq!(less.parts[1].weight, LESS);
    }
}
