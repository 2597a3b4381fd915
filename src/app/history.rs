//! The queries asked in this run, with back and forward.

use super::query::{Part, Query};

/// A line of queries and the place in it that is shown.
#[derive(Default)]
pub struct History {
    asked: Vec<Query>,
    /// How many of `asked` lie at or before the one that was shown last.
    position: usize,
}

/// More than this is forgotten, oldest first.
const LONGEST: usize = 100;
/// More pasted pictures than this would take hundreds of megabytes.
const MOST_PASTED: usize = 12;

impl History {
    /// Notes a new query; what lay ahead is dropped.
    pub fn visit(&mut self, query: Query) {
        if self.current() == Some(&query) {
            return;
        }
        if let Some(current) = self.current()
            && same_pictures(current, &query)
        {
            // Another weight is no step: a slider would fill the line.
            self.asked[self.position - 1] = query;
            return;
        }
        self.asked.truncate(self.position);
        self.asked.push(query);
        while self.asked.len() > LONGEST || (self.asked.len() > 1 && self.pasted() > MOST_PASTED) {
            self.asked.remove(0);
        }
        self.position = self.asked.len();
    }

    /// Pasted pictures in the line, which it keeps whole.
    fn pasted(&self) -> usize {
        let parts = self.asked.iter().flat_map(|query| &query.parts);
        parts.filter(|part| part.source.path().is_none()).count()
    }

    /// The last queries, newest first, each once, at most so many.
    pub fn recent(&self, most: usize) -> Vec<&Query> {
        let mut recent: Vec<&Query> = Vec::new();
        for query in self.asked.iter().rev() {
            if recent.len() < most && !recent.contains(&query) {
                recent.push(query);
            }
        }
        recent
    }

    /// The query that is shown.
    pub fn current(&self) -> Option<&Query> {
        self.position
            .checked_sub(1)
            .and_then(|at| self.asked.get(at))
    }

    /// Whether there is a query before the shown one.
    pub fn can_go_back(&self) -> bool {
        self.position > 1
    }

    /// Whether there is a query after the shown one.
    pub fn can_go_forward(&self) -> bool {
        self.position < self.asked.len()
    }

    /// Steps to the query before.
    pub fn back(&mut self) -> Option<Query> {
        if !self.can_go_back() {
            return None;
        }
        self.position -= 1;
        self.current().cloned()
    }

    /// Steps to the query after.
    pub fn forward(&mut self) -> Option<Query> {
        if !self.can_go_forward() {
            return None;
        }
        self.position += 1;
        self.current().cloned()
    }
}

/// Whether two queries differ in nothing but the weights.
fn same_pictures(a: &Query, b: &Query) -> bool {
    let alike = |(a, b): (&Part, &Part)| a.source == b.source && a.crop == b.crop;
    a.parts.len() == b.parts.len() && a.parts.iter().zip(&b.parts).all(alike)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_and_forward_walk_the_line() {
        let query = |name: &str| Query::file(name);
        let mut history = History::default();
        assert!(!history.can_go_back());
        for name in ["a", "b", "b", "c"] {
            history.visit(query(name));
        }
        assert_eq!(history.back(), Some(query("b")));
        assert_eq!(history.back(), Some(query("a")));
        assert_eq!(history.back(), None);
        assert_eq!(history.forward(), Some(query("b")));
        history.visit(query("d"));
        assert!(!history.can_go_forward());
        assert_eq!(history.back(), Some(query("b")));
        assert_eq!(history.recent(2), [&query("d"), &query("b")]);
    }

    #[test]
    fn another_weight_is_no_step() {
        let both = |weight| Query::file("a").and("b".as_ref(), weight);
        let mut history = History::default();
        for weight in [1.0, 0.5, 0.25] {
            history.visit(both(weight));
        }
        assert!(!history.can_go_back());
        assert_eq!(history.current(), Some(&both(0.25)));
    }
}
