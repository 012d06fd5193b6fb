//! `[format.NAME]` → a [`Mapping`]: how lines are cut, and which part of them is which neutral field.

use super::NAME_MAX;
use super::error::{ConfigError, unknown_key};
use super::kept;
use super::node::Node;
use crate::event::{Role, Stamped};
use crate::formats::cells::Cut;
use crate::formats::generic::mapped::{
    Clock, Description, FIELDS, Field, Key, LENGTHS, Lines, Mapped, Mapping, Origin, Reading, SIZES, Size,
};
use crate::formats::key_value;
use crate::formats::spelling::nearest;
use jiff::tz::TimeZone;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;

/// More formats than anybody describes.
const FORMATS_MAX: usize = 256;

/// What stands beside the fields.
const SETTINGS: &[&str] = &["lines", "separator", "mark", "role", "remedy"];

/// The keys of a field that needs more than the name of a part.
const OPTIONS: &[&str] = &["from", "value", "unit", "layout", "zone", "marks"];

const ROLES: &[(&str, Role)] = &[
    ("proxy", Role::Proxy),
    ("server", Role::Server),
    ("flow", Role::Flow),
    ("store", Role::Store),
    ("dns", Role::Dns),
];

type Table = [(Spanned<String>, Spanned<Node>)];

/// All of them.
pub(super) fn formats(text: &str, section: Option<&Spanned<Node>>) -> Result<Vec<Arc<Mapping>>, ConfigError> {
    let Some(section) = section else { return Ok(Vec::new()) };
    let at = |span: Range<usize>, message: &str| ConfigError::at(text, span.start, message.into());
    let Node::Table(formats) = section.get_ref() else {
        return Err(at(section.span(), "formats have names: write [format.NAME]"));
    };
    if formats.len() > FORMATS_MAX {
        return Err(at(section.span(), &format!("at most {FORMATS_MAX} formats can be described")));
    }
    let mut mappings = Vec::new();
    for (name, format) in formats {
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        if name.get_ref().is_empty()
            || name.get_ref().len() > NAME_MAX
            || !name.get_ref().chars().all(is_name)
        {
            let what = format!("a format's name has 1 to {NAME_MAX} of a-z, A-Z, 0-9, -, _ and .");
            return Err(at(name.span(), &what));
        }
        if crate::formats::kind(name.get_ref()).is_some() || super::is_auto(name.get_ref()) {
            return Err(at(name.span(), "this name is that of a built-in format: choose another"));
        }
        let Node::Table(table) = format.get_ref() else {
            return Err(at(format.span(), "formats are tables: write [format.NAME]"));
        };
        mappings.push(Arc::new(mapping(text, name, table)?));
    }
    Ok(mappings)
}

/// A role by its name.
pub(super) fn role(text: &str, name: &Spanned<String>) -> Result<Role, ConfigError> {
    super::one_of(text, "role", name, ROLES)
}

/// The settings of a format, as they are found.
#[derive(Default)]
struct Settings {
    lines: Option<Spanned<String>>,
    separator: Option<Spanned<String>>,
    mark: Option<Spanned<String>>,
    role: Option<Spanned<String>>,
    remedy: Option<Spanned<String>>,
}

fn mapping(text: &str, name: &Spanned<String>, table: &Table) -> Result<Mapping, ConfigError> {
    let mut settings = Settings::default();
    let mut fields: Vec<(Mapped, Range<usize>)> = Vec::new();
    walk(text, table, "", &mut settings, &mut fields)?;
    let at = |message: &str| ConfigError::at(text, name.span().start, message.into());
    let lines = settings.lines.as_ref();
    let lines = lines.ok_or_else(|| {
        at("say how lines are written: lines = \"json\", \"csv\", \"tsv\" or \"key-value\"")
    })?;
    let lines = cut(text, lines, settings.separator.as_ref(), settings.mark.as_ref())?;
    let named = settings.role.as_ref();
    let named = named.ok_or_else(|| {
        at("say whose bytes the log watches: role = \"proxy\" (its clients), \"server\", \"flow\", \"store\" or \"dns\"")
    })?;
    let (mapped, spans): (Vec<Mapped>, Vec<Range<usize>>) = fields.into_iter().unzip();
    let blame: Vec<(Field, Range<usize>)> = mapped.iter().map(|mapped| mapped.field).zip(spans).collect();
    let description = Description {
        kind: kept::kind(name.get_ref(), Description::is_headed(lines, &mapped)),
        lines,
        role: role(text, named)?,
        remedy: settings.remedy.as_ref().map_or("", |remedy| kept::text(remedy.get_ref())),
        fields: mapped,
    };
    Mapping::new(description).map_err(|wrong| {
        let span = blame.iter().find(|(field, _)| Some(*field) == wrong.field).map(|(_, span)| span.clone());
        ConfigError::at(text, span.unwrap_or(name.span()).start, wrong.message)
    })
}

/// Goes down to the fields, whose names have dots: `[format.x.source]`, `source.ip = …` and `"source.ip" = …` are one.
fn walk(
    text: &str,
    table: &Table,
    above: &str,
    settings: &mut Settings,
    fields: &mut Vec<(Mapped, Range<usize>)>,
) -> Result<(), ConfigError> {
    for (key, value) in table {
        let name =
            if above.is_empty() { key.get_ref().clone() } else { format!("{above}.{}", key.get_ref()) };
        let at = |span: Range<usize>, message: String| ConfigError::at(text, span.start, message);
        if SETTINGS.contains(&name.as_str()) {
            let Node::Text(setting) = value.get_ref() else {
                return Err(at(value.span(), format!("{name} is a text in quotes")));
            };
            let place = match name.as_str() {
                "lines" => &mut settings.lines,
                "separator" => &mut settings.separator,
                "mark" => &mut settings.mark,
                "role" => &mut settings.role,
                _ => &mut settings.remedy,
            };
            *place = Some(Spanned::new(value.span(), setting.clone()));
        } else if let Some(field) = Field::named(&name) {
            if fields.iter().any(|(mapped, _)| mapped.field == field) {
                return Err(at(key.span(), format!("{name} is mapped twice")));
            }
            fields.push((mapped(text, field, value)?, value.span()));
        } else if let (Node::Table(inner), true) = (value.get_ref(), has_fields_below(&name)) {
            walk(text, inner, &name, settings, fields)?;
        } else {
            return Err(at(key.span(), unknown_field(&name)));
        }
    }
    Ok(())
}

fn below(name: &str) -> impl Iterator<Item = &'static str> {
    let name = format!("{name}.");
    FIELDS.iter().map(|(field, _)| *field).filter(move |field| field.starts_with(&name))
}

fn has_fields_below(name: &str) -> bool {
    below(name).next().is_some()
}

fn unknown_field(name: &str) -> String {
    let fields: Vec<&str> = FIELDS.iter().map(|(field, _)| *field).chain(SETTINGS.iter().copied()).collect();
    let near = nearest(name, &fields).or_else(|| below(name).next());
    let near = near.or_else(|| likely(name, &fields));
    let near = near.map(|near| format!("; did you mean \"{near}\"?"));
    format!("there is no field \"{name}\"{}; the fields are {}", near.unwrap_or_default(), fields.join(", "))
}

/// The field that shares most words with the name: `agent`, `src_ip`, `@timestamp`.
fn likely<'n>(name: &str, fields: &[&'n str]) -> Option<&'n str> {
    let name = name.to_ascii_lowercase();
    let words: Vec<&str> = name
        .split(['.', '_', '-'])
        .map(|word| match word {
            "src" | "client" => "source",
            "dst" | "dest" | "server" => "destination",
            word if word.contains("time") => "time",
            word => word,
        })
        .collect();
    let shared = |field: &str| field.split(['.', '_']).filter(|part| words.contains(part)).count();
    // Of several, the first.
    fields.iter().copied().rev().max_by_key(|field| shared(field)).filter(|field| shared(field) > 0)
}

/// A field and where it comes from: `"a.b"`, `3`, or a table.
fn mapped(text: &str, field: Field, value: &Spanned<Node>) -> Result<Mapped, ConfigError> {
    let at = |span: Range<usize>, message: String| ConfigError::at(text, span.start, message);
    let Node::Table(table) = value.get_ref() else {
        let from = Origin::Parts(vec![part(text, value)?]);
        let reading = reading(field, &[]).map_err(|(_, message)| at(value.span(), message))?;
        return Ok(Mapped { field, from, reading });
    };
    let (mut from, mut options) = (None, Vec::new());
    for (key, value) in table {
        let origin = match (key.get_ref().as_str(), value.get_ref()) {
            ("from", Node::List(parts)) if field == Field::Time && !parts.is_empty() => {
                Origin::Parts(parts.iter().map(|item| part(text, item)).collect::<Result<_, _>>()?)
            }
            ("from", Node::List(_)) => {
                return Err(at(value.span(), "only time is put together from several parts".into()));
            }
            ("from", _) => Origin::Parts(vec![part(text, value)?]),
            ("value", Node::Text(constant)) => Origin::Constant(constant.clone()),
            ("value", Node::Number(constant)) => Origin::Constant(constant.to_string()),
            (option, Node::Text(setting)) if OPTIONS.contains(&option) => {
                options.push((option, setting.as_str(), value.span()));
                continue;
            }
            (option, _) if OPTIONS.contains(&option) => {
                return Err(at(value.span(), format!("{option} is a text in quotes")));
            }
            (option, _) => return Err(at(key.span(), unknown_key(option, OPTIONS))),
        };
        if from.replace(origin).is_some() {
            return Err(at(key.span(), "a field has a from or a value, once".into()));
        }
    }
    let Some(from) = from else {
        return Err(at(
            value.span(),
            "say where it stands: from = \"…\", or value = \"…\" if it is always the same".into(),
        ));
    };
    let reading =
        reading(field, &options).map_err(|(span, message)| at(span.unwrap_or(value.span()), message))?;
    Ok(Mapped { field, from, reading })
}

fn part(text: &str, value: &Spanned<Node>) -> Result<Key, ConfigError> {
    match value.get_ref() {
        Node::Text(name) => Ok(Key::Name(name.clone())),
        Node::Number(number) => Ok(Key::Column(usize::try_from(*number).unwrap_or(0))),
        Node::List(_) | Node::Table(_) => {
            let message = "write the name of a part of the line in quotes, or the number of a column";
            Err(ConfigError::at(text, value.span().start, message.into()))
        }
    }
}

/// What the text of a field means, by the options beside it; an error with the option to blame.
fn reading(
    field: Field,
    options: &[(&str, &str, Range<usize>)],
) -> Result<Reading, (Option<Range<usize>>, String)> {
    let option = |wanted: &str| options.iter().find(|(name, ..)| *name == wanted);
    let allowed: &[&str] = match field {
        Field::Time => &["layout", "zone", "marks"],
        Field::Bytes(_) | Field::Total | Field::Duration => &["unit"],
        _ => &[],
    };
    if let Some((name, _, span)) = options.iter().find(|(name, ..)| !allowed.contains(name)) {
        return Err((Some(span.clone()), format!("{} has no {name}", field.name())));
    }
    let no_unit = |unit: &str, names: Vec<&str>| {
        format!("there is no unit \"{unit}\": it is one of {}", names.join(", "))
    };
    match (field, option("unit")) {
        (Field::Time, _) => {
            let zone = option("zone").map(|(_, name, span)| {
                let wrong = |_| {
                    (
                        Some(span.clone()),
                        format!("there is no zone \"{name}\": write a name such as \"Europe/London\""),
                    )
                };
                TimeZone::get(name).map_err(wrong)
            });
            let (layout, span) =
                option("layout").map_or(("any", None), |(_, layout, span)| (*layout, Some(span.clone())));
            let clock = Clock::new(layout, zone.transpose()?).map_err(|message| (span, message))?;
            match option("marks") {
                None | Some((_, "end", _)) => Ok(Reading::Clock(clock, Stamped::End)),
                Some((_, "start", _)) => Ok(Reading::Clock(clock, Stamped::Start)),
                Some((_, _, span)) => Err((
                    Some(span.clone()),
                    "a time marks the \"start\" or the \"end\" of the transfer".into(),
                )),
            }
        }
        (Field::Bytes(_) | Field::Total, None) => Ok(Reading::Size(Size::Units(1))),
        (Field::Bytes(_) | Field::Total, Some((_, unit, span))) => {
            let known = SIZES.iter().find(|(name, _)| name == unit);
            let names = || SIZES.iter().map(|(name, _)| *name).collect();
            known
                .map(|(_, size)| Reading::Size(*size))
                .ok_or_else(|| (Some(span.clone()), no_unit(unit, names())))
        }
        (Field::Duration, None) => {
            Err((None, "say its unit, as in event.duration = { from = \"…\", unit = \"ms\" }".into()))
        }
        (Field::Duration, Some((_, unit, span))) => {
            let known = LENGTHS.iter().find(|(name, _)| name == unit);
            let names = || LENGTHS.iter().map(|(name, _)| *name).collect();
            known
                .map(|(_, length)| Reading::Length(*length))
                .ok_or_else(|| (Some(span.clone()), no_unit(unit, names())))
        }
        _ => Ok(Reading::Plain),
    }
}

/// How lines are cut.
fn cut(
    text: &str,
    lines: &Spanned<String>,
    separator: Option<&Spanned<String>>,
    mark: Option<&Spanned<String>>,
) -> Result<Lines, ConfigError> {
    let at =
        |value: &Spanned<String>, message: &str| ConfigError::at(text, value.span().start, message.into());
    let letter = |value: &Spanned<String>| match value.get_ref().as_bytes() {
        [letter] if letter.is_ascii() && !matches!(letter, b'"' | b'\n' | b'\r') => Ok(*letter),
        _ => Err(at(value, "write one ASCII character, as in \";\"")),
    };
    let unused = |value: Option<&Spanned<String>>, what: &str| match value {
        Some(value) => Err(at(value, &format!("lines = \"{}\" has no {what}", lines.get_ref()))),
        None => Ok(()),
    };
    let kind = lines.get_ref().as_str();
    if !matches!(kind, "key-value" | "logfmt") {
        unused(mark, "mark")?;
    }
    Ok(match kind {
        "json" => {
            unused(separator, "separator")?;
            Lines::Json
        }
        "csv" => Lines::Columns(Cut::Csv(separator.map_or(Ok(b','), letter)?)),
        "tsv" => {
            unused(separator, "separator")?;
            Lines::Columns(Cut::Plain(b'\t'))
        }
        "key-value" | "logfmt" => {
            let between = match separator {
                None => key_value::LOGFMT.between,
                Some(separator) => [letter(separator)?, b' '],
            };
            Lines::Pairs(key_value::Style { mark: mark.map_or(Ok(b'='), letter)?, between })
        }
        other => {
            let message =
                format!("\"{other}\" is no way to write lines: it is one of json, csv, tsv, key-value");
            return Err(at(lines, &message));
        }
    })
}
