//! [`Terminal`]: where progress bars are drawn.
//!
//! Bars end with the cursor behind the last of them, at the edge of the terminal. What the terminal echoes there, such as
//! the `^C` of an interruption, would begin a line of its own, and whoever takes the bars away would miss the first of
//! them by that line. So the cursor goes back to where their last line begins.

use std::io;

use console::Term;
use indicatif::TermLike;

/// Standard error, when it is a terminal.
#[derive(Debug)]
pub struct Terminal<T: TermLike = Term>(T);

impl Terminal {
    /// Standard error.
    pub fn stderr() -> Self {
        Self(Term::buffered_stderr())
    }
}

impl<T: TermLike> TermLike for Terminal<T> {
    fn width(&self) -> u16 {
        self.0.width()
    }

    fn height(&self) -> u16 {
        self.0.height()
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.write_str("\r")?;
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

    use super::*;

    /// A terminal ten characters wide that keeps its lines, and puts what comes behind the last column onto the next one.
    #[derive(Debug, Clone, Default)]
    struct Lines(Arc<Mutex<Screen>>);

    #[derive(Debug, Default)]
    struct Screen {
        lines: Vec<String>,
        row: usize,
        column: usize,
    }

    const WIDTH: usize = 10;

    impl Lines {
        fn put(&self, text: &str) {
            let mut screen = self.0.lock().unwrap();
            for c in text.chars() {
                match c {
                    '\r' => screen.column = 0,
                    '\n' => (screen.row, screen.column) = (screen.row + 1, 0),
                    c => {
                        if screen.column == WIDTH {
                            (screen.row, screen.column) = (screen.row + 1, 0);
                        }
                        let (row, column) = (screen.row, screen.column);
                        while screen.lines.len() <= row {
                            screen.lines.push(String::new());
                        }
                        let mut line: Vec<char> = screen.lines[row].chars().collect();
                        line.resize(line.len().max(column + 1), ' ');
                        line[column] = c;
                        screen.lines[row] = line.into_iter().collect();
                        screen.column += 1;
                    }
                }
            }
        }

        fn shown(&self) -> Vec<String> {
            let screen = self.0.lock().unwrap();
            let lines = screen.lines.iter().map(|line| line.trim_end().to_owned());
            lines.filter(|line| !line.is_empty()).collect()
        }
    }

    impl TermLike for Lines {
        fn width(&self) -> u16 {
            WIDTH as u16
        }

        fn move_cursor_up(&self, n: usize) -> io::Result<()> {
            let mut screen = self.0.lock().unwrap();
            screen.row = screen.row.saturating_sub(n);
            Ok(())
        }

        fn move_cursor_down(&self, n: usize) -> io::Result<()> {
            self.0.lock().unwrap().row += n;
            Ok(())
        }

        fn move_cursor_right(&self, n: usize) -> io::Result<()> {
            self.0.lock().unwrap().column += n;
            Ok(())
        }

        fn move_cursor_left(&self, n: usize) -> io::Result<()> {
            let mut screen = self.0.lock().unwrap();
            screen.column = screen.column.saturating_sub(n);
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.put(&format!("{text}\n"));
            Ok(())
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.put(text);
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            let mut screen = self.0.lock().unwrap();
            let row = screen.row;
            if let Some(line) = screen.lines.get_mut(row) {
                line.clear();
            }
            screen.column = 0;
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_echoed_below_bars_leaves_none_of_them_behind() {
        let lines = Lines::default();
        let target = ProgressDrawTarget::term_like(Box::new(Terminal(lines.clone())));
        let multi = MultiProgress::with_draw_target(target);
        let style = || ProgressStyle::with_template("  {msg}").unwrap();
        let bars: Vec<ProgressBar> = ["one", "two"]
            .into_iter()
            .map(|name| multi.add(ProgressBar::new_spinner().with_style(style()).with_message(name)))
            .collect();
        bars.iter().for_each(ProgressBar::tick);
        assert_eq!(lines.shown(), ["  one", "  two"]);
        lines.put("^C");
        multi.suspend(|| lines.put("ending\n"));
        assert_eq!(lines.shown(), ["ending", "  one", "  two"]);
        bars.iter().for_each(ProgressBar::finish_and_clear);
        assert_eq!(lines.shown(), ["ending"]);
    }
}
