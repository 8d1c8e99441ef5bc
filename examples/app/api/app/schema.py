"""What this release declares about schema revisions, in schema-revisions.json beside the folder `app`.

`head` is the revision that its migrations lead to, `worksWith` those that its code works with, `headAlsoServes` the heads
of older releases that still work when the schema is at `head`: those can be gone back to without touching the database.
"""

import json
from pathlib import Path

DECLARED = json.loads((Path(__file__).parent.parent / "schema-revisions.json").read_text(encoding="utf-8"))


def describe(revision: str | None) -> dict[str, object]:
    return {**DECLARED, "revision": revision, "compatible": revision in DECLARED["worksWith"]}
