"""Dates as people write them."""

from datetime import date


def read_date(text: str) -> date | None:
    """The date a text names, or None where it names none."""
    cleaned = text.strip()
    for mark in "年月./":
        cleaned = cleaned.replace(mark, "-")
    cleaned = cleaned.replace("日", "").strip("-")
    if cleaned.isdigit() and len(cleaned) == 8:
        cleaned = f"{cleaned[:4]}-{cleaned[4:6]}-{cleaned[6:]}"
    parts = [part.strip() for part in cleaned.split("-")]
    if len(parts) != 3 or len(parts[0]) != 4 or not all(part.isdecimal() for part in parts):
        return None
    try:
        return date(*(int(part) for part in parts))
    except (ValueError, OverflowError):  # a day of thirty digits
        return None
