"""A simulator of presentation attacks: species of artefacts times cameras, by seed.

`present(name, picture, face, scale, rng)` makes an artefact of `SPECIES` out of a picture, stands
it in a room and photographs it; `seen_live` sends a picture through the same camera without an
artefact, so that noise, blur, colours and compression do not tell the two apart.

What is modelled: for paper the inks' gamut and black, paper grain, dot screens, white borders,
bending, cutting out, sheen; for cards guilloche, laminate and hologram; for screens the tone curve,
primaries, white and black, subpixel grids and their moire, bezel, letterbox, refresh bands, shade
and reflections; for both the pose, fingers, room and camera. What is not: depth, focus that differs
between artefact and room, video, and masks with a shape. Error rates on these are error rates on
simulations: only real artefacts measure an APCER (ISO/IEC 30107-3).
"""

from fvs.specimen.presentation.camera import draw_camera, seen_live, seen_near, shoot
from fvs.specimen.presentation.species import SPECIES, Species, present

__all__ = ["SPECIES", "Species", "draw_camera", "present", "seen_live", "seen_near", "shoot"]
