"""Training: corpus, tokenizer, pretraining, examples, fitting, calibration, evaluation, card."""
