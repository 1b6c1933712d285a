"""Settings of the knowledge base."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class KnowledgeBaseSettings(BaseModel):
    """Bounds on what is parsed; a file beyond them is a row in the sync report, never a crash."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_file_mb: int = Field(default=64, gt=0, description="Largest file that is parsed, in megabytes.")
    max_unpacked_mb: int = Field(
        default=512,
        gt=0,
        description="Largest unpacked size of a DOCX or XLSX, in megabytes (against zip bombs).",
    )
    max_pdf_pages: int = Field(default=1200, gt=0, description="Pages of a PDF that are read; the rest is left out.")
    max_table_rows: int = Field(default=5000, gt=0, description="Rows of one table that are kept.")
