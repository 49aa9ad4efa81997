"""What every layer uses: array types, checks of arguments, atomic writing of files, messages, the version."""
