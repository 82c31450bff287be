"""Step 3: writes the embedder.

`python -m training.duet.build --data RUNS/duet --dlib FILE.dat --own own.onnx --out duet_f16.onnx`
"""

from __future__ import annotations

import argparse
import hashlib
import logging
from pathlib import Path

from fvs.onnx_storage import store_as_float16
from training.duet.choose import PoolVectors
from training.duet.extract import open_parts
from training.duet.graph import compose_duet

__all__ = ["OWN_SHARE", "POWER", "main"]

LOGGER = logging.getLogger(__name__)

POWER = 0.75
OWN_SHARE = 0.3
"""Of the best settings of `training.duet.choose`, which its mated pairs cannot tell apart."""


def main() -> None:
    """Write the ONNX file, weights stored as float16 unless asked otherwise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--dlib", type=Path, required=True)
    parser.add_argument("--own", type=Path, required=True, help="float32 ONNX")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--float32", action="store_true")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    whitening = PoolVectors.open(args.data).whitening(POWER)
    model = compose_duet(*open_parts(args.dlib, args.own), whitening, OWN_SHARE)
    content = (model if args.float32 else store_as_float16(model)).SerializeToString(
        deterministic=True
    )
    args.out.write_bytes(content)
    LOGGER.info("%d bytes, sha256 %s", len(content), hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    main()
