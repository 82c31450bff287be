"""Step 3: specimen cards of training people -> the same kind of folder as step 1 (extra `demo`).

`python -m training.detector.cards --faces RUNS/faces --out RUNS/cards`
"""

from __future__ import annotations

import argparse
import csv
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from fvs.specimen import CardStyle, render_specimen_card, specimen_holder
from fvs.specimen.layout import GHOST, PORTRAIT
from training.detector.sources import FACE, UNSURE, People, Sources

if TYPE_CHECKING:
    from numpy.random import Generator

    from fvs.records import F64, Pixels
    from fvs.specimen.layout import Box
    from training.detector.sources import Picture

__all__ = ["card_of", "main"]

LOGGER = logging.getLogger(__name__)

CARDS = 900

DOTS_PER_INCH = 160

PORTRAIT_PX = (176, 226)
"""Width and height of the picture that is pasted as the portrait, in its shape."""

FACE_SHARE = (0.42, 0.68)
"""Height of the face over that of the portrait, lowest and highest."""


def main() -> None:
    """Render cards of random training pictures into --out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=Path, required=True, help="what prepare wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--use", default="train", choices=["train", "heldout"])
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    sources = Sources.open(args.faces)
    chosen = rng.choice(sources.rows(args.use), CARDS, replace=False)
    _write(args.out, sources, chosen.tolist(), rng)


def card_of(picture: Picture, rng: Generator) -> tuple[Pixels, People]:
    """A card with this picture's main face; the ghost portrait is neither a face nor none."""
    style = CardStyle(
        dots_per_inch=DOTS_PER_INCH,
        ghost_opacity=float(rng.uniform(0.2, 0.6)),
        specimen_opacity=float(rng.uniform(0, 0.3)),
        specimen_opacity_on_portrait=float(rng.uniform(0, 0.12)),
    )
    width, height = PORTRAIT_PX
    box = picture.people.xyxy_px[0]
    zoom = rng.uniform(*FACE_SHARE) * height / (box[3] - box[1])
    middle = np.array([width * rng.uniform(0.45, 0.55), height * rng.uniform(0.42, 0.55)])
    shift = middle - zoom * (box[:2] + box[2:]) / 2
    matrix = np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]])
    paper = tuple(int(v) for v in rng.integers(150, 256, 3))
    plain = rng.random() < 0.5  # noqa: PLR2004 - a fair coin
    portrait = cv2.warpAffine(
        picture.pixels_rgb,
        matrix,
        PORTRAIT_PX,
        flags=cv2.INTER_AREA,
        borderMode=cv2.BORDER_CONSTANT if plain else cv2.BORDER_REPLICATE,
        borderValue=paper,
    )
    seed = int(rng.integers(2**31))
    card = render_specimen_card(np.asarray(portrait), specimen_holder(seed), style=style, seed=seed)
    points = picture.people.landmarks_px[0] * zoom + shift
    corners = box.reshape(2, 2) * zoom + shift
    places = [(PORTRAIT, FACE), (GHOST, UNSURE)]
    return card, People.together([_on_card(corners, points, *place, style) for place in places])


def _on_card(corners: F64, points: F64, place: Box, kind: int, style: CardStyle) -> People:
    """From pixel centres of the portrait to those of the card."""
    left, top, right, bottom = place.xyxy_px(style.px_per_mm)
    factor = np.array([right - left, bottom - top]) / PORTRAIT_PX
    moved = (np.concatenate([corners, points]) + 0.5) * factor - 0.5 + [left, top]
    return People(moved[:2].reshape(1, 4), moved[2:][None], np.array([kind]))


def _write(out: Path, sources: Sources, chosen: list[int], rng: Generator) -> None:
    out.mkdir(parents=True, exist_ok=True)
    everyone, owners, offset = [], [], 0
    with (out / "pixels.bin").open("wb") as pixels, (out / "pictures.csv").open("w") as index:
        writer = csv.writer(index, lineterminator="\n")
        writer.writerow(["file", "use", "height", "width", "offset", "faces"])
        for number, row in enumerate(chosen):
            card, people = card_of(sources.picture(row), rng)
            height, width = card.shape[:2]
            use = sources.uses[row]
            writer.writerow([sources.files[row], use, height, width, offset, len(people.kind)])
            pixels.write(np.ascontiguousarray(card).tobytes())
            offset += card.size
            everyone.append(people)
            owners += [number] * len(people.kind)
    people = People.together(everyone)
    sure = people.kind == FACE
    np.savez(
        out / "faces.npz", picture=np.array(owners), xyxy_px=people.xyxy_px,
        landmarks_px=people.landmarks_px, score=sure.astype(np.float32), ok=sure,
        found_score=sure.astype(np.float32),
    )  # fmt: skip
    LOGGER.info("%d cards", len(chosen))


if __name__ == "__main__":
    main()
