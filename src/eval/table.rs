use super::Report;
use std::fmt;

/// The figures as a table in percent: a line a set, then the harmonic means and the unified gallery.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = self.sets.keys().map(|name| name.chars().count()).max();
        let width = widest.unwrap_or_default().max("harmonic".len());

        write!(f, "{:width$}", "")?;
        for (name, _) in self.unified.named() {
            write!(f, " {name:>6}")?;
        }
        writeln!(f, " {:>8} {:>8}", "photos", "classes")?;
        for (name, set) in &self.sets {
            line(f, width, name, &set.metrics.named())?;
            writeln!(f, " {:>8} {:>8}", set.metrics.queries, set.classes)?;
        }
        line(f, width, "harmonic", &self.harmonic.named())?;
        writeln!(f)?;
        line(f, width, "unified", &self.unified.named())?;
        let classes = self.sets.values().map(|set| set.classes).sum::<usize>();
        write!(f, " {:>8} {classes:>8}", self.unified.queries)?;
        for (name, set) in &self.sets {
            if set.gallery != set.metrics.queries {
                write!(
                    f,
                    "\n{name}: {} queries against a gallery of {} other photos",
                    set.metrics.queries, set.gallery
                )?;
            }
        }
        if self.unified.queries_without_match > 0 {
            write!(
                f,
                "\n{} of the photos are the only one of their class and count as missed",
                self.unified.queries_without_match
            )?;
        }
        Ok(())
    }
}

fn line(
    f: &mut fmt::Formatter<'_>,
    width: usize,
    name: &str,
    figures: &[(String, f64)],
) -> fmt::Result {
    write!(f, "{name:width$}")?;
    for (_, figure) in figures {
        write!(f, " {:>6.2}", figure * 100.0)?;
    }
    Ok(())
}
