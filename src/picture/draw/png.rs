//! A picture as PNG, drawn from its SVG by resvg with Roboto: no font of the system is needed or used.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::Diagram;
use super::layout::LayoutError;
use super::svg::{Use, svg};

/// The most pixels of a picture, in width times height: larger ones are drawn smaller.
const MAX_PIXELS: f32 = 64.0 * 1024.0 * 1024.0;

/// The longest side in pixels.
const MAX_SIDE: f32 = 16_000.0;

/// How many pixels a unit of the SVG has each way.
const SCALE: f32 = 2.0;

/// Why there is no PNG.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// It cannot be laid out.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// It cannot be drawn.
    #[error("it cannot be drawn: {reason}")]
    Draw {
        /// Why not.
        reason: String,
    },
}

/// Draws it, in light colours.
///
/// # Errors
/// When it cannot be laid out or drawn.
pub fn png(diagram: &Diagram) -> Result<Vec<u8>, PngError> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| {
        let mut fonts = fontdb::Database::new();
        for font in [damascene_fonts_roboto::ROBOTO_REGULAR, damascene_fonts_roboto::ROBOTO_BOLD] {
            fonts.load_font_data(font.to_vec());
        }
        fonts.set_sans_serif_family("Roboto");
        Arc::new(fonts)
    });
    let failed = |reason: String| PngError::Draw { reason };
    let text = svg(diagram, Use::Pixels)?;
    let options = Options { fontdb: fonts.clone(), font_family: "Roboto".to_owned(), ..Options::default() };
    let tree = Tree::from_str(&text, &options).map_err(|error| failed(error.to_string()))?;
    let size = tree.size();
    let scale =
        SCALE.min((MAX_PIXELS / (size.width() * size.height())).sqrt()).min(MAX_SIDE / size.width().max(size.height()));
    let whole = size.to_int_size().scale_by(scale).ok_or_else(|| failed("it has no size".to_owned()))?;
    let mut pixels = Pixmap::new(whole.width(), whole.height()).ok_or_else(|| failed("it is too large".to_owned()))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| failed(error.to_string()))
}
