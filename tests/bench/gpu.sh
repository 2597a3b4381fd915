#!/usr/bin/env bash
# What this program does on a GPU, beside PyTorch on the same one: parity with the CPU, pictures/s, training steps/s.
#
#   tests/bench/gpu.sh [--device cuda|cuda:N|metal|cpu] [OPTIONS OF tests/bench/peers/gpu.py]
#
# Builds the benchmarks with the feature that the device needs, unless EMBED and STEP name them, and runs them by PYTHON
# (default python3), which should have tests/bench/peers/requirements-model.txt. On a machine without a GPU
# `tests/bench/gpu.sh --device cpu --batch 2 --pictures 4 --train-batch 4 --rounds 1 --no-compile` shows that it works.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

device=cuda
arguments=("$@")
for ((i = 0; i < $#; i++)); do
    if [ "${arguments[$i]}" = --device ]; then device="${arguments[$((i + 1))]:-}"; fi
done
case "$device" in
    cuda*) features=(--features cuda) ;;
    metal) features=(--features metal) ;;
    *) features=() ;;
esac

if [ -z "${EMBED:-}" ] || [ -z "${STEP:-}" ]; then
    built=$(cargo bench --locked "${features[@]}" --bench embed --bench train_step --no-run 2>&1 | tee /dev/stderr)
    program() { sed -n "s|.*Executable .*tests/bench/$1.rs (\(.*\))|\1|p" <<<"$built"; }
    EMBED=$(program embed) STEP=$(program train_step)
fi
exec "${PYTHON:-python3}" tests/bench/peers/gpu.py --embed "$EMBED" --step "$STEP" "$@"
