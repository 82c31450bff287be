"""What was measured of batches, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from benchmarks.markdown import NOT_MEASURED, circumstances_words, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.speed.batch_results import Agreement, BatchReport, NetworkCell, ServiceCell

__all__ = ["render_batches"]

T = TypeVar("T")


def render_batches(report: BatchReport | None) -> str:
    """All sections that were measured."""
    if report is None:
        return NOT_MEASURED
    parts = [_engine(report)] if report.engine else []
    parts += [_service(report)] if report.service else []
    parts += [_networks(report.networks)] if report.networks else []
    parts += [_agreement(one) for one in report.agreement]
    if report.failures:
        parts.append(f"Not measured: {'; '.join(one.cell for one in report.failures)}.")
    on = f"On {report.accelerator}. " if report.accelerator else ""
    return "\n\n".join([*parts, f"{on}{circumstances_words(report.circumstances)}"])


def _engine(report: BatchReport) -> str:
    runtimes = _distinct(cell.runtime for cell in report.engine)
    measured = {(c.workers, c.batch_size, c.runtime): c for c in report.engine}
    sizes = sorted({(c.workers, c.batch_size) for c in report.engine}, reverse=True)
    rows = [
        [
            f"{workers}, {size}",
            *(
                f"{cell.pictures_per_s:.0f} ({cell.cpu_ms:.1f})" if cell else ""
                for cell in (measured.get((workers, size, runtime)) for runtime in runtimes)
            ),
        ]
        for workers, size in sizes
    ]
    summary = (
        f"Selfies of {report.megapixels:g} MP a second through all stages of the {report.pack} "
        "pack; in brackets the CPU milliseconds of each:"
    )
    return f"{summary}\n\n{table(['threads, pictures at once', *runtimes], rows)}"


def _service(report: BatchReport) -> str:
    runtimes = _distinct(cell.runtime for cell in report.service)
    measured = {(_settings_of(cell), cell.runtime): cell for cell in report.service}
    rows = [
        [
            f"{workers} {'processes' if processes else 'threads'}, {pictures}, {wait_ms:g}",
            *(
                f"{cell.pictures_per_s:.0f} ({cell.p50_ms:.0f}, {cell.p95_ms:.0f})" if cell else ""
                for cell in (measured.get((settings, runtime)) for runtime in runtimes)
            ),
        ]
        for settings in sorted({_settings_of(cell) for cell in report.service})
        for processes, workers, pictures, wait_ms in [settings]
    ]
    one = report.service[0]
    summary = (
        f"The same asked of the service's pool, one selfie at a time by each of {one.submitters} "
        "callers, a second; in brackets milliseconds until an answer, half and 95 % of them:"
    )
    return f"{summary}\n\n{table(['workers, batch_pictures, batch_wait_ms', *runtimes], rows)}"


def _settings_of(cell: ServiceCell) -> tuple[bool, int, int, float]:
    return cell.processes, cell.workers, cell.batch_pictures, cell.batch_wait_ms


def _networks(cells: tuple[NetworkCell, ...]) -> str:
    sizes = sorted({cell.batch_size for cell in cells})
    measured = {(c.network, c.runtime, c.batch_size): c for c in cells}
    rows = [
        [
            f"{network}, {runtime}",
            *(
                f"{cell.ms_per_picture:.2f} ({cell.first_ms:.0f})" if cell else ""
                for cell in (measured.get((network, runtime, size)) for size in sizes)
            ),
        ]
        for network, runtime in _distinct((cell.network, cell.runtime) for cell in cells)
    ]
    summary = (
        "Milliseconds a picture of each network alone, by pictures at once; in brackets the first "
        "run of that size:"
    )
    return f"{summary}\n\n{table(['network', *map(str, sizes)], rows)}"


def _agreement(one: Agreement) -> str:
    return (
        f"{one.runtime}, {one.batch_size} pictures at once, beside the CPU one by one: over "
        f"{one.pictures} pictures with a face the embeddings differ by {one.largest_difference:.1e}"
        f" at most (least cosine {one.least_cosine:.7f}), live probabilities by "
        f"{one.largest_live_difference:.1e}; {one.other_status} of the pictures have another "
        f"status, and of {one.comparisons} comparisons {one.other_decisions} another decision."
    )


def _distinct(values: Iterable[T]) -> list[T]:
    """In order."""
    return list(dict.fromkeys(values))
