//! How wide text is: the advances of Roboto's characters, read from the font's own tables.
//!
//! Sources: OpenType's [cmap](https://learn.microsoft.com/typography/opentype/spec/cmap) (format 4),
//! [hmtx](https://learn.microsoft.com/typography/opentype/spec/hmtx),
//! [head](https://learn.microsoft.com/typography/opentype/spec/head).

use std::sync::OnceLock;

/// A weight of the font.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// 400.
    Regular,
    /// 700.
    Bold,
}

/// The width of a character that the font does not have, in parts of the size: wide ones, and others.
const WIDE: f64 = 1.0;
const NARROW: f64 = 0.6;

/// The first character that is as wide as high: East Asian scripts begin there.
const FIRST_WIDE: char = '\u{1100}';

/// The width of a text in pixels.
pub(super) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    static FACES: OnceLock<[Face; 2]> = OnceLock::new();
    let [regular, bold] = FACES
        .get_or_init(|| [damascene_fonts_roboto::ROBOTO_REGULAR, damascene_fonts_roboto::ROBOTO_BOLD].map(Face::read));
    let face = match weight {
        Weight::Regular => regular,
        Weight::Bold => bold,
    };
    let em: f64 = text.chars().map(|c| face.advance(c)).sum();
    em * size
}

/// The text, cut with an ellipsis where it is wider than `max` pixels.
pub(super) fn fitted(text: &str, size: f64, weight: Weight, max: f64) -> String {
    if width(text, size, weight) <= max {
        return text.to_owned();
    }
    let room = max - width("…", size, weight);
    let mut taken = 0.0;
    let mut end = 0;
    for (at, c) in text.char_indices() {
        taken += width(c.encode_utf8(&mut [0; 4]), size, weight);
        if taken > room {
            break;
        }
        end = at + c.len_utf8();
    }
    format!("{}…", text[..end].trim_end())
}

/// What is read of a font, in parts of its size.
#[derive(Debug)]
struct Face {
    data: &'static [u8],
    units: f64,
    metrics: usize,
    hmtx: usize,
    cmap: Option<usize>,
}

impl Face {
    fn read(data: &'static [u8]) -> Self {
        let table = |name: &[u8; 4]| {
            let records = (0..usize::from(u16_at(data, 4)?)).map(|i| 12 + 16 * i);
            records
                .filter(|at| data.get(*at..at + 4) == Some(name))
                .find_map(|at| usize::try_from(u32_at(data, at + 8)?).ok())
        };
        let units = table(b"head").and_then(|head| u16_at(data, head + 18)).filter(|units| *units > 0);
        let metrics = table(b"hhea").and_then(|hhea| u16_at(data, hhea + 34));
        let cmap = table(b"cmap").and_then(|cmap| {
            let records = (0..usize::from(u16_at(data, cmap + 2)?)).map(|i| cmap + 4 + 8 * i);
            let subtables = records.filter_map(|at| Some(cmap + usize::try_from(u32_at(data, at + 4)?).ok()?));
            subtables.into_iter().find(|at| u16_at(data, *at) == Some(4))
        });
        Self {
            data,
            units: f64::from(units.unwrap_or(1000)),
            metrics: usize::from(metrics.unwrap_or(0)),
            hmtx: table(b"hmtx").unwrap_or(data.len()),
            cmap,
        }
    }

    fn advance(&self, c: char) -> f64 {
        let missing = if c >= FIRST_WIDE { WIDE } else { NARROW };
        let advance = self.glyph(c).filter(|glyph| *glyph > 0).and_then(|glyph| {
            let last = self.metrics.checked_sub(1)?;
            u16_at(self.data, self.hmtx + 4 * glyph.min(last))
        });
        advance.map_or(missing, |advance| f64::from(advance) / self.units)
    }

    /// The glyph of a character, by a subtable of format 4: segments with their last codes, first codes, deltas and
    /// offsets, one list after the other.
    fn glyph(&self, c: char) -> Option<usize> {
        let (cmap, code) = (self.cmap?, u16::try_from(u32::from(c)).ok()?);
        let twice = usize::from(u16_at(self.data, cmap + 6)?);
        let list = |number: usize, at: usize| cmap + 14 + number * twice + if number > 0 { 2 } else { 0 } + 2 * at;
        let segments = 0..twice / 2;
        let at = segments.into_iter().find(|at| u16_at(self.data, list(0, *at)).is_some_and(|last| last >= code))?;
        let first = u16_at(self.data, list(1, at))?;
        if first > code {
            return None;
        }
        let delta = u16_at(self.data, list(2, at))?;
        let offset = usize::from(u16_at(self.data, list(3, at))?);
        if offset == 0 {
            return Some(usize::from(code.wrapping_add(delta)));
        }
        let glyph = u16_at(self.data, list(3, at) + offset + 2 * usize::from(code - first))?;
        Some(if glyph == 0 { 0 } else { usize::from(glyph.wrapping_add(delta)) })
    }
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(data.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_font() {
        // Roboto's advances, of 2048: W 1817, i 498, bold i 542.
        assert_eq!(width("W", 2048.0, Weight::Regular), 1817.0);
        assert_eq!(width("i", 2048.0, Weight::Regular), 498.0);
        assert_eq!(width("i", 2048.0, Weight::Bold), 542.0);
        assert_eq!(width("東京", 10.0, Weight::Regular), 20.0);
    }

    #[test]
    fn what_does_not_fit_is_cut() {
        let fit = |text: &str, max: f64| fitted(text, 10.0, Weight::Regular, max);
        assert_eq!(fit("hazelcast", 100.0), "hazelcast");
        let cut = fit("hazelcast-ecs-role", 50.0);
        assert!(cut.ends_with('…') && width(&cut, 10.0, Weight::Regular) <= 50.0, "{cut}");
        assert_eq!(fit("a", 0.0), "…");
    }
}
