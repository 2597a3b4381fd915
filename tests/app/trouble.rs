use super::{Window, shows};

#[test]
fn files_that_cannot_be_read_are_listed_with_the_reason() {
    let mut window = Window::indexed();
    window.click("1 file could not be read");
    window.wait_for_label("broken.png");
    window.wait_for_label("truncated");
    window.click("Copy the list");
    window.wait_for_label("The list of unreadable files is on the clipboard.");
}

#[test]
fn escape_closes_the_list_of_unreadable_files_and_nothing_below_it() {
    let mut window = Window::asked_with_the_cat();
    window.click("1 file could not be read");
    window.wait_for_label("Copy the list");
    window.harness.key_press(egui::Key::Escape);
    window.wait_for("the list to close", |harness| {
        !shows(harness, "Copy the list")
    });
    window.harness.run_steps(3);
    assert!(window.harness.state().state().answer.is_some());
}

#[test]
fn a_query_that_is_no_picture_is_refused_by_name() {
    let mut window = Window::indexed();
    let note = window.gallery.outside("shopping list.txt");
    std::fs::write(&note, "bread, butter").unwrap();
    window.drop_on(&note);
    window.wait_for_label("shopping list.txt cannot be searched with");
    window.harness.run_steps(2);
    window.click_containing("Dismiss: shopping list.txt");
    assert!(!shows(
        &window.harness,
        "shopping list.txt cannot be searched with"
    ));
    assert!(window.harness.state().state().asking.is_none());
}

#[test]
fn words_and_missing_files_get_an_explanation() {
    let mut window = Window::open();
    window.wait_for_label("Find pictures by looking");
    window
        .harness
        .event(egui::Event::Paste("a red bicycle".to_owned()));
    window.harness.step();
    window.wait_for_label("“a red bicycle” names no file or folder");
    let missing = window.gallery.outside("gone.jpg");
    window.enter_path(&missing);
    window.wait_for_label("There is no file or folder");
}

#[test]
fn a_model_that_cannot_be_read_is_named_and_the_window_stays() {
    let mut window = Window::open_with(
        |mut setup| {
            setup.model = Some("/nowhere/model.safetensors".into());
            setup
        },
        Vec::new(),
    );
    window.wait_for_label("/nowhere/model.safetensors");
    window.wait_for_label("The model does not answer");
    let photos = window.gallery.photos();
    window.enter_path(&photos);
    window.wait_for_label("Nothing can be indexed while the model does not answer.");
}

#[test]
fn a_photo_that_vanished_shows_why_it_has_no_picture() {
    let mut window = Window::indexed();
    let rocket = window.gallery.photo("things/rocket.png");
    let coffee = window.gallery.photo("things/coffee.png");
    std::fs::remove_file(&coffee).unwrap();
    window.drop_on(&rocket);
    window.wait_for_answer_to(&rocket);
    // It is still known until the next scan; the tile says so instead of failing.
    window.wait_for_label("coffee.png, score");
    window.click("Re-scan");
    window.wait_for_label("1 photo gone from the disk.");
    window.wait_for_label("12 photos in 1 folder, 1 not readable");
}

/// Without a display the program says so and names what works without one.
#[cfg(target_os = "linux")]
#[test]
fn without_a_display_the_reason_is_printed() {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_puma"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .env("PUMA_HOME", tempfile::tempdir().unwrap().path())
        .output()
        .unwrap();
    assert!(!run.status.success());
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.contains("there is no display"), "{said}");
    assert!(said.contains("puma search"), "{said}");
}

#[test]
fn a_damaged_library_is_named_with_the_way_out() {
    let gallery = super::gallery::Gallery::new();
    let file = puma::settings::Places::under(&gallery.home()).library_file();
    drop(puma::library::Library::open(&file).unwrap());
    let mut bytes = std::fs::read(&file).unwrap();
    // The first page says what the file is; everything behind it is lost.
    bytes[4096..].fill(0xa5);
    std::fs::write(&file, &bytes).unwrap();
    let mut window = Window::open_beside(gallery, |setup| setup, Vec::new());
    window.wait_for_label("library.sqlite is damaged");
    window.wait_for_label("`puma repair` keeps what can still be read");
}

#[cfg(unix)]
#[test]
fn a_library_that_cannot_be_changed_says_so_in_one_line_and_answers() {
    let Window { harness, gallery } = Window::indexed();
    drop(harness);
    let file = puma::settings::Places::under(&gallery.home()).library_file();
    let beside = file.with_file_name("library.sqlite-shm");
    let start = std::time::Instant::now();
    while beside.exists() {
        assert!(start.elapsed() < super::PATIENCE, "the library stays open");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // In the way of what writing takes, whoever runs this: SQLite follows no links there.
    std::os::unix::fs::symlink("nowhere", &beside).unwrap();
    std::fs::copy(
        gallery.photo("cats/chelsea.png"),
        gallery.photo("cats/new.png"),
    )
    .unwrap();
    let mut window = Window::open_beside(
        gallery,
        |mut setup| {
            setup.settings.watch = true;
            setup.pace.quiet = std::time::Duration::from_millis(50);
            setup
        },
        Vec::new(),
    );
    window.wait_for_label("This library can be searched, but not changed.");
    window.wait_for_label("read only");
    let rocket = window.gallery.photo("things/rocket.png");
    window.drop_on(&rocket);
    window.wait_for_answer_to(&rocket);
    // Nor does what changes in a folder lead to a run that can only fail.
    std::fs::copy(&rocket, window.gallery.photo("cats/newer.png")).unwrap();
    for _ in 0..100 {
        std::thread::sleep(std::time::Duration::from_millis(10));
        window.harness.step();
        assert!(window.harness.state().state().indexing.is_none());
    }
    assert_eq!(window.hits().len(), super::gallery::READABLE);
    let messages = window.harness.state().state().messages.shown();
    assert!(
        messages
            .iter()
            .all(|message| !message.text.contains("Indexing ended early")),
        "{messages:?}"
    );
    assert!(!shows(&window.harness, "watched for changes"));
    // Who wants it to be changed is told why it cannot be.
    window.click("Re-scan");
    window.wait_for_label("cannot be changed");
}
