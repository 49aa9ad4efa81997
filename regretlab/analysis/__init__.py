"""What can be read off played games, and off a sequence before it is played."""
