//! The text of a script as written: tokens that lose nothing ([`lexer`]), and the groups, items and comments they make up
//! ([`tree`]). The interpreter's own parser forgets comments and line breaks, which a formatter must keep and by which a
//! finding is allowed.

pub(super) mod lexer;
pub(super) mod tree;
