"""What benchmarks' results state, made by hand for tests of their tables."""

from benchmarks.machine import Circumstances

CIRCUMSTANCES = Circumstances(
    measured_at="2026-01-02T03:04:05+00:00",
    commit="abc",
    cpu="A processor",
    cores=2,
    memory_gb=8.0,
    system="Linux x86_64",
    load_average=(0.5, 0.4, 0.3),
    versions={"onnxruntime": "1.2", "opencv-python-headless": "4.5"},
)
