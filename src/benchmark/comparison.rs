use super::error::BenchmarkError;
use super::grid::Grid;
use super::html::html;
use super::markdown::markdown;
use super::measured::MethodResult;
use crate::eval::PhotoSet;
use crate::figures::{Chart, Figure, View};
use crate::files;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What all methods of a benchmark gave, side by side.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The sets that were measured.
    pub sets: Vec<MeasuredSet>,
    /// The methods that have a result, in the order of the configuration.
    pub methods: Vec<MethodResult>,
    /// A few queries with their neighbours, of each method's first run.
    #[serde(skip)]
    pub grids: Vec<Grid>,
    /// Where the photos lie.
    #[serde(skip)]
    pub root: PathBuf,
}

/// What of a set was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MeasuredSet {
    /// Its name.
    pub name: String,
    /// Test photos.
    pub photos: usize,
    /// Their classes.
    pub classes: usize,
    /// How many of the photos ask.
    pub queries: usize,
    /// How many of the photos are in the gallery.
    pub gallery: usize,
}

/// Figure 3 of one method.
pub(super) struct MethodFigure {
    /// What it shows.
    pub title: String,
    /// Its file in the report's folder.
    pub file: String,
    /// The drawing.
    pub svg: String,
}

impl Comparison {
    /// Of no method yet.
    pub(super) fn new(tests: &[PhotoSet], root: &Path) -> Self {
        let set = |set: &PhotoSet| {
            let roles = || set.files().map(|(_, file)| set.role(file));
            MeasuredSet {
                name: set.name.clone(),
                photos: set.photos(),
                classes: set.classes.len(),
                queries: roles().filter(|role| role.asks()).count(),
                gallery: roles().filter(|role| role.answers()).count(),
            }
        };
        Self {
            sets: tests.iter().map(set).collect(),
            methods: Vec::new(),
            grids: Vec::new(),
            root: root.to_owned(),
        }
    }

    pub(super) fn add(&mut self, result: MethodResult, grid: Grid) {
        self.methods.push(result);
        self.grids.push(grid);
    }

    /// The table and its notes as Markdown.
    pub fn markdown(&self) -> String {
        markdown(self)
    }

    /// Writes `report.md`, `report.html`, `report.json` and Figure 3 of each method with a prompt pool into `folder`;
    /// a benchmark does so by itself.
    ///
    /// # Errors
    /// Names the file that cannot be written. A photo of a retrieval grid that is gone meanwhile is left out of it.
    pub fn write(&self, folder: &Path) -> Result<(), BenchmarkError> {
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            files::replace(&path, &[text.as_bytes()])
                .map_err(|error| BenchmarkError::io(&path, error))
        };
        let json = serde_json::to_string_pretty(self).unwrap_or_default();
        write("report.json", &(json + "\n"))?;
        write("report.md", &self.markdown())?;
        for figure in self.figures() {
            write(&figure.file, &figure.svg)?;
        }
        write("report.html", &html(self))
    }

    /// Figure 3 of each method with a pool, as it is and relative to the mean.
    pub(super) fn figures(&self) -> Vec<MethodFigure> {
        let mut figures = Vec::new();
        for method in &self.methods {
            let Some(run) = method.seeds.first().filter(|run| !run.profiles.is_empty()) else {
                continue;
            };
            for (view, suffix) in [(View::Mean, ""), (View::Standardised, "-relative")] {
                let figure = Figure::plain(&run.profiles, Chart::SmallMultiples, view);
                figures.push(MethodFigure {
                    title: format!("{}: {}", method.name, view.title()),
                    file: format!("figure3-{}{suffix}.svg", method.folder()),
                    svg: figure.svg(),
                });
            }
        }
        figures
    }
}
