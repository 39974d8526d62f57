"""The road to the base model: corpus, tokenizer, pretraining, fine-tuning, the bundle."""
