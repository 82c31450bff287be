"""Pictures of several requests together are seen as if each were alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from functools import partial
from typing import get_args

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.deployment.packs import DEFAULT_PACK, open_engine, open_pack
from fvs.engine import EngineSettings
from fvs.errors import ProviderError
from fvs.network import PROVIDER_NAMES, Provider
from fvs.raster import encode_jpeg
from fvs.status import Role
from fvs.timing.pictures import camera_card, camera_selfie
from fvs_server.extraction import Extractor, Picture, extract_batch
from fvs_server.inference import Deadline, InferencePool
from fvs_server.services.faces import open_faces
from fvs_server.settings import EngineSettings as EngineTable
from fvs_server.settings import ProviderName
from fvs_server.wiring import open_services
from tests.server.light_engine import picture

SOON = 60.0
FLOAT32_ROUNDING = 1e-6

seen = st.builds(
    picture,
    face=st.integers(1, 5),
    live=st.floats(0, 1),
    quality=st.floats(0, 100),
    status=st.sampled_from(["OK", "NO_FACE"]),
)
pictures = st.lists(st.builds(Picture, seen, st.sampled_from(Role), st.booleans()), max_size=6)


def alike(one, other) -> bool:
    """Whether two extractions have the same looks, and rows in all columns within rounding."""
    return one.looks == other.looks and all(
        same(getattr(getattr(one.samples, record.name), column.name), getattr(rows, column.name))
        for record in fields(one.samples)
        for rows in [getattr(other.samples, record.name)]
        for column in fields(rows)
    )


def same(one, other) -> bool:
    """Of one column."""
    if isinstance(one, np.ndarray) and one.dtype.kind == "f":
        return np.allclose(one, other, rtol=0, atol=FLOAT32_ROUNDING, equal_nan=True)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(np.array_equal(one, other))


class TestExtractor:
    @settings(max_examples=40, deadline=None)
    @given(requests=st.lists(pictures, max_size=5), batch_pictures=st.integers(1, 4))
    def test_samples_are_those_of_a_picture_alone(self, light_engine, requests, batch_pictures):
        """Whatever else is asked for at the time, and of either role."""
        pool = InferencePool(workers=2, queue=40)
        work = partial(extract_batch, light_engine)
        extractor = Extractor(work, pool, batch_pictures=batch_pictures, batch_wait_s=0.001)
        with ThreadPoolExecutor(5) as threads:
            answers = threads.map(lambda p: extractor.extract(p, Deadline.after(SOON)), requests)
            for asked, got in zip(requests, answers, strict=True):
                alone = [work([picture])[0] for picture in asked]
                assert len(got) == len(alone)
                assert all(map(alike, got, alone))
        pool.close()

    def test_real_networks_see_a_batch_as_they_see_each(self):
        """Selfies and cards of different sizes, one without a face and one that is no picture."""
        files = [
            Picture(camera_selfie(0.3), Role.SELFIE, looks=True),
            Picture(camera_selfie(1.0, seed=1), Role.SELFIE, looks=True),
            Picture(encode_jpeg(np.full((300, 200, 3), 90, np.uint8), 90), Role.SELFIE),
            Picture(b"none", Role.SELFIE, looks=True),
            Picture(camera_card(0.5), Role.CARD),
            Picture(camera_card(1.0, seed=1), Role.CARD),
        ]
        engine = open_engine(open_pack(DEFAULT_PACK), EngineSettings(workers=1))
        pool = InferencePool(workers=1, queue=40)
        batches = []

        def watched(pictures):
            batches.append((len(pictures), pictures[0].role))
            return extract_batch(engine, pictures)

        together = Extractor(watched, pool, batch_pictures=4, batch_wait_s=1.0)
        got = together.extract(files, Deadline.after(SOON))
        pool.close()
        assert sorted(batches) == [(2, Role.CARD), (4, Role.SELFIE)]
        assert all(map(alike, got, (extract_batch(engine, [each])[0] for each in files)))

    def test_the_settings_say_how_many_go_together(
        self, server_settings, server_secrets, light_engine, monkeypatch
    ):
        """`[engine]` reaches the engine: three pictures that it may take together are one call."""
        sizes: list[int] = []

        def watched(files, role):
            sizes.append(len(files))
            return light_engine._process(files, role)

        monkeypatch.setattr(light_engine, "extract_here", watched, raising=False)
        table = msgspec.structs.replace(
            server_settings.engine, batch_pictures=3, batch_wait_ms=1000.0
        )
        wanted = msgspec.structs.replace(server_settings, engine=table)
        files = [Picture(picture(n), Role.SELFIE) for n in range(3)]
        with open_services(wanted, server_secrets, engine=light_engine) as services:
            assert len(services.extractor.extract(files, Deadline.after(SOON))) == 3
        assert sizes == [3]

    def test_one_by_one_is_the_default(self):
        """On a CPU a batch gains nothing."""
        table = EngineTable()
        assert (table.provider, table.batch_pictures) == ("cpu", 1)


class TestProvider:
    def test_the_settings_know_the_providers_of_networks(self):
        """They name them again, for they are read without onnxruntime."""
        assert get_args(ProviderName) == get_args(Provider) == tuple(PROVIDER_NAMES)

    def test_a_provider_that_is_not_there_is_refused(self, server_settings):
        """The server does not start on a slower one that nobody asked for."""
        table = msgspec.structs.replace(server_settings.engine, provider="openvino")
        wanted = msgspec.structs.replace(server_settings, engine=table)
        with pytest.raises(ProviderError), open_faces(wanted):
            pass
