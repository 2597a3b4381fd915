use super::Chosen;
use crate::app::results::{Item, Source};
use serde_json::{Value, json};

/// One line a photo: `rank,path,score,domain,taken,modified,bytes,format,width,height`; what is not known is empty.
pub fn csv(chosen: &Chosen) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "rank", "path", "score", "domain", "taken", "modified", "bytes", "format", "width",
        "height",
    ])?;
    for item in items(chosen) {
        let text = |value: Option<String>| value.unwrap_or_default();
        let facts = item.facts;
        let size = facts.and_then(|facts| facts.size_px);
        writer.write_record([
            item.rank.to_string(),
            item.path.display().to_string(),
            text(item.score.map(|score| score.to_string())),
            item.domain.unwrap_or_default().to_owned(),
            text(taken(&item)),
            text(facts.map(|facts| facts.modified.to_string())),
            text(facts.map(|facts| facts.bytes.to_string())),
            text(facts.and_then(|facts| Some(facts.format?.to_string()))),
            text(size.map(|size| size.0.to_string())),
            text(size.map(|size| size.1.to_string())),
        ])?;
    }
    Ok(writer.into_inner()?)
}

/// What the photos are, which pictures they were asked with, and all that is known of each.
pub fn json(chosen: &Chosen) -> anyhow::Result<Vec<u8>> {
    let photos: Vec<Value> = items(chosen).map(|item| photo(&item)).collect();
    let query = match &chosen.source {
        Source::Answer(answer) => answer
            .query
            .parts
            .iter()
            .map(|part| {
                json!({
                    "name": part.source.name(),
                    "path": part.source.path().map(|path| path.display().to_string()),
                    "weight": part.weight,
                    "crop": part.crop,
                })
            })
            .collect(),
        _ => Value::Null,
    };
    let whole = json!({
        "title": chosen.source.title(),
        "query": query,
        "photos": photos,
    });
    Ok(format!("{whole:#}\n").into_bytes())
}

fn photo(item: &Item<'_>) -> Value {
    let facts = item.facts;
    json!({
        "rank": item.rank,
        "path": item.path.display().to_string(),
        "score": item.score,
        "domain": item.domain,
        "taken": taken(item),
        "modified": facts.map(|facts| facts.modified.to_string()),
        "bytes": facts.map(|facts| facts.bytes),
        "format": facts.and_then(|facts| Some(facts.format?.to_string())),
        "width": facts.and_then(|facts| Some(facts.size_px?.0)),
        "height": facts.and_then(|facts| Some(facts.size_px?.1)),
        "prompt_similarities": item.similarity,
    })
}

/// What the camera wrote; the time of the file stands beside it anyway.
fn taken(item: &Item<'_>) -> Option<String> {
    let facts = item.facts.filter(|facts| facts.taken_by_camera)?;
    Some(facts.taken.to_string())
}

fn items(chosen: &Chosen) -> impl Iterator<Item = Item<'_>> {
    chosen
        .items
        .iter()
        .filter_map(|at| chosen.source.item(*at as usize))
}
