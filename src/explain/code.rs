//! [`Code`]: hzscript's own codes, one for each class of its errors.

/// Declares the codes, with their texts in one place.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A code of hzscript's own. The text of one never comes to mean something else.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// All of them, in the order of their texts.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its text, such as `HZ0301`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// The script has mistakes.
    Mistakes = "HZ0101",
    /// The script cannot be read.
    Script = "HZ0102",
    /// The inputs cannot be read.
    Input = "HZ0103",
    /// The arguments do not go together.
    Usage = "HZ0104",
    /// `hzscript.toml` has mistakes.
    Project = "HZ0105",
    /// A kind has no code.
    NoCode = "HZ0201",
    /// A property is not sent.
    NotSent = "HZ0202",
    /// Resources need each other.
    Cycle = "HZ0203",
    /// A reference names nothing.
    Dangling = "HZ0204",
    /// Something protected would go.
    Protected = "HZ0205",
    /// A part of the stack stands in the way of another.
    LeftOut = "HZ0206",
    /// There is nothing to adopt.
    NothingToAdopt = "HZ0207",
    /// What is adopted differs where it cannot be changed.
    AdoptedDiffers = "HZ0208",
    /// It is another stack's.
    AnothersObject = "HZ0209",
    /// Of a secret only the hash is known.
    OnlyHashed = "HZ0210",
    /// There is no order.
    NoOrder = "HZ0211",
    /// Nothing is like what was asked for.
    NoMatch = "HZ0212",
    /// What is to be replaced is left out.
    ReplacesLeftOut = "HZ0213",
    /// A program does not fit into a template.
    Template = "HZ0214",
    /// The stack is locked.
    Locked = "HZ0301",
    /// The lock is another one.
    OtherLock = "HZ0302",
    /// The lock was lost.
    LockLost = "HZ0303",
    /// The state is damaged.
    Corrupt = "HZ0304",
    /// The state is of a newer version.
    Newer = "HZ0305",
    /// The state's place is no URL that is known.
    BadUrl = "HZ0306",
    /// A key of secrets is missing or wrong.
    Key = "HZ0307",
    /// The store of the state fails.
    Store = "HZ0308",
    /// The store cannot keep two runs apart.
    Unconditional = "HZ0309",
    /// The state was not saved.
    NotSaved = "HZ0310",
    /// The state has changed.
    Stale = "HZ0311",
    /// The state is not edited so.
    Edit = "HZ0312",
    /// There is nothing to go back to.
    NothingEarlier = "HZ0313",
    /// There is no region.
    NoRegion = "HZ0401",
    /// The profile has no credentials.
    Profile = "HZ0402",
    /// Nobody knows whose credentials they are.
    Identity = "HZ0403",
    /// The stack lives elsewhere.
    WrongTarget = "HZ0404",
    /// The plan is for elsewhere, or its state is.
    PlannedElsewhere = "HZ0405",
    /// What exists cannot be read.
    Observe = "HZ0406",
    /// A call is not allowed.
    Denied = "HZ0501",
    /// AWS refused a call, or did not answer it.
    Refused = "HZ0502",
    /// Something did not come to life.
    NotReady = "HZ0503",
    /// The run was asked to end.
    Interrupted = "HZ0504",
    /// A plan cannot be executed by a session that only looks.
    OnlyLooking = "HZ0505",
    /// Nothing can be imported.
    Import = "HZ0601",
    /// What runs is not there, or cannot be asked about.
    Live = "HZ0602",
    /// A saved plan cannot be written or used.
    SavedPlan = "HZ0701",
    /// The data of the embedded AWS cannot be used.
    LocalData = "HZ0801",
    /// The settings of the embedded AWS are none.
    LocalSettings = "HZ0802",
    /// A file or a port cannot be used.
    Io = "HZ0803",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
