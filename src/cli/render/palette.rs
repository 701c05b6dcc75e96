//! [`Palette`]: the few colours there are, or none.

use console::Style;

/// Styles text, or leaves it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    colored: bool,
}

impl Palette {
    /// With colours or without.
    pub fn new(colored: bool) -> Self {
        Self { colored }
    }

    /// Whether it colours.
    pub fn is_colored(self) -> bool {
        self.colored
    }

    fn style(self, style: Style, text: &str) -> String {
        if self.colored { style.force_styling(true).apply_to(text).to_string() } else { text.to_owned() }
    }

    /// What is good, or new.
    pub fn green(self, text: &str) -> String {
        self.style(Style::new().green(), text)
    }

    /// What changes, or wants attention.
    pub fn yellow(self, text: &str) -> String {
        self.style(Style::new().yellow(), text)
    }

    /// What is bad, or goes away.
    pub fn red(self, text: &str) -> String {
        self.style(Style::new().red(), text)
    }

    /// What helps, or waits.
    pub fn cyan(self, text: &str) -> String {
        self.style(Style::new().cyan(), text)
    }

    /// What is replaced.
    pub fn magenta(self, text: &str) -> String {
        self.style(Style::new().magenta(), text)
    }

    /// What matters less.
    pub fn dim(self, text: &str) -> String {
        self.style(Style::new().dim(), text)
    }

    /// What matters more.
    pub fn bold(self, text: &str) -> String {
        self.style(Style::new().bold(), text)
    }
}
