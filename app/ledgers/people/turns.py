"""Whoever decides where somebody is, or that they died, waits for others who decide about the same person."""

from sqlalchemy.orm import Session

from app.core.unit_of_work import take_turn


def turn_of(session: Session, person_id: int) -> None:
    """Nobody else decides about this person until this transaction ends. What was read before may have changed meanwhile."""
    take_turn(session, f"person|{person_id}")
