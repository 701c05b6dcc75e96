//! [`CountingAllocator`]: how the memory a script holds is known, so that a limit on it can hold.
//!
//! A binary (or an embedder) that wants the limit installs it as its global allocator; without it the limit on memory
//! is not checked. It counts for each thread what the blocks take that the thread has allocated and not freed, and
//! allocates as the system does.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
}

/// The system's allocator, counting bytes for each thread.
///
/// ```no_run
/// #[global_allocator]
/// static ALLOCATOR: hzscript::script::CountingAllocator = hzscript::script::CountingAllocator;
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct CountingAllocator;

fn count(bytes: isize) {
    // A thread that is being torn down has no counter left, and nobody who reads it.
    let _ = HELD.try_with(|held| held.set(held.get().wrapping_add(bytes)));
}

/// What a block of so many bytes takes: allocators round up, and keep a word beside each. Many small blocks would else
/// take a third more than is counted.
fn taken(bytes: usize) -> isize {
    // A layout is never larger than `isize::MAX`.
    bytes.saturating_add(8).next_multiple_of(16).max(32).cast_signed()
}

// SAFETY: every call is passed on to the system's allocator as it is; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps to the contract of `alloc`.
        let block = unsafe { System.alloc(layout) };
        if !block.is_null() {
            count(taken(layout.size()));
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-taken(layout.size()));
        // SAFETY: the caller keeps to the contract of `dealloc`.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps to the contract of `alloc_zeroed`.
        let block = unsafe { System.alloc_zeroed(layout) };
        if !block.is_null() {
            count(taken(layout.size()));
        }
        block
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps to the contract of `realloc`.
        let moved = unsafe { System.realloc(block, layout, size) };
        if !moved.is_null() {
            count(taken(size) - taken(layout.size()));
        }
        moved
    }
}

/// Bytes this thread has allocated and not freed, less what it freed of others'. Always 0 where the allocator is not
/// installed.
pub(super) fn held() -> isize {
    HELD.try_with(Cell::get).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::held;

    #[test]
    fn what_a_thread_holds_is_counted() {
        let before = held();
        let block = vec![0u8; 1 << 20];
        assert!(held() - before >= 1 << 20);
        drop(block);
        assert!(held() - before < 1 << 20);
    }

    #[test]
    fn small_blocks_count_for_what_they_take() {
        let blocks: Vec<Box<u8>> = Vec::with_capacity(1000);
        let before = held();
        let blocks = (0..1000).map(|_| Box::new(0)).fold(blocks, |mut blocks, block| {
            blocks.push(block);
            blocks
        });
        assert_eq!(held() - before, 32_000);
        drop(blocks);
    }
}
