"""Accounts: users, their offices, roles, sign-in and sessions."""
