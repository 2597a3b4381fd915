//! The map of the library: what is drawn, and what the user wishes of it.

use super::messages::Kind;
use super::puma_app::PumaApp;
use super::state::View;
use crate::search::{Layout, MapPhotos};
use std::sync::Arc;

/// Which of the two maps is shown.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum MapKind {
    /// Islands of photos that are alike.
    #[default]
    Islands,
    /// The two directions in which photos differ most.
    Overview,
}

/// What the user can ask of the map.
#[derive(Debug)]
pub enum MapWish {
    /// Draw it anew; also lay out the islands from scratch.
    Redraw,
    /// Lay out no islands now.
    StopIslands,
    /// Put the paths of photos on the clipboard.
    CopyPaths(Vec<std::path::PathBuf>),
}

/// News of the map's worker.
pub enum MapNews {
    /// The photos, and the map of their main directions.
    Overview {
        /// Of which wish.
        generation: u64,
        /// The photos.
        photos: Arc<MapPhotos>,
        /// Their places.
        layout: Arc<Layout>,
        /// Share of the variance along either axis.
        explained: [f32; 2],
    },
    /// The islands are being laid out.
    Progress {
        /// Of which wish.
        generation: u64,
        /// Part of the work that is done, 0 to 1.
        part: f32,
    },
    /// The islands are laid out.
    Islands {
        /// Of which wish.
        generation: u64,
        /// The places of the same photos.
        layout: Arc<Layout>,
    },
    /// They cannot be.
    Failed {
        /// Of which wish.
        generation: u64,
        /// Why, in words.
        reason: String,
    },
}

/// The map as far as it is drawn.
#[derive(Default)]
pub struct MapState {
    /// The wish that is worked on or was fulfilled last.
    generation: Option<u64>,
    /// The photos on it.
    pub photos: Option<Arc<MapPhotos>>,
    /// Their places by the main directions.
    pub overview: Option<Arc<Layout>>,
    /// Share of the variance along either axis of the overview.
    pub explained: [f32; 2],
    /// Their places on islands.
    pub islands: Option<Arc<Layout>>,
    /// Part of the islands' laying out that is done, while it goes on.
    pub progress: Option<f32>,
    /// Photos in the library when it was drawn last.
    drawn_for: usize,
}

/// More photos than this part new or gone, and the map is drawn anew by itself.
const MUCH_CHANGED: f32 = 0.1;

impl MapState {
    /// The places to show: of the kind wished for, or the overview until there are islands.
    pub fn layout(&self, kind: MapKind) -> Option<(MapKind, &Arc<Layout>)> {
        match (kind, &self.islands) {
            (MapKind::Islands, Some(islands)) => Some((MapKind::Islands, islands)),
            _ => Some((MapKind::Overview, self.overview.as_ref()?)),
        }
    }

    /// How many photos came or went since it was drawn, now that the library has `embedded`.
    pub fn behind(&self, embedded: usize) -> usize {
        self.drawn_for.abs_diff(embedded)
    }

    fn is_far_behind(&self, embedded: usize) -> bool {
        self.behind(embedded) as f32 > MUCH_CHANGED * self.drawn_for.max(embedded) as f32
    }
}

/// Carries out `wish`.
pub fn handle(app: &mut PumaApp, ctx: &egui::Context, wish: MapWish) {
    match wish {
        MapWish::Redraw => {
            app.state.map.islands = None;
            draw(app, true);
        }
        MapWish::StopIslands => {
            app.engine.end_map();
            app.state.map.progress = None;
        }
        MapWish::CopyPaths(paths) => {
            let lines: Vec<String> = paths
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            ctx.copy_text(lines.join("\n"));
            let text = match lines.len() {
                1 => "The path is on the clipboard.".to_owned(),
                count => format!(
                    "{} are on the clipboard, one a line.",
                    super::wording::counted(count, "path")
                ),
            };
            let now_s = ctx.input(|input| input.time);
            app.state.messages.add(Kind::Info, text, now_s);
        }
    }
}

/// Changes the state as `news` say; those of an older wish are dropped.
pub fn receive(app: &mut PumaApp, news: MapNews, now_s: f64) {
    let map = &mut app.state.map;
    let current = map.generation;
    match news {
        MapNews::Overview {
            generation,
            photos,
            layout,
            explained,
        } if current == Some(generation) => {
            map.photos = Some(photos);
            map.overview = Some(layout);
            map.explained = explained;
            // The old islands have other rows.
            map.islands = None;
        }
        MapNews::Progress { generation, part }
            if current == Some(generation) && map.progress.is_some() =>
        {
            map.progress = Some(part);
        }
        MapNews::Islands { generation, layout } if current == Some(generation) => {
            map.islands = Some(layout);
            map.progress = None;
        }
        MapNews::Failed { generation, reason } if current == Some(generation) => {
            map.progress = None;
            let text = format!("The islands of the map cannot be laid out: {reason}.");
            app.state.messages.add(Kind::Error, text, now_s);
        }
        _ => {}
    }
}

/// Draws the map when it is first looked at, and again when the library has changed much and is at rest.
pub fn follow(app: &mut PumaApp) {
    let state = &app.state;
    if state.preferences.view != View::Map {
        return;
    }
    let Some(library) = &state.library else {
        return;
    };
    let first = state.map.generation.is_none() && library.embedded > 0;
    let again = state.map.generation.is_some() && state.map.is_far_behind(library.embedded);
    if first || (again && state.indexing.is_none()) {
        draw(app, false);
    }
}

fn draw(app: &mut PumaApp, from_scratch: bool) {
    let generation = app.engine.draw_map(from_scratch);
    let map = &mut app.state.map;
    map.generation = Some(generation);
    map.progress = Some(0.0);
    map.drawn_for = app
        .state
        .library
        .as_ref()
        .map_or(0, |library| library.embedded);
}
