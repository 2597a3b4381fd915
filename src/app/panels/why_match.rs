use super::Look;
use super::bars::{BarChart, Series, Sign, key, listed, query_color};
use super::chart::{Chart, range_of};
use super::pointed;
use crate::app::engine::Answer;
use crate::app::wording::{count, file_name, shortened};
use egui::{RichText, Ui};

/// Neighbours whose prompts the scale has room for, so that it stands still while the pointer moves over them.
const IN_SCALE: usize = 24;

/// Why one neighbour matches: its profile over the query's, and on which prompts they agree.
pub fn why_match(ui: &mut Ui, look: Look<'_>, answer: &Answer) {
    let state = look.state;
    let Some((rank, how)) = chosen(ui, look, answer) else {
        return;
    };
    let hit = &answer.hits[rank];
    ui.separator();
    ui.label(RichText::new("Why this match").strong());
    let name = shortened(&file_name(&hit.path), 34);
    ui.weak(format!("{name} ({how}), score {:.3}", hit.score));
    let own = state.scaled(&answer.similarity);
    let other = state.scaled(&hit.similarity);
    let in_scale: Vec<Vec<f32>> = answer
        .hits
        .iter()
        .take(IN_SCALE)
        .map(|hit| state.scaled(&hit.similarity))
        .collect();
    let all = in_scale.iter().chain([&own, &other]).map(Vec::as_slice);
    let prompts: Vec<usize> = (0..own.len()).collect();
    let color = ui.visuals().strong_text_color();
    let series = [
        Series {
            name: "the query",
            color: query_color(ui),
            values: &own,
        },
        Series {
            name: "the neighbour",
            color,
            values: &other,
        },
    ];
    let words = |place: usize| {
        let neighbour = other.get(place).copied().unwrap_or(f32::NAN);
        format!(
            "prompt {}: query {:+.4}, neighbour {neighbour:+.4}",
            place + 1,
            own[place]
        )
    };
    let chart = BarChart {
        chart: Chart {
            name: "Prompts of the query and the neighbour",
            height_px: 150.0,
            range: range_of(all),
            prompts: &prompts,
            press: "",
        },
        series: &series,
        band: None,
        line: None,
    };
    let drawn = chart.show(ui, words);
    ui.small(drawn.place.map_or_else(|| " ".to_owned(), words));
    let signs: Vec<(&str, Sign)> = series
        .iter()
        .map(|one| (one.name, Sign::Colour(one.color)))
        .collect();
    key(ui, &signs);
    ui.add_space(2.0);
    let Some(reason) = state
        .overall
        .as_ref()
        .and_then(|overall| state.pool.reasons.reason(rank, answer, overall))
    else {
        return;
    };
    ui.label(format!("Profiles alike by {:+.2}", reason.cosine))
        .on_hover_text(
            "Cosine of the two profiles, relative to the library's mean: 1 is alike, 0 is what two photos taken \
             at random have on average, -1 is opposite",
        );
    ui.label(match reason.agree.as_slice() {
        [] => "They agree on no prompt in particular.".to_owned(),
        [one] => format!("They agree on prompt {one}."),
        more => format!("They agree on prompts {}.", listed(more)),
    })
    .on_hover_text("Both stand out from the library's mean on the same side there");
    if !reason.oppose.is_empty() {
        let noun = if reason.oppose.len() == 1 {
            "prompt"
        } else {
            "prompts"
        };
        ui.weak(format!("Opposite on {noun} {}.", listed(&reason.oppose)));
    }
    if reason.far {
        let text = "Near by its embedding, far by its prompts: worth a second look.";
        ui.colored_label(ui.visuals().warn_fg_color, text);
    }
    let far = state.pool.reasons.far();
    if far > 0 {
        let all = count(answer.hits.len());
        let far = count(far);
        ui.weak(format!(
            "{far} of the {all} neighbours are near by embedding and far by prompts, marked ≠."
        ));
    }
}

/// The neighbour under the pointer, else the one that the keys were moved to, else the nearest that is not the query
/// itself.
fn chosen(ui: &Ui, look: Look<'_>, answer: &Answer) -> Option<(usize, &'static str)> {
    let own = answer.query.path();
    let comparable = |rank: &usize| {
        let hit = answer.hits.get(*rank);
        hit.is_some_and(|hit| !hit.similarity.is_empty() && Some(hit.path.as_path()) != own)
    };
    let results = &look.state.results;
    let selected = || {
        let moved = results.selection.moves() > 0;
        let item = results.item(results.selection.current());
        item.filter(|item| moved && item.is_neighbour)
            .map(|item| item.rank - 1)
    };
    let pointed = pointed::get(ui).filter(comparable);
    let selected = selected().filter(comparable);
    let nearest = (0..answer.hits.len()).find(comparable);
    [
        (pointed, "under the pointer"),
        (selected, "selected"),
        (nearest, "the nearest"),
    ]
    .into_iter()
    .find_map(|(rank, how)| Some((rank?, how)))
}
