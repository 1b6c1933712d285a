"""A report as PDF, HTML or DOCX: one model, three files, each written beside and then renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from copilot.diagnosis.errors import RenderError
from copilot.diagnosis.report import DiagnosisReport


def render(report: DiagnosisReport, path: Path) -> Path:
    """Write the report in the format that the file name asks for (.pdf, .html, .docx).

    Raises RenderError for another ending, or when the file cannot be written.
    """
    makers: dict[str, Callable[[DiagnosisReport, Path], Path]] = {
        ".pdf": render_pdf,
        ".html": render_html,
        ".docx": render_docx,
    }
    maker = makers.get(path.suffix.lower())
    if maker is None:
        raise RenderError(f"{path.name}: a report is written as .pdf, .html or .docx; choose one of these endings.")
    return maker(report, path)


def render_pdf(report: DiagnosisReport, path: Path) -> Path:
    """A4, PDF/A-2b, tagged; fonts from the CJK font package. Raises RenderError."""
    from copilot.diagnosis.render_pdf import pdf_bytes

    return _write(path, pdf_bytes(report))


def render_html(report: DiagnosisReport, path: Path) -> Path:
    """One responsive file without outside references. Raises RenderError."""
    from copilot.diagnosis.render_html import html_text

    return _write(path, html_text(report).encode("utf-8"))


def render_docx(report: DiagnosisReport, path: Path) -> Path:
    """An editable document with the AI label in text and core properties. Raises RenderError."""
    from copilot.diagnosis.render_docx import docx_bytes

    return _write(path, docx_bytes(report))


def _write(path: Path, content: bytes) -> Path:
    """Write beside and rename, so that a full disk leaves an older report as it was."""
    beside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        beside = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, 0o644)
        beside.replace(path)
    except OSError as error:
        if beside is not None:
            beside.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise RenderError(
            f"{path} could not be written ({reason}): free disk space or choose another folder."
        ) from error
    return path
