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
        "{photos} test photos of {classes} classes in {sets} sets. R@1 in %, each photo asking all others of its set; their \
         harmonic mean; unified: each photo asking the photos of all sets.{}\n",
        if comparison
            .methods
            .iter()
            .any(|method| method.seeds.len() > 1)
        {
            " Of several seeds: mean ± largest distance from it."
        } else {
            ""
        }
    );
    table(&mut text, &figures(comparison));
    text.push('\n');
    table(&mut text, &efforts(comparison));
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

/// Header and rows of what training took.
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
        let Some(run) = method.seeds.first() else {
            continue;
        };
        let trained = run.trained_parameters > 0;
        let known = |text: Option<String>| text.filter(|_| trained).unwrap_or_default();
        rows.push(vec![
            method.name.clone(),
            known(Some(grouped(run.trained_parameters))),
            known(Some(run.steps.to_string())),
            known(Some(minutes(method.mean(|run| run.training_s).0))),
            known(run.training_cpu_s.map(minutes)),
            known(
                run.memory_bytes
                    .map(|bytes| format!("{:.1} GB", bytes as f64 / 1e9)),
            ),
        ]);
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
    #[test]
    fn numbers_are_grouped_in_threes() {
        assert_eq!(super::grouped(1_242_752), "1,242,752");
        assert_eq!(super::grouped(999), "999");
        assert_eq!(super::grouped(1000), "1,000");
    }
}
