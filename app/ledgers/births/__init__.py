"""Births: registrations of an intended or happened birth, deliveries, and the children born."""
