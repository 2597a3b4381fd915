use super::gallery::golden;
use super::{Window, shows};
use image::imageops;

/// Adds so many pictures that indexing can be caught at work.
fn fill(window: &Window, pictures: u32) {
    let cat = golden("chelsea.png");
    let folder = window.gallery.photo("many");
    std::fs::create_dir(&folder).unwrap();
    for number in 0..pictures {
        let view = imageops::crop_imm(&cat, number % 90, number / 3, 300, 200).to_image();
        view.save(folder.join(format!("{number}.png"))).unwrap();
    }
}

#[test]
fn indexing_is_paused_resumed_and_stopped_and_goes_on_later() {
    let mut window = Window::open();
    window.wait_for_label("Find pictures by looking");
    fill(&window, 150);
    let photos = window.gallery.photos();
    window.enter_path(&photos);
    window.wait_for_label("Pause");
    window.wait_for("the first pictures", |harness| {
        let indexing = harness.state().state().indexing.as_ref();
        indexing.is_some_and(|indexing| {
            let progress = indexing.progress.as_ref();
            progress.is_some_and(|progress| progress.done > 0)
        })
    });
    window.click("Pause");
    window.wait_for_label("Paused: my photos");
    window.click("Resume");
    window.wait_for_label("Indexing my photos");
    window.click("Stop");
    window.wait_for_label("Stopped: ");
    window.wait_for_label("not indexed yet");
    window.click("Re-scan");
    window.wait_for("all pictures", |harness| {
        let state = harness.state().state();
        let library = state.library.as_ref();
        state.indexing.is_none() && library.is_some_and(|library| library.embedded == 162)
    });
}

#[test]
fn a_folder_that_is_away_is_marked_and_its_photos_are_kept() {
    let mut window = Window::indexed();
    let (here, away) = (window.gallery.photos(), window.gallery.outside("away"));
    std::fs::rename(&here, &away).unwrap();
    window.click("Re-scan");
    window.wait_for_label("13 photos · 1 not readable · not there now");
    assert!(shows(&window.harness, "13 photos in 1 folder"));
    std::fs::rename(&away, &here).unwrap();
    window.wait_for("the end of the scan", |harness| {
        harness.state().state().indexing.is_none()
    });
    window.click("Re-scan");
    window.wait_for("it is back", |harness| !shows(harness, "not there now"));
}

#[test]
fn photos_of_a_folder_that_is_away_keep_their_pictures() {
    let Window { harness, gallery } = Window::indexed();
    drop(harness);
    std::fs::rename(gallery.photos(), gallery.outside("away")).unwrap();
    let open = |gallery| Window::open_beside(gallery, |setup| setup, Vec::new());
    let mut window = open(gallery);
    window.wait_for_label("not there now");
    window.wait_for("the pictures", |harness| {
        let state = harness.state();
        state.state().indexing.is_none() && !state.is_loading_pictures()
    });
    window.harness.run_steps(2);
    for reason in ["no longer there", "Its folder is not there now."] {
        assert!(!shows(&window.harness, reason));
    }
    // The mark in the panel says it: no card does.
    assert!(window.harness.state().state().messages.shown().is_empty());
    let Window { harness, gallery } = window;
    drop(harness);
    let places = puma::settings::Places::under(&gallery.home());
    std::fs::remove_dir_all(places.thumbnails()).unwrap();
    let mut window = open(gallery);
    window.wait_for_label("Its folder is not there now.");
}
