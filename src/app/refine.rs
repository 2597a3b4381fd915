//! Wishes that change what is shown rather than ask something new: filters, lists, more and less like this.

use super::engine::{Browse, Wanted};
use super::handle_command::{ask, ask_again};
use super::puma_app::PumaApp;
use super::query::Query;
use crate::search::Filter;
use std::path::Path;

/// Wishes for a list.
pub fn list(app: &mut PumaApp, wanted: Wanted) {
    if let Wanted::Browse(browse) = &wanted {
        app.state.filter = browse.filter.clone();
    }
    app.state.listing_generation = app.engine.list(wanted);
}

/// Changes the filter and asks for what is shown again.
pub fn filter(app: &mut PumaApp, filter: Filter, now_s: f64) {
    if app.state.filter == filter {
        return;
    }
    app.state.filter = filter.clone();
    let listed = app.state.listing.as_ref().map(|listing| &listing.wanted);
    let by_name = std::mem::take(&mut app.state.ask.listed_by_name);
    match listed {
        Some(_) if by_name && filter.is_empty() => app.state.close_listing(),
        Some(Wanted::Browse(browse)) => {
            let order = browse.order;
            app.state.ask.listed_by_name = by_name;
            list(app, Wanted::Browse(Browse { order, filter }));
        }
        _ if app.state.answer.is_some() => {
            app.state.close_listing();
            app.state.asking = None;
            ask_again(app, now_s);
        }
        // A list that is on its way is not wished for any more.
        _ if filter.is_empty() => app.state.close_listing(),
        _ => {
            app.state.ask.listed_by_name = true;
            list(
                app,
                Wanted::Browse(Browse {
                    filter,
                    ..Browse::default()
                }),
            );
        }
    }
}

/// Asks for more or less like a picture, beside what is asked already.
pub fn like(app: &mut PumaApp, path: &Path, weight: f32, now_s: f64) {
    let query = match &app.state.answer {
        Some(answer) => answer.query.and(path, weight),
        None => Query::file(path),
    };
    ask(app, query, now_s);
}
