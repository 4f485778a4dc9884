"""Large figures: `make full` runs them whole, `make test` a twentieth. The seed is printed; TAIZHANG_SEED repeats a run."""

import os
import random

FULL = bool(os.environ.get("TAIZHANG_FULL"))
SHARE = 20


def figure(whole: int) -> int:
    """The whole figure in a full run, a twentieth otherwise."""
    return whole if FULL else max(whole // SHARE, 1)


def seeded(what: str) -> random.Random:
    """A random source whose seed is printed with the name of what it is for."""
    seed = int(os.environ.get("TAIZHANG_SEED") or random.SystemRandom().randrange(2**31))
    print(f"\n{what}: seed {seed}, {'full' if FULL else 'sample'}")
    return random.Random(seed)
