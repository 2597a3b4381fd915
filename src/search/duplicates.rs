use super::snapshot::Snapshot;

/// Cosine of two embeddings from which on photos count as near duplicates of each other.
pub const NEAR_DUPLICATE: f32 = 0.98;

/// Groups rows that are near duplicates of the first of their group, which is the best of it.
///
/// Each row joins the first group whose best photo it resembles, so that a chain of small steps joins nothing that is
/// unlike. Rows without a near duplicate are left out; numbers are places in `rows`.
pub(super) fn groups(snapshot: &Snapshot, rows: &[usize]) -> Vec<Vec<usize>> {
    let alike = |a: usize, b: usize| {
        let (a, b) = (snapshot.embedding(a), snapshot.embedding(b));
        a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>() >= NEAR_DUPLICATE
    };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        match groups.iter_mut().find(|group| alike(rows[group[0]], *row)) {
            Some(group) => group.push(place),
            None => groups.push(vec![place]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}
