"""Settings of the knowledge base."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class KnowledgeBaseSettings(BaseModel):
    """Bounds on what is parsed; a file beyond them is a row in the sync report, never a crash."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_file_mb: int = Field(default=64, gt=0, description="Largest file that is parsed, in megabytes.")
    max_unpacked_mb: int = Field(
        default=512,
        gt=0,
        description="Largest unpacked size of a DOCX, XLSX or PPTX, in megabytes (against zip bombs).",
    )
    max_pdf_pages: int = Field(default=1200, gt=0, description="Pages of a PDF that are read; the rest is left out.")
    max_table_rows: int = Field(default=5000, gt=0, description="Rows of one table that are kept.")
    ocr: Literal["auto", "off"] = Field(
        default="auto",
        description="Whether pages of a PDF without text are read by OCR; `auto`: where `tougu[ocr]` is installed.",
    )
    max_ocr_pages: int = Field(
        default=60, ge=0, description="Pages of one PDF that are read by OCR (seconds each); the rest is left out."
    )
    max_attachments: int = Field(default=20, ge=0, description="Attachments of one message that are read, count.")
    max_mail_depth: int = Field(default=3, ge=0, description="How deep messages inside messages are read, count.")
    unanswered_weeks: int = Field(
        default=104, ge=1, description="How long questions that found no answer are kept, in weeks."
    )
    max_waiting: int = Field(default=20_000, gt=0, description="Documents that may wait in the queue at a time, count.")
