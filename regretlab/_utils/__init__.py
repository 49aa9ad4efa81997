"""What every layer uses: types of arrays, checks of arguments, files written whole, the version."""
