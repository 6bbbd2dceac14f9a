"""How the memory of mcp-shared-memory is taken over: which of its collections becomes what, in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from api.legacy.agents import Agents
from api.legacy.code import backlog_item_of, function_of, spec_of
from api.legacy.documents import documents_of, interface_id, session_of, work_of
from api.legacy.report import Line, Report
from api.legacy.sources import PAGE, PROJECT, SHARED_PREFIX, ChromaSource, MongoSource
from api.legacy.team import (
    admins_of,
    agent_row,
    audit_row,
    checklist_row,
    guideline_row,
    key_row,
    message_row,
    presence_row,
    project_row,
)
from api.legacy.values import Mapped, Row, Unusable, id_of
from api.legacy.writing import Writer
from store.port import Store
from store.records import Agent, Function, Message

Advance = Callable[[str, int, int], None]
Map = Callable[[Row], Mapped]

_PLAIN: tuple[tuple[str, Map], ...] = (
    ("projects", project_row),
    ("checklists", checklist_row),
    ("guidelines", guideline_row),
    ("api_keys", key_row),
    ("audit_log", audit_row),
)
_UNWANTED = {
    "agent_autopilot": "autopilot is not part of Interlock",
    "autopilot_events": "autopilot is not part of Interlock",
    "compaction_events": "counts of compactions are not kept",
}
_OF_AGENTS = ("registered_agents", "agent_directory", "agent_status", "messages")


class Takeover:
    """One import; with `is_dry` it only tells what would become of everything."""

    def __init__(self, store: Store, advance: Advance, *, is_dry: bool) -> None:
        self.report = Report()
        self._writer = Writer(store, self.report, is_dry=is_dry)
        self._advance = advance
        self._agents = Agents()
        self._specs: list[tuple[Line, Row]] = []
        self._past: list[tuple[Line, Row]] = []

    async def team(self, source: MongoSource) -> None:
        """Take over what is in MongoDB."""
        names = source.names()
        await self._team_agents(source, names)
        for name, mapped in _PLAIN:
            if name in names:
                line = self.report.line(f"mongo {name}")
                for page in self._pages(source.rows(name), line, source.count(name)):
                    await self._writer.write(line, _mapped(line, page, mapped))
        if "agent_status" in names:
            line = self.report.line("mongo agent_status")
            for page in self._pages(source.rows("agent_status"), line, source.count("agent_status")):
                await self._writer.write(line, _mapped(line, page, self._presence))
        if "messages" in names:
            await self._messages(source)
        known = {*_UNWANTED, *_OF_AGENTS, *(name for name, _ in _PLAIN)}
        for name in names:
            if not name.startswith("system.") and (name in _UNWANTED or name not in known):
                reason = _UNWANTED.get(name, "is no collection of mcp-shared-memory")
                self.report.line(f"mongo {name}").skip(reason, "", source.count(name))

    async def _team_agents(self, source: MongoSource, names: list[str]) -> None:
        lines: dict[str, Line] = {}
        for name, mapped in (
            ("registered_agents", agent_row),
            ("agent_directory", agent_row),
            ("projects", admins_of),
        ):
            if name not in names:
                continue
            line = self.report.line(f"mongo {name}" if name != "projects" else "mongo projects (admins)")
            for page in self._pages(source.rows(name), line, source.count(name)):
                for item in _mapped(line, page, mapped):
                    told = [record for record in item.records if isinstance(record, Agent)]
                    self._agents.add(told)
                    for one in told:
                        lines.setdefault(one.id, line)
        for line in {id(line): line for line in lines.values()}.values():
            agents = [agent for agent in self._agents.all() if lines[agent.id] is line]
            await self._writer.write(line, [Mapped(agent.id, (agent,)) for agent in agents])

    def _presence(self, row: Row) -> Mapped:
        return presence_row(row, self._agents.home_of(row.agent("instance")))

    async def _messages(self, source: MongoSource) -> None:
        line = self.report.line("mongo messages")
        threads: dict[str, tuple[str, int]] = {}

        def mapped(row: Row) -> Mapped:
            item = message_row(row, self._agents.of, threads)
            if isinstance(item.main, Message):
                threads[row.id] = item.main.thread_id, item.main.chain_depth
            return item

        for page in self._pages(source.rows("messages", order="created_at"), line, source.count("messages")):
            await self._writer.write(line, _mapped(line, page, mapped))

    async def memory(self, source: ChromaSource) -> None:
        """Take over what is in Chroma."""
        for name in source.names():
            line = self.report.line(f"chroma {name}")
            if not name.startswith((PROJECT, SHARED_PREFIX)):
                line.skip("is no collection of mcp-shared-memory", "", source.count(name))
                continue
            functions: list[Row] = []
            for page in self._pages(source.rows(name), line, source.count(name)):
                await self._page(name, line, page, functions)
            await self._functions(line, functions)
        await self._take_specs()

    async def _page(self, name: str, line: Line, page: list[Row], functions: list[Row]) -> None:
        documents: list[Row] = []
        items: list[Row] = []
        works: list[Row] = []
        for row in page:
            kind = row.line("type").lower()
            if kind == "backlog":
                items.append(row)
            elif kind == "function_ref" and row.data.get("func_name"):
                functions.append(row)
            elif kind == "spec" and row.data.get("spec_name"):
                is_past = name == f"{SHARED_PREFIX}context" and "archived_at" in row.data
                (self._past if is_past else self._specs).append((line, row))
            elif row.id.startswith("work_") and not kind:
                works.append(row)
            else:
                documents.append(row)
        await self._writer.write(line, _mapped(line, items, backlog_item_of))
        await self._writer.write(line, _mapped(line, works, work_of))
        await self._documents(line, documents)

    async def _documents(self, line: Line, rows: list[Row]) -> None:
        usable: list[Row] = []
        wanted: list[tuple[str, str]] = []
        for row in rows:
            interface = row.line("interface_name")
            try:
                record_id = interface_id(row.project, interface) if interface else id_of(row.id, "document")
            except Unusable as reason:
                line.skip(str(reason), row.id)
                continue
            usable.append(row)
            wanted.append((record_id, row.project))
        items: list[Mapped] = []
        for row, record_id in zip(usable, await self._writer.document_ids(wanted), strict=True):
            try:
                items.append(_joined(list(documents_of(row, record_id))))
            except Unusable as reason:
                line.skip(str(reason), row.id)
        await self._writer.write(line, items)
        handoffs = [row for row in usable if row.line("type") == "handoff" and row.id.startswith("handoff_")]
        # Beside its document: what a session left is found when the next one starts.
        await self._writer.write(Line(""), _mapped(line, handoffs, session_of))

    async def _functions(self, line: Line, rows: list[Row]) -> None:
        """Take each function once: theirs has an entry for each line that it ever stood at."""
        rows.sort(key=lambda row: (str(row.data.get("enriched")).lower() != "true", -row.updated.timestamp()))
        first: dict[str, Mapped] = {}
        for item in _mapped(line, rows, function_of):
            if isinstance(item.main, Function) and first.setdefault(item.main.id, item) is not item:
                line.skip("is a function that stood at another line before", item.legacy_id)
        await self._writer.write(line, list(first.values()))

    async def _take_specs(self) -> None:
        """Take the specs with their pasts, which theirs keeps for all projects under the name alone."""
        owners = Counter(_spec_name(row) for _, row in self._specs)
        taken: set[str] = set()
        for line, row in self._specs:
            name, before = _spec_name(row), line.taken
            past = [old for _, old in self._past if owners[name] == 1 and _spec_name(old) == name]
            await self._writer.write(line, _mapped(line, [row], partial(spec_of, history=past)))
            taken |= {name} if line.taken > before else set()
        for line, row in self._past:
            if owners[_spec_name(row)] != 1:
                # Of several specs of that name, or of none: kept as an archived document.
                await self._documents(line, [row])
            elif _spec_name(row) in taken:
                line.taken += 1
            else:
                line.there += 1

    def _pages(self, rows: Iterator[Row], line: Line, total: int) -> Iterator[list[Row]]:
        done = 0
        while page := list(islice(rows, PAGE)):
            yield page
            done += len(page)
            self._advance(line.source, done, total)


def _mapped(line: Line, rows: list[Row], mapped: Map) -> list[Mapped]:
    found = []
    for row in rows:
        try:
            found.append(mapped(row))
        except Unusable as reason:
            line.skip(str(reason), row.id)
    return found


def _spec_name(row: Row) -> str:
    return str(row.data.get("spec_name"))


def _joined(items: list[Mapped]) -> Mapped:
    """Return the parts of one document as one, that is taken whole."""
    return Mapped(
        items[0].legacy_id,
        tuple(record for item in items for record in item.records),
        tuple(event for item in items for event in item.events),
    )
