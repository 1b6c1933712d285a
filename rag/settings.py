"""Settings of chunking, retrieval and extractive answers; every field with its unit."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class RagSettings(BaseModel):
    """Values that shape what is found and when an answer is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chunk_chars: int = Field(default=560, ge=100, le=800, description="size a chunk is packed up to, characters")
    chunk_min_chars: int = Field(
        default=200,
        ge=0,
        le=800,
        description="a section shorter than this is packed with the next, characters",
    )
    embed_chars: int = Field(
        default=320, ge=100, le=2000, description="context and text given to the encoder at most, characters"
    )
    encode_batch: int = Field(default=32, ge=1, description="chunks encoded at once, count")
    vectors: Literal["faiss", "pgvector"] = Field(
        default="faiss",
        description="where vectors are searched: `faiss`, in memory and a file of home; `pgvector`, in the PostgreSQL "
        "of `database_url`",
    )
    lexical: Literal["fts5", "tsvector"] = Field(
        default="fts5",
        description="where words are searched: `fts5`, in the index file; `tsvector`, in the PostgreSQL of "
        "`database_url`",
    )
    k: int = Field(default=10, ge=1, le=100, description="passages a search returns, count")
    candidates: int = Field(default=40, ge=1, description="hits taken from each of the two indexes, count")
    rrf_k: int = Field(
        default=10,
        ge=1,
        description="constant of reciprocal rank fusion, ranks; small, so that the best of one index alone "
        "(a rare name in a table) stays ahead of what both find mediocre",
    )
    rerank: int = Field(
        default=20,
        ge=1,
        le=100,
        description="best passages that a reranker puts in order, where `models.reranker` is set, count",
    )
    codeless_weight: float = Field(
        default=0.5, gt=0, le=1, description="weight of a document without product when one is named, factor"
    )
    answer_sentences: int = Field(default=3, ge=1, le=10, description="sentences of an extractive answer, count")
    coverage_threshold: float = Field(
        default=0.65,
        ge=0,
        le=1,
        description="weighted share of the question's words that a quoted sentence must hold, its heading "
        "included; calibrated on RGB zh_refine (120 questions, no headings): at 0.65 84 % of the questions "
        "with an answer are kept and 54 % of those without one refused, at 0.5 94 % and 26 %, at 0.8 69 % "
        "and 77 %",
    )
    wording_threshold: float = Field(
        default=0.96,
        ge=0,
        le=1,
        description="cosine between a question and the nearest question of an approved wording from which the "
        "wording is served, where its words fit too",
    )
    wording_margin: float = Field(
        default=0.04, ge=0, le=1, description="by how much the next wording must be farther from the question, cosine"
    )
    wording_coverage: float = Field(
        default=0.66,
        ge=0,
        le=1,
        description="share of the question's content words that the questions of the wording must hold; the three "
        "were chosen on the development half of eval/cases/wordings.jsonl so that nothing is served wrongly",
    )
