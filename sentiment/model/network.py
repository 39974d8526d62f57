"""The base model as a torch network: a small ModernBERT, and one head per kind of answer.

Torch and transformers are the extra [torch]: training and CUDA. A plain install never imports this.
"""

from __future__ import annotations

from dataclasses import dataclass

from transformers import ModernBertConfig

__all__ = ["EncoderOptions", "encoder_config"]


@dataclass(frozen=True, slots=True)
class EncoderOptions:
    """The shape of the encoder; 3.7 million parameters besides an embedding of 5.2 million."""

    layers: int = 6
    width: int = 256
    heads: int = 4
    inner: int = 448  # of the gated feed-forward
    window: int = 256  # tokens read at once; longer texts are read in windows


def encoder_config(vocabulary: int, options: EncoderOptions | None = None) -> ModernBertConfig:
    """Return the configuration of an encoder that `AutoModel` loads."""
    options = options or EncoderOptions()
    return ModernBertConfig(
        vocab_size=vocabulary,
        hidden_size=options.width,
        intermediate_size=options.inner,
        num_hidden_layers=options.layers,
        num_attention_heads=options.heads,
        max_position_embeddings=options.window,
        # Every layer sees the whole window: 256 tokens are too few for local attention to pay.
        layer_types=["full_attention"] * options.layers,
        # The frequencies of a long context would be wasted on 256 positions.
        rope_parameters={
            "full_attention": {"rope_type": "default", "rope_theta": 10_000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
        },
        pad_token_id=0,
        cls_token_id=2,
        bos_token_id=2,
        sep_token_id=3,
        eos_token_id=3,
        classifier_pooling="mean",
        sparse_prediction=True,  # the decoder runs on masked positions only
        tie_word_embeddings=True,
    )
