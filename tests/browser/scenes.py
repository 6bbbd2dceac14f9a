"""What happens in each view: what an agent does, what a person does, and what must then be seen."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Locator, Page

from tests.api.conftest import Running
from tests.browser.watched import Agent

Come = Callable[..., Awaitable[Agent]]


@dataclass
class Team:
    """A server, the agents at work there, and the records that they made before a test begins."""

    server: Running
    come: Come
    ann: Agent
    bob: Agent
    ids: dict[str, str]

    @classmethod
    async def comes(
        cls, server: Running, come: Come, key: str | None = None, project: str = "webshop"
    ) -> Team:
        """Let two agents come and make one record of each kind; their texts name the project."""
        ann = await come(server, "ann", project=project, key=key)
        bob = await come(server, "bob", project=project, key=key)
        team = cls(server, come, ann, bob, {})
        await ann.lock(f"src/{project}.py", reason=f"lock of {project}")
        sent = await ann.call("memory_send_message", to_instance="bob", message=f"message of {project}")
        item = await ann.call("memory_add_backlog_item", title=f"item of {project}", description="do it")
        kept = await store(ann, f"document of {project}", f"text of the document of {project}")
        function = await register(ann, f"function_of_{project}")
        await define(ann, f"spec-of-{project}", f"spec text of {project}")
        await ann.call("memory_checklist", action="create", name=f"list of {project}", items=["one", "two"])
        rule = {"name": f"rule-of-{project}", "scope": project, "rule": f"rule text of {project}"}
        await ann.call("memory_guidelines", action="set", **rule)
        gone = await come(server, "gone", project=project, key=key)
        await gone.call("memory_end_session", summary=f"summary of {project}")
        team.ids = {
            "message": sent["message_id"],
            "item": item["id"],
            "document": kept,
            "function": function,
            "session": gone.session,
        }
        return team


async def store(agent: Agent, title: str, content: str) -> str:
    kept = await agent.call(
        "memory_store", title=title, content=content, memory_type="learning", force_store=True
    )
    return str(kept["id"])


async def register(agent: Agent, name: str) -> str:
    told = {"file": f"lib/{name}.py", "purpose": f"what {name} is for", "code": f"def {name}(): ..."}
    return str((await agent.call("memory_register_function", name=name, **told))["id"])


async def define(agent: Agent, name: str, content: str) -> None:
    await agent.call("memory_define_spec", name=name, content=content, force=True)


@dataclass(frozen=True)
class Scene:
    """A view, how an agent makes a word appear in it, and where the word then stands."""

    view: str
    path: str
    happens: Callable[[Team, str], Awaitable[object]]
    place: Callable[[Page], Locator]


def _region(name: str) -> Callable[[Page], Locator]:
    return lambda page: page.get_by_role("region", name=name)


async def _ends(team: Team, word: str) -> None:
    leaving = await team.come(team.server, f"agent-{word}")
    await leaving.call("memory_end_session", summary=word)


SCENES = (
    Scene(
        "Now",
        "/now",
        lambda team, word: team.bob.call("memory_heartbeat", status="busy", current_task=word),
        _region("Agents"),
    ),
    Scene(
        "Messages",
        "/messages",
        lambda team, word: team.ann.call("memory_send_message", to_instance="bob", message=word),
        _region("Threads"),
    ),
    Scene(
        "Backlog",
        "/backlog",
        lambda team, word: team.ann.call("memory_update_backlog_item", item_id=team.ids["item"], title=word),
        lambda page: page.locator("[data-status=OPEN]"),
    ),
    Scene(
        "Knowledge",
        "/knowledge",
        lambda team, word: store(team.ann, word, f"what {word} says"),
        _region("Documents: active"),
    ),
    Scene("Functions", "/functions", lambda team, word: register(team.ann, word), _region("Registry")),
    Scene(
        "Specs",
        "/specs/webshop/spec-of-webshop",
        lambda team, word: define(team.ann, "spec-of-webshop", f"now {word}"),
        lambda page: page.get_by_role("group", name="Text of the spec"),
    ),
    Scene(
        "Checklists",
        "/checklists/webshop/list%20of%20webshop",
        lambda team, word: team.ann.call(
            "memory_checklist", action="add", name="list of webshop", items=[word]
        ),
        lambda page: page.get_by_role("list", name="Entries of list of webshop"),
    ),
    Scene(
        "Guidelines",
        "/guidelines",
        lambda team, word: team.ann.call(
            "memory_guidelines", action="set", name="rule-of-webshop", scope="webshop", rule=word
        ),
        _region("webshop"),
    ),
    Scene("History", "/history", _ends, _region("Sessions that ended")),
    Scene(
        "Admin",
        "/admin/sessions",
        lambda team, word: team.come(team.server, f"agent-{word}", task=word),
        _region("Sessions under way"),
    ),
)


@dataclass(frozen=True)
class Deed:
    """What a person does: all but the last press, and what another browser then shows.

    `place` has `after` in it when it is done, and not before; or has `before` in it until it is done.
    """

    view: str
    path: str
    prepare: Callable[[Page, Team], Awaitable[Locator]]
    elsewhere: str
    place: Callable[[Page], Locator]
    after: str = ""
    before: str = ""


async def _confirmed(page: Page, action: str, reason: bool = True) -> Locator:
    dialog = page.get_by_role("alertdialog")
    if reason:
        await dialog.get_by_label("Reason").fill("in a test")
    return dialog.get_by_role("button", name=action)


async def _force_open(page: Page, _team: Team) -> Locator:
    await page.get_by_role("button", name=re.compile("^Force open")).click()
    return await _confirmed(page, "Force open")


async def _write(page: Page, _team: Team) -> Locator:
    await page.get_by_role("button", name="Write to agents").click()
    await page.get_by_role("checkbox", name=re.compile("ann")).focus()
    await page.keyboard.press("Space")
    await page.get_by_label("Message").fill("word of a person")
    return page.get_by_role("button", name="Send", exact=True)


async def _add_item(page: Page, _team: Team) -> Locator:
    await page.get_by_role("button", name="Add an item").click()
    await page.get_by_label("Title").fill("item of a person")
    return page.get_by_role("complementary").get_by_role("button", name="Add", exact=True)


async def _archive(page: Page, _team: Team) -> Locator:
    await page.get_by_role("button", name="Archive").click()
    return await _confirmed(page, "Change status")


async def _remove(page: Page, _team: Team) -> Locator:
    await page.get_by_role("button", name=re.compile("^Remove")).click()
    return await _confirmed(page, "Remove", reason=False)


async def _new_list(page: Page, _team: Team) -> Locator:
    await page.get_by_role("button", name="New checklist").click()
    form = page.get_by_role("form", name="New checklist")
    await form.get_by_label("Name").fill("list of a person")
    return form.get_by_role("button", name="Create")


async def _new_rule(page: Page, _team: Team) -> Locator:
    await page.get_by_role("button", name="New guideline in webshop").click()
    await page.get_by_label("Name").fill("manners")
    await page.get_by_role("textbox", name="Rule").fill("rule of a person")
    return page.get_by_role("button", name="Save")


async def _end_session(page: Page, _team: Team) -> Locator:
    rows = page.get_by_role("region", name="Sessions under way").get_by_role("row")
    await rows.filter(has_text="bob").get_by_role("button", name=re.compile("^End")).click()
    return await _confirmed(page, "End the session")


DEEDS = (
    Deed("Now", "/now", _force_open, "/now", _region("Locks"), before="src/webshop.py"),
    Deed("Messages", "/messages", _write, "/messages", _region("Threads"), after="word of a person"),
    Deed(
        "Backlog",
        "/backlog",
        _add_item,
        "/backlog",
        lambda page: page.locator("main"),
        after="item of a person",
    ),
    Deed(
        "Knowledge",
        "/knowledge/{document}",
        _archive,
        "/knowledge",
        _region("Documents"),
        before="document of",
    ),
    Deed(
        "Functions", "/functions/{function}", _remove, "/functions", _region("Registry"), before="function_of"
    ),
    Deed(
        "Checklists", "/checklists", _new_list, "/checklists", _region("Checklists"), after="list of a person"
    ),
    Deed("Guidelines", "/guidelines", _new_rule, "/guidelines", _region("webshop"), after="rule of a person"),
    Deed(
        "Admin",
        "/admin/sessions",
        _end_session,
        "/history",
        _region("Sessions that ended"),
        after="ended by user-local",
    ),
)
