use egui::{Pos2, Rect};

/// Closer corners than this are left out.
const STEP_PX: f32 = 3.0;

/// Takes the pointer's next place into a lasso.
pub fn draw_on(lasso: &mut Vec<Pos2>, at: Pos2) {
    if lasso.last().is_none_or(|last| last.distance(at) >= STEP_PX) {
        lasso.push(at);
    }
}

/// Whether a point lies inside of the closed line through `corners`, by the even-odd rule.
pub fn holds(corners: &[Pos2], at: Pos2) -> bool {
    let mut inside = false;
    let mut before = match corners.last() {
        Some(last) if corners.len() > 2 => *last,
        _ => return false,
    };
    for &corner in corners {
        if (corner.y > at.y) != (before.y > at.y) {
            let along = (at.y - corner.y) / (before.y - corner.y);
            if at.x < corner.x + along * (before.x - corner.x) {
                inside = !inside;
            }
        }
        before = corner;
    }
    inside
}

/// The smallest rectangle around it.
pub fn around(corners: &[Pos2]) -> Rect {
    Rect::from_points(corners)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lasso_holds_what_it_goes_around() {
        let corners = [
            (0.0, 0.0),
            (10.0, 0.0),
            (10.0, 10.0),
            (5.0, 4.0),
            (0.0, 10.0),
        ];
        let corners = corners.map(|(x, y)| Pos2::new(x, y));
        assert!(holds(&corners, Pos2::new(2.0, 2.0)));
        assert!(holds(&corners, Pos2::new(9.0, 8.0)));
        assert!(!holds(&corners, Pos2::new(5.0, 8.0)), "in the notch");
        assert!(!holds(&corners, Pos2::new(-1.0, 5.0)));
        assert!(!holds(&corners[..2], Pos2::new(5.0, 0.0)));
        let mut lasso = Vec::new();
        for x in 0..30 {
            draw_on(&mut lasso, Pos2::new(x as f32, 0.0));
        }
        assert_eq!(lasso.len(), 10);
    }
}
