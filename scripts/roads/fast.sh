#!/usr/bin/env bash
# The road to models/fast, behind that to the seventh round of base:
#     scripts/roads/fast.sh DATA MINILM WORK
set -euo pipefail
. "$(dirname "$0")/base.sh"

# A run from the round before, and one with 435 more rows in data/written
base fast0 --steps 2500 --taught "$work/taught5.npz" --taught-share 0.5 --vectors "$work/vectors3" \
  --start "$work/sixth" --leave-out 1 3 --name fast --seed 10
base fast --steps 2500 --taught "$work/taught5.npz" --taught-share 0.35 --vectors "$work/vectors3" \
  --start "$work/seventh" --leave-out 1 3 --name fast --seed 13 --soup "$work/of-fast0"
