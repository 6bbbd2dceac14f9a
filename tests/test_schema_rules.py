"""What holds for every part of the schema: permissions declared, everything described, all reachable parts bounded."""

from __future__ import annotations

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
)
from strawberry.utils.str_converters import to_snake_case

from schema.fields import NEEDS
from schema.root import build_schema
from tests.operations import operations

SCHEMA = build_schema()._schema


def test_every_root_field_declares_the_role_it_needs() -> None:
    found = {(one.root.capitalize(), to_snake_case(one.name)) for one in operations(SCHEMA)}
    assert len(found) > 40, "the check found too few root fields to be right"
    assert found == set(NEEDS)


def test_every_type_field_argument_and_enum_value_is_described() -> None:
    bare = []
    kinds = [kind for name, kind in SCHEMA.type_map.items() if not name.startswith("__")]
    for kind in kinds:
        if not kind.description and not isinstance(kind, GraphQLScalarType):
            bare.append(kind.name)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                bare += [] if field.description else [f"{kind.name}.{name}"]
                bare += [
                    f"{kind.name}.{name}({key})" for key, one in field.args.items() if not one.description
                ]
        elif isinstance(kind, GraphQLInputObjectType):
            bare += [f"{kind.name}.{name}" for name, field in kind.fields.items() if not field.description]
        elif isinstance(kind, GraphQLEnumType):
            bare += [f"{kind.name}.{name}" for name, value in kind.values.items() if not value.description]
        else:
            assert isinstance(kind, GraphQLUnionType | GraphQLScalarType)
    assert len(kinds) > 60, "the check found too few types to be right"
    assert bare == []


def test_every_mutation_takes_an_idempotency_key() -> None:
    mutations = [one for one in operations(SCHEMA) if one.root == "mutation"]
    assert mutations
    assert [one.name for one in mutations if "idempotencyKey" not in one.field.args] == []
