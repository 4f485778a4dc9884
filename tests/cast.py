"""The fixed cast of the tests: who they are, what they may do, and for which offices they answer.

The towns are those of the shipped district: A is 龙泉镇, B 鸦鹊岭镇, C 黄花镇. Everybody's password is PASSWORD.
"""

from dataclasses import dataclass

PASSWORD = "Correct-horse-7-battery"
COUNTY = "420506"
A, B, C = "420506107", "420506108", "420506109"  # three towns
A1, A2, B1, C1 = "420506107001", "420506107209", "420506108001", "420506109001"  # villages of them


@dataclass(frozen=True)
class Member:
    """One person of the cast."""

    role: str
    regions: tuple[str, ...]


CAST = {
    "clerk": Member("clerk", (A,)),
    "colleague": Member("clerk", (A,)),
    "neighbour": Member("clerk", (B,)),
    "supervisor": Member("supervisor", (A,)),
    "neighbour_supervisor": Member("supervisor", (B,)),
    "approver": Member("approver", (COUNTY,)),
    "finance": Member("finance", (A,)),
    "auditor": Member("auditor", (A,)),
    "statistician": Member("statistician", (COUNTY,)),
    "service_worker": Member("service_worker", (A1,)),
    "neighbour_service_worker": Member("service_worker", (B1,)),
    "clinician": Member("clinician", (A,)),
    "neighbour_clinician": Member("clinician", (B,)),
    "admin": Member("admin", ()),
    "stranger": Member("", ()),
}
