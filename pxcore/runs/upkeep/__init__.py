"""Keeping a store in order: what takes room, what may go, what is damaged, copies of it all."""
