//! Which neighbour the pointer rests on: one panel notes it, another shows what it calls.

use egui::{Id, Ui};

fn id() -> Id {
    Id::unique("pointed neighbour")
}

/// Notes the neighbour under the pointer, by its rank from 0, or that there is none.
pub fn set(ui: &Ui, rank: Option<usize>) {
    let before = get(ui);
    if before != rank {
        ui.data_mut(|data| data.insert_temp(id(), rank));
        // The panel that shows it was laid out before the one that noted it.
        ui.ctx().request_repaint();
    }
}

/// The neighbour under the pointer.
pub fn get(ui: &Ui) -> Option<usize> {
    ui.data(|data| data.get_temp::<Option<usize>>(id()))
        .flatten()
}
