#!/usr/bin/env bash
# What embedders build: each set of features compiles, and brings in nothing that was not asked for.
set -euo pipefail
cd "$(dirname "$0")/.."

terminal='clap clap_complete clap_mangen console crossterm indicatif miette pulldown-cmark ratatui rustyline toml'
embedded='rusqlite libsqlite3-sys ciborium'
pictures='dugong resvg damascene-fonts-roboto'

# The library with these features must not need any of those packages; a name that ends with `-` begins theirs.
without() {
    local features="$1" found
    shift
    cargo check --quiet --lib --no-default-features --features "$features"
    found="$(cargo tree --edges normal --no-default-features --features "$features" --prefix none | cut -d' ' -f1 | sort -u)"
    for name in "$@"; do
        case "$name" in
            *-) ! grep "^$name" <<<"$found" ;;
            *) ! grep -x "$name" <<<"$found" ;;
        esac || { echo "the features [$features] must not bring in $name" >&2; exit 1; }
    done
    printf '[%s]: %s packages\n' "$features" "$(wc -l <<<"$found")"
}

without '' $terminal $embedded $pictures aws- hyper
without aws $terminal $embedded $pictures
without local $terminal $pictures
without pictures $terminal $embedded aws- hyper

# The SDK crates are most of the build. They are the same for the library and the program: their dependencies have the
# same features whatever is built.
of_the_sdk() {
    local of
    of="$(cargo tree --edges normal,build --package aws-sdk-ec2 --prefix none | cut -d' ' -f1 | sort -u)"
    cargo tree --edges normal,build --no-default-features --features "$1" --prefix none --format '{p} [{f}]' \
        | sed 's/ (\*)$//' | grep '\[' | sort -u | awk 'NR == FNR { of[$1]; next } $1 in of' <(printf '%s\n' "$of") -
}
for features in aws local; do
    diff <(of_the_sdk "$features") <(of_the_sdk default) \
        || { echo "the SDK is built anew with [$features]: name the features in Cargo.toml" >&2; exit 1; }
done

# What a change of the public interface means for its version is judged against the last one that was published.
if cargo semver-checks --version >/dev/null 2>&1 && [ -n "${HZSCRIPT_SEMVER_BASELINE:-}" ]; then
    cargo semver-checks --baseline-rev "$HZSCRIPT_SEMVER_BASELINE" --only-explicit-features
else
    echo 'no published version to compare the public interface with'
fi
