//! The window, driven by accessible labels: the real engine, a temporary library, real pictures.

mod accessible;
mod asking;
mod browsing;
mod browsing_files;
mod flow;
mod folders;
mod gallery;
mod lens;
mod map;
mod pictures_of_states;
mod pool;
mod refining;
mod render;
mod settings;
mod succession;
mod trouble;
mod watching;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use gallery::Gallery;
use puma::app::{PumaApp, Setup};
use puma::settings::Places;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest wait for anything, on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(60);

/// A window over its own library in a temporary folder, with pictures beside it.
struct Window {
    harness: Harness<'static, PumaApp>,
    gallery: Gallery,
}

impl Window {
    fn open() -> Window {
        Window::open_with(|setup| setup, Vec::new())
    }

    /// A window over the whole gallery, with nothing asked.
    fn indexed() -> Window {
        let mut window = Window::open();
        window.wait_for_label("Find pictures by looking");
        window.index_gallery();
        window
    }

    /// The same, with the answer to its cat.
    fn asked_with_the_cat() -> Window {
        let mut window = Window::indexed();
        let cat = window.gallery.photo("cats/chelsea.png");
        window.drop_on(&cat);
        window.wait_for_answer_to(&cat);
        window
    }

    /// What the shown answer found.
    fn hits(&self) -> Vec<puma::search::Hit> {
        let answer = self.harness.state().state().answer.as_ref();
        answer.unwrap().hits.clone()
    }

    fn open_with(change: impl FnOnce(Setup) -> Setup, ask: Vec<PathBuf>) -> Window {
        Window::open_beside(Gallery::new(), change, ask)
    }

    fn open_beside(
        gallery: Gallery,
        change: impl FnOnce(Setup) -> Setup,
        ask: Vec<PathBuf>,
    ) -> Window {
        let mut setup = Setup::in_places(&Places::under(&gallery.home())).unwrap();
        // What a test changes on the disk is taken in when it says so.
        setup.settings.watch = false;
        let setup = change(setup);
        let harness = Harness::builder()
            .with_size(egui::vec2(1280.0, 820.0))
            .build_eframe(move |creation| PumaApp::new(creation, setup, ask).unwrap());
        Window { harness, gallery }
    }

    #[track_caller]
    /// Steps until `done`, or fails naming `what` and what is to be seen.
    fn wait_for(&mut self, what: &str, done: impl Fn(&Harness<'static, PumaApp>) -> bool) {
        let start = Instant::now();
        while !done(&self.harness) {
            assert!(
                start.elapsed() < PATIENCE,
                "waited in vain for: {what}; the screen shows\n{:#?}",
                self.harness.root()
            );
            std::thread::sleep(Duration::from_millis(10));
            self.harness.step();
        }
    }

    #[track_caller]
    fn wait_for_label(&mut self, text: &str) {
        self.wait_for(text, |harness| shows(harness, text));
    }

    fn click_containing(&mut self, label: &str) {
        self.harness.get_by_label_contains(label).click();
        self.harness.step();
        self.harness.step();
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.harness.step();
        self.harness.step();
    }

    /// Presses something that may have to be scrolled to, as an assistive program does.
    fn press(&mut self, label: &str) {
        self.harness.get_by_label(label).click_accesskit();
        self.harness.step();
        self.harness.step();
    }

    /// Types a path into the field at the top and presses Enter.
    fn enter_path(&mut self, path: &Path) {
        let field = "File name, folder, or path of a picture";
        self.harness.get_by_label(field).focus();
        self.harness.step();
        self.harness
            .get_by_label(field)
            .type_text(&path.display().to_string());
        self.harness.step();
        self.harness.key_press(egui::Key::Enter);
        self.harness.step();
    }

    /// Adds the gallery and waits until all of it can be found.
    fn index_gallery(&mut self) {
        let photos = self.gallery.photos();
        self.enter_path(&photos);
        let readable = gallery::READABLE;
        self.wait_for("the end of indexing", |harness| {
            let state = harness.state().state();
            state.indexing.is_none()
                && state
                    .library
                    .as_ref()
                    .is_some_and(|library| library.embedded == readable)
        });
    }

    fn drop_on(&mut self, path: &Path) {
        self.drop_all(&[path]);
    }

    /// Drops several files at once.
    fn drop_all(&mut self, paths: &[&Path]) {
        for path in paths {
            let dropped: egui::DroppedFileHandle = Arc::new(Dropped(path.to_path_buf()));
            self.harness.input_mut().dropped_files.push(dropped);
        }
        self.harness.step();
    }

    #[track_caller]
    /// Waits for the answer to a question asked with the file at `path`.
    fn wait_for_answer_to(&mut self, path: &Path) {
        self.wait_for("the answer", |harness| {
            let answer = harness.state().state().answer.as_ref();
            answer.is_some_and(|answer| answer.query.path() == Some(path))
        });
    }
}

/// Whether anything on the screen is called `text`, or so in part.
fn shows(harness: &Harness<'_, PumaApp>, text: &str) -> bool {
    harness.query_all_by_label_contains(text).next().is_some()
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}
