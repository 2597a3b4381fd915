//! Tests of `pipeline`: whole indexing runs with the shipped model.
use crate::pictures;
use puma::library::{Library, LibraryError, ModelKey};
use puma::model::checkpoint::ReadOptions;
use puma::model::{Checkpoint, Puma};
use puma::photo::{Limits, Thumbnails, evaluation_crop, read};
use puma::pipeline::{Control, Options, Phase, PipelineError, Progress, Summary, index};
use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

fn puma() -> &'static Puma {
    static PUMA: OnceLock<Puma> = OnceLock::new();
    PUMA.get_or_init(|| Puma::shipped(&candle_core::Device::Cpu).unwrap())
}

struct Place {
    folder: TempDir,
    library: Library,
}

impl Place {
    /// `drawn` pictures in two folders, and the golden photos in a third.
    fn new(drawn: u32) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.sqlite")).unwrap();
        let photos = folder.path().join("photos");
        for seed in 0..drawn {
            let name = format!("{}/{seed:02}.png", ["even", "odd"][seed as usize % 2]);
            pictures::draw(&photos.join(name), seed, 64);
        }
        for name in pictures::GOLDEN {
            pictures::copy(name, &photos.join("golden").join(name));
        }
        Place { folder, library }
    }

    fn photos(&self) -> PathBuf {
        self.folder.path().join("photos")
    }

    fn index(&self) -> Summary {
        self.index_with(&Options::default(), &Control::new(), |_| {})
    }

    fn index_with(
        &self,
        options: &Options,
        control: &Control,
        progress: impl Fn(&Progress),
    ) -> Summary {
        let folders = [self.photos()];
        index(&self.library, puma(), &folders, options, control, progress).unwrap()
    }

    fn embedded(&self) -> usize {
        let model = ModelKey::new(puma().fingerprint());
        self.library.counts(&model).unwrap().embedded
    }
}

#[test]
fn every_photo_gets_the_embedding_that_it_has_alone() {
    let place = Place::new(3);
    let summary = place.index();
    assert_eq!(
        (summary.found, summary.embedded, summary.unchanged),
        (8, 8, 0)
    );
    assert!(summary.failed.is_empty() && !summary.stopped);
    let model = ModelKey::new(puma().fingerprint());
    let photos = place.library.photos(None, 100, &model).unwrap();
    assert_eq!(photos.len(), 8);
    for photo in photos {
        let image = read(&photo.path, &Limits::default()).unwrap();
        let alone = puma()
            .embed(&[evaluation_crop(&image, puma().image_size())])
            .unwrap()
            .remove(0);
        let stored = photo.embedding.unwrap();
        let cosine: f32 = stored
            .iter()
            .zip(&alone.embedding)
            .map(|(a, b)| a * b)
            .sum();
        assert!(cosine > 0.99999, "{}: {cosine}", photo.path.display());
        for (a, b) in photo.similarity.unwrap().iter().zip(&alone.similarity) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
        let folder = photo.path.parent().unwrap().file_name().unwrap();
        assert_eq!(photo.domain, folder.to_str().unwrap());
    }
}

#[test]
fn a_second_run_embeds_nothing_and_a_change_embeds_one() {
    let place = Place::new(4);
    place.index();
    let again = place.index();
    assert_eq!((again.embedded, again.unchanged), (0, 9));
    pictures::draw(&place.photos().join("even/00.png"), 99, 80);
    pictures::draw(&place.photos().join("new.png"), 100, 80);
    fs::remove_file(place.photos().join("odd/01.png")).unwrap();
    let third = place.index();
    assert_eq!((third.embedded, third.unchanged, third.removed), (2, 7, 1));
    assert_eq!(place.embedded(), 9);
}

#[test]
fn the_model_looks_once_at_photos_that_hold_the_same() {
    let place = Place::new(2);
    let one = place.photos().join("even/00.png");
    for copy in ["a copy.png", "odd/another.png"] {
        fs::copy(&one, place.photos().join(copy)).unwrap();
    }
    let summary = place.index();
    assert_eq!((summary.embedded, summary.recognised), (7, 2));
    assert_eq!(place.embedded(), 9);
    // Swapped names: each known in its place, and each another photo now.
    let (left, right) = (place.photos().join("odd/01.png"), &one);
    let between = place.photos().join("between.png");
    for (from, to) in [(&left, &between), (right, &left), (&between, right)] {
        fs::rename(from, to).unwrap();
    }
    let swapped = place.index();
    assert_eq!((swapped.embedded, swapped.unchanged), (0, 7));
    assert_eq!(swapped.recognised, 2);
}

#[test]
fn folders_that_change_during_a_run_are_looked_through_by_it() {
    let place = Place::new(40);
    let control = Control::new();
    let options = Options {
        batch: Some(1),
        decoders: 1,
        ..Options::default()
    };
    let told = RefCell::new(false);
    let summary = place.index_with(&options, &control, |progress| {
        if progress.embedded >= 1 && !told.replace(true) {
            pictures::draw(&place.photos().join("new/late.png"), 77, 64);
            fs::remove_file(place.photos().join("even/00.png")).unwrap();
            control.look_again(["new", "even"].map(|folder| place.photos().join(folder)));
        }
    });
    assert_eq!(summary.embedded + summary.changing, 46);
    assert_eq!((summary.removed, place.embedded()), (1, 45));
    assert_eq!(control.take_changed(), Vec::<PathBuf>::new());
}

#[test]
fn photos_that_move_during_a_run_are_counted_by_it() {
    let place = Place::new(4);
    place.index();
    for seed in 50..90 {
        let name = format!("new/{seed}.png");
        pictures::draw(&place.photos().join(name), seed, 64);
    }
    let control = Control::new();
    let options = Options {
        batch: Some(1),
        decoders: 1,
        ..Options::default()
    };
    let told = RefCell::new(false);
    let summary = place.index_with(&options, &control, |progress| {
        if progress.embedded >= 1 && !told.replace(true) {
            let even = place.photos().join("even");
            fs::rename(even.join("00.png"), even.join("moved.png")).unwrap();
            control.look_again([even]);
        }
    });
    assert_eq!(
        (summary.embedded, summary.unchanged, summary.recognised),
        (40, 9, 1)
    );
    assert_eq!((summary.found, summary.removed), (50, 0));
}

#[test]
fn a_photo_that_changes_before_it_is_read_is_left_for_the_next_run() {
    let place = Place::new(40);
    let options = Options {
        batch: Some(1),
        decoders: 1,
        ..Options::default()
    };
    let late = place.photos().join("odd/39.png");
    let changed = RefCell::new(false);
    // Scanned first and read last.
    let summary = place.index_with(&options, &Control::new(), |progress| {
        if progress.embedded >= 1 && !changed.replace(true) {
            pictures::draw(&late, 99, 80);
        }
    });
    assert_eq!((summary.embedded, summary.changing), (44, 1));
    assert!(summary.failed.is_empty());
    let next = place.index();
    assert_eq!((next.embedded, next.unchanged), (1, 44));
}

#[test]
fn a_gpu_without_memory_loses_no_photo() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/puma.safetensors");
    let checkpoint = Checkpoint::read(&path, &ReadOptions::default()).unwrap();
    for (room, words) in [(2, "at a time"), (0, "the CPU embeds instead")] {
        let place = Place::new(6);
        let starved = Puma::rehearsal(&checkpoint, room).unwrap();
        let (folders, options) = ([place.photos()], Options::default());
        let summary = index(
            &place.library,
            &starved,
            &folders,
            &options,
            &Control::new(),
            |_| {},
        );
        let summary = summary.unwrap();
        assert_eq!((summary.found, summary.embedded), (11, 11));
        assert!(summary.failed.is_empty(), "{:?}", summary.failed);
        assert_eq!(place.embedded(), 11);
        let note = starved.take_note().unwrap();
        assert!(note.contains(words), "{note}");
        assert_eq!(starved.take_note(), None);
        // Those that were embedded elsewhere are at home here.
        assert_eq!(place.index().unchanged, 11);
    }
}

#[test]
fn only_what_has_changed_can_be_looked_through() {
    let place = Place::new(6);
    place.index();
    pictures::draw(&place.photos().join("even/new.png"), 70, 64);
    pictures::draw(&place.photos().join("odd/new.png"), 71, 64);
    let options = Options {
        only: vec![place.photos().join("even")],
        ..Options::default()
    };
    let run = |options: &Options| {
        let control = Control::new();
        index(&place.library, puma(), &[], options, &control, |_| {}).unwrap()
    };
    let summary = run(&options);
    assert_eq!((summary.found, summary.embedded), (4, 1));
    assert_eq!(run(&Options::default()).embedded, 1);
}

#[test]
fn damaged_files_are_named_with_their_reason_and_the_rest_is_done() {
    let place = Place::new(2);
    let sound = fs::read(pictures::golden("coffee.png")).unwrap();
    let broken = place.photos().join("golden/broken.jpg");
    fs::write(&broken, &sound[..sound.len() / 2]).unwrap();
    let renamed = place.photos().join("golden/really a png.jpeg");
    fs::write(&renamed, &sound).unwrap();
    fs::write(place.photos().join("golden/readme.txt"), "no photo").unwrap();
    let summary = place.index();
    assert_eq!(
        (summary.found, summary.embedded, summary.recognised),
        (9, 7, 1)
    );
    assert_eq!(summary.failed.len(), 1);
    assert_eq!(summary.failed[0].path, broken);
    assert!(
        summary.failed[0].reason.contains("truncated"),
        "{:?}",
        summary.failed
    );
    let again = place.index();
    assert_eq!(
        (again.embedded, again.failed.len(), again.failed_before),
        (0, 0, 1)
    );
    fs::write(&broken, &sound).unwrap();
    let mended = place.index();
    assert_eq!((mended.recognised, mended.failed_before), (1, 0));
}

#[test]
fn a_stopped_run_keeps_what_it_stored_and_the_next_goes_on() {
    let place = Place::new(30);
    let control = Control::new();
    let options = Options {
        batch: Some(2),
        ..Options::default()
    };
    let first = place.index_with(&options, &control, |progress| {
        if progress.embedded >= 4 {
            control.stop();
        }
    });
    assert!(first.stopped);
    assert!((4..30).contains(&first.embedded), "{}", first.embedded);
    assert_eq!(place.embedded(), first.embedded);
    let second = place.index();
    assert_eq!(second.embedded, 35 - first.embedded);
    assert_eq!(second.unchanged, first.embedded);
    assert!(!second.stopped);
}

#[test]
fn a_paused_run_rests_until_it_is_resumed() {
    let place = Place::new(6);
    let control = Control::new();
    control.pause();
    let rested = RefCell::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(300));
            control.resume();
        });
        let start = std::time::Instant::now();
        let summary = place.index_with(&Options::default(), &control, |progress| {
            if progress.phase == Phase::Paused {
                *rested.borrow_mut() = true;
            }
        });
        assert_eq!(summary.embedded, 11);
        assert!(start.elapsed().as_millis() >= 250);
    });
    assert!(rested.into_inner());
}

#[test]
fn progress_counts_up_and_ends_with_everything_done() {
    let place = Place::new(10);
    fs::write(place.photos().join("bad.gif"), b"GIF89a").unwrap();
    let seen = RefCell::new(Vec::<Progress>::new());
    place.index_with(&Options::default(), &Control::new(), |progress| {
        seen.borrow_mut().push(progress.clone());
    });
    let seen = seen.into_inner();
    for pair in seen.windows(2) {
        assert!(pair[0].done <= pair[1].done && pair[0].found <= pair[1].found);
    }
    for progress in &seen {
        assert_eq!(
            progress.done,
            progress.embedded + progress.failed + progress.skipped
        );
        assert!(progress.done <= progress.found);
    }
    let last = seen.last().unwrap();
    assert_eq!(last.phase, Phase::Done);
    assert_eq!((last.found, last.done, last.failed), (16, 16, 1));
}

#[test]
fn thumbnails_are_made_on_the_way() {
    let place = Place::new(1);
    let thumbnails = Thumbnails::new(place.folder.path().join("thumbnails"));
    let options = Options {
        thumbnails: Some(thumbnails.clone()),
        ..Options::default()
    };
    place.index_with(&options, &Control::new(), |_| {});
    let model = ModelKey::new(puma().fingerprint());
    for photo in place.library.photos(None, 100, &model).unwrap() {
        thumbnails
            .load(&photo.path, photo.mtime_ns, photo.size_bytes)
            .unwrap();
    }
}

#[test]
fn a_misspelt_folder_stops_the_run_before_anything_changes() {
    let place = Place::new(1);
    let folders = [place.photos(), place.folder.path().join("fotos")];
    let run = |folders: &[PathBuf]| {
        let (options, control) = (Options::default(), Control::new());
        index(&place.library, puma(), folders, &options, &control, |_| {})
    };
    let error = run(&folders).unwrap_err();
    assert!(error.to_string().contains("fotos"), "{error}");
    assert!(place.library.roots().unwrap().is_empty());
}

#[test]
fn roots_that_are_offline_are_left_alone_with_a_message() {
    let place = Place::new(2);
    place.index();
    let other = place.folder.path().join("other");
    pictures::draw(&other.join("one.png"), 50, 64);
    let away = place.folder.path().join("away");
    fs::rename(place.photos(), &away).unwrap();
    let run = |folders: &[PathBuf]| {
        let (options, control) = (Options::default(), Control::new());
        index(&place.library, puma(), folders, &options, &control, |_| {}).unwrap()
    };
    let summary = run(&[other]);
    assert_eq!((summary.embedded, summary.offline.len()), (1, 0));
    let all = run(&[]);
    assert_eq!((all.unchanged, all.removed), (1, 0));
    assert!(all.offline[0].contains("not there"), "{:?}", all.offline);
    assert_eq!(place.embedded(), 8);
}

#[test]
fn a_second_run_at_the_same_time_hears_who_is_at_work() {
    let place = Place::new(1);
    let other = Library::open(place.library.path()).unwrap();
    let _writer = other.writer().unwrap();
    let (options, control) = (Options::default(), Control::new());
    let error = index(
        &place.library,
        puma(),
        &[place.photos()],
        &options,
        &control,
        |_| {},
    )
    .unwrap_err();
    assert!(
        matches!(error, PipelineError::Library(LibraryError::Locked { .. })),
        "{error}"
    );
}

#[test]
fn a_folder_inside_an_indexed_one_is_indexed_with_it() {
    let place = Place::new(4);
    place.index();
    let inside: &Path = &place.photos().join("even");
    let (options, control) = (Options::default(), Control::new());
    let folders = [inside.to_owned()];
    let summary = index(&place.library, puma(), &folders, &options, &control, |_| {}).unwrap();
    assert_eq!(summary.unchanged, 9);
    assert!(
        summary.messages[0].contains("belongs to"),
        "{:?}",
        summary.messages
    );
}
