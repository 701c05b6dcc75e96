#!/usr/bin/env bash
# The examples run, and say what they should.
set -euo pipefail
cd "$(dirname "$0")/.."
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cargo build --quiet --examples
examples="${CARGO_TARGET_DIR:-target}/debug/examples"

# Runs one and looks for each line; none may be missing.
says() {
    local name="$1" said
    shift
    local -a arguments=()
    while [ "$1" != -- ]; do
        arguments+=("$1")
        shift
    done
    shift
    said="$("$examples/$name" "${arguments[@]}" 2>"$work/err")" || { cat "$work/err" >&2; exit 1; }
    for line in "$@"; do
        grep -qF -- "$line" <<<"$said" || { printf '%s does not say: %s\n%s\n' "$name" "$line" "$said" >&2; exit 1; }
    done
    echo "$name: ok"
}

says embed_minimal -- 'to create: 1' 'done: 1' 'destroyed: 1'
says embed_server --self-test -- 'listening on http://127.0.0.1:' 'self-test passed'
says custom_kind -- 'stopped after 3 files' 'went on: 8 files' 'changes: 7 update, 0 replace' 'f1 is now: comes after 9' \
    'destroyed: 8, left: 0'
says preview_in_ci scripts/hazelcast.rhai -- 'would change' 'to create' '<code>ecs&#95;service.'
printf 'logs_log_group("a", #{ retentionInDays: input("days", 5) });' >"$work/logs.rhai"
says preview_in_ci "$work/logs.rhai" --set days=7 --state "$work/state" -- '**1** to create'
printf 'logs_log_group("a", #{ retentionInDay: 5 });' >"$work/bad.rhai"
if "$examples/preview_in_ci" "$work/bad.rhai" >"$work/out"; then
    echo 'preview_in_ci takes a script with a mistake' >&2
    exit 1
fi
grep -qF 'mistakes' "$work/out"
