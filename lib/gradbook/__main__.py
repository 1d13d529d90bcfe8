"""`python -m gradbook doctor`."""

import sys

USAGE = "usage: python -m gradbook doctor\n\nSays what this environment has and lacks, and how to mend it."


def main(words=None) -> int:
    words = sys.argv[1:] if words is None else words
    if words == ["doctor"]:
        from gradbook.doctor import doctor

        return doctor()
    print(USAGE, file=sys.stdout if words in (["-h"], ["--help"]) else sys.stderr)
    return 0 if words in (["-h"], ["--help"]) else 2


if __name__ == "__main__":
    sys.exit(main())
