//! Colours, by the names of classes, in light and in dark surroundings; and the icons.

use super::{Mark, Tone};

/// The fonts, the one that texts are measured with first.
pub(super) const FONTS: &str = "Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif";

/// Colours of one surrounding.
struct Palette {
    paper: &'static str,
    border: &'static str,
    ink: &'static str,
    muted: &'static str,
    card: &'static str,
    arrow: &'static str,
    strong: &'static str,
    alarm: &'static str,
    tones: [&'static str; 12],
    marks: [(&'static str, &'static str); 8],
}

/// What happens to things, in the order of the palettes' colours.
const MARKS: [Mark; 8] =
    [Mark::Create, Mark::TakeOver, Mark::Update, Mark::Replace, Mark::Wait, Mark::Delete, Mark::Forget, Mark::Same];

const LIGHT: Palette = Palette {
    paper: "#fbfcfe",
    border: "#d5dce6",
    ink: "#1b2431",
    muted: "#5b6879",
    card: "#ffffff",
    arrow: "#93a1b3",
    strong: "#2563c9",
    alarm: "#d1382f",
    tones: [
        "#3b6fd4", "#0e8f9c", "#c2410c", "#e07b00", "#7c3aed", "#0f8a5f", "#3f8f1f", "#64748b", "#b3266b", "#8a5a2b",
        "#334155", "#64748b",
    ],
    marks: [
        ("#1a8f4c", "#eaf8f0"),
        ("#0e8f9c", "#e8f7f9"),
        ("#b07503", "#fff7e2"),
        ("#9333b8", "#f8edfc"),
        ("#0e8f9c", "#e8f7f9"),
        ("#cf2e2e", "#fdecec"),
        ("#cf2e2e", "#fdecec"),
        ("#aab4c2", "#ffffff"),
    ],
};

const DARK: Palette = Palette {
    paper: "#12171f",
    border: "#2c3645",
    ink: "#e8edf4",
    muted: "#9aa7b8",
    card: "#1a222d",
    arrow: "#66758a",
    strong: "#6ea2ff",
    alarm: "#ff7b72",
    tones: [
        "#7aa5ff", "#4cc9d6", "#ff9a6b", "#ffb454", "#b695ff", "#4fd1a1", "#8fd470", "#9aa7b8", "#ff86bd", "#d8a877",
        "#c3cedb", "#9aa7b8",
    ],
    marks: [
        ("#4cd58a", "#14301f"),
        ("#4cc9d6", "#12303a"),
        ("#f0bd4f", "#352a10"),
        ("#d18cf0", "#301c3b"),
        ("#4cc9d6", "#12303a"),
        ("#ff7b72", "#3b1a1c"),
        ("#ff7b72", "#3b1a1c"),
        ("#4a576a", "#1a222d"),
    ],
};

/// The rules of style of a picture; in surroundings that prefer it, the dark ones.
pub(in crate::picture) fn style() -> String {
    format!("{}@media (prefers-color-scheme:dark){{{}}}", light(), rules(&DARK))
}

/// The rules of style in light surroundings only.
pub(super) fn light() -> String {
    format!("{SHAPES}{}", rules(&LIGHT))
}

/// What does not depend on colours.
const SHAPES: &str = ".hz-t{font-weight:700;font-size:13px}.hz-s{font-size:11px}.hz-h{font-weight:700;font-size:12px}\
.hz-T{font-weight:700;font-size:18px}.hz-A{font-size:12px}.hz-g{stroke-width:1;fill-opacity:.07;stroke-opacity:.55}\
.hz-box{stroke-width:1.2}.hz-i{fill:none;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}\
.hz-e path{fill:none;stroke-width:1.4}.hz-dashed path{stroke-dasharray:4 4}.hz-strong path,.hz-alarming path{stroke-width:1.9}\
.hz-sign{font-weight:700;font-size:14px}";

fn rules(palette: &Palette) -> String {
    let Palette { paper, border, ink, muted, card, arrow, strong, alarm, .. } = palette;
    let mut css = format!(
        ".hz-paper{{fill:{paper};stroke:{border}}}.hz-t,.hz-h,.hz-T{{fill:{ink}}}.hz-s,.hz-A{{fill:{muted}}}\
         .hz-n rect.hz-box{{fill:{card};stroke:{border}}}.hz-e path{{stroke:{arrow}}}.hz-e polygon{{fill:{arrow}}}\
         .hz-e rect{{fill:{paper}}}.hz-strong path{{stroke:{strong}}}.hz-strong polygon,.hz-strong text{{fill:{strong}}}\
         .hz-alarming path{{stroke:{alarm}}}.hz-alarming polygon,.hz-alarming text{{fill:{alarm}}}"
    );
    for (tone, color) in Tone::ALL.iter().zip(palette.tones) {
        let name = tone.name();
        css.push_str(&format!(
            ".hz-g-{name}{{fill:{color};stroke:{color}}}.hz-b-{name}{{fill:{color}}}.hz-i-{name}{{stroke:{color}}}"
        ));
    }
    for (mark, (line, fill)) in MARKS.iter().zip(palette.marks) {
        let name = mark.name();
        if *mark == Mark::Same {
            css.push_str(&format!(".hz-m-{name} rect.hz-box{{stroke:{line};fill:{fill}}}"));
        } else {
            css.push_str(&format!(
                ".hz-m-{name} rect.hz-box{{stroke:{line};fill:{fill}}}.hz-m-{name} .hz-sign{{fill:{line}}}"
            ));
        }
    }
    css.push_str(".hz-m-delete .hz-t,.hz-m-forget .hz-t{text-decoration:line-through}");
    css
}

/// The icon of a sort of thing, on a field of 20 by 20: lines without filling.
pub(super) fn icon(tone: Tone) -> &'static str {
    match tone {
        // Three places that are joined.
        Tone::Network => {
            "M10 3.5v4M10 7.500L5 12.500M10 7.500l5 5M8 2h4v3H8zM2.500 12.500h5v4h-5zM12.500 12.500h5v4h-5z"
        }
        // A door with an arrow through it.
        Tone::Gateway => "M8 3h8v14H8M3 10h9M9.500 7l3 3-3 3",
        // A shield.
        Tone::Access => {
            "M10 2.500l6.500 2.300v4.700c0 4-2.700 6.800-6.500 8-3.800-1.200-6.500-4-6.500-8V4.800zM7.200 10l2 2 3.600-4"
        }
        // A cube.
        Tone::Compute => {
            "M10 2.500l6.500 3.700v7.600L10 17.500l-6.500-3.700V6.200zM3.500 6.200L10 10l6.500-3.800M10 10v7.500"
        }
        // One way that becomes three.
        Tone::Balancing => "M2.500 10h5M7.500 10l5-5.500h4.500M7.500 10h9.500M7.500 10l5 5.500h4.500",
        // A compass.
        Tone::Naming => {
            "M10 2.500a7.500 7.500 0 1 0 0 15a7.500 7.500 0 1 0 0-15zM13.200 6.800l-1.900 4.500-4.500 1.900 1.900-4.500z"
        }
        // A drum.
        Tone::Storage => {
            "M3.500 5c0-1.400 2.900-2.500 6.500-2.500s6.500 1.100 6.500 2.500-2.900 2.500-6.500 2.500S3.500 6.400 3.500 5zM3.500 5v10c0 1.400 2.900 2.500 \
             6.500 2.500s6.500-1.100 6.500-2.500V5M3.500 10c0 1.400 2.900 2.500 6.500 2.500s6.500-1.100 6.500-2.500"
        }
        // A page with lines.
        Tone::Logs => "M4.500 2.500h8l3 3v12h-11zM7 8h6M7 11h6M7 14h4",
        // A lock.
        Tone::Secrets => "M4.500 9h11v8.500h-11zM7 9V6.200a3 3 0 0 1 6 0V9M10 12.200v2.300",
        // Layers.
        Tone::Images => "M10 2.500l7 3.700-7 3.700-7-3.700zM3 10l7 3.700 7-3.700M3 13.800l7 3.700 7-3.700",
        // A globe.
        Tone::World => {
            "M10 2.500a7.500 7.500 0 1 0 0 15a7.500 7.500 0 1 0 0-15zM2.500 10h15M10 2.500c2.400 2 3.400 4.600 3.400 7.500s-1 5.500-3.400 \
             7.500c-2.400-2-3.400-4.600-3.400-7.500s1-5.500 3.400-7.500z"
        }
        // A box.
        Tone::Other => "M4 4h12v12H4zM4 8h12",
    }
}
