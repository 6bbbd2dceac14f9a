"""The commands there are, and how their failures end: one line on stderr and a non-zero exit."""

from __future__ import annotations

import contextlib
import sys
from importlib.metadata import PackageNotFoundError, version
from io import TextIOWrapper
from typing import Annotated

import typer

from cli import doctor, export, import_, keys, librarian, query, reindex, scan, schema, serve, verify, watch
from cli.demo.command import demo
from cli.failure import Failure

app = typer.Typer(
    name="interlock",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(is_asked: bool) -> None:
    if not is_asked:
        return
    try:
        typer.echo(f"interlock {version('interlock')}")
    except PackageNotFoundError as error:
        raise Failure("it is not installed, and so has no version") from error
    raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """One server that lets many coding agents work on one code base without colliding."""


app.command()(serve.serve)
app.command()(demo)
app.add_typer(keys.app, name="keys")
app.command()(query.query)
app.command()(watch.watch)
app.command()(scan.scan)
app.command()(librarian.librarian)
app.command()(schema.schema)
app.command()(doctor.doctor)
app.command()(reindex.reindex)
app.command()(export.export)
app.command("import")(import_.import_)
app.command()(verify.verify)


def main() -> None:
    """Run the command line; the entry point of the `interlock` script."""
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal may know fewer characters than agents write.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = app(standalone_mode=False)
    except Failure as failure:
        print(f"interlock: {failure}", file=sys.stderr)
        sys.exit(1)
    except typer.TyperException as error:
        print(_line(error), file=sys.stderr)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except OSError as error:
        # Such as a full disk under the output; what a command itself opens, it answers for.
        print(f"interlock: {error}", file=sys.stderr)
        # The interpreter would try to write the rest, and fail again.
        with contextlib.suppress(OSError):
            sys.stdout.close()
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _line(error: typer.TyperException) -> str:
    text = error.format_message()
    # A group that is given no command fails with its whole help.
    if text.startswith("Usage:"):
        return text
    return f"interlock: {' '.join(text.replace('Value error, ', '').split())} (see --help)"
