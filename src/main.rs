//! The `hzscript` program.

mod cli;

/// Counts what a script holds, so that its limit on memory is kept.
#[global_allocator]
static ALLOCATOR: hzscript::script::CountingAllocator = hzscript::script::CountingAllocator;

fn main() {
    std::process::exit(cli::main());
}
