//! What a drill and floors said, in a page: rows of JSON, as `outflow drill --json` and `outflow floor --json` print them. Whatever
//! else such a file holds is passed over.

use super::{begin_table, text};
use crate::units::{Bytes, Span};
use serde_json::Value;
use std::io::{self, Write};

/// Draws the sections for which there are rows.
pub(super) fn write(rows: &[Value], to: &mut dyn Write) -> io::Result<()> {
    let of = |kind: &str| rows.iter().filter(|row| row["type"] == kind).collect::<Vec<_>>();
    drill(&of("drill"), to)?;
    floor(&of, to)
}

fn drill(rows: &[&Value], to: &mut dyn Write) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(
        to,
        "<h2>Would it be caught?</h2><p class=\"soft\">Thefts laid over these logs by outflow drill; medians of those that were told.</p>{}",
        begin_table(
            "What a drill said",
            "<th>Theft<th class=\"number\">told<th class=\"number\">stolen<th class=\"number\">told after<th class=\"number\">gone by then"
        )
    )?;
    for row in rows {
        let name = format!("<tr><td class=\"name\">{}", words(&row["scenario"]));
        match row["unseen"].as_str() {
            Some(why) => writeln!(to, "{name}<td colspan=\"4\">cannot be shown: {}</tr>", text(why))?,
            None => {
                let share = row["median_share_gone"].as_f64().map(|share| format!("{:.0} %", share * 100.0));
                writeln!(
                    to,
                    "{name}{}{}{}{}</tr>",
                    cell(Some(format!("{} of {}", count(&row["caught"]), count(&row["runs"])))),
                    cell(row["median_bytes"].as_f64().map(|bytes| bytes_of(bytes).to_string())),
                    cell(row["median_time_to_detect_s"].as_f64().map(|seconds| span(seconds).to_string())),
                    cell(share)
                )?;
            }
        }
    }
    writeln!(to, "</table></div>")
}

fn floor<'a>(of: &dyn Fn(&str) -> Vec<&'a Value>, to: &mut dyn Write) -> io::Result<()> {
    let (estate, roles) = (of("floor_estate"), of("floor_role"));
    if estate.is_empty() {
        return Ok(());
    }
    let proofs = of("floor_proof");
    let held = proofs.iter().filter(|proof| proof["holds"] == true).count();
    let proven = match proofs.len() {
        0 => String::new(),
        all => format!(" {held} of {all} floors were proven by thefts laid over the logs."),
    };
    writeln!(
        to,
        "<h2>How much could leave unseen?</h2><p class=\"soft\">The largest theft from one host that would not be told, by outflow floor; medians of \
         hosts.{proven}</p>{}",
        begin_table(
            "Floors",
            "<th>Of<th>By<th class=\"number\">hosts<th class=\"number\">in an hour<th class=\"number\">a day<th class=\"number\">a month<th>most in a day"
        )
    )?;
    for row in estate.iter().chain(&roles) {
        let name = row["role"].as_str().map_or_else(|| "estate".to_owned(), text);
        for way in ["new_destination", "known_destination", "dns", "new_client", "known_client", "anonymous"]
        {
            let within = |within: &str| &row[format!("{way}_per_{within}")];
            let day = within("day");
            if !day.is_object() {
                continue;
            }
            let median = |name: &str| cell(Some(amount(&within(name)["median"])));
            writeln!(
                to,
                "<tr><td class=\"name\">{name}<td>{}{}{}{}{}<td class=\"name\">{} from {}</tr>",
                way.replace('_', " "),
                cell(Some(count(&day["hosts"]).to_string())),
                median("hour"),
                median("day"),
                median("month"),
                amount(&day["highest"]),
                words(&day["highest_host"])
            )?;
        }
    }
    writeln!(to, "</table></div>")?;
    let (spots, prices) = (of("blind_spot"), of("floor_allow"));
    if !spots.is_empty() {
        writeln!(to, "<p>Here anything could leave:</p><ul>")?;
        for spot in spots {
            writeln!(
                to,
                "<li><span class=\"name\">{}</span>: {}</li>",
                words(&spot["path"]),
                words(&spot["why"])
            )?;
        }
        writeln!(to, "</ul>")?;
    }
    if !prices.is_empty() {
        writeln!(to, "<p>What rules cost: more may leave in a day by</p><ul>")?;
        for price in prices {
            writeln!(
                to,
                "<li>[[allow]] of line {} ({}): {} instead of {}, from each of {} hosts</li>",
                count(&price["line"]),
                words(&price["reason"]),
                amount(&price["with_per_day"]),
                amount(&price["without_per_day"]),
                count(&price["hosts"])
            )?;
        }
        writeln!(to, "</ul>")?;
    }
    Ok(())
}

fn cell(what: Option<String>) -> String {
    format!("<td class=\"number\">{}", what.unwrap_or_else(|| "-".to_owned()))
}

fn words(value: &Value) -> String {
    text(value.as_str().unwrap_or_default())
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// What is without bound is told as `null`.
fn amount(value: &Value) -> String {
    value.as_u64().map_or_else(|| "any amount".to_owned(), |bytes| Bytes(bytes).to_string())
}

fn bytes_of(bytes: f64) -> Bytes {
    #[expect(clippy::cast_sign_loss, reason = "what is below nothing becomes nothing")]
    Bytes(bytes.round() as u64)
}

fn span(seconds: f64) -> Span {
    Span((seconds * 1e6).round() as i64)
}
