//! Filters in words, and out of words.

use crate::app::wording::file_name;
use crate::search::Filter;
use jiff::civil::{Date, DateTime, date};
use jiff::{ToSpan, Unit};

/// A filter as people say it: `domains cats, dogs; taken from 2019-05; PNG`.
pub fn words(filter: &Filter) -> String {
    let mut said = Vec::new();
    if !filter.domains.is_empty() {
        said.push(format!("domain {}", filter.domains.join(" or ")));
    }
    if !filter.folders.is_empty() {
        let names: Vec<String> = filter.folders.iter().map(|path| file_name(path)).collect();
        said.push(format!("folder {}", names.join(" or ")));
    }
    if let Some(from) = filter.from {
        said.push(format!("taken from {}", from.date()));
    }
    if let Some(before) = filter.before {
        said.push(format!("taken until {}", last_day(before)));
    }
    if !filter.formats.is_empty() {
        let names: Vec<String> = filter.formats.iter().map(ToString::to_string).collect();
        said.push(names.join(" or "));
    }
    if let Some(least) = filter.smallest_bytes {
        said.push(format!("at least {}", size(least)));
    }
    if let Some(most) = filter.largest_bytes {
        said.push(format!("at most {}", size(most)));
    }
    if !filter.name.trim().is_empty() {
        said.push(format!("name with “{}”", filter.name.trim()));
    }
    if let Some(least) = filter.minimum_score {
        said.push(format!("score at least {least:.2}"));
    }
    said.join("; ")
}

/// The day before a moment at which a range ends.
pub fn last_day(before: DateTime) -> Date {
    before.checked_sub(1.second()).unwrap_or(before).date()
}

/// Bytes as people say them: `640 B`, `12 kB`, `3.4 MB`.
pub fn size(bytes: u64) -> String {
    let number = bytes as f64;
    let with = |number: f64, unit: &str| {
        let text = format!("{number:.1}");
        let text = text.strip_suffix(".0").unwrap_or(&text).to_owned();
        format!("{text} {unit}")
    };
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => with(number / 1e3, "kB"),
        1_000_000..1_000_000_000 => with(number / 1e6, "MB"),
        _ => with(number / 1e9, "GB"),
    }
}

/// The first moment of the year, month or day that `text` names; `None` for an empty text.
///
/// # Errors
/// What would be understood, in words.
pub fn first_moment(text: &str) -> Result<Option<DateTime>, String> {
    Ok(span(text)?.map(|(first, _)| first.to_datetime(jiff::civil::Time::midnight())))
}

/// The first moment after the year, month or day that `text` names; `None` for an empty text.
///
/// # Errors
/// What would be understood, in words.
pub fn moment_after(text: &str) -> Result<Option<DateTime>, String> {
    let Some((first, unit)) = span(text)? else {
        return Ok(None);
    };
    let after = match unit {
        Unit::Year => first.checked_add(1.year()),
        Unit::Month => first.checked_add(1.month()),
        _ => first.checked_add(1.day()),
    };
    let after = after.map_err(|_| not_a_date(text))?;
    Ok(Some(after.to_datetime(jiff::civil::Time::midnight())))
}

fn not_a_date(text: &str) -> String {
    let text = text.trim();
    format!(
        "“{text}” is no date: write a year, a month or a day, such as 2019, 2019-05 or 2019-05-31."
    )
}

fn span(text: &str) -> Result<Option<(Date, Unit)>, String> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    let parts: Vec<&str> = trimmed.split(['-', '/', '.']).collect();
    let number = |at: usize| parts.get(at).and_then(|part| part.parse::<i16>().ok());
    let whole = |year: i16, month: i16, day: i16| {
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        (1000..=9999)
            .contains(&year)
            .then(|| Date::new(year, month, day).ok())
            .flatten()
    };
    let found = match (parts.len(), number(0), number(1), number(2)) {
        (1, Some(year), ..) => whole(year, 1, 1).map(|first| (first, Unit::Year)),
        (2, Some(year), Some(month), _) => whole(year, month, 1).map(|first| (first, Unit::Month)),
        (3, Some(year), Some(month), Some(day)) => {
            whole(year, month, day).map(|first| (first, Unit::Day))
        }
        _ => None,
    };
    found.map(Some).ok_or_else(|| not_a_date(text))
}

/// Bytes out of `500 kB`, `2 MB` or `1.5`, which means megabytes; `None` for an empty text.
///
/// # Errors
/// What would be understood, in words.
pub fn bytes(text: &str) -> Result<Option<u64>, String> {
    let trimmed = text.trim().to_lowercase().replace(',', ".");
    if trimmed.is_empty() {
        return Ok(None);
    }
    let digits = trimmed
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(digits);
    let factor = match unit.trim() {
        "b" | "bytes" => Some(1.0),
        "k" | "kb" => Some(1e3),
        "" | "m" | "mb" => Some(1e6),
        "g" | "gb" => Some(1e9),
        _ => None,
    };
    match (number.parse::<f64>(), factor) {
        (Ok(number), Some(factor)) if (number * factor).is_finite() => {
            Ok(Some((number * factor).round() as u64))
        }
        _ => Err(format!(
            "“{}” is no size: write a number with kB, MB or GB, such as 500 kB or 2 MB.",
            text.trim()
        )),
    }
}

/// A date as a field shows it: as short as it was meant.
pub fn date_text(moment: Option<DateTime>) -> String {
    moment.map_or_else(String::new, |moment| {
        let day = moment.date();
        if day == date(day.year(), 1, 1) {
            format!("{:04}", day.year())
        } else if day.day() == 1 {
            format!("{:04}-{:02}", day.year(), day.month())
        } else {
            day.to_string()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo::Format;

    #[test]
    fn dates_are_understood_by_year_month_and_day() {
        let at = |year, month, day| Ok(Some(date(year, month, day).at(0, 0, 0, 0)));
        assert_eq!(first_moment("2019"), at(2019, 1, 1));
        assert_eq!(moment_after("2019"), at(2020, 1, 1));
        assert_eq!(moment_after(" 2019-12 "), at(2020, 1, 1));
        assert_eq!(moment_after("2020-02-28"), at(2020, 2, 29));
        assert_eq!(first_moment(""), Ok(None));
        for wrong in ["soon", "2019-13", "2019-02-30", "19", "2019-05-03-01"] {
            let said = first_moment(wrong).unwrap_err();
            assert!(
                said.contains(wrong) && said.contains("2019-05-31"),
                "{said}"
            );
        }
        assert_eq!(date_text(Some(date(2019, 5, 1).at(0, 0, 0, 0))), "2019-05");
    }

    #[test]
    fn sizes_are_read_as_they_are_written() {
        assert_eq!(bytes("500 kB"), Ok(Some(500_000)));
        assert_eq!(bytes("1,5"), Ok(Some(1_500_000)));
        assert_eq!(bytes("2GB"), Ok(Some(2_000_000_000)));
        assert_eq!(bytes(" "), Ok(None));
        assert!(bytes("much").is_err() && bytes("5 miles").is_err());
        for number in [640, 12_000, 3_400_000, 5_000_000_000] {
            assert_eq!(bytes(&size(number)), Ok(Some(number)));
        }
    }

    #[test]
    fn every_filter_is_said() {
        let filter = Filter {
            domains: vec!["cats".to_owned(), "dogs".to_owned()],
            from: first_moment("2019-05").unwrap(),
            before: moment_after("2020").unwrap(),
            formats: vec![Format::Png],
            smallest_bytes: Some(500_000),
            name: " sea ".to_owned(),
            minimum_score: Some(0.5),
            ..Filter::default()
        };
        assert_eq!(
            words(&filter),
            "domain cats or dogs; taken from 2019-05-01; taken until 2020-12-31; PNG; \
             at least 500 kB; name with “sea”; score at least 0.50"
        );
    }
}
