//! Whether the elements of one list can be paired off with those of another.

/// Whether each of `count` elements can have a partner of its own among as many others (augmenting paths). `fits` tells
/// of the element and the other, by position, whether they may be partners.
pub(super) fn is_perfect(count: usize, fits: impl Fn(usize, usize) -> bool) -> bool {
    let mut partners = vec![None; count];
    (0..count).all(|element| place(element, &fits, &mut partners, &mut vec![false; count]))
}

/// Finds a partner for an element, moving those placed before where needed.
fn place(
    element: usize,
    fits: &impl Fn(usize, usize) -> bool,
    partners: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for other in 0..partners.len() {
        if tried[other] || !fits(element, other) {
            continue;
        }
        tried[other] = true;
        if partners[other].is_none_or(|before| place(before, fits, partners, tried)) {
            partners[other] = Some(element);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_placed_before_make_room() {
        let fits =
            |table: &'static [&'static [usize]]| move |element: usize, other: usize| table[element].contains(&other);
        assert!(is_perfect(3, fits(&[&[0, 1], &[0], &[1, 2]])));
        assert!(is_perfect(3, fits(&[&[0, 1, 2], &[0, 1], &[0]])));
        assert!(!is_perfect(3, fits(&[&[0], &[0], &[1, 2]])));
        assert!(is_perfect(0, |_, _| false));
    }
}
