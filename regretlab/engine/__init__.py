"""How games are played, interrupted, replayed, and kept in files; it holds no mathematics."""
