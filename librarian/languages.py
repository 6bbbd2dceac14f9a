"""Which languages are parsed, and what their grammars call a definition, a scope, and its name."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Node, Parser, Query

Name = Callable[["Node"], str]


def text(node: Node | None) -> str:
    """Return the source of a node; of none, nothing."""
    return "" if node is None or node.text is None else node.text.decode("utf-8", "replace")


def _named(node: Node) -> str:
    return text(node.child_by_field_name("name"))


def _in_c_sharp(node: Node) -> str:
    if node.type == "operator_declaration":
        return f"operator{text(node.child_by_field_name('operator'))}"
    return ("~" if node.type == "destructor_declaration" else "") + _named(node)


def _in_go(node: Node) -> str:
    receiver = node.child_by_field_name("receiver")
    if receiver is None:
        return _named(node)
    kinds = [text(one.child_by_field_name("type")) for one in receiver.named_children]
    kind = re.sub(r"\[.*", "", "".join(kinds).lstrip("*( "), flags=re.DOTALL)
    return f"{kind}.{_named(node)}"


def _in_rust(node: Node) -> str:
    if node.type != "impl_item":
        return _named(node)
    kind = node.child_by_field_name("type")
    if kind is not None and kind.type == "generic_type":
        kind = kind.child_by_field_name("type")
    return text(kind).rpartition("::")[2].lstrip("&")


def _in_c(node: Node) -> str:
    """Return the name in the middle of a declarator, without template arguments and with dots."""
    if node.type != "function_definition":
        return without_arguments(_named(node)).replace("::", ".")
    inner = node.child_by_field_name("declarator")
    while inner is not None and inner.type.endswith("_declarator"):
        inner = inner.child_by_field_name("declarator") or next(iter(inner.named_children), None)
    if inner is None:
        return ""
    if inner.type == "operator_cast":
        return f"operator {text(inner.child_by_field_name('type'))}"
    scope, sign, operator = split_operator(text(inner))
    plain = without_arguments(re.sub(r"\s+", "", scope)).replace("::", ".")
    if sign:
        return plain + sign + operator.strip()
    # Where a macro hides the type, a part of it is taken for the name.
    found = re.search(r"[\w$.~]+$", plain.partition("(")[0])
    return found[0].strip(".") if found else ""


def split_operator(name: str) -> tuple[str, str, str]:
    """Return what stands before the word `operator`, it, and the symbol or type after it, if it is one's name."""
    found = re.search(r"(?<![\w$])operator(?![\w$])", name)
    return (name[: found.start()], found[0], name[found.end() :]) if found else (name, "", "")


def without_arguments(name: str) -> str:
    """Return a name without `<...>`."""
    while (shorter := re.sub(r"<[^<>]*>", "", name)) != name:
        name = shorter
    return name


_FIELDS = ("name", "property", "key", "left")
_UNSAID = re.compile(r"^(?:module\.exports|exports|this)\.|\.prototype(?=\.)")


def _in_script(node: Node) -> str:
    if node.type == "export_statement":
        return "default"
    named = next((one for field in _FIELDS if (one := node.child_by_field_name(field))), None)
    if named is None:
        return ""
    said = text(named)
    if named.type in ("computed_property_name", "string"):
        said = said.strip("[]\"'`")
    said = _UNSAID.sub("", said)
    return said if re.fullmatch(r"#?[\w$.\-]+", said) and said not in ("module.exports", "exports") else ""


_SCRIPT = """
(function_declaration) @d (generator_function_declaration) @d (method_definition) @d
(variable_declarator value: [(arrow_function) (function_expression) (generator_function)]) @d
(variable_declarator value: (call_expression function: [(identifier) @_w (member_expression property:
  (property_identifier) @_w)] arguments: (arguments [(arrow_function) (function_expression)]))
  (#match? @_w "^(memo|forwardRef|observer|cache)$")) @d
(pair value: [(arrow_function) (function_expression) (generator_function)]) @d
(assignment_expression left: [(member_expression) (identifier)]
  right: [(arrow_function) (function_expression) (generator_function)]) @d
(export_statement value: [(arrow_function) (function_expression)]) @d
(class_declaration) @s (variable_declarator value: [(class) (object)]) @s (pair value: (object)) @s
(assignment_expression right: [(class) (object)]) @s (export_statement value: [(class) (object)]) @s
(arrow_function) @a (function_expression) @a (generator_function) @a
"""
_TYPED = """
(public_field_definition value: [(arrow_function) (function_expression)]) @d
(function_signature) @d (method_signature) @d (abstract_method_signature) @d
(abstract_class_declaration) @s (interface_declaration) @s (internal_module) @s
(variable_declarator value: (as_expression (object))) @s
(variable_declarator value: (satisfies_expression (object))) @s
"""


@dataclass(frozen=True, slots=True)
class Language:
    """A grammar and a query for what is defined: `@d` definitions, `@s` scopes, `@a` functions without a name."""

    name: str
    module: str
    query: str
    named: Name = _named
    function: str = "language"


LANGUAGES = {
    one.name: one
    for one in (
        Language(
            "python", "tree_sitter_python", "(function_definition) @d (class_definition) @s (lambda) @a"
        ),
        Language(
            "javascript",
            "tree_sitter_javascript",
            f"{_SCRIPT} (field_definition value: [(arrow_function) (function_expression)]) @d",
            _in_script,
        ),
        Language("typescript", "tree_sitter_typescript", _SCRIPT + _TYPED, _in_script, "language_typescript"),
        Language("tsx", "tree_sitter_typescript", _SCRIPT + _TYPED, _in_script, "language_tsx"),
        Language(
            "csharp",
            "tree_sitter_c_sharp",
            "(method_declaration) @d (constructor_declaration) @d (destructor_declaration) @d"
            "(operator_declaration) @d (local_function_statement) @d (class_declaration) @s"
            "(struct_declaration) @s (record_declaration) @s (interface_declaration) @s (lambda_expression) @a",
            _in_c_sharp,
        ),
        Language(
            "go",
            "tree_sitter_go",
            "(function_declaration) @d (method_declaration) @d (func_literal) @a"
            "(var_spec value: (expression_list (func_literal))) @d",
            _in_go,
        ),
        Language(
            "rust",
            "tree_sitter_rust",
            "(function_item) @d (function_signature_item) @d (impl_item) @s (trait_item) @s (mod_item) @s"
            "(closure_expression) @a",
            _in_rust,
        ),
        Language(
            "java",
            "tree_sitter_java",
            "(method_declaration) @d (constructor_declaration) @d (compact_constructor_declaration) @d"
            "(class_declaration) @s (interface_declaration) @s (enum_declaration) @s (record_declaration) @s"
            "(annotation_type_declaration) @s (enum_constant body: (class_body)) @s (lambda_expression) @a",
        ),
        Language("c", "tree_sitter_c", "(function_definition) @d", _in_c),
        Language(
            "cpp",
            "tree_sitter_cpp",
            "(function_definition) @d (namespace_definition) @s (class_specifier body: (_)) @s"
            "(struct_specifier body: (_)) @s (union_specifier body: (_)) @s (lambda_expression) @a",
            _in_c,
        ),
    )
}
SUFFIXES = {
    suffix: name
    for name, suffixes in {
        "python": ".py .pyi .pyw",
        "javascript": ".js .jsx .mjs .cjs",
        "typescript": ".ts .mts .cts",
        "tsx": ".tsx",
        "csharp": ".cs",
        "go": ".go",
        "rust": ".rs",
        "java": ".java",
        "c": ".c",
        "cpp": ".cc .cpp .cxx .c++ .hh .hpp .hxx .h++ .ipp .tpp .h",
    }.items()
    for suffix in suffixes.split()
}
_OF_CPP = re.compile(rb"^\s*(?:class\s+\w|namespace\b|template\s*<|public:|private:|using\s)", re.MULTILINE)


def language_of(path: str, source: bytes) -> Language | None:
    """Return the language of a file by its suffix; a header's by what is in it too."""
    suffix = PurePosixPath(path).suffix.lower()
    name = SUFFIXES.get(suffix)
    if suffix == ".h" and not _OF_CPP.search(source):
        name = "c"
    return LANGUAGES[name] if name else None


def parser(name: str) -> tuple[Parser, Query]:
    """Return a parser of a language, the caller's own, and the query for its definitions.

    Two threads that parse with one parser crash the interpreter.
    """
    from tree_sitter import Parser

    grammar, query = _grammar(name)
    return Parser(grammar), query


@cache
def _grammar(name: str) -> tuple[Grammar, Query]:
    from tree_sitter import Language as Grammar
    from tree_sitter import Query

    language = LANGUAGES[name]
    grammar = Grammar(getattr(importlib.import_module(language.module), language.function)())
    return grammar, Query(grammar, language.query)
