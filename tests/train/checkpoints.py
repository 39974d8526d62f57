"""Tiny checkpoints of the kinds that `AutoModel` loads, with tokenizers as theirs are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE, Unigram, WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer, ByteLevel, Metaspace
from tokenizers.processors import RobertaProcessing, TemplateProcessing
from tokenizers.trainers import BpeTrainer, UnigramTrainer, WordPieceTrainer
from transformers import (
    BertConfig,
    BertModel,
    DebertaV2Config,
    DebertaV2Model,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    XLMRobertaConfig,
    XLMRobertaModel,
)

SHAPE = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 70,
}


def bert(folder: Path, texts: Sequence[str]) -> Path:
    """A BERT as the Chinese ones are: WordPiece, padding 0."""
    tokenizer = Tokenizer(WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(texts, WordPieceTrainer(vocab_size=400, special_tokens=special))
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    torch.manual_seed(1)
    model = BertModel(BertConfig(vocab_size=tokenizer.get_vocab_size(), **SHAPE))
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]", mask_token="[MASK]",
    ).save_pretrained(folder)  # fmt: skip
    return folder


def xlmr(folder: Path, texts: Sequence[str]) -> Path:
    """An XLM-R: Unigram, padding 1, positions counted from it."""
    tokenizer = Tokenizer(Unigram())
    tokenizer.pre_tokenizer = Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer.train_from_iterator(
        texts, UnigramTrainer(vocab_size=400, special_tokens=special, unk_token="<unk>")
    )
    tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    torch.manual_seed(1)
    config = XLMRobertaConfig(
        vocab_size=tokenizer.get_vocab_size(), pad_token_id=1, bos_token_id=0, eos_token_id=2,
        type_vocab_size=1, **SHAPE,
    )  # fmt: skip
    XLMRobertaModel(config).save_pretrained(folder)
    _roberta_tokens(tokenizer, folder)
    return folder


def roberta(folder: Path, texts: Sequence[str]) -> Path:
    """A RoBERTa: bytes in pairs, padding 1."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer.train_from_iterator(
        texts,
        BpeTrainer(vocab_size=500, special_tokens=special, initial_alphabet=ByteLevel.alphabet()),
    )
    tokenizer.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0))
    torch.manual_seed(1)
    config = RobertaConfig(
        vocab_size=tokenizer.get_vocab_size(), pad_token_id=1, bos_token_id=0, eos_token_id=2,
        type_vocab_size=1, **SHAPE,
    )  # fmt: skip
    RobertaModel(config).save_pretrained(folder)
    _roberta_tokens(tokenizer, folder)
    return folder


def deberta(folder: Path, texts: Sequence[str]) -> Path:
    """A DeBERTa of the third version: Unigram, padding 0, relative positions."""
    tokenizer = Tokenizer(Unigram())
    tokenizer.pre_tokenizer = Metaspace()
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    tokenizer.train_from_iterator(
        texts, UnigramTrainer(vocab_size=400, special_tokens=special, unk_token="[UNK]")
    )
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    torch.manual_seed(1)
    config = DebertaV2Config(
        vocab_size=tokenizer.get_vocab_size(), pad_token_id=0, relative_attention=True,
        position_buckets=16, pos_att_type=["p2c", "c2p"], share_att_key=True, type_vocab_size=0,
        position_biased_input=False, norm_rel_ebd="layer_norm", **SHAPE,
    )  # fmt: skip
    DebertaV2Model(config).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]", mask_token="[MASK]",
    ).save_pretrained(folder)  # fmt: skip
    return folder


def _roberta_tokens(tokenizer: Tokenizer, folder: Path) -> None:
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", cls_token="<s>",
        sep_token="</s>", bos_token="<s>", eos_token="</s>", mask_token="<mask>",
    ).save_pretrained(folder)  # fmt: skip
