//! Searching a library of real photos against `puma eval` on the same photos.
//!
//! Needs the photo collection: `PUMA_PHOTOS` names a folder laid out as SET/CLASS/*.jpg. Three test classes of each
//! set are taken, or all of them if `PUMA_PHOTOS_ALL` is set.
use super::puma;
use puma::eval::{EmbeddingKind, Part, evaluate, read_sets};
use puma::index::Kind;
use puma::library::{Library, PhotoId, PhotoRow};
use puma::pipeline::{Control, Options, index};
use puma::search::{Request, Searcher};
use std::fs;
use std::path::{Path, PathBuf};

/// Test classes taken of each set, unless all are.
const CLASSES: usize = 3;

/// Folders SET/CLASS of links to the real ones.
fn gallery(root: &Path, target: &Path) {
    let all = std::env::var_os("PUMA_PHOTOS_ALL").is_some();
    for set in read_sets(root).unwrap() {
        let folder = target.join(&set.name);
        fs::create_dir(&folder).unwrap();
        let test = set.part(Part::Test);
        let classes = if all { test.classes.len() } else { CLASSES };
        for class in test.classes.iter().take(classes) {
            let real = root.join(&set.name).join(&class.name);
            link(&real.canonicalize().unwrap(), &folder.join(&class.name));
        }
    }
}

#[cfg(unix)]
fn link(real: &Path, name: &Path) {
    std::os::unix::fs::symlink(real, name).unwrap();
}

#[cfg(windows)]
fn link(real: &Path, name: &Path) {
    std::os::windows::fs::symlink_dir(real, name).unwrap();
}

/// Set and class of a photo.
fn label(photo: &Path) -> &Path {
    photo.parent().unwrap()
}

#[test]
fn asking_with_each_photo_gives_the_recall_that_eval_measures() {
    let Some(root) = std::env::var_os("PUMA_PHOTOS").map(PathBuf::from) else {
        eprintln!("skipped: PUMA_PHOTOS names no photo collection");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    fs::create_dir(&photos).unwrap();
    gallery(&root, &photos);
    let sets = read_sets(&photos).unwrap();
    let (report, failed) = evaluate(&puma(), &sets, EmbeddingKind::Head, &|_| {}).unwrap();
    assert!(failed.is_empty());

    let library = Library::open(&folder.path().join("library.sqlite")).unwrap();
    let (options, control) = (Options::default(), Control::new());
    let summary = index(&library, &puma(), &[photos], &options, &control, |_| {}).unwrap();
    assert_eq!(summary.failed, []);
    let searcher = Searcher::open(library.path(), puma(), Kind::Exact).unwrap();
    let rows = library
        .photos(None, usize::MAX >> 1, searcher.model_key())
        .unwrap();
    assert_eq!(rows.len(), report.unified.queries);

    let recall = recall_at_1(&searcher, &rows);
    let expected = report.unified.recall_at_1();
    println!(
        "{} photos: R@1 {recall:.4} by search, {expected:.4} by eval",
        rows.len()
    );
    let one_photo = 1.0 / rows.len() as f64;
    assert!(
        (recall - expected).abs() <= one_photo,
        "{recall} {expected}"
    );

    for ours in searcher.profiles() {
        let theirs = report
            .profiles
            .iter()
            .find(|theirs| theirs.domain == ours.domain)
            .unwrap();
        for (ours, theirs) in ours.mean.iter().zip(&theirs.mean) {
            assert!((ours - theirs).abs() < 1e-4);
        }
    }
    graph_agrees(&library, &searcher, &rows);
}

/// Share of photos whose nearest other photo has their label.
fn recall_at_1(searcher: &Searcher, rows: &[PhotoRow]) -> f64 {
    let right = rows
        .iter()
        .filter(|row| {
            let request = Request {
                without: vec![row.id],
                ..Request::top(1)
            };
            let answer = searcher.query_photo(row.id, &request).unwrap();
            label(&answer.hits[0].path) == label(&row.path)
        })
        .count();
    right as f64 / rows.len() as f64
}

/// The graph finds what the scan finds, for real embeddings too.
fn graph_agrees(library: &Library, exact: &Searcher, rows: &[PhotoRow]) {
    let hnsw = Searcher::open(library.path(), puma(), Kind::Hnsw).unwrap();
    hnsw.wait_for_graph();
    let (mut found, mut wanted) = (0, 0);
    for row in rows.iter().step_by(rows.len().div_ceil(500)) {
        let ids = |searcher: &Searcher| -> Vec<PhotoId> {
            let hits = searcher
                .query_photo(row.id, &Request::top(10))
                .unwrap()
                .hits;
            hits.iter().map(|hit| hit.id).collect()
        };
        let truth = ids(exact);
        wanted += truth.len();
        found += ids(&hnsw).iter().filter(|id| truth.contains(id)).count();
    }
    let recall = found as f64 / wanted as f64;
    println!("recall@10 of the graph against the scan: {recall:.4}");
    assert!(recall >= 0.99);
}
