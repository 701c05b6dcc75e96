//! [`Exit`]: the exit status of the program.

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Success,
    /// Not done, or not all of it.
    Failure,
    /// There are changes (`plan --detailed-exitcode`), or there is drift.
    Changes,
    /// Ended early by Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The status as shells see it.
    pub fn code(self) -> i32 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Changes => 2,
            Self::Interrupted => 130,
        }
    }
}
