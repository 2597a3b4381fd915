//! Tests of `library`.
mod catalogue;
mod changes;
mod failing;
mod moving;
mod opening;
mod relinking;
mod repairing;
mod roots;
mod scanning;
mod scopes;
mod versions;
mod walking;

use puma::library::{Content, Finding, Job, Library, ModelKey, Outcome, PhotoId, Root, ScanReport};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A library and a folder of files beside it.
struct Place {
    folder: TempDir,
    library: Library,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.sqlite")).unwrap();
        fs::create_dir(folder.path().join("photos")).unwrap();
        Place { folder, library }
    }

    fn photos(&self) -> PathBuf {
        self.folder.path().join("photos")
    }

    /// Writes a file that begins as a JPEG does; scanning looks no further. Each holds something else.
    fn photo(&self, relative: &str) -> PathBuf {
        let bytes = [b"\xff\xd8\xff\xe0 the photo ", relative.as_bytes()].concat();
        self.file(relative, &bytes)
    }

    fn file(&self, relative: &str, bytes: &[u8]) -> PathBuf {
        let path = self.photos().join(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn add(&self, folder: &Path) -> Root {
        self.library.add_root(folder, None).unwrap()
    }

    /// Adds the photos folder and scans it; gives what was found, sorted, as words with the path below the folder.
    fn scan(&self) -> (Vec<String>, ScanReport) {
        let root = self.add(&self.photos());
        self.scan_root(&root)
    }

    fn scan_root(&self, root: &Root) -> (Vec<String>, ScanReport) {
        let writer = self.library.writer().unwrap();
        let mut found = Vec::new();
        let below = |path: &Path| {
            let path = path.strip_prefix(&root.path).unwrap();
            path.to_string_lossy().into_owned()
        };
        let report = writer
            .scan(root, &model(), &mut |finding| {
                match finding {
                    Finding::Unchanged => found.push("unchanged".to_owned()),
                    Finding::Recognised => found.push("recognised".to_owned()),
                    Finding::FailedBefore => found.push("failed before".to_owned()),
                    Finding::ToEmbed(job) => found.push(below(&job.path)),
                    Finding::Failed(file) => {
                        found.push(format!("{}: {}", below(&file.path), file.reason));
                    }
                    Finding::NotAPhoto => {}
                }
                true
            })
            .unwrap();
        found.sort();
        (found, report)
    }

    /// Scans and gives every photo that is to be embedded an embedding that starts with `first`.
    fn embed_all(&self, first: f32) {
        let root = self.add(&self.photos());
        let writer = self.library.writer().unwrap();
        let (mut outcomes, mut contents) = (Vec::new(), Vec::new());
        writer
            .scan(&root, &model(), &mut |finding| {
                if let Finding::ToEmbed(job) = finding {
                    contents.push((job.photo, job.content().unwrap()));
                    outcomes.push(Outcome {
                        photo: job.photo,
                        result: Ok((vec![first, 0.5], vec![0.1, 0.2, 0.3])),
                    });
                }
                true
            })
            .unwrap();
        writer
            .store_with_contents(&model(), &outcomes, &contents)
            .unwrap();
    }

    /// Stores one photo's embedding, which starts with `first`, and contents.
    fn embed(&self, job: &Job, first: f32, contents: &[(PhotoId, Content)]) {
        let outcome = Outcome {
            photo: job.photo,
            result: Ok((vec![first, 0.5], vec![0.1, 0.2, 0.3])),
        };
        let writer = self.library.writer().unwrap();
        writer
            .store_with_contents(&model(), &[outcome], contents)
            .unwrap();
    }

    /// Relative paths of all photos in the catalogue, with their domains.
    fn catalogue(&self) -> Vec<(String, String)> {
        self.library
            .photos(None, 1000, &model())
            .unwrap()
            .into_iter()
            .map(|photo| (photo.relative.to_string_lossy().into_owned(), photo.domain))
            .collect()
    }
}

fn model() -> ModelKey {
    ModelKey::new("a-model")
}
