#!/usr/bin/env bash
# Builds the command line as fast as this machine runs it: profile-guided, x86-64-v3, mimalloc.
#
# Fused multiply-adds of x86-64-v3 change last bits: logs of this build agree with its own kind
# only, and releases are built for the baseline. Needs llvm-profdata of rustc's LLVM version,
# from `rustup component add llvm-tools` or the system (LLVM_PROFDATA names another).
# The result is target/tuned/dist/trifactor; benches/peers/run.py compares it where it exists.
set -eu -o pipefail
cd "$(dirname "$0")/.."

major=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
sysroot=$(rustc --print sysroot)
profdata=${LLVM_PROFDATA:-}
for candidate in "$sysroot"/lib/rustlib/*/bin/llvm-profdata "$(command -v "llvm-profdata-$major" || true)"; do
    if [ -z "$profdata" ] && [ -x "$candidate" ]; then profdata=$candidate; fi
done
if [ -z "$profdata" ]; then
    echo "llvm-profdata of LLVM $major was not found: rustup component add llvm-tools" >&2
    exit 1
fi

# The action sequences need numpy; benches/peers/run.py makes an environment that has it.
python=${PYTHON:-target/peers-venv/bin/python}
if ! "$python" -c 'import numpy' 2>/dev/null; then
    echo "run benches/peers/run.py once first, or name a Python with numpy: PYTHON=..." >&2
    exit 1
fi

out=target/tuned
level="-C target-cpu=x86-64-v3"
rm -rf "$out/profile"
mkdir -p "$out"
out=$(cd "$out" && pwd)
build() { cargo build --profile dist --bin trifactor --features mimalloc --target-dir "$1"; }

RUSTFLAGS="$level -C profile-generate=$out/profile" build "$out/instrumented"
"$python" benches/peers/actions.py "$out" free contact
for kind in free contact; do
    for blocks in 1 5; do
        "$out/instrumented/dist/trifactor" bench --actions "$out/actions_$kind.json" \
            --skip-frame 3 --blocks "$blocks" --rounds 1
    done
done
"$out/instrumented/dist/trifactor" run --episodes 3 --quiet --log "$out/run.jsonl"
"$profdata" merge -o "$out/merged.profdata" "$out/profile"
RUSTFLAGS="$level -C profile-use=$out/merged.profdata" build "$out"
echo "built $out/dist/trifactor"
