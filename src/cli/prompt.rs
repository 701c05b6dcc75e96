//! Questions to whoever sits at the terminal.

use std::io::Write;

use console::{Key, Term};

use super::Tools;
use super::error::Error;
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

/// Asks before something is changed; without consent that nothing was is said. `json` is whether the answer of the command
/// is JSON: then nobody is asked, as when there is no terminal.
///
/// # Errors
/// When nobody can be asked; Ctrl-C.
pub async fn agreed(question: &str, consent: Consent, json: bool, command: &str, tools: &Tools) -> Result<bool, Error> {
    if !tools.environment.interactive || json {
        let why = if json { "with --json nobody is asked" } else { "there is no terminal to ask on" };
        return Err(Error::Usage {
            message: format!("{why}, so nothing was changed"),
            help: Some(format!("to make these changes: {command} --yes")),
        });
    }
    tools.screen.err("");
    let yes = ask(question, consent, &tools.screen, &tools.interrupt).await?;
    if !yes {
        tools.screen.err("Nothing was changed.");
    }
    Ok(yes)
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
    let answer = line(&format!("{question} {} ", consent.hint()), screen, interrupt).await?;
    Ok(answer.is_some_and(|answer| consent.given(&answer)))
}

/// Asks for a value. No answer, or an empty one, is the usual.
///
/// # Errors
/// [`Interrupted`] when Ctrl-C is the answer.
pub async fn answer(
    question: &str,
    usual: &str,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<String, Interrupted> {
    let question = screen.err_palette().bold(question);
    let answered = line(&format!("{question} [{usual}] "), screen, interrupt).await?;
    let answered = answered.unwrap_or_default();
    Ok(if answered.trim().is_empty() { usual.to_owned() } else { answered.trim().to_owned() })
}

/// A line that somebody types; none when there is none any more.
async fn line(prompt: &str, screen: &Screen, interrupt: &Interrupt) -> Result<Option<String>, Interrupted> {
    let mut err = std::io::stderr();
    // Should the terminal be gone, the answer will be none.
    drop(write!(err, "{prompt}").and_then(|()| err.flush()));
    let read = tokio::task::spawn_blocking(typed);
    match interrupt.cut(read).await.inspect_err(|_| screen.err(""))? {
        Ok(Ok(Some(answer))) => Ok(Some(answer)),
        Ok(Ok(None)) => Err(Interrupted),
        Ok(Err(_)) | Err(_) => Ok(None),
    }
}

/// A line that is typed; none when Ctrl-C is. It is read key by key: nothing goes on reading when nobody waits any more
/// for the answer, and takes what is typed next.
fn typed() -> std::io::Result<Option<String>> {
    /// What Ctrl-D types.
    const END: char = '\u{4}';
    let terminal = Term::stderr();
    let mut line = String::new();
    loop {
        match terminal.read_key_raw()? {
            Key::Enter | Key::Char(END) => break,
            Key::CtrlC => {
                terminal.write_line("")?;
                return Ok(None);
            }
            Key::Backspace if line.pop().is_some() => terminal.clear_chars(1)?,
            Key::Char(c) if !c.is_control() => {
                line.push(c);
                terminal.write_str(c.encode_utf8(&mut [0; 4]))?;
            }
            _ => {}
        }
    }
    terminal.write_line("")?;
    Ok(Some(line))
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
