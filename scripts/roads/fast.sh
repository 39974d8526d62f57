#!/usr/bin/env bash
# The road to models/fast, behind that to the tenth round of base:
#     scripts/roads/fast.sh DATA MINILM WORK
set -euo pipefail
. "$(dirname "$0")/base.sh"

# A run from the round before, and one with 435 more rows in data/written
base fast0 --steps 2500 --taught "$work/taught5.npz" --taught-share 0.5 --vectors "$work/vectors3" \
  --start "$work/sixth" --leave-out 1 3 --name fast --seed 10
base fast --steps 2500 --taught "$work/taught5.npz" --taught-share 0.35 --vectors "$work/vectors3" \
  --start "$work/seventh" --leave-out 1 3 --name fast --seed 13 --soup "$work/of-fast0"

# From the tenth round of base, and the mean with the one before: with the weights of that bundle, which are a mean
# themselves, in the place of the run's own in of-fast/finetuned.pt
base fast2 --steps 2600 --taught "$work/taught7.npz" --taught-share 0.2 --gold-share 0.65 --rate 0.8 \
  --start "$work/tenth" --leave-out 1 3 --name fast --seed 31 --soup "$work/of-fast"

# The same, narrower, taught by the tenth round of base
python scripts/distil.py "$data" "$work/tenth" "$work/narrow-fast" --start "$work/fast2" --leave-out 1 3 \
  --inners 192 192 --compared 64 32 --values 64 64 --steps 1600
base fast3 --name fast --start "$work/fast2" --trained "$work/narrow-fast/finetuned16.safetensors"

# The same, narrower still, for five times as long
python scripts/distil.py "$data" "$work/tenth" "$work/narrower-fast" --start "$work/fast3" --leave-out 1 3 \
  --inners 160 160 --compared 32 32 --values 64 64 --seed 41 --steps 7600
base fast4 --name fast --start "$work/fast3" --trained "$work/narrower-fast/finetuned16.safetensors"

# Once more, with half of the values
python scripts/distil.py "$data" "$work/tenth" "$work/narrowest-fast" --start "$work/fast4" --leave-out 1 3 \
  --inners 128 128 --compared 32 32 --values 32 32 --seed 43 --steps 7000
base fast5 --name fast --start "$work/fast4" --trained "$work/narrowest-fast/finetuned16.safetensors"

# Narrower again
python scripts/distil.py "$data" "$work/tenth" "$work/sixth-fast" --start "$work/fast5" --leave-out 1 3 \
  --inners 64 64 --compared 16 16 --values 32 32 --seed 47 --steps 7000
base fast6 --name fast --start "$work/fast5" --trained "$work/sixth-fast/finetuned16.safetensors"

# As wide as that, on more of the texts without labels
python scripts/distil.py "$data" "$work/tenth" "$work/seventh-fast" --start "$work/fast6" --leave-out 1 3 \
  --inners 64 64 --compared 16 16 --values 32 32 --gold 0.35 --texts 15000 --seed 53 --steps 7000
base fast7 --name fast --start "$work/fast6" --trained "$work/seventh-fast/finetuned16.safetensors"

# Corrected by rows that it read wrongly
mkdir -p "$work"
grep -h '"stars and manner"\|"short verdicts"' data/written/*.jsonl > "$work/corrections.jsonl"
python scripts/distil.py "$data" "$work/fast7" "$work/corrected-fast" --corrections "$work/corrections.jsonl" \
  --rate 1e-4 --seed 82 --steps 900
base fast8 --name fast --start "$work/fast7" --trained "$work/corrected-fast/finetuned16.safetensors"
