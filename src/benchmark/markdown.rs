use super::comparison::Comparison;
use super::measured::{MethodResult, SeedResult};
use std::fmt::Write;

/// The comparison as Markdown: one table of figures, one of what training took.
pub fn markdown(comparison: &Comparison) -> String {
    let mut text = String::from("# Comparison of methods\n\n");
    let photos: usize = comparison.sets.iter().map(|set| set.photos).sum();
    let classes: usize = comparison.sets.iter().map(|set| set.classes).sum();
    let sets = comparison.sets.len();
    let _ = writeln!(
        text,
        "{photos} test photos of {classes} classes in {sets} sets. {}\n",
        legend(comparison)
    );
    table(&mut text, &figures(comparison));
    text.push('\n');
    table(&mut text, &efforts(comparison));
    let notes = notes(comparison);
    if !notes.is_empty() {
        text.push('\n');
    }
    for note in notes {
        let _ = writeln!(text, "- {note}");
    }
    let with_pool: Vec<&MethodResult> = comparison
        .methods
        .iter()
        .filter(|method| method.seeds.iter().any(|run| !run.profiles.is_empty()))
        .collect();
    if !with_pool.is_empty() {
        text.push_str("\n## Prompt similarities (Figure 3)\n\n");
        let _ = writeln!(
            text,
            "The share of photos whose set is told from their prompt similarities alone; guessing gives {:.1} %.\n",
            100.0 / sets.max(1) as f64
        );
        for method in with_pool {
            let told = method.mean(|run| run.sets_told_apart.unwrap_or(0.0));
            let folder = method.folder();
            let _ = writeln!(
                text,
                "- {}: {} %. [Means](figure3-{folder}.svg), [relative to the mean of all photos](figure3-{folder}-relative.svg)",
                method.name,
                percent(told)
            );
        }
    }
    text
}

/// What the figures of R@1 are.
pub(super) fn legend(comparison: &Comparison) -> String {
    let sets = comparison.sets.iter();
    let (plain, split): (Vec<_>, Vec<_>) =
        sets.partition(|set| set.queries == set.photos && set.gallery == set.photos);
    let mut asking = Vec::new();
    if !plain.is_empty() {
        asking.push("each photo asking all others of its set".to_owned());
    }
    asking.extend(split.iter().map(|set| {
        let [queries, gallery] = [set.queries, set.gallery].map(grouped);
        format!(
            "the {queries} queries of {} asking its gallery of {gallery} photos",
            set.name
        )
    }));
    let unified = if split.is_empty() {
        "each photo asking the photos of all sets"
    } else {
        "the same queries asking the galleries of all sets"
    };
    let mut text = format!(
        "R@1 in %, {}; their harmonic mean; unified: {unified}.",
        asking.join(", ")
    );
    if comparison
        .methods
        .iter()
        .any(|method| method.seeds.len() > 1)
    {
        text.push_str(
            " Of several seeds: mean ± largest distance from it; mean time; largest memory.",
        );
    }
    text
}

/// What the figures of single methods lack.
pub(super) fn notes(comparison: &Comparison) -> Vec<String> {
    let mut notes = Vec::new();
    for MethodResult { name, seeds, runs } in &comparison.methods {
        if seeds.len() < *runs {
            notes.push(format!("{name}: {} of {runs} seeds so far.", seeds.len()));
        }
        let most = |unread: fn(&SeedResult) -> usize| seeds.iter().map(unread).max().unwrap_or(0);
        let training = most(|run| run.unread_training_photos);
        let test = most(|run| run.unread_test_photos);
        if training + test > 0 {
            notes.push(format!(
                "{name}: {} photos could not be read ({training} to train on, {test} to test).",
                training + test
            ));
        }
    }
    notes
}

/// Header and rows of R@1.
pub(super) fn figures(comparison: &Comparison) -> Vec<Vec<String>> {
    let mut header = vec!["method".to_owned()];
    header.extend(comparison.sets.iter().map(|set| set.name.clone()));
    header.extend(["harmonic", "unified", "unified MAP@R"].map(String::from));
    let mut rows = vec![header];
    for method in &comparison.methods {
        let mut row = vec![method.name.clone()];
        for set in &comparison.sets {
            let figure =
                |run: &SeedResult| run.recall_at_1.get(&set.name).copied().unwrap_or(f64::NAN);
            row.push(percent(method.mean(figure)));
        }
        row.push(percent(method.mean(|run| run.harmonic)));
        row.push(percent(method.mean(|run| run.unified)));
        row.push(percent(method.mean(|run| run.unified_map_at_r)));
        rows.push(row);
    }
    rows
}

/// Header and rows of what training took: means over the seeds, of the memory the largest.
pub(super) fn efforts(comparison: &Comparison) -> Vec<Vec<String>> {
    let header = [
        "method",
        "trained parameters",
        "steps",
        "time",
        "processor time",
        "memory at most",
    ];
    let mut rows = vec![header.map(String::from).to_vec()];
    for method in &comparison.methods {
        let trained: Vec<&SeedResult> = method
            .seeds
            .iter()
            .filter(|run| run.trained_parameters > 0)
            .collect();
        let mean = |figure: &dyn Fn(&SeedResult) -> Option<f64>| {
            let known: Vec<f64> = trained.iter().filter_map(|run| figure(run)).collect();
            (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
        };
        let count = |figure: &dyn Fn(&SeedResult) -> usize| {
            mean(&|run| Some(figure(run) as f64)).map(|mean| mean.round() as usize)
        };
        let memory = trained.iter().filter_map(|run| run.memory_bytes).max();
        // Nobody tells a GPU's.
        let whose = if trained.iter().any(|run| run.on_gpu) {
            " of the host"
        } else {
            ""
        };
        let cells = [
            count(&|run| run.trained_parameters).map(grouped),
            count(&|run| run.steps).map(|steps| steps.to_string()),
            mean(&|run| Some(run.training_s)).map(minutes),
            mean(&|run| run.training_cpu_s).map(minutes),
            memory.map(|bytes| format!("{:.1} GB{whose}", bytes as f64 / 1e9)),
        ];
        let mut row = vec![method.name.clone()];
        row.extend(cells.map(Option::unwrap_or_default));
        rows.push(row);
    }
    rows
}

fn table(text: &mut String, rows: &[Vec<String>]) {
    for (number, row) in rows.iter().enumerate() {
        let _ = writeln!(text, "| {} |", row.join(" | "));
        if number == 0 {
            let _ = writeln!(text, "|{}", "---|".repeat(row.len()));
        }
    }
}

fn percent((mean, spread): (f64, Option<f64>)) -> String {
    match spread {
        Some(spread) => format!("{:.1} ± {:.1}", 100.0 * mean, 100.0 * spread),
        None => format!("{:.1}", 100.0 * mean),
    }
}

/// `1242752` as `1,242,752`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn minutes(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("{seconds:.0} s")
    } else {
        format!("{:.0} min", seconds / 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benchmark::MeasuredSet;
    use std::collections::BTreeMap;

    fn run(seed: u64, steps: usize) -> SeedResult {
        SeedResult {
            seed: Some(seed),
            recall_at_1: BTreeMap::new(),
            map_at_r: BTreeMap::new(),
            harmonic: 0.5,
            unified: 0.5,
            unified_map_at_r: 0.5,
            trained_parameters: 1000,
            steps,
            training_s: 60.0,
            training_cpu_s: Some(10.0),
            memory_bytes: Some(1_000_000_000),
            on_gpu: false,
            unread_test_photos: 0,
            unread_training_photos: 0,
            sets_told_apart: None,
            profiles: Vec::new(),
        }
    }

    fn comparison(sets: Vec<MeasuredSet>, seeds: Vec<SeedResult>) -> Comparison {
        let method = MethodResult {
            name: "PUMA".into(),
            seeds,
            runs: 3,
        };
        Comparison {
            sets,
            methods: vec![method],
            grids: Vec::new(),
            root: std::path::PathBuf::new(),
        }
    }

    fn set(name: &str, queries: usize, gallery: usize) -> MeasuredSet {
        MeasuredSet {
            name: name.into(),
            photos: 3000,
            classes: 10,
            queries,
            gallery,
        }
    }

    #[test]
    fn numbers_are_grouped_in_threes() {
        assert_eq!(grouped(1_242_752), "1,242,752");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1,000");
    }

    #[test]
    fn what_training_took_is_the_mean_of_all_seeds_and_the_largest_memory() {
        let first = run(0, 100);
        let second = SeedResult {
            training_s: 80.0,
            training_cpu_s: Some(30.0),
            memory_bytes: Some(3_000_000_000),
            ..run(1, 200)
        };
        let unknown = SeedResult {
            training_s: 70.0,
            training_cpu_s: None,
            memory_bytes: None,
            ..run(2, 150)
        };
        let mut comparison = comparison(Vec::new(), vec![first, second, unknown]);
        let row = ["PUMA", "1,000", "150", "70 s", "20 s", "3.0 GB"];
        assert_eq!(efforts(&comparison)[1], row);
        comparison.methods[0].seeds[0].on_gpu = true;
        assert_eq!(efforts(&comparison)[1][5], "3.0 GB of the host");
        for run in &mut comparison.methods[0].seeds {
            run.trained_parameters = 0;
        }
        assert_eq!(efforts(&comparison)[1], ["PUMA", "", "", "", "", ""]);
    }

    #[test]
    fn queries_that_ask_a_gallery_are_said_so() {
        let plain = comparison(vec![set("birds", 3000, 3000)], vec![run(0, 1)]);
        assert_eq!(
            legend(&plain),
            "R@1 in %, each photo asking all others of its set; their harmonic mean; unified: each photo asking the photos of \
             all sets."
        );
        let sets = vec![set("birds", 3000, 3000), set("shop", 2000, 1000)];
        let text = legend(&comparison(sets, vec![run(0, 1)]));
        assert!(
            text.contains(
                "of its set, the 2,000 queries of shop asking its gallery of 1,000 photos;"
            ) && text.contains("the same queries asking the galleries of all sets."),
            "{text}"
        );
        let text = legend(&comparison(vec![set("shop", 2000, 1000)], vec![run(0, 1)]));
        assert!(!text.contains("each photo"), "{text}");
    }

    #[test]
    fn missing_seeds_and_unread_photos_are_noted() {
        let mut comparison = comparison(Vec::new(), vec![run(0, 1), run(1, 1)]);
        assert_eq!(notes(&comparison), ["PUMA: 2 of 3 seeds so far."]);
        comparison.methods[0].runs = 2;
        assert!(notes(&comparison).is_empty());
        comparison.methods[0].seeds[1].unread_training_photos = 2;
        comparison.methods[0].seeds[1].unread_test_photos = 1;
        let note = "PUMA: 3 photos could not be read (2 to train on, 1 to test).";
        assert_eq!(notes(&comparison), [note]);
        assert!(markdown(&comparison).contains(note));
    }
}
