//! Questions to whoever sits at the terminal.

use std::io::Write;

use super::interrupt::{Interrupt, Interrupted};
use super::render::screen::Screen;

/// What counts as consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// `y` or `yes`.
    Short,
    /// `yes` in full: for what costs money or reaches others.
    Full,
}

impl Consent {
    /// How the question ends.
    fn hint(self) -> &'static str {
        match self {
            Self::Short => "[y/N]",
            Self::Full => "Type `yes` to go on:",
        }
    }

    /// Whether the answer is one.
    fn given(self, answer: &str) -> bool {
        let answer = answer.trim();
        answer.eq_ignore_ascii_case("yes") || self == Self::Short && answer.eq_ignore_ascii_case("y")
    }
}

/// Asks. No answer at all is a no.
///
/// # Errors
/// [`Interrupted`] when Ctrl-C is the answer.
pub async fn ask(
    question: &str,
    consent: Consent,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<bool, Interrupted> {
    let question = screen.err_palette().bold(question);
    let mut err = std::io::stderr();
    // Should the terminal be gone, the answer will be none.
    drop(write!(err, "{question} {} ", consent.hint()).and_then(|()| err.flush()));
    let read = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map(|_| answer)
    });
    let answer = interrupt.cut(read).await.inspect_err(|_| screen.err(""))?;
    Ok(answer.is_ok_and(|read| read.is_ok_and(|answer| consent.given(&answer))))
}

#[cfg(test)]
mod tests {
    use super::Consent;

    #[test]
    fn only_a_yes_is_a_yes() {
        let short = ["y", "YES\n", " yes ", "", "n", "yeah"].map(|answer| Consent::Short.given(answer));
        let full = ["y", "YES\n", " yes ", "", "n", "yeah"].map(|answer| Consent::Full.given(answer));
        assert_eq!(short, [true, true, true, false, false, false]);
        assert_eq!(full, [false, true, true, false, false, false]);
    }
}
