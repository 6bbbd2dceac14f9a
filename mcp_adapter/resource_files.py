"""What a resource is: a query with the URI template that its variables fill."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from graphql import GraphQLSchema

from mcp_adapter.documents import BadDocument, Operation, compile_tool

RESOURCES = Path(__file__).parent / "resources"
LISTING = "listing"
CHANGES = "changes"

_HEAD = re.compile(r"# uri: (?P<uri>\S+)\n# changed by: (?P<kinds>.+)\n")
_BLANK = re.compile(r"\\\{(\w+)\\\}")


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of resource: its template, its query, and the kinds of events after which it reads otherwise."""

    name: str
    template: str
    description: str
    operation: Operation
    changed_by: tuple[str, ...]
    pattern: re.Pattern[str]

    def values(self, uri: str) -> dict[str, str] | None:
        """Return what the URI says for each variable; None if it is another kind's."""
        match = self.pattern.fullmatch(uri)
        return {name: unquote(value) for name, value in match.groupdict().items()} if match else None

    def uri(self, values: Mapping[str, str]) -> str:
        """Return the URI for these values."""
        return re.sub(r"\{(\w+)\}", lambda blank: quote(values[blank[1]], safe=""), self.template)


@dataclass(frozen=True, slots=True)
class Resources:
    """All kinds, and the operations that list the concrete ones and follow their changes."""

    kinds: tuple[Resource, ...]
    listing: Operation | None
    changes: Operation | None

    def find(self, uri: str) -> tuple[Resource, dict[str, str]] | None:
        """Return the kind that a URI belongs to and the values in it."""
        for kind in self.kinds:
            values = kind.values(uri)
            if values is not None:
                return kind, values
        return None


def load_resources(schema: GraphQLSchema, folder: Path = RESOURCES) -> Resources:
    """Return the resources of a folder.

    A file begins with `# uri: <template>` and `# changed by: <kinds of events>` (a trailing dot
    takes all kinds that begin so). `listing.graphql` and `changes.graphql` have no URI of their own.

    Raises:
        BadDocument: a document does not fit.
    """
    kinds = []
    found: dict[str, Operation] = {}
    for path in sorted(folder.glob("*.graphql")):
        source = path.read_text("utf-8")
        tool = compile_tool(schema, path.stem, source, {})
        operation = tool.operations[path.stem]
        if path.stem in (LISTING, CHANGES):
            found[path.stem] = operation
            continue
        head = _HEAD.match(source)
        if head is None:
            raise BadDocument(f"{path.stem}: must begin with `# uri:` and `# changed by:`")
        uri = head["uri"]
        pattern = re.compile(_BLANK.sub(r"(?P<\1>[^/?#]+)", re.escape(uri)))
        if set(pattern.groupindex) != set(operation.parameters):
            raise BadDocument(f"{path.stem}: the URI's variables are not the query's")
        changed_by = tuple(kind.strip() for kind in head["kinds"].split(","))
        kinds.append(Resource(path.stem, uri, tool.description, operation, changed_by, pattern))
    return Resources(tuple(kinds), found.get(LISTING), found.get(CHANGES))
