//! Scripts that the grammar allows, with blanks, line breaks and comments wherever they may be.

/// Numbers that look random, the same for the same seed.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// A script.
pub(super) fn script(seed: u64) -> String {
    let mut draws = Draws(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for _ in 0..8 {
        draws.below(2);
    }
    let statements = (0..=draws.below(6)).map(|_| {
        let depth = 1 + draws.below(4);
        statement(&mut draws, depth)
    });
    let statements: Vec<String> = statements.collect();
    let parts: Vec<&str> = statements.iter().map(String::as_str).collect();
    join(&mut draws, &parts) + "\n"
}

fn join(draws: &mut Draws, parts: &[&str]) -> String {
    let mut out = String::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        let blank = draws.one_of(&["", "", "", " ", " ", "\n", "\n\n\n", "  ", "\n    "]);
        out.push_str(blank);
        let mut commented = false;
        if draws.chance(9) {
            out.push_str(draws.one_of(&["/* c */", "// l\n", "\n// own\n", " /* m\n x */ "]));
            commented = true;
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        if blank.is_empty() && !commented && out.ends_with(is_word) && part.starts_with(is_word) {
            out.push(' ');
        }
        out.push_str(part);
    }
    out
}

fn name(draws: &mut Draws) -> String {
    draws.one_of(&["a", "b", "foo", "bar_baz", "longer_name_here", "x1"]).to_owned()
}

fn list(
    draws: &mut Draws,
    depth: usize,
    open: &str,
    close: &str,
    item: fn(&mut Draws, usize, usize) -> String,
) -> String {
    let count = [0, 1, 2, 3, 5][draws.below(5)];
    let mut out = open.to_owned();
    for at in 0..count {
        let item = item(draws, depth - 1, at);
        let comma = if at + 1 < count || draws.chance(30) { "," } else { "" };
        out = join(draws, &[&out, &item, comma]);
    }
    join(draws, &[&out, close])
}

fn arguments(draws: &mut Draws, depth: usize) -> String {
    list(draws, depth, "(", ")", |draws, depth, _| expression(draws, depth))
}

fn leaf(draws: &mut Draws) -> String {
    if draws.chance(15) {
        return format!("\"{}\"", "long ".repeat(draws.below(15)));
    }
    draws.one_of(&["a", "foo", "x1", "1", "2.5", "true", "\"text, with } things\"", "`t ${ a } x`", "()"]).to_owned()
}

fn expression(draws: &mut Draws, depth: usize) -> String {
    if depth == 0 {
        return leaf(draws);
    }
    let inner = depth - 1;
    match draws.below(13) {
        0 => {
            let (one, other) = (expression(draws, inner), expression(draws, inner));
            let sign = draws.one_of(&["+", "-", "*", "==", "&&", "??", "<", "||", "%"]);
            join(draws, &[&one, sign, &other])
        }
        1 => {
            let (sign, of) = (draws.one_of(&["-", "!"]), name(draws));
            join(draws, &[sign, &of])
        }
        2 => list(draws, depth, "#{", "}", |draws, depth, at| {
            let value = expression(draws, depth);
            join(draws, &[&format!("k{at}"), ":", &value])
        }),
        3 => list(draws, depth, "[", "]", |draws, depth, _| expression(draws, depth)),
        4 | 5 => format!("{}{}", name(draws), arguments(draws, depth)),
        6 => {
            let within = expression(draws, inner);
            join(draws, &["(", &within, ")"])
        }
        7 => {
            let (of, method) = (name(draws), format!("{}{}", name(draws), arguments(draws, depth)));
            join(draws, &[&of, ".", &method])
        }
        8 => {
            let (condition, one, other) = (name(draws), block(draws, depth), block(draws, depth));
            join(draws, &["if", &condition, &one, "else", &other])
        }
        9 => {
            let body = block(draws, depth);
            join(draws, &["|a, b|", &body])
        }
        10 => {
            let (of, one, other) = (name(draws), expression(draws, inner), expression(draws, inner));
            let comma = draws.one_of(&[",", ""]);
            join(draws, &["switch", &of, "{", "1", "=>", &one, ",", "_", "=>", &other, comma, "}"])
        }
        11 => {
            let (of, at) = (name(draws), expression(draws, inner));
            join(draws, &[&of, "[", &at, "]"])
        }
        _ => {
            let (of, property) = (name(draws), name(draws));
            join(draws, &[&of, "?.", &property])
        }
    }
}

fn block(draws: &mut Draws, depth: usize) -> String {
    let mut out = "{".to_owned();
    for _ in 0..[0, 1, 1, 2][draws.below(4)] {
        let statement = statement(draws, depth - 1);
        out = join(draws, &[&out, &statement]);
    }
    if draws.chance(40) {
        let value = leaf(draws);
        out = join(draws, &[&out, &value]);
    }
    join(draws, &[&out, "}"])
}

fn statement(draws: &mut Draws, depth: usize) -> String {
    let kind = draws.below(9);
    let of = name(draws);
    if depth == 0 || kind < 3 {
        let value = expression(draws, depth.saturating_sub(1));
        return join(draws, &["let", &of, "=", &value, ";"]);
    }
    match kind {
        3 => {
            let (body, other) = (block(draws, depth), block(draws, depth));
            let other = if draws.chance(50) { ["else", other.as_str()] } else { ["", ""] };
            join(draws, &["if", &of, &body, other[0], other[1]])
        }
        4 => {
            let body = block(draws, depth);
            join(draws, &["for", &of, "in", "foo", &body])
        }
        5 => {
            let body = block(draws, depth);
            join(draws, &["while", &of, &body])
        }
        6 => {
            let value = expression(draws, depth - 1);
            join(draws, &["return", &value, ";"])
        }
        7 => {
            let (value, sign) = (expression(draws, depth - 1), draws.one_of(&["=", "+="]));
            join(draws, &[&of, sign, &value, ";"])
        }
        _ => {
            let call = format!("{of}{}", arguments(draws, depth));
            join(draws, &[&call, ";"])
        }
    }
}
