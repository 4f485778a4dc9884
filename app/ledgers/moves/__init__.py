"""Moves: who came, left, lives elsewhere or came back, and how a person's file goes from one office to another."""
