"""Sealed templates open in their own row, with their own keys, and nowhere else."""

import itertools
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.registry.errors import SealError
from fvs.registry.keys import KeyRing, Wrapped
from fvs.registry.records import RecordStatus, StoredRecord, TemplateKind
from fvs.registry.sealing import (
    TemplateContext,
    _associated_data,
    open_template,
    rewrap,
    seal_template,
)
from fvs.subjects import Private
from tests.gcm import gcm_decrypt
from tests.registry_secrets import report, secrets_of, shows

TEMPLATE = b"FVST: a face in numbers"
REGISTRY = "registry-1"
CONTEXT = TemplateContext(
    registry_id=REGISTRY,
    record_id=bytes(16),
    subject=bytes(range(32)),
    model_id="embed-test-202601",
    kind=TemplateKind.CARD,
)


@pytest.fixture(scope="module")
def keys():
    """A ring."""
    return KeyRing.generate()


def sealed_record(keys, context=CONTEXT, template=TEMPLATE) -> StoredRecord:
    """The row that keeps a template."""
    columns = msgspec.structs.asdict(context)
    del columns["registry_id"]
    sealed = msgspec.structs.asdict(seal_template(template, keys, context))
    return StoredRecord(
        **columns, **sealed, enrolled_at=datetime(2026, 1, 1, tzinfo=UTC), legal_basis="test"
    )


def altered(record, **columns) -> StoredRecord:
    """The row after someone wrote to the database."""
    return msgspec.structs.replace(record, **columns)


class TestRoundTrip:
    @given(template=st.binary(max_size=300))
    def test_templates_come_back(self, keys, template):
        """Whatever the bytes, empty ones included."""
        record = sealed_record(keys, template=template)
        assert open_template(record, keys, REGISTRY) == template

    def test_other_columns_do_not_matter(self, keys):
        """Dates, quality and source may be corrected without sealing anew."""
        record = altered(sealed_record(keys), quality=50.0, source="other", revision=9)
        assert open_template(record, keys, REGISTRY) == TEMPLATE

    def test_the_format_is_the_documented_one(self, keys):
        """A second implementation opens a row from what the module says of it, and no more."""

        def lengths_before(*parts):
            return b"".join(len(part).to_bytes(4, "big") + part for part in parts)

        record = sealed_record(keys)
        context = (
            b"registry-1",
            record.record_id,
            record.subject,
            record.model_id.encode(),
            b"card",
        )
        (wrapping_key,) = (key.key.reveal() for key in keys.wrapping_keys)
        wrapped, sealed = record.wrapped_key, record.sealed_template
        data = lengths_before(b"fvs record key 1", *context)
        record_key = gcm_decrypt(wrapping_key, wrapped[1:13], wrapped[13:], data)
        data = lengths_before(b"fvs sealed template 1", *context)
        assert gcm_decrypt(record_key, sealed[1:13], sealed[13:], data) == TEMPLATE
        assert wrapped[:1] == sealed[:1] == b"\x01"

    def test_every_record_has_its_own_key(self, keys):
        """Equal templates of one subject look unrelated, keys and all."""
        records = [sealed_record(keys) for _ in range(50)]
        assert len({record.sealed_template for record in records}) == 50
        assert len({record.wrapped_key for record in records}) == 50


class TestRefusals:
    @pytest.mark.parametrize(
        "columns",
        [
            {"record_id": bytes(15) + b"\1"},
            {"subject": bytes(32)},
            {"model_id": "embed-test-202602"},
            {"kind": TemplateKind.CAPTURE},
        ],
    )
    def test_an_altered_row_does_not_open(self, keys, columns):
        """The record, its subject, model and kind are bound."""
        with pytest.raises(SealError) as refusal:
            open_template(altered(sealed_record(keys), **columns), keys, REGISTRY)
        assert refusal.value.code == "seal_broken"

    def test_other_registries_do_not_open_it(self, keys):
        """Even with the same keys."""
        with pytest.raises(SealError):
            open_template(sealed_record(keys), keys, "registry-2")

    @pytest.mark.parametrize(
        "columns",
        [
            ("sealed_template",),
            ("wrapped_key",),
            ("key_id",),
            ("sealed_template", "wrapped_key", "key_id"),
        ],
    )
    def test_swapped_columns_do_not_open(self, keys, columns):
        """What was sealed for one person does not pass for another, in parts or as a whole."""
        rotated = keys.rotated()
        ours = sealed_record(keys)
        theirs = sealed_record(rotated, msgspec.structs.replace(CONTEXT, record_id=b"\1" * 16))
        swapped = altered(ours, **{column: getattr(theirs, column) for column in columns})
        assert open_template(ours, rotated, REGISTRY) == TEMPLATE
        with pytest.raises(SealError):
            open_template(swapped, rotated, REGISTRY)

    @given(
        column=st.sampled_from(["sealed_template", "wrapped_key"]),
        position=st.integers(0),
        bit=st.integers(0, 7),
    )
    def test_one_bit_is_enough(self, keys, column, position, bit):
        """Anywhere in either column."""
        record = sealed_record(keys)
        content = bytearray(getattr(record, column))
        content[position % len(content)] ^= 1 << bit
        with pytest.raises(SealError):
            open_template(altered(record, **{column: bytes(content)}), keys, REGISTRY)

    @pytest.mark.parametrize("column", ["sealed_template", "wrapped_key"])
    def test_truncated_columns_do_not_open(self, keys, column):
        """Cut to any length."""
        record = sealed_record(keys)
        for length in range(len(getattr(record, column))):
            cut = altered(record, **{column: getattr(record, column)[:length]})
            with pytest.raises(SealError):
                open_template(cut, keys, REGISTRY)

    def test_other_keys_do_not_open_it(self, keys):
        """The wrong ring is told from a damaged row: the key that is missing is named."""
        with pytest.raises(SealError, match=keys.current_key_id) as refusal:
            open_template(sealed_record(keys), KeyRing.generate(), REGISTRY)
        assert "key ring" in refusal.value.advice

    def test_erased_records_say_so(self, keys):
        """Not that they were tampered with."""
        erased = altered(
            sealed_record(keys),
            sealed_template=b"",
            wrapped_key=b"",
            key_id="",
            status=RecordStatus.ERASED,
        )
        with pytest.raises(SealError, match="erased"):
            open_template(erased, keys, REGISTRY)
        assert rewrap(erased, keys, REGISTRY) is None

    def test_refusals_show_neither_template_nor_key(self, keys):
        """Not even with the local variables of every frame."""
        record = sealed_record(keys)
        spoilt = altered(record, sealed_template=record.sealed_template[:-1] + b"\0\0")
        with pytest.raises(SealError) as refusal:
            open_template(spoilt, keys, REGISTRY)
        text = report(refusal.value)
        assert "open_template" in text
        wrapped = Wrapped(record.wrapped_key, record.key_id)
        key = keys.unwrap(wrapped, _associated_data(b"fvs record key 1", CONTEXT)).reveal()
        assert not any(shows(text, secret) for secret in [*secrets_of(keys), key, TEMPLATE])


class TestRewrap:
    def test_the_template_stays_as_it_is(self, keys):
        """Only its key moves under the current key, and the old key is needed no more."""
        record, rotated = sealed_record(keys), keys.rotated()
        wrapped = rewrap(record, rotated, REGISTRY)
        assert wrapped is not None
        assert wrapped.record_id == record.record_id
        assert (wrapped.old_key_id, wrapped.key_id) == (record.key_id, rotated.current_key_id)
        moved = altered(record, wrapped_key=wrapped.wrapped_key, key_id=wrapped.key_id)
        assert open_template(moved, rotated.without(record.key_id), REGISTRY) == TEMPLATE

    def test_current_records_are_left_alone(self, keys):
        """So a rotation that was interrupted goes on where it stopped."""
        assert rewrap(sealed_record(keys), keys, REGISTRY) is None

    def test_altered_rows_are_refused(self, keys):
        """Rotation does not launder a forged row."""
        forged = altered(sealed_record(keys), subject=bytes(32))
        with pytest.raises(SealError):
            rewrap(forged, keys.rotated(), REGISTRY)


class TestService:
    def test_a_service_can_wrap(self):
        """Sealing knows the wrapper's protocol only: a stand-in for a key service will do."""

        class Service:
            current_key_id = "service/key-1"

            def __init__(self):
                self.kept = {}

            def wrap(self, record_key, context):
                handle = len(self.kept).to_bytes(4, "big")
                self.kept[handle, context] = record_key
                return Wrapped(handle, self.current_key_id)

            def unwrap(self, wrapped, context) -> Private[bytes]:
                try:
                    return self.kept[wrapped.wrapped_key, context]
                except KeyError:
                    raise SealError("the service refuses") from None

        service = Service()
        record = sealed_record(service)
        assert open_template(record, service, REGISTRY) == TEMPLATE
        with pytest.raises(SealError, match="service refuses"):
            open_template(altered(record, subject=bytes(32)), service, REGISTRY)
        assert rewrap(record, service, REGISTRY) is None


contexts = st.builds(
    TemplateContext,
    registry_id=st.text("ab\0", max_size=3),
    record_id=st.binary(max_size=3),
    subject=st.binary(max_size=3),
    model_id=st.text("ab\0", max_size=3),
    kind=st.sampled_from(TemplateKind),
)


class TestAssociatedData:
    @given(first=contexts, second=contexts, purposes=st.tuples(st.binary(), st.binary()))
    def test_no_two_contexts_collide(self, first, second, purposes):
        """Equal bytes mean equal contexts and purposes."""
        data = [
            _associated_data(purpose, context)
            for purpose, context in zip(purposes, (first, second), strict=True)
        ]
        assert (data[0] == data[1]) == ((purposes[0], first) == (purposes[1], second))

    @given(context=contexts, purpose=st.binary(max_size=4))
    def test_every_part_can_be_read_back(self, context, purpose):
        """Which is why none collide: a reader that knows the rule finds each part."""
        data, parts = _associated_data(purpose, context), []
        while data:
            end = 4 + int.from_bytes(data[:4], "big")
            parts.append(data[4:end])
            data = data[end:]
        assert parts == [
            purpose,
            context.registry_id.encode(),
            context.record_id,
            context.subject,
            context.model_id.encode(),
            context.kind.encode(),
        ]

    def test_shifted_boundaries_differ(self):
        """`ab` and `c` are not `a` and `bc`, in any two neighbouring fields."""
        contexts = (
            msgspec.structs.replace(CONTEXT, record_id=record_id, subject=subject)
            for record_id, subject in ((b"ab", b"c"), (b"a", b"bc"), (b"", b"abc"), (b"abc", b""))
        )
        data = [_associated_data(b"", context) for context in contexts]
        assert all(first != second for first, second in itertools.combinations(data, 2))
