//! The reference as one page of HTML that needs nothing else: a table of contents, a search, and every entry.
//!
//! All text goes through the writer of HTML, which escapes it; what looks like HTML in it is text. The only script on the
//! page is its own.

use std::collections::BTreeSet;

use hzscript::picture::draw::text::escaped;
use hzscript::reference::{Depth, Entry, Reference, Section};
use pulldown_cmark::{CowStr, Event, Parser, Tag, TagEnd, html};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page.
pub fn page(reference: &Reference) -> String {
    let entries = reference.entries();
    let names: BTreeSet<&str> = entries.iter().map(|entry| entry.heading.name.as_str()).collect();
    let mut contents = String::new();
    let mut body = String::new();
    for section in Section::ALL {
        let those: Vec<&Entry> = entries.iter().filter(|entry| entry.heading.section == section).collect();
        let title = escaped(section.title());
        contents.push_str(&format!("<h2>{title}</h2>\n<ul>\n"));
        body.push_str(&format!("<h1>{title}</h1>\n"));
        for entry in those {
            let name = escaped(&entry.heading.name);
            contents.push_str(&format!("<li><a href=\"#{name}\">{name}</a></li>\n"));
            body.push_str(&format!("<article id=\"{name}\">\n{}</article>\n", article(entry, &names)));
        }
        contents.push_str("</ul>\n");
    }
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Reference of hzscript {version}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <nav>\n<p class=\"name\">hzscript {version}</p>\n\
         <input id=\"search\" type=\"search\" placeholder=\"Search\" aria-label=\"Search\" autocomplete=\"off\">\n\
         <p id=\"count\" role=\"status\"></p>\n{contents}</nav>\n<main>\n{body}</main>\n<script>\n{SCRIPT}</script>\n\
         </body>\n</html>\n"
    )
}

/// An entry. Names of other entries lead to them, and what is inside properties is folded.
fn article(entry: &Entry, names: &BTreeSet<&str>) -> String {
    let own = entry.heading.name.as_str();
    let markdown = entry.markdown(Depth::All);
    let mut lists = 0;
    let mut events: Vec<Event<'_>> = Vec::new();
    for event in Parser::new(&markdown) {
        match event {
            Event::Html(text) | Event::InlineHtml(text) => events.push(Event::Text(text)),
            Event::Code(text) if names.contains(text.as_ref()) && text.as_ref() != own => {
                let name = escaped(&text);
                events.push(markup(format!("<a href=\"#{name}\"><code>{name}</code></a>")));
            }
            Event::Start(Tag::List(first)) => {
                lists += 1;
                if lists > 1 {
                    events.push(markup("<details><summary>in it</summary>".to_owned()));
                }
                events.push(Event::Start(Tag::List(first)));
            }
            Event::End(TagEnd::List(ordered)) => {
                events.push(Event::End(TagEnd::List(ordered)));
                if lists > 1 {
                    events.push(markup("</details>".to_owned()));
                }
                lists -= 1;
            }
            other => events.push(other),
        }
    }
    let mut text = String::new();
    html::push_html(&mut text, events.into_iter());
    text
}

fn markup(text: String) -> Event<'static> {
    Event::InlineHtml(CowStr::from(text))
}

#[cfg(test)]
mod tests {
    use hzscript::reference::Heading;

    use super::*;

    #[test]
    fn what_looks_like_html_is_text() {
        let hostile = "<script>alert(1)</script> <img src=x onerror=y> `<b>`";
        let entry = Entry {
            heading: Heading {
                name: "thing".to_owned(),
                section: Section::Function,
                service: None,
                type_name: None,
                summary: hostile.to_owned(),
            },
            signatures: vec![hostile.to_owned()],
            text: format!("<div>\n{hostile}\n</div>"),
            properties: Vec::new(),
            attributes: Vec::new(),
            returns: None,
            example: Some(hostile.to_owned()),
        };
        let html = article(&entry, &BTreeSet::new());
        for tag in ["<script", "<img", "<b>", "<div"] {
            assert!(!html.contains(tag), "{tag}\n{html}");
        }
        assert!(html.contains("&lt;script&gt;alert(1)"), "{html}");
    }
}
