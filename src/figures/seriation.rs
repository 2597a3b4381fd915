/// An order of `rows` (all of one length) in which like ones stand side by side.
///
/// Rows are clustered by average linkage of their Euclidean distances (nearest-neighbour chains: Murtagh 1983, "A survey
/// of recent advances in hierarchical clustering algorithms"), and where two clusters meet, those ends that are nearest
/// to each other are joined (Gruvaeus and Wainer 1972, "Two additions to hierarchical cluster analysis"). Of the two
/// directions the one is taken whose first row has the lower index. Time and memory grow with the square of their number.
pub fn seriation(rows: &[Vec<f32>]) -> Vec<usize> {
    let count = rows.len();
    let mut between = vec![0f32; count * count];
    for a in 0..count {
        for b in a + 1..count {
            let far = distance(&rows[a], &rows[b]);
            between[a * count + b] = far;
            between[b * count + a] = far;
        }
    }
    // A cluster lives on under the index of one of its rows; the others are gone.
    let mut clusters: Vec<Vec<usize>> = (0..count).map(|row| vec![row]).collect();
    let mut living: Vec<usize> = (0..count).collect();
    let mut chain: Vec<usize> = Vec::new();
    while living.len() > 1 {
        let top = *chain.last().unwrap_or(&living[0]);
        if chain.is_empty() {
            chain.push(top);
        }
        let before = chain.len().checked_sub(2).map(|place| chain[place]);
        let far = |other: usize| between[top * count + other];
        // A tie goes to the one before, or the chain would not end.
        let nearest = living
            .iter()
            .copied()
            .filter(|&other| other != top)
            .min_by(|&a, &b| {
                far(a)
                    .total_cmp(&far(b))
                    .then((Some(a) != before).cmp(&(Some(b) != before)))
            });
        let Some(nearest) = nearest else {
            break;
        };
        if before != Some(nearest) {
            chain.push(nearest);
            continue;
        }
        chain.truncate(chain.len() - 2);
        let (mine, gone) = (clusters[top].len() as f32, clusters[nearest].len() as f32);
        living.retain(|&cluster| cluster != nearest);
        for &other in &living {
            let mean = (mine * between[top * count + other]
                + gone * between[nearest * count + other])
                / (mine + gone);
            between[top * count + other] = mean;
            between[other * count + top] = mean;
        }
        let (first, second) = (
            std::mem::take(&mut clusters[top]),
            std::mem::take(&mut clusters[nearest]),
        );
        clusters[top] = joined(first, second, rows);
    }
    let mut order = living
        .first()
        .map(|&all| std::mem::take(&mut clusters[all]))
        .unwrap_or_default();
    if order.last() < order.first() {
        order.reverse();
    }
    order
}

/// Two clusters in one line, joined where their ends are nearest.
fn joined(mut first: Vec<usize>, mut second: Vec<usize>, rows: &[Vec<f32>]) -> Vec<usize> {
    let ends = |line: &[usize]| (line[0], line[line.len() - 1]);
    let ((first_head, first_tail), (head, tail)) = (ends(&first), ends(&second));
    let gap = |a: usize, b: usize| distance(&rows[a], &rows[b]);
    let gaps = [
        (gap(first_tail, head), false, false),
        (gap(first_tail, tail), false, true),
        (gap(first_head, head), true, false),
        (gap(first_head, tail), true, true),
    ];
    if let Some((_, turn_first, turn_second)) = gaps.into_iter().min_by(|a, b| a.0.total_cmp(&b.0))
    {
        if turn_first {
            first.reverse();
        }
        if turn_second {
            second.reverse();
        }
    }
    first.append(&mut second);
    first
}

/// Euclidean distance over the places where both have a number.
fn distance(a: &[f32], b: &[f32]) -> f32 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
    squares
        .filter(|square| square.is_finite())
        .sum::<f32>()
        .sqrt()
}
