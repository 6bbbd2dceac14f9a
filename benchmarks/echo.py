"""The bare peer of the tools: one echo tool of the same SDK over the same transport."""

from __future__ import annotations

import json
import os
from typing import Any

import mcp_types as types
import uvicorn
from mcp.server.lowlevel import Server

TOOL = types.Tool(
    name="echo",
    description="Return what was sent.",
    input_schema={"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
)


async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
    """List the one tool."""
    return types.ListToolsResult(tools=[TOOL])


async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
    """Return the arguments as text and as structured content, as a tool of ours does."""
    sent = params.arguments or {}
    text = types.TextContent(type="text", text=json.dumps(sent, separators=(",", ":")))
    return types.CallToolResult(content=[text], structured_content=sent)


if __name__ == "__main__":
    served = Server("echo", on_list_tools=list_tools, on_call_tool=call_tool)
    uvicorn.run(
        served.streamable_http_app(json_response=True, stateless_http=True),
        port=int(os.environ["INTERLOCK_PORT"]),
        log_level="error",
    )
