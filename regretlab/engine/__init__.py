"""How games are played, replayed and saved; no mathematics is here."""
