"""The report way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from serve.errors import SettingsError
from serve.once import once
from serve.rooms.leads import LeadRooms

if TYPE_CHECKING:
    from copilot.diagnosis.data.provider import NavFolder
    from copilot.reports import ReportDesk


class ReportRooms(LeadRooms):
    """Funds and clients to diagnoses."""

    @once
    def reports(self) -> ReportDesk:
        from copilot.reports import ReportDesk

        return ReportDesk(
            gate=self.gate,
            clients=self.clients,
            products=self.products,
            facts=self.review_facts,
            navs=self.nav_folder(),
            terms=self.facts,
        )

    def nav_folder(
        self, folder: Path | None = None, benchmark: Path | None = None, name: str | None = None
    ) -> NavFolder:
        """NAV files of the settings, or of the folder and benchmark named instead."""
        from copilot.diagnosis.data.provider import NavFolder

        chosen = self.settings.copilot
        place = folder or (Path(chosen.nav_dir).expanduser() if chosen.nav_dir else self.settings.home / "nav")
        if benchmark is not None and not benchmark.is_file():
            raise SettingsError(f"The benchmark file {benchmark} does not exist: correct --benchmark.")
        file = benchmark or (Path(chosen.benchmark_file).expanduser() if chosen.benchmark_file else None)
        file = file or place / "benchmark.csv"
        return NavFolder(place, file, benchmark_name=name or chosen.benchmark_name or file.stem)
