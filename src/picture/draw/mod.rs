//! [`Diagram`]: boxes in frames with arrows between them, whatever they mean; and its writers, one file a format.
//!
//! Nothing here knows resources or plans. Texts are untrusted: every writer escapes them in its own way ([`text`]). What
//! is written is the same, byte for byte, for the same diagram.

pub mod dot;
mod font;
mod layout;
pub mod mermaid;
mod paint;
pub mod png;
pub mod svg;
pub mod text;

pub use layout::LayoutError;

/// Where things lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the top down.
    Down,
    /// From left to right.
    Right,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagram {
    /// What it is of: its heading.
    pub title: String,
    /// What it shows, in a sentence: below the heading, and for those who do not see it.
    pub about: String,
    /// Where arrows lead.
    pub direction: Direction,
    /// Frames; one comes after the one it is in.
    pub groups: Vec<Group>,
    /// Boxes.
    pub nodes: Vec<Node>,
    /// Arrows.
    pub edges: Vec<Edge>,
    /// What the signs mean.
    pub legend: Vec<Legend>,
}

/// A frame around boxes and other frames.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The frame it is in, by its position.
    pub within: Option<usize>,
    /// Its name.
    pub title: String,
    /// What else is said of it beside its name.
    pub note: String,
    /// What sort of thing it is.
    pub tone: Tone,
}

/// A box.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is called: unique, and the same each time.
    pub id: String,
    /// The frame it is in, by its position.
    pub within: Option<usize>,
    /// Its name.
    pub title: String,
    /// What is said of it below its name.
    pub lines: Vec<String>,
    /// What is told of it when it is pointed at.
    pub tip: String,
    /// What sort of thing it is.
    pub tone: Tone,
    /// What happens to it.
    pub mark: Option<Mark>,
}

/// An arrow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The box it begins at, by its position.
    pub from: usize,
    /// The box it ends at.
    pub to: usize,
    /// What stands beside it.
    pub label: String,
    /// How it is drawn.
    pub line: Line,
    /// Whether it leads against the direction of the rest, which then decides where its boxes are.
    pub back: bool,
}

/// How an arrow is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// As most are.
    Plain,
    /// What matters: somebody may talk to somebody.
    Strong,
    /// What wants to be looked at: anybody may.
    Alarming,
    /// What only belongs together.
    Dashed,
}

/// What happens to a box's thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// It is made.
    Create,
    /// It is taken over.
    TakeOver,
    /// It is changed.
    Update,
    /// It is replaced.
    Replace,
    /// It is waited for.
    Wait,
    /// It is deleted.
    Delete,
    /// It is forgotten.
    Forget,
    /// Nothing happens to it.
    Same,
}

impl Mark {
    /// Its sign; none for what nothing happens to.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Create => "+",
            Self::TakeOver => ">",
            Self::Update => "~",
            Self::Replace => "±",
            Self::Wait => "…",
            Self::Delete => "−",
            Self::Forget => "x",
            Self::Same => "",
        }
    }

    /// What it is called in class names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::TakeOver => "import",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Wait => "settle",
            Self::Delete => "delete",
            Self::Forget => "forget",
            Self::Same => "same",
        }
    }
}

/// What sort of thing it is: decides on the colour and the icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// Networks.
    Network,
    /// What leads into or out of a network.
    Gateway,
    /// Who may do or reach what.
    Access,
    /// Containers.
    Compute,
    /// What spreads requests.
    Balancing,
    /// Names that are looked up.
    Naming,
    /// Files.
    Storage,
    /// Logs.
    Logs,
    /// Secrets and keys.
    Secrets,
    /// Images.
    Images,
    /// Everybody outside.
    World,
    /// Anything else.
    Other,
}

impl Tone {
    /// Every one.
    pub const ALL: [Self; 12] = [
        Self::Network,
        Self::Gateway,
        Self::Access,
        Self::Compute,
        Self::Balancing,
        Self::Naming,
        Self::Storage,
        Self::Logs,
        Self::Secrets,
        Self::Images,
        Self::World,
        Self::Other,
    ];

    /// What it is called in class names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Gateway => "gateway",
            Self::Access => "access",
            Self::Compute => "compute",
            Self::Balancing => "balancing",
            Self::Naming => "naming",
            Self::Storage => "storage",
            Self::Logs => "logs",
            Self::Secrets => "secrets",
            Self::Images => "images",
            Self::World => "world",
            Self::Other => "other",
        }
    }
}

/// What a sign means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Legend {
    /// A mark, and its meaning.
    Mark(Mark, String),
    /// An arrow, and its meaning.
    Line(Line, String),
}
