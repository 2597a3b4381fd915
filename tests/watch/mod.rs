//! Tests of `watch`: folders that change, go away and come back.
use puma::watch::{Mode, Pace, Watcher};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longest wait for anything, on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(30);

/// As fast as the system tells, and never from time to time.
const QUICK: Pace = Pace {
    quiet: Duration::from_millis(50),
    longest: Duration::from_millis(500),
    every: Duration::from_secs(3600),
    look: Duration::from_millis(50),
};

struct Place {
    folder: TempDir,
    watcher: Watcher,
}

impl Place {
    /// A followed folder with a photo in it, and a folder in that.
    fn new(pace: Pace) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let photos = folder.path().join("photos");
        fs::create_dir_all(photos.join("in")).unwrap();
        fs::write(photos.join("one.jpg"), b"one").unwrap();
        let mut watcher = Watcher::new(vec![photos.join("library.sqlite")], pace);
        watcher.follow(&[photos]);
        Place { folder, watcher }
    }

    fn photos(&self) -> PathBuf {
        self.folder.path().join("photos")
    }

    fn mode(&self) -> Mode {
        self.watcher.modes().remove(0).1
    }

    /// Waits until a change in `folder`, or in one that holds it, is told; other folders may be told before.
    #[track_caller]
    fn wait_for(&mut self, folder: &Path) {
        let start = Instant::now();
        let mut told = Vec::new();
        while start.elapsed() < PATIENCE {
            told.extend(self.watcher.changed(Duration::from_millis(50)));
            if told.iter().any(|told| folder.starts_with(told)) {
                return;
            }
        }
        panic!("{} is not among {told:?}", folder.display());
    }

    fn is_quiet(&mut self) -> bool {
        self.watcher.changed(Duration::from_millis(400)).is_empty()
    }
}

/// Whether the system watches this folder; else the test has nothing to see.
fn is_watched(place: &Place) -> bool {
    let watched = place.mode() == Mode::Watched;
    if !watched {
        eprintln!("skipped: {:?}", place.mode());
    }
    watched
}

#[test]
fn files_that_are_made_changed_moved_and_deleted_are_told_by_their_folder() {
    let mut place = Place::new(QUICK);
    if !is_watched(&place) {
        return;
    }
    let (root, inner) = (place.photos(), place.photos().join("in"));
    fs::write(inner.join("two.jpg"), b"two").unwrap();
    place.wait_for(&inner);
    fs::rename(inner.join("two.jpg"), inner.join("second.jpg")).unwrap();
    place.wait_for(&inner);
    fs::remove_file(inner.join("second.jpg")).unwrap();
    place.wait_for(&inner);
    fs::write(root.join("one.jpg"), b"another one").unwrap();
    place.wait_for(&root);
}

#[test]
fn folders_that_are_made_and_moved_are_watched_from_then_on() {
    let mut place = Place::new(QUICK);
    if !is_watched(&place) {
        return;
    }
    let made = place.photos().join("made");
    fs::create_dir(&made).unwrap();
    place.wait_for(&made);
    let moved = place.photos().join("moved");
    fs::rename(&made, &moved).unwrap();
    place.wait_for(&moved);
    fs::write(moved.join("deep.jpg"), b"deep").unwrap();
    place.wait_for(&moved);
}

#[test]
fn reading_hidden_files_and_the_librarys_own_are_no_news() {
    let mut place = Place::new(QUICK);
    assert!(place.is_quiet());
    let root = place.photos();
    for _ in 0..20 {
        fs::read(root.join("one.jpg")).unwrap();
        fs::read_dir(&root).unwrap().count();
    }
    fs::write(root.join("library.sqlite-wal"), b"log").unwrap();
    fs::write(root.join(".hidden.jpg"), b"hidden").unwrap();
    assert!(place.is_quiet());
}

#[test]
fn a_folder_that_goes_away_is_followed_again_when_it_is_back() {
    let mut place = Place::new(QUICK);
    let (root, away) = (place.photos(), place.folder.path().join("away"));
    let before = place.mode();
    fs::rename(&root, &away).unwrap();
    let start = Instant::now();
    while place.mode() != Mode::Away {
        assert!(start.elapsed() < PATIENCE);
        place.watcher.changed(Duration::from_millis(20));
    }
    // A mount point without its drive is an empty folder.
    fs::create_dir(&root).unwrap();
    place.watcher.changed(Duration::from_millis(200));
    assert_eq!(place.mode(), Mode::Away);
    fs::remove_dir(&root).unwrap();
    fs::rename(&away, &root).unwrap();
    place.wait_for(&root);
    assert_eq!(place.mode(), before);
}

#[test]
fn folders_that_are_followed_no_more_are_no_news() {
    let mut place = Place::new(QUICK);
    place.watcher.follow(&[]);
    assert_eq!(place.watcher.modes(), []);
    fs::write(place.photos().join("new.jpg"), b"new").unwrap();
    assert!(place.is_quiet());
}

#[cfg(target_os = "linux")]
#[test]
fn where_watches_run_out_folders_are_looked_through_from_time_to_time() {
    // A user namespace of its own may be given few watches, without taking any from others.
    let limited = std::process::Command::new("unshare")
        .args(["-Urm", "sh", "-c"])
        .arg(
            "echo 2 > /proc/sys/user/max_inotify_watches && exec \"$0\" --exact watch::few_watches",
        )
        .arg(std::env::current_exe().unwrap())
        .env(FEW_WATCHES, "1")
        .output();
    match limited {
        Ok(output) if output.status.success() => {}
        Ok(output) if String::from_utf8_lossy(&output.stdout).contains("few_watches") => {
            panic!("{}", String::from_utf8_lossy(&output.stdout));
        }
        _ => eprintln!("skipped: this user may not make a namespace"),
    }
}

/// Says to the test below that it may have two watches.
#[cfg(target_os = "linux")]
const FEW_WATCHES: &str = "PUMA_TEST_FEW_WATCHES";

/// Run by the test above; elsewhere there are enough.
#[cfg(target_os = "linux")]
#[test]
fn few_watches() {
    if std::env::var_os(FEW_WATCHES).is_none() {
        return;
    }
    let often = Pace {
        every: Duration::from_millis(100),
        ..QUICK
    };
    let mut place = Place::new(often);
    for number in 0..8 {
        fs::create_dir_all(place.photos().join(format!("{number}"))).unwrap();
    }
    place.watcher.follow(&[]);
    let root = place.photos();
    place.watcher.follow(std::slice::from_ref(&root));
    let Mode::Periodic(reason) = place.mode() else {
        panic!("{:?}", place.mode())
    };
    assert!(reason.contains("max_user_watches"), "{reason}");
    place.wait_for(&root);
    place.wait_for(&root);
}
