//! Kinds of `servicediscovery`.
