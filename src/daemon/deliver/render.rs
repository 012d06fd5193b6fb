//! The line of an incident → what a receiver understands.

use super::Item;
use crate::config::{OutputConfig, Render, Target, Template};
use crate::outputs::{cef, ecs, escaped, ocsf};
use crate::units::Bytes;
use serde_json::{Value, json};

/// For this output.
pub(super) fn item(output: &OutputConfig, line: &str) -> Item {
    let incident: Value = serde_json::from_str(line).unwrap_or_default();
    let text = |key: &str| incident.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let rendered = match (&output.to, output.render) {
        (Target::Webhook { template: Template::Slack, .. }, _) => slack(&incident),
        (Target::Webhook { template: Template::Teams, .. }, _) => teams(&incident),
        (_, Render::Outflow) => line.trim_end().to_owned(),
        (_, Render::Ecs) => ecs(&incident),
        (_, Render::Ocsf) => ocsf(&incident),
        (_, Render::Cef) => cef(&incident),
    };
    Item { id: text("id"), severity: text("severity"), time: text("detected_at"), text: rendered }
}

/// What a person needs, a name and a value each.
fn facts(incident: &Value) -> Vec<(&'static str, String)> {
    let text = |key: &str| incident.get(key).and_then(Value::as_str).unwrap_or_default();
    let bytes = incident.get("bytes_out").and_then(Value::as_u64).unwrap_or_default();
    let destination = match text("destination") {
        "" => "several places",
        destination => destination,
    };
    [
        ("Host", text("host").to_owned()),
        ("To", destination.to_owned()),
        ("Left", Bytes(bytes).to_string()),
        ("Since", text("first_seen").to_owned()),
        ("Severity", text("severity").to_owned()),
        ("Incident", text("id").to_owned()),
    ]
    .map(|(name, value)| (name, escaped(&value).into_owned()))
    .into()
}

fn summary(incident: &Value) -> String {
    let summary = incident.get("summary").and_then(Value::as_str).unwrap_or("an incident");
    escaped(summary).into_owned()
}

/// Blocks of plain text: what stands in them is never read as a link, a mention or markup.
fn slack(incident: &Value) -> String {
    // https://docs.slack.dev/messaging/formatting-message-text: these three are escaped in `text`.
    let text = summary(incident).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let plain = |text: String| json!({"type": "plain_text", "text": shortened(text), "emoji": false});
    let fields: Vec<Value> =
        facts(incident).into_iter().map(|(name, value)| plain(format!("{name}\n{value}"))).collect();
    json!({
        "text": text,
        "blocks": [
            {"type": "section", "text": plain(summary(incident))},
            {"type": "section", "fields": fields},
        ],
    })
    .to_string()
}

/// The longest text of a Slack field, in characters.
const FIELD_MAX: usize = 2_000;

fn shortened(text: String) -> String {
    match text.char_indices().nth(FIELD_MAX) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
        None => text,
    }
}

/// An Adaptive Card of runs of text, which know no markup.
fn teams(incident: &Value) -> String {
    let run = |text: String, bold: bool| json!({"type": "TextRun", "text": text, "weight": if bold { "bolder" } else { "default" }});
    let block = |inlines: Vec<Value>| json!({"type": "RichTextBlock", "inlines": inlines});
    let facts = facts(incident)
        .into_iter()
        .map(|(name, value)| block(vec![run(format!("{name}: "), true), run(value, false)]));
    let body: Vec<Value> = std::iter::once(block(vec![run(summary(incident), true)])).chain(facts).collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": body,
            },
        }],
    })
    .to_string()
}
