//! Entries that are written down: of the standard library in its own files, of the language in `language.txt`.

use std::sync::OnceLock;

use super::{Entry, Section, comments};
use crate::script;

/// What the language has beyond Rhai's own, written as the standard library writes its comments.
pub(super) const LANGUAGE: &str = include_str!("language.txt");

/// All of them.
pub(super) fn entries() -> &'static [Entry] {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    ENTRIES.get_or_init(|| {
        let library = script::library_files().flat_map(|(_, text)| comments::entries(text, Section::Library));
        library.chain(comments::entries(LANGUAGE, Section::Function)).collect()
    })
}
