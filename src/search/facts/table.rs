use crate::library::{PhotoId, names};
use crate::photo::Format;
use crate::search::{Filter, PhotoFacts};
use jiff::Timestamp;
use jiff::civil::DateTime;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// What is known of the photos of one segment, each folder and domain once: about 100 bytes a photo.
#[derive(Debug, Default)]
pub(in crate::search) struct FactTable {
    pub(in crate::search) roots: Vec<Arc<Path>>,
    pub(in crate::search) folders: Vec<Folder>,
    pub(in crate::search) domains: Vec<String>,
    pub(in crate::search) rows: Vec<Row>,
    /// The file names, one behind the other, as the catalogue keeps them.
    pub(in crate::search) names: Vec<u8>,
    /// Facts that somebody holds a reference to.
    pub(in crate::search) shown: Vec<OnceLock<Box<PhotoFacts>>>,
}

#[derive(Debug)]
pub(in crate::search) struct Folder {
    pub root: u32,
    pub path: PathBuf,
    /// Where words are sought: the root's name and the way from there, in small letters.
    pub sought: String,
}

#[derive(Clone, Copy, Debug)]
pub(in crate::search) struct Row {
    pub id: PhotoId,
    pub folder: u32,
    pub domain: u32,
    /// Where its name ends.
    pub name_end: u32,
    pub modified: Timestamp,
    pub taken: DateTime,
    pub taken_by_camera: bool,
    pub format: Option<Format>,
    pub bytes: u64,
    pub size_px: Option<(u32, u32)>,
}

/// Fills a table.
#[derive(Default)]
pub(in crate::search) struct FactTableBuilder {
    table: FactTable,
    folders: HashMap<PathBuf, u32>,
}

impl FactTableBuilder {
    /// Adds a photo behind the others.
    pub fn push(&mut self, facts: &PhotoFacts) {
        let folder = self.folder(facts);
        let table = &mut self.table;
        let domain = place_of(&mut table.domains, &facts.domain, |domain| domain.clone());
        let name = facts.path.file_name().map(Path::new);
        table
            .names
            .extend(name.map(names::to_bytes).unwrap_or_default());
        table.rows.push(Row {
            id: facts.id,
            folder,
            domain,
            name_end: table.names.len() as u32,
            modified: facts.modified,
            taken: facts.taken,
            taken_by_camera: facts.taken_by_camera,
            format: facts.format,
            bytes: facts.bytes,
            size_px: facts.size_px,
        });
    }

    fn folder(&mut self, facts: &PhotoFacts) -> u32 {
        let path = facts.folder();
        let root = place_of(&mut self.table.roots, &facts.root, Arc::clone);
        let folders = &mut self.table.folders;
        // The root of a folder is that of all its photos, unless one root lies below another.
        if let Some(known) = self.folders.get(path)
            && folders[*known as usize].root == root
        {
            return *known;
        }
        folders.push(Folder {
            root,
            path: path.to_owned(),
            sought: sought_in(&facts.root, path),
        });
        let place = (folders.len() - 1) as u32;
        self.folders.insert(path.to_owned(), place);
        place
    }

    /// The table.
    pub fn finish(self) -> FactTable {
        let mut table = self.table;
        table.rows.shrink_to_fit();
        table.names.shrink_to_fit();
        table.shown.resize_with(table.rows.len(), OnceLock::new);
        table
    }
}

/// The place of a value in a short list, where it is put if it is new; the last ones are the likeliest.
pub(super) fn place_of<T: PartialEq>(
    list: &mut Vec<T>,
    value: &T,
    own: impl FnOnce(&T) -> T,
) -> u32 {
    let place = list.iter().rposition(|known| known == value);
    place.unwrap_or_else(|| {
        list.push(own(value));
        list.len() - 1
    }) as u32
}

/// The root's name and the way from there to a folder or file, in small letters.
pub(super) fn sought_in(root: &Path, path: &Path) -> String {
    let above = root.parent().unwrap_or(root);
    let below = path.strip_prefix(above).unwrap_or(path);
    below.to_string_lossy().to_lowercase()
}

impl FactTable {
    /// Number of photos.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// What is known of a photo, as a value of its own.
    pub fn facts(&self, row: usize) -> PhotoFacts {
        let place = &self.rows[row];
        let folder = &self.folders[place.folder as usize];
        PhotoFacts {
            id: place.id,
            path: folder.path.join(names::to_path(self.name(row))),
            root: Arc::clone(&self.roots[folder.root as usize]),
            domain: self.domains[place.domain as usize].clone(),
            modified: place.modified,
            taken: place.taken,
            taken_by_camera: place.taken_by_camera,
            bytes: place.bytes,
            format: place.format,
            size_px: place.size_px,
        }
    }

    /// What is known of a photo, kept from now on: for the few that are looked at.
    pub fn shown(&self, row: usize) -> &PhotoFacts {
        self.shown[row].get_or_init(|| Box::new(self.facts(row)))
    }

    /// The domain of a photo.
    pub fn domain(&self, row: usize) -> &str {
        &self.domains[self.rows[row].domain as usize]
    }

    /// The folder of a photo, and its name in it.
    pub fn place(&self, row: usize) -> (&Path, &[u8]) {
        let folder = &self.folders[self.rows[row].folder as usize];
        (&folder.path, self.name(row))
    }

    /// When a photo was taken.
    pub fn taken(&self, row: usize) -> DateTime {
        self.rows[row].taken
    }

    fn name(&self, row: usize) -> &[u8] {
        let before = row.checked_sub(1);
        let start = before.map_or(0, |before| self.rows[before].name_end);
        &self.names[start as usize..self.rows[row].name_end as usize]
    }

    /// For each photo whether it passes the filter by everything but its score; `words` as [`Filter::words`] gives them.
    pub fn passing(&self, filter: &Filter, words: &[String], out: &mut Vec<bool>) {
        let domains: Vec<bool> = self
            .domains
            .iter()
            .map(|name| filter.wants_domain(name))
            .collect();
        let within = |folder: &Folder| filter.wants_folder(&folder.path);
        let folders: Vec<bool> = self.folders.iter().map(within).collect();
        let mut text = String::new();
        out.extend((0..self.len()).map(|row| {
            let place = &self.rows[row];
            domains[place.domain as usize]
                && folders[place.folder as usize]
                && filter.wants_moment(place.taken)
                && filter.wants_format(place.format)
                && filter.wants_bytes(place.bytes)
                && (words.is_empty() || self.holds(row, words, &mut text))
        }));
    }

    /// Whether the name of a photo and its folders hold all words; `text` is scratch.
    fn holds(&self, row: usize, words: &[String], text: &mut String) -> bool {
        text.clear();
        let folder = &self.folders[self.rows[row].folder as usize];
        text.push_str(&folder.sought);
        if !text.is_empty() {
            text.push(std::path::MAIN_SEPARATOR);
        }
        let name = names::to_path(self.name(row));
        text.push_str(&name.to_string_lossy().to_lowercase());
        words.iter().all(|word| text.contains(word.as_str()))
    }
}
