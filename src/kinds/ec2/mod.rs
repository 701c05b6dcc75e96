//! Kinds of `ec2`.
