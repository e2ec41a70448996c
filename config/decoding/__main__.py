"""The child that decodes: a file comes in, and what may be kept of it goes out, or a sentence why not."""

from __future__ import annotations

import json
import resource
import sys

from config.decoding import papers, pictures

MEMORY = 1536 * 1024 * 1024
SECONDS = 20
NEITHER = "Only pictures (JPEG, PNG or WebP) and PDFs can be sent."


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = sys.stdin.buffer.read()
    try:
        told, parts = _make_anew(content, [int(width) for width in sys.argv[1:]])
    except (pictures.Unfit, papers.Unfit) as no:
        told, parts = {"refused": str(no)}, []
    sys.stdout.buffer.write(b"\n".join([json.dumps(told).encode(), b"".join(parts)]))


def _make_anew(content: bytes, widths: list[int]) -> tuple[dict, list[bytes]]:
    # A PDF may have something before its first line; readers look for it in the first kilobyte.
    if b"%PDF-" in content[:1024]:
        return papers.make_anew(content)
    if pictures.is_one(content):
        return pictures.make_anew(content, widths)
    raise pictures.Unfit(pictures.HEIC if pictures.is_heic(content) else NEITHER)


if __name__ == "__main__":
    main()
