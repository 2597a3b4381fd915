use super::choices::Choices;
use super::command::Commands;
use super::engine::{Engine, Event, Events, Setup};
use super::frames::Frames;
use super::handover;
use super::panels::{
    self, ExportForm, Filters, Look, MapView, PreviewPane, QueryBar, QueryParts, RelinkForm,
};
use super::previews::Previews;
use super::results::{self, PictureLoader};
use super::state::{EngineState, Preferences, State, View};
use super::thumbnails::ThumbnailCache;
use super::{handle_command, handle_event, input, pool, theme, window};
use crate::photo::Reader;
use crossbeam_channel::Receiver;
use egui::{CentralPanel, Panel, TextureHandle, Ui};
use std::path::PathBuf;
use std::time::Duration;

/// The running window: what it shows, what the user is doing to it, and the workers behind it.
pub struct PumaApp {
    pub(super) state: State,
    pub(super) commands: Commands,
    pub(super) engine: Engine,
    pub(super) events: Events,
    arriving: Receiver<Event>,
    pub(super) thumbnails: ThumbnailCache,
    query_bar: QueryBar,
    filters: Filters,
    export_form: ExportForm,
    relink_form: RelinkForm,
    pub(super) pane: PreviewPane,
    pub(super) pictures: PictureLoader,
    pub(super) reader: Reader,
    query_parts: QueryParts,
    pub(super) previews: Previews,
    map_view: MapView,
    settings_panel: panels::SettingsPanel,
    /// How many pictures were pasted in this run.
    pub(super) pasted: u64,
    title: String,
    frames: Frames,
    /// How large everything was in the last frame.
    zoom: f32,
    door: Option<handover::Guard>,
}

/// Key of the preferences in eframe's storage.
const STORED: &str = "preferences";
/// How soon a change of the preferences is on disk, whatever then happens to the program.
pub(super) const AUTO_SAVE: Duration = Duration::from_secs(5);

impl PumaApp {
    /// Starts the workers; `ask` is what the window opens with.
    ///
    /// # Errors
    /// Where the system gives no threads.
    pub fn new(
        creation: &eframe::CreationContext<'_>,
        setup: Setup,
        ask: Vec<PathBuf>,
    ) -> std::io::Result<PumaApp> {
        let ctx = &creation.egui_ctx;
        theme::apply(ctx);
        let preferences: Preferences = creation
            .storage
            .and_then(|storage| eframe::get_value(storage, STORED))
            .unwrap_or_default();
        preferences.apply(ctx);
        let (events, arriving) = Events::channel(ctx);
        let thumbnails = ThumbnailCache::start(
            ctx,
            &setup.thumbnails,
            &setup.library,
            &setup.reader,
            preferences.cache_bytes(),
        )?;
        let pictures = PictureLoader::start(&events, setup.reader.clone())?;
        let reader = setup.reader.clone();
        let drops_arrive = setup.drops_arrive;
        let pictures_folder = setup.pictures_folder.clone();
        let choices = Choices {
            settings: setup.settings.clone(),
            thumbnails_folder: setup.thumbnails.clone(),
            library: setup.library.clone(),
            ..Choices::default()
        };
        let engine = Engine::start(setup, events.clone())?;
        let app = PumaApp {
            state: State {
                preferences,
                drops_arrive,
                choices,
                pictures_folder,
                ..State::default()
            },
            commands: Commands::default(),
            engine,
            events,
            arriving,
            thumbnails,
            query_bar: QueryBar::default(),
            filters: Filters::default(),
            export_form: ExportForm::default(),
            relink_form: RelinkForm::default(),
            pane: PreviewPane::default(),
            pictures,
            reader,
            query_parts: QueryParts::default(),
            previews: Previews::default(),
            map_view: MapView::default(),
            settings_panel: panels::SettingsPanel::default(),
            pasted: 0,
            title: String::new(),
            frames: Frames::default(),
            zoom: ctx.zoom_factor(),
            door: None,
        };
        if !ask.is_empty() {
            app.commands.send(super::command::Command::Take(ask));
        }
        Ok(app)
    }

    /// Takes what later starts of the program hand over.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(super) fn take_what_comes(&mut self, door: handover::Door) -> std::io::Result<()> {
        self.door = Some(door.serve(self.events.clone())?);
        Ok(())
    }

    /// The state that the panels show.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether thumbnails that were asked for have not come yet.
    pub fn is_loading_pictures(&self) -> bool {
        self.thumbnails.is_loading()
    }

    /// Whether the picture of the shown query is there.
    pub fn has_preview(&self) -> bool {
        let answer = self.state.answer.as_ref();
        answer.is_some_and(|answer| {
            let mut parts = answer.query.parts.iter();
            parts.all(|part| self.previews.get(&part.source).is_some())
        })
    }

    fn receive(&mut self, ctx: &egui::Context) {
        // No more than are there now: workers that never rest must not keep the frame waiting.
        for _ in 0..self.arriving.len() {
            match self.arriving.try_recv() {
                Ok(event) => handle_event::handle(self, ctx, event),
                Err(_) => break,
            }
        }
        handle_event::show_early_answer(self, ctx);
        for command in self.commands.take() {
            handle_command::handle(self, ctx, command);
        }
        results::follow(&mut self.state);
        pool::keep_up(self);
        super::lens::follow(self);
        super::map::follow(self);
        let now_s = ctx.input(|input| input.time);
        if let Some(left_s) = self.state.messages.expire(now_s) {
            ctx.request_repaint_after(Duration::from_secs_f64(left_s.max(0.05)));
        }
    }

    /// The pictures of the shown query: small ones from the cache until the larger ones are there.
    fn pictures(&mut self) -> Vec<Option<TextureHandle>> {
        let Some(query) = self.state.shown_query() else {
            return Vec::new();
        };
        let parts = query.parts.iter();
        parts
            .map(|part| panels::of_source(&part.source, &mut self.thumbnails, &self.previews))
            .collect()
    }

    fn panels(&mut self, ui: &mut Ui) {
        let pictures = self.pictures();
        let preview = pictures.first().and_then(Option::as_ref);
        let frames = &mut self.frames;
        let look = Look {
            state: &self.state,
            commands: &self.commands,
        };
        if let Some(shown) = &self.state.results.preview {
            self.pane.show(ui, look, shown, &mut self.thumbnails);
            self.above(ui);
            return;
        }
        self.pane.close();
        let preferences = &self.state.preferences;
        Panel::top("query bar").frame(bar_frame(ui)).show(ui, |ui| {
            self.query_bar
                .show(ui, look, &mut self.thumbnails, &self.previews);
        });
        frames.mark("query bar");
        Panel::bottom("status bar")
            .frame(bar_frame(ui))
            .show(ui, |ui| panels::status_bar(ui, look));
        if self.state.next_model.is_some() {
            Panel::bottom("next model")
                .frame(bar_frame(ui))
                .show(ui, |ui| panels::next_model(ui, look));
        }
        frames.mark("status bar");
        let first_start = self.state.is_empty_library() && self.state.answer.is_none();
        if !first_start && preferences.folders_open {
            Panel::left("folders")
                .frame(side_frame(ui))
                .default_size(250.0)
                .size_range(200.0..=420.0)
                .show(ui, |ui| panels::folders(ui, look));
        }
        frames.mark("folders");
        if !first_start && preferences.why_open {
            Panel::right("why")
                .frame(side_frame(ui))
                .default_size(330.0)
                .size_range(280.0..=560.0)
                .show(ui, |ui| panels::why(ui, look, preview));
        }
        frames.mark("reasons");
        let ground =
            egui::Frame::central_panel(ui.style()).inner_margin(egui::Margin::symmetric(12, 10));
        CentralPanel::default().frame(ground).show(ui, |ui| {
            if preferences.view == View::Neighbours && look.state.listing.is_none() {
                self.query_parts.show(ui, look, &pictures);
            }
            middle(
                ui,
                look,
                &mut self.thumbnails,
                &mut self.filters,
                &mut self.map_view,
                first_start,
            );
        });
        self.frames.mark("middle");
        self.above(ui);
    }

    /// What lies over everything else.
    fn above(&mut self, ui: &Ui) {
        let look = Look {
            state: &self.state,
            commands: &self.commands,
        };
        panels::messages(ui, look);
        panels::failures(ui, look);
        self.settings_panel.show(ui, look);
        panels::forget(ui, look);
        self.relink_form.show(ui, look);
        panels::trash(ui, look);
        self.export_form.show(ui, look);
        panels::offers(ui, look);
        panels::drop_zone(ui);
        self.frames.mark("what lies over it");
    }
}

fn side_frame(ui: &Ui) -> egui::Frame {
    egui::Frame::side_top_panel(ui.style()).inner_margin(egui::Margin::symmetric(12, 10))
}

fn bar_frame(ui: &Ui) -> egui::Frame {
    egui::Frame::side_top_panel(ui.style()).inner_margin(egui::Margin::symmetric(10, 7))
}

fn middle(
    ui: &mut Ui,
    look: Look<'_>,
    thumbnails: &mut ThumbnailCache,
    filters: &mut Filters,
    map_view: &mut MapView,
    first_start: bool,
) {
    let state = look.state;
    if first_start && state.asking.is_none() {
        panels::welcome(ui, look);
    } else if state.preferences.view == View::Prompts {
        panels::prompts(ui, look);
    } else if state.preferences.view == View::Map {
        map_view.show(ui, look, thumbnails);
    } else if state.listing.is_some() || state.answer.is_some() {
        panels::results(ui, look, thumbnails, filters);
    } else if state.library.is_none() && matches!(state.engine, EngineState::Starting) {
        ui.centered_and_justified(|ui| ui.spinner());
    } else {
        panels::no_query(ui, look, thumbnails);
    }
}

impl eframe::App for PumaApp {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.frames.resume();
        self.receive(ctx);
        let title = window::title(&self.state);
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
        // Ctrl and plus, minus or zero are egui's own.
        let zoom = ctx.zoom_factor();
        if zoom != self.zoom {
            self.zoom = zoom;
            self.state.preferences.zoom = zoom;
            ctx.request_repaint_after(AUTO_SAVE);
        }
        self.frames.mark("news and wishes");
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.frames.resume();
        self.thumbnails.begin_frame(ui.ctx());
        input::read(ui.ctx(), &self.state, &self.commands);
        self.frames.mark("textures and keys");
        self.panels(ui);
        if !self.commands.is_empty() {
            // Carried out at the start of the next frame, which must not wait for the mouse to move.
            ui.ctx().request_repaint();
        }
        self.frames.end();
    }

    fn auto_save_interval(&self) -> Duration {
        AUTO_SAVE
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, STORED, &self.state.preferences);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        // A start that comes now waits until this window is gone, and opens one itself.
        if let Some(door) = &self.door {
            door.close();
        }
        // The workers block on a full channel: let them go on to their end.
        self.engine.stop(&self.arriving);
        self.door = None;
        self.frames.sum_up();
    }
}
