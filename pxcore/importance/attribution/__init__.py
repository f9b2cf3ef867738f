"""Attributions: what each pixel had to do with a class's output, and what that makes a channel."""
