#!/usr/bin/env bash
# What this program does on a GPU, beside PyTorch on the same one: parity with the CPU, pictures/s, training steps/s.
#
#   tests/bench/gpu.sh [--device cuda|cuda:N|metal|cpu] [OPTIONS OF tests/bench/peers/gpu.py]
#
# It builds the benchmarks with the feature that the device needs, and runs them by a Python that should have
# tests/bench/peers/requirements-model.txt. From the environment it takes:
#
#   EMBED=PROGRAM STEP=PROGRAM   the benchmarks `embed` and `train_step`, built before (cargo bench --features cuda
#                                --bench embed --bench train_step --no-run): with both, neither Rust nor a network is needed
#   CUDA_LIB_PATH=FOLDER[:...]   where CUDA's libraries lie, if the system does not know
#   PYTHON=PROGRAM               [default: python3]
#
# With `--json FILE` the figures are in FILE after each round, so that a run that is cut off leaves what it has measured.
# On a machine without a GPU `tests/bench/gpu.sh --device cpu --batch 2 --pictures 4 --train-batch 4 --rounds 1 --no-compile`
# shows that it works.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
PYTHON="${PYTHON:-python3}"

device=cuda
arguments=("$@")
for ((i = 0; i < $#; i++)); do
    case "${arguments[$i]}" in
        --device) device="${arguments[$((i + 1))]:-}" ;;
        -h | --help)
            sed -n '2,/^set/s/^# \{0,1\}//p' tests/bench/gpu.sh
            exec "$PYTHON" tests/bench/peers/gpu.py --help
            ;;
    esac
done
case "$device" in
    cuda*) features=(--features cuda) ;;
    metal) features=(--features metal) ;;
    *) features=() ;;
esac
if [ -n "${CUDA_LIB_PATH:-}" ]; then
    export LD_LIBRARY_PATH="$CUDA_LIB_PATH${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi

if [ -z "${EMBED:-}" ] || [ -z "${STEP:-}" ]; then
    built=$(cargo bench --locked "${features[@]}" --bench embed --bench train_step --no-run 2>&1 | tee /dev/stderr)
    program() { sed -n "s|.*Executable .*tests/bench/$1.rs (\(.*\))|\1|p" <<<"$built"; }
    EMBED="${EMBED:-$(program embed)}" STEP="${STEP:-$(program train_step)}"
fi
for program in "$EMBED" "$STEP"; do
    if [ ! -x "$program" ]; then
        echo "gpu.sh: ${program:-nothing} is no program: EMBED and STEP name the benchmarks from the repository's root" >&2
        exit 1
    fi
done
exec "$PYTHON" tests/bench/peers/gpu.py --embed "$EMBED" --step "$STEP" "$@"
