"""BERT's encoder in plain torch, for reading only: a tenth of what transformers imports, and the very same numbers.

Devlin et al., BERT, 2019. Modules are named as in published checkpoints, so that weights and low-rank changes find
their places. Training uses transformers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

Weights = Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a checkpoint's config.json says and its weights do not."""

    layers: int
    heads: int
    epsilon: float

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Shape | None:
        """None where this file does not compute the model: another architecture, or a variant of BERT."""
        plain = config.get("model_type") == "bert" and config.get("hidden_act", "gelu") == "gelu"
        if not plain or config.get("position_embedding_type", "absolute") != "absolute" or config.get("is_decoder"):
            return None
        return cls(
            layers=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
            epsilon=config.get("layer_norm_eps", 1e-12),
        )


@dataclass(frozen=True, kw_only=True)
class Read:
    """What the encoder makes of a batch, under the name that transformers gives it."""

    last_hidden_state: Tensor  # (texts, tokens, width)


class Bert(nn.Module):
    """Token ids to states, with the weights it was given: none are made, none are copied."""

    def __init__(self, shape: Shape, weights: Weights) -> None:
        """`weights` by the checkpoint's names; KeyError where one is missing."""
        super().__init__()
        self.embeddings = Embeddings(shape, weights)
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList(Layer(shape, weights, f"encoder.layer.{n}") for n in range(shape.layers))

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None) -> Read:
        """input_ids, attention_mask, token_type_ids: (texts, tokens)."""
        states = self.embeddings(input_ids, token_type_ids)
        # without padding there is no mask: the faster kernel, and the one that transformers takes
        mask = None if bool(attention_mask.all()) else attention_mask.bool()[:, None, None, :]
        mask = mask if mask is None else mask.expand(-1, -1, input_ids.shape[1], -1)
        for layer in self.encoder.layer:  # type: ignore[union-attr]
            states = layer(states, mask)
        return Read(last_hidden_state=states)


class Embeddings(nn.Module):
    """Words, types and places; a word's row is rounded as it is looked up, so the table may stay in full precision."""

    def __init__(self, shape: Shape, weights: Weights) -> None:
        super().__init__()
        self.word_embeddings = _table(weights, "embeddings.word_embeddings")
        self.position_embeddings = _table(weights, "embeddings.position_embeddings")
        self.token_type_embeddings = _table(weights, "embeddings.token_type_embeddings")
        self.LayerNorm = _norm(weights, "embeddings.LayerNorm", shape)

    def forward(self, ids: Tensor, types: Tensor | None) -> Tensor:
        words = self.word_embeddings(ids).to(self.LayerNorm.weight.dtype)
        kinds = self.token_type_embeddings(torch.zeros_like(ids) if types is None else types)
        places = self.position_embeddings(torch.arange(ids.shape[1])[None])
        normed: Tensor = self.LayerNorm(words + kinds + places)
        return normed


class Layer(nn.Module):
    """Attention, then two dense layers; each adds to what came in, and is normed."""

    def __init__(self, shape: Shape, weights: Weights, name: str) -> None:
        super().__init__()
        self._heads = shape.heads
        self.attention = nn.Module()
        self.attention.self = nn.Module()
        for part in ("query", "key", "value"):
            setattr(self.attention.self, part, _dense(weights, f"{name}.attention.self.{part}"))
        self.attention.output = Added(shape, weights, f"{name}.attention.output")
        self.intermediate = nn.Module()
        self.intermediate.dense = _dense(weights, f"{name}.intermediate.dense")
        self.output = Added(shape, weights, f"{name}.output")

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        attended = self.attention.output(self._attended(states, mask), states)  # type: ignore[operator]
        inner = functional.gelu(self.intermediate.dense(attended))  # type: ignore[operator]
        found: Tensor = self.output(inner, attended)
        return found

    def _attended(self, states: Tensor, mask: Tensor | None) -> Tensor:
        own: Any = self.attention.self
        query, key, value = (
            part(states).unflatten(-1, (self._heads, -1)).transpose(1, 2) for part in (own.query, own.key, own.value)
        )
        found = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return found.transpose(1, 2).flatten(2)


class Added(nn.Module):
    """A dense layer whose result is added to what was there before, and normed."""

    def __init__(self, shape: Shape, weights: Weights, name: str) -> None:
        super().__init__()
        self.dense = _dense(weights, f"{name}.dense")
        self.LayerNorm = _norm(weights, f"{name}.LayerNorm", shape)

    def forward(self, made: Tensor, before: Tensor) -> Tensor:
        found: Tensor = self.LayerNorm(self.dense(made) + before)
        return found


def _table(weights: Weights, name: str) -> nn.Embedding:
    table = nn.Embedding(1, 1)
    table.weight = _fixed(weights[f"{name}.weight"])
    return table


def _dense(weights: Weights, name: str) -> nn.Linear:
    layer = nn.Linear(1, 1)
    layer.weight, layer.bias = _fixed(weights[f"{name}.weight"]), _fixed(weights[f"{name}.bias"])
    return layer


def _norm(weights: Weights, name: str, shape: Shape) -> nn.LayerNorm:
    weight = weights[f"{name}.weight"]
    norm = nn.LayerNorm(len(weight), eps=shape.epsilon)
    norm.weight, norm.bias = _fixed(weight), _fixed(weights[f"{name}.bias"])
    return norm


def _fixed(tensor: Tensor) -> nn.Parameter:
    return nn.Parameter(tensor, requires_grad=False)
