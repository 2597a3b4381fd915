use super::evaluate::embed_sets_by;
use super::{EvalError, FailedFile, PhotoSet, Report, embed_files_with, report};
use crate::model::{Ablation, Puma};
use std::fmt;

/// What a model's parts are worth on benchmark sets: its figures whole, and without each part.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Ablations {
    /// The figures by what was left out, the whole model first.
    pub rows: Vec<(&'static str, Report)>,
    /// The photos that could not be read.
    #[serde(skip)]
    pub failed: Vec<FailedFile>,
}

impl Ablations {
    /// The figures of the whole model.
    pub fn whole(&self) -> Option<&Report> {
        self.rows.first().map(|(_, report)| report)
    }
}

/// Measures a model with a prompt pool, then the same model giving every picture one and the same prompt (with the mean
/// similarities of all photos of `sets`), without prompts, and without adapters where it has any.
///
/// The second is the control for the pool's being conditional: what it leaves unchanged, the pool did not need to know
/// the picture for. `progress` hears how many photos are done, each counting once for every measurement.
///
/// # Errors
/// Fails if the model does, has no prompt pool, or if not one photo of a set can be read.
pub fn ablations(
    puma: &Puma,
    sets: &[PhotoSet],
    progress: &dyn Fn(usize),
) -> Result<Ablations, EvalError> {
    let photos: usize = sets.iter().map(PhotoSet::photos).sum();
    let measure = |number: usize, ablation: &Ablation| {
        let embedded = embed_sets_by(
            sets,
            &|done| progress(number * photos + done),
            &|files, progress| {
                embed_files_with(files, puma.image_size(), progress, |crops| {
                    puma.embed_ablated(crops, ablation)
                })
            },
        )?;
        Ok::<_, EvalError>(embedded)
    };
    let whole = measure(0, &Ablation::None)?;
    let rows = whole.sets.iter().flat_map(|set| set.similarities.rows());
    let mean = puma.similarity_of_mean_prompt(rows);
    let mut rows = vec![("whole model", report(&whole.sets)?)];
    let mut without = vec![
        ("one prompt for all", Ablation::OnePromptForAll(mean)),
        ("no prompts", Ablation::PromptsOff),
    ];
    if puma.config().adapter.is_some() {
        without.push(("no adapters", Ablation::AdaptersOff));
    }
    for (number, (name, ablation)) in (1..).zip(&without) {
        rows.push((name, report(&measure(number, ablation)?.sets)?));
    }
    Ok(Ablations {
        rows,
        failed: whole.failed,
    })
}

/// How many times [`ablations`] embeds every photo.
pub fn ablation_rounds(puma: &Puma) -> usize {
    // The whole model, one prompt for all, no prompts; no adapters where there are any.
    3 + usize::from(puma.config().adapter.is_some())
}

/// R@1 in percent: harmonic mean and unified, a line for each.
impl fmt::Display for Ablations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:20} {:>9} {:>9}", "R@1 in %", "harmonic", "unified")?;
        for (name, report) in &self.rows {
            write!(
                f,
                "\n{name:20} {:>9.2} {:>9.2}",
                100.0 * report.harmonic.recall_at[0],
                100.0 * report.unified.recall_at_1()
            )?;
        }
        Ok(())
    }
}
