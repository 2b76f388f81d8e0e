"""``python -m landbridge``: the command line, where the program itself is not on PATH."""

from landbridge.cli import main

if __name__ == "__main__":
    main()
