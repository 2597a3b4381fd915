use super::place::beside_their_like;
use super::{Layout, MapPhotos, Pca, fitted};
use crate::index::Vectors;
use crate::search::SearchError;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// A map on which photos that are alike form islands: t-SNE (van der Maaten and Hinton, JMLR 9, 2008), Barnes-Hut's
/// way (van der Maaten, JMLR 15, 2014), started from the two main directions.
///
/// On islands nearness says much, distance between them little, and their size nothing.
#[derive(Clone, Copy, Debug)]
pub struct Islands {
    /// Photos laid out themselves; of a larger library the others are placed beside those most like them.
    pub most_laid_out: usize,
    /// Steps of the descent.
    pub epochs: usize,
    /// About how many neighbours a photo is kept near to; smaller for a small library.
    pub perplexity: f32,
    /// Accuracy of the approximation, 0 (exact) to 1.
    pub theta: f32,
}

impl Default for Islands {
    fn default() -> Islands {
        Islands {
            most_laid_out: 8_000,
            epochs: 600,
            perplexity: 30.0,
            theta: 0.5,
        }
    }
}

/// Below this many photos there are no islands to be seen.
const FEWEST: usize = 12;
/// Standard deviation of the start along the first direction, as openTSNE and scikit-learn have it.
const START_DEVIATION: f32 = 1e-4;

/// What ends a descent that nobody wants any more; the crate has no other way out of it.
struct Unwanted;

impl Islands {
    /// Lays out all photos. Takes seconds to minutes.
    ///
    /// `go_on` is told which part of the whole is done, 0 to 1, and may take its time to let other work pass; when it
    /// gives false, the answer is `None`. One thread works, whose sums have one order: the same photos give the same
    /// map.
    ///
    /// # Errors
    /// [`SearchError::Threads`] where the system gives none.
    pub fn layout(
        &self,
        photos: &MapPhotos,
        go_on: &mut (dyn FnMut(f32) -> bool + Send),
    ) -> Result<Option<Layout>, SearchError> {
        self.of_vectors(photos.vectors(), go_on)
    }

    /// The same for vectors `[N, e]` of unit length without photos.
    ///
    /// # Errors
    /// As for [`Islands::layout`].
    pub fn of_vectors(
        &self,
        vectors: &Vectors,
        go_on: &mut (dyn FnMut(f32) -> bool + Send),
    ) -> Result<Option<Layout>, SearchError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .thread_name(|_| "puma-map".to_owned())
            .build()
            .map_err(|_| SearchError::Threads)?;
        Ok(pool.install(|| self.laid_out(vectors, go_on)))
    }

    fn laid_out(
        &self,
        vectors: &Vectors,
        go_on: &mut (dyn FnMut(f32) -> bool + Send),
    ) -> Option<Layout> {
        let start = Pca::of(vectors);
        let chosen = scattered(vectors.len(), self.most_laid_out);
        if chosen.len() < FEWEST {
            return Some(start.layout(vectors));
        }
        // The descent is most of the work, unless nearly everything is placed afterwards.
        let others = vectors.len() - chosen.len();
        let share = 1.0 / (1.0 + others as f32 / (20.0 * chosen.len() as f32));
        let points = self.descend(vectors, &start, &chosen, &mut |part| go_on(share * part))?;
        let islands = Vectors::new(
            vectors.width(),
            chosen
                .iter()
                .flat_map(|&row| vectors.row(row))
                .copied()
                .collect(),
        );
        let mut all =
            beside_their_like(vectors, &chosen, &Arc::new(islands), &points, &mut |part| {
                go_on(share + (1.0 - share) * part)
            })?;
        fitted(&mut all);
        Some(Layout {
            points: all,
            laid_out: chosen.len(),
        })
    }

    fn descend(
        &self,
        vectors: &Vectors,
        start: &Pca,
        chosen: &[usize],
        go_on: &mut (dyn FnMut(f32) -> bool + Send),
    ) -> Option<Vec<[f32; 2]>> {
        let rows: Vec<&[f32]> = chosen.iter().map(|&row| vectors.row(row)).collect();
        // The crate takes three times as many neighbours as this; a photo is none of its own.
        let perplexity = self.perplexity.min((rows.len() - 1) as f32 / 3.0 - 0.5);
        let (epochs, theta) = (self.epochs, self.theta);
        let begin = starting_points(start, &rows);
        let run = AssertUnwindSafe(|| {
            let mut tsne = bhtsne::tSNE::<f32, &[f32], 2>::new(&rows);
            tsne.perplexity(perplexity)
                .epochs(epochs)
                .initial_embedding(begin)
                .epoch_callback(|epoch, _| {
                    if !go_on((epoch + 1) as f32 / epochs as f32) {
                        resume_unwind(Box::new(Unwanted));
                    }
                })
                .barnes_hut(theta, |a, b| distance(a, b));
            tsne.embedding()
        });
        match catch_unwind(run) {
            Ok(flat) => Some(
                flat.chunks_exact(2)
                    .map(|pair| [pair[0], pair[1]])
                    .collect(),
            ),
            Err(reason) if reason.is::<Unwanted>() => None,
            Err(reason) => resume_unwind(reason),
        }
    }
}

fn starting_points(start: &Pca, rows: &[&[f32]]) -> Vec<f32> {
    let flat: Vec<f32> = rows.iter().flat_map(|row| start.project(row)).collect();
    let first = flat.iter().step_by(2);
    let variance = first.map(|x| x * x).sum::<f32>() / rows.len() as f32;
    let scale = START_DEVIATION / variance.sqrt().max(f32::MIN_POSITIVE);
    flat.into_iter().map(|value| value * scale).collect()
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 8;
    let (parts_a, parts_b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = parts_a.remainder().iter().zip(parts_b.remainder());
    let rest: f32 = rest.map(|(a, b)| (a - b) * (a - b)).sum();
    let mut sums = [0f32; LANES];
    for (part_a, part_b) in parts_a.zip(parts_b) {
        for lane in 0..LANES {
            let difference = part_a[lane] - part_b[lane];
            sums[lane] += difference * difference;
        }
    }
    (sums.iter().sum::<f32>() + rest).sqrt()
}

/// At most `most` of `rows` rows, in ascending order, evenly but without a beat that a folder's order could have.
fn scattered(rows: usize, most: usize) -> Vec<usize> {
    if rows <= most {
        return (0..rows).collect();
    }
    let each = rows as f64 / most as f64;
    // Places that are shifted so lie at least 0.618 of a step apart: with steps below two rows some would coincide.
    let shift = if each < 2.0 { 0.0 } else { 0.618_034 };
    let within = |place: usize| (place as f64 * shift).fract();
    (0..most)
        .map(|place| (((place as f64 + within(place)) * each) as usize).min(rows - 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_rows_are_spread_and_none_comes_twice() {
        assert_eq!(scattered(3, 5), [0, 1, 2]);
        for (rows, most) in [(100_000, 5_000), (5_001, 5_000), (20, 7)] {
            let chosen = scattered(rows, most);
            assert_eq!(chosen.len(), most);
            assert!(
                chosen.windows(2).all(|two| two[0] < two[1]),
                "{rows} {most}"
            );
            assert!(chosen[most - 1] >= rows - 2 * rows.div_ceil(most));
        }
    }
}
