//! Pages that need nothing beside themselves: style and script are in them, and a policy that allows just these by their
//! hashes, so that nothing that got into a text could do anything, and nothing is fetched.

use sha2::{Digest, Sha256};

use super::draw::svg::{Use, style, svg};
use super::draw::text::markup;
use super::draw::{Diagram, LayoutError};

/// What the pages do.
const SCRIPT: &str = include_str!("page.js");

/// How the pages look.
const STYLE: &str = include_str!("page.css");

/// A page with one picture, to move and enlarge, and to search in.
///
/// # Errors
/// When it cannot be laid out.
pub fn html(diagram: &Diagram) -> Result<String, LayoutError> {
    let body = format!(
        "<div class=\"bar\"><div><input type=\"search\" id=\"search\" placeholder=\"Search\" aria-label=\"Search\" \
         autocomplete=\"off\"><span id=\"found\" role=\"status\"></span></div></div>\n{}",
        view(diagram, "picture", false)?
    );
    Ok(page(&diagram.title, "picture", &body))
}

/// A picture within a page, with buttons to enlarge it.
///
/// # Errors
/// When it cannot be laid out.
pub(super) fn view(diagram: &Diagram, prefix: &str, links: bool) -> Result<String, LayoutError> {
    Ok(format!(
        "<div class=\"view\" tabindex=\"0\" aria-label=\"{}\">{}<div class=\"zoom\"><button type=\"button\" \
         data-zoom=\"in\" aria-label=\"Larger\">+</button><button type=\"button\" data-zoom=\"out\" \
         aria-label=\"Smaller\">−</button><button type=\"button\" data-zoom=\"fit\">Fit</button></div></div>\n",
        markup(&diagram.title),
        svg(diagram, Use::Within { prefix, links })?
    ))
}

/// A whole page. Its title is escaped here; the body is markup.
pub(super) fn page(title: &str, class: &str, body: &str) -> String {
    let style = format!("{STYLE}{}", style());
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(&style),
        hash(SCRIPT)
    );
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"{policy}\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta \
         name=\"referrer\" content=\"no-referrer\">\n<title>{}</title>\n<style>{style}</style>\n</head>\n<body \
         class=\"{class}\">\n{body}\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        markup(title)
    )
}

/// The SHA-256 of a text in base64, as a policy names what it allows.
fn hash(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for some in Sha256::digest(text.as_bytes()).chunks(3) {
        let byte = |at: usize| usize::from(some.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = DIGITS[bits >> (18 - 6 * at) & 63];
            out.push(if at > some.len() { '=' } else { char::from(digit) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_in_base64() {
        // As `printf '' | openssl dgst -sha256 -binary | base64` has it.
        assert_eq!(hash(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn nothing_in_the_script_or_style_ends_its_element() {
        assert!(!SCRIPT.contains("</") && !STYLE.contains("</"));
    }
}
