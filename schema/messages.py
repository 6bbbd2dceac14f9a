"""Messages in GraphQL."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry

from resolvers.acts import Act
from resolvers.callers import Role
from resolvers.listing import Listing
from resolvers.messages import deliveries, messages
from resolvers.messages import views as message_views
from resolvers.messages.deliveries import Inbox as InboxRecord
from resolvers.messages.deliveries import MessageStatus, StatusChange
from resolvers.messages.messages import MessageCategory, MessagePriority
from resolvers.messages.views import MessageView
from schema.arguments import (
    ProjectArgument,
    SessionArgument,
    needed_session_field,
    project_field,
    session_field,
)
from schema.connections import After, Connection, First
from schema.enums import shown
from schema.fields import mutation, query

shown(
    MessagePriority,
    "How soon a message must be read.",
    urgent="Comes first in the inbox.",
    normal="As it comes.",
    low="Comes last.",
)
shown(
    MessageCategory,
    "What a message is about.",
    contract="An agreement between agents, such as an interface.",
    task="Something to do.",
    question="Something to answer.",
    info="Something to know.",
    review="Something to look over.",
    blocker="Something that stops the sender.",
)
shown(
    MessageStatus,
    "How far a message has come with one recipient; forwards only.",
    pending="Not read yet.",
    delivered="Shown to the recipient.",
    received="Acknowledged by the recipient.",
    completed="Done with.",
    failed="Could not be done.",
)


def _of(name: str, description: str) -> Any:
    """Return a field read from the message that a view shows."""
    return strawberry.field(description=description, resolver=lambda root: getattr(root.message, name))


@strawberry.type(description="A message's way to one recipient.")
class Delivery:
    recipient: str = strawberry.field(description="The agent.")
    status: MessageStatus = strawberry.field(
        description="How far it has come.", resolver=lambda root: MessageStatus(root.status)
    )
    delivered_at: datetime | None = strawberry.field(description="When it was first shown.")
    received_at: datetime | None = strawberry.field(description="When it was acknowledged.")
    finished_at: datetime | None = strawberry.field(description="When it was completed or failed.")


def _status(root: Any) -> Any:
    return MessageStatus(root.status) if root.status else None


@strawberry.type(description="A message between agents.")
class Message:
    id: strawberry.ID = _of("id", "Its id, `msg_...`.")
    project: str = _of("project", "The recipients' project.")
    from_project: str = _of("from_project", "The sender's project.")
    sender: str = _of("sender", "The agent that sent it, or `user-<key>` outside a session.")
    to: list[str] = strawberry.field(
        description="The recipients; of a broadcast only `*`.",
        resolver=lambda root: ["*"] if root.message.is_broadcast else root.message.to,
    )
    is_broadcast: bool = _of("is_broadcast", "Whether it went to all who were active.")
    recipient_count: int = strawberry.field(
        description="How many agents it went to.", resolver=lambda root: len(root.message.to)
    )
    text: str | None = strawberry.field(
        description="The text, cut in lists; null for keys that neither sent nor got it."
    )
    note: str = strawberry.field(description="What the reader should know of this answer, or empty.")
    priority: MessagePriority = strawberry.field(
        description="How soon it must be read.",
        resolver=lambda root: MessagePriority(root.message.priority),
    )
    category: MessageCategory = strawberry.field(
        description="What it is about.",
        resolver=lambda root: MessageCategory(root.message.category),
    )
    status: MessageStatus | None = strawberry.field(
        description="In an inbox, its status there.", resolver=_status
    )
    thread_id: strawberry.ID = _of("thread_id", "The id of the thread's first message.")
    reply_to: str = _of("reply_to", "The id of the message that it answers, or empty.")
    in_response_to: str = _of("in_response_to", "What else it answers, as the sender put it, or empty.")
    chain_depth: int = _of("chain_depth", "How many replies stand before it, at most 5.")
    require_human: bool = _of("require_human", "Whether a person must agree before it is acted on.")
    user_originated: bool = _of("user_originated", "Whether it came from outside any agent's session.")
    created_at: datetime = _of("created_at", "When it was sent.")
    deliveries: list[Delivery] = strawberry.field(
        description="Its ways to its recipients: all for its sender and for admins, else one's own."
    )


@strawberry.type(description="Messages received.")
class Inbox:
    messages: list[Message] = strawberry.field(description="Urgent first, then oldest.")
    count: int = strawberry.field(description="How many these are.", resolver=lambda root: len(root.messages))
    has_more: bool = strawberry.field(description="Whether others wait behind them.")


@strawberry.type(description="What became of a change of status.")
class MessageStatusChange:
    message_id: strawberry.ID = strawberry.field(
        description="The message.", resolver=lambda root: root.delivery.message_id
    )
    is_changed: bool = strawberry.field(description="False where it had the status already.")
    status: MessageStatus = strawberry.field(
        description="The status now.", resolver=lambda root: MessageStatus(root.delivery.status)
    )
    delivery: Delivery = strawberry.field(description="The delivery now.")


@strawberry.input(description="A message to send.")
class SendMessageInput:
    to: list[str] = strawberry.field(
        description="Agents or persons (`user-<key name>`), each entry one name or several with commas; or `*`: all active but the sender."
    )
    message: str = strawberry.field(description="The text, up to 50 KB.")
    priority: MessagePriority = strawberry.field(
        default=MessagePriority.NORMAL, description="How soon it must be read."
    )
    category: MessageCategory = strawberry.field(
        default=MessageCategory.INFO, description="What it is about."
    )
    to_project: str | None = strawberry.field(
        default=None,
        description="The recipients' project; default: that of the message replied to, else the own.",
    )
    reply_to: strawberry.ID | None = strawberry.field(default=None, description="The message answered.")
    in_response_to: str | None = strawberry.field(
        default=None,
        description="What else it answers, such as a task's id. A person's message id counts as `replyTo`.",
    )
    require_human: bool = strawberry.field(
        default=False, description="Whether a person must agree before it is acted on."
    )
    session_id: strawberry.ID | None = session_field()
    project: str | None = project_field()


@strawberry.input(description="Which messages to receive.")
class ReceiveMessagesInput:
    session_id: strawberry.ID = needed_session_field()
    include_delivered: bool = strawberry.field(
        default=False, description="Also those shown before and not finished."
    )
    limit: int = strawberry.field(default=20, description="How many at most, 1 to 100.")
    message_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only this one, with its whole text."
    )
    for_instance: str | None = strawberry.field(
        default=None, description="Another agent's inbox (admins only); marks nothing."
    )
    wait_seconds: int = strawberry.field(
        default=0, description="How long to wait for a message when there is none, 0 to 55."
    )


@strawberry.input(description="A message to acknowledge.")
class AcknowledgeMessageInput:
    session_id: strawberry.ID = needed_session_field()
    message_id: strawberry.ID = strawberry.field(description="The message.")


@strawberry.input(description="A message whose status moves.")
class UpdateMessageStatusInput:
    message_id: strawberry.ID = strawberry.field(description="The message.")
    status: MessageStatus = strawberry.field(description="The status to reach; forwards only.")
    recipient: str | None = strawberry.field(
        default=None, description="Whose delivery moves (admins only); default: the session's agent."
    )
    session_id: strawberry.ID | None = session_field()
    project: str | None = project_field()


@strawberry.type
class MessageQuery:
    @query(needs=Role.READONLY, description="One message with its whole text.", returns=Message)
    async def message(
        act: Act,
        id: Annotated[strawberry.ID, strawberry.argument(description="The message's id.")],
        session_id: SessionArgument = None,
    ) -> MessageView:
        return await message_views.message(act, message_id=id)

    @query(
        needs=Role.READONLY,
        description="A project's messages, newest first. Reading them here marks nothing.",
        returns=Connection[Message],
    )
    async def messages(
        act: Act,
        project: ProjectArgument = None,
        agent: Annotated[
            str | None, strawberry.argument(description="The inbox of this agent, urgent first, then oldest.")
        ] = None,
        status: Annotated[
            MessageStatus | None, strawberry.argument(description="With `agent`: only with this status.")
        ] = None,
        sender: Annotated[
            str | None, strawberry.argument(description="Only what this agent sent from the project.")
        ] = None,
        thread: Annotated[
            strawberry.ID | None, strawberry.argument(description="One thread, oldest first.")
        ] = None,
        session_id: SessionArgument = None,
        first: First = 50,
        after: After = None,
    ) -> Listing[Any]:
        return await message_views.messages(
            act,
            project=project,
            agent=agent,
            status=status,
            sender=sender,
            thread=thread,
            first=first,
            after=after,
        )


@strawberry.type
class MessageMutation:
    @mutation(
        needs=Role.AGENT,
        description="Send a message to agents. The same text to the same agent within 5 minutes is refused.",
        returns=Message,
    )
    async def send_message(act: Act, input: SendMessageInput) -> MessageView:
        return await messages.send_message(
            act,
            to=input.to,
            message=input.message,
            priority=input.priority,
            category=input.category,
            to_project=input.to_project,
            reply_to=input.reply_to,
            in_response_to=input.in_response_to,
            require_human=input.require_human,
            project=input.project,
        )

    @mutation(
        needs=Role.AGENT,
        description="Read the session's inbox; what is returned becomes delivered.",
        returns=Inbox,
    )
    async def receive_messages(act: Act, input: ReceiveMessagesInput) -> InboxRecord:
        return await deliveries.receive_messages(
            act,
            include_delivered=input.include_delivered,
            limit=input.limit,
            message_id=input.message_id,
            for_instance=input.for_instance,
            wait_seconds=input.wait_seconds,
        )

    @mutation(
        needs=Role.AGENT,
        description="Mark a message as received by the session's agent.",
        returns=MessageStatusChange,
    )
    async def acknowledge_message(act: Act, input: AcknowledgeMessageInput) -> StatusChange:
        return await deliveries.acknowledge_message(act, message_id=input.message_id)

    @mutation(
        needs=Role.AGENT,
        description="Move a message's status forwards, as its recipient or as an admin.",
        returns=MessageStatusChange,
    )
    async def update_message_status(act: Act, input: UpdateMessageStatusInput) -> StatusChange:
        return await deliveries.update_message_status(
            act,
            message_id=input.message_id,
            status=input.status,
            recipient=input.recipient,
            project=input.project,
        )
