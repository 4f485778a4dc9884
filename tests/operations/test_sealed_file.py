"""A sealed file opens with its passphrase and as it was written, or not at all."""

import io
import random

import pytest

from app.operations import sealed_file
from app.operations.sealed_file import MAGIC, Broken, Opening, Sealing, WrongPassphrase
from tests.figures import figure, seeded

PASSPHRASE = "correct horse battery staple"
HEAD = len(MAGIC) + 1 + 16 + 16


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small chunks, and a passphrase that costs little to try."""
    monkeypatch.setattr(sealed_file, "CHUNK", 64)
    monkeypatch.setattr(sealed_file, "COST", 10)


def seal(content: bytes, passphrase: str = PASSPHRASE) -> bytes:
    out = io.BytesIO()
    sealing = Sealing(out, passphrase)
    sealing.write(content)
    sealing.close()
    return out.getvalue()


def unseal(sealed: bytes, passphrase: str = PASSPHRASE) -> bytes:
    return Opening(io.BytesIO(sealed), passphrase).read()


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 128, 1000])
def test_what_was_sealed_opens(size: int) -> None:
    content = random.Random(size).randbytes(size)
    assert unseal(seal(content)) == content
    assert size < 16 or content[:16] not in seal(content)  # a single byte may stand there by chance


def test_it_is_written_and_read_in_any_pieces() -> None:
    out, content = io.BytesIO(), bytes(range(250))
    sealing = Sealing(out, PASSPHRASE)
    for start in range(0, 250, 7):
        sealing.write(content[start : start + 7])
    sealing.close()
    opening = Opening(io.BytesIO(out.getvalue()), PASSPHRASE)
    assert b"".join(iter(lambda: opening.read(11), b"")) == content


def test_the_same_content_is_never_sealed_alike() -> None:
    assert seal(b"same")[HEAD:] != seal(b"same")[HEAD:]


@pytest.mark.parametrize("wrong", ["", "correct horse battery stapl", PASSPHRASE.upper()])
def test_another_passphrase_is_told_from_damage(wrong: str) -> None:
    with pytest.raises(WrongPassphrase):
        unseal(seal(b"content"), wrong)


def test_a_file_cut_anywhere_is_refused() -> None:
    """At the end of a chunk too: the last one says that it is the last."""
    sealed = seal(bytes(200))
    for length in range(len(sealed)):
        with pytest.raises((Broken, WrongPassphrase)):
            unseal(sealed[:length])


def test_chunks_in_another_order_twice_or_from_another_file_are_refused() -> None:
    sealed, other, size = seal(bytes(256)), seal(bytes(256)), 64 + 16
    head, chunks = sealed[:HEAD], [sealed[HEAD + i * size : HEAD + (i + 1) * size] for i in range(4)]
    foreign = other[HEAD : HEAD + size]
    for wrong in ([1, 0, 2, 3], [0, 0, 1, 2, 3], [0, 2, 3], [0, 1, 3], [3]):
        with pytest.raises(Broken):
            unseal(head + b"".join(chunks[i] for i in wrong))
    for wrong_ in ([foreign, *chunks[1:]], [*chunks, foreign], [*chunks, b"x"]):
        with pytest.raises(Broken):
            unseal(head + b"".join(wrong_))


@pytest.mark.full
def test_a_changed_byte_is_refused_wherever_it_is() -> None:
    chance, sealed = seeded("changed bytes"), seal(bytes(300))
    for _ in range(figure(2000)):
        changed = bytearray(sealed)
        changed[chance.randrange(len(MAGIC) + 1, len(sealed))] ^= 1 << chance.randrange(8)
        with pytest.raises((Broken, WrongPassphrase)):
            unseal(bytes(changed))


@pytest.mark.parametrize("cost", [0, 9, 21, 255])
def test_a_file_that_asks_for_a_machines_whole_memory_is_refused(cost: int) -> None:
    sealed = bytearray(seal(b"x"))
    sealed[len(MAGIC)] = cost
    with pytest.raises(Broken):
        unseal(bytes(sealed))


def test_a_guess_costs_what_the_documentation_says() -> None:
    assert sealed_file.COSTS.start <= 17 < sealed_file.COSTS.stop
