"""The description of the API holds: it names everything, gives an example of everything, and no request breaks it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import schemathesis
from hypothesis import given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

VERBS = {"get", "put", "post", "delete", "patch"}
CHECKED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
"""What every answer to a request made up from the description must keep."""


@pytest.fixture(scope="module")
def description(client: TestClient) -> dict[str, Any]:
    described: dict[str, Any] = client.get("/api/v1/openapi.json").json()
    return described


@pytest.fixture(scope="module")
def schema(address: str) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json")


def operations(description: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (path, operation)
        for path, item in description["paths"].items()
        for verb, operation in item.items()
        if verb in VERBS
    ]


def test_every_route_has_a_tag_words_and_an_example_of_its_answer(description: dict[str, Any]) -> None:
    found = operations(description)
    assert len(found) == 9
    tags = {tag["name"] for tag in description["tags"]}
    for path, operation in found:
        assert set(operation["tags"]) <= tags, path
        assert operation["description"], path
        contents = operation["responses"]["200"]["content"]
        assert all("example" in content for content in contents.values()), path


def test_every_parameter_says_what_it_takes(description: dict[str, Any]) -> None:
    for path, operation in operations(description):
        for parameter in operation.get("parameters", []):
            told = (
                parameter.get("description") or parameter["schema"].get("examples") or parameter["schema"].get("$ref")
            )
            assert told or "limit" in parameter["name"], (path, parameter["name"])


def test_examples_are_of_the_shape_that_is_promised(description: dict[str, Any]) -> None:
    shapes = {"$defs": description["components"]["schemas"]}
    checked = 0
    for _, operation in operations(description):
        for response in operation["responses"].values():
            for content in response.get("content", {}).values():
                if "example" not in content or "schema" not in content or "$ref" not in content["schema"]:
                    continue
                name = content["schema"]["$ref"].rpartition("/")[2]
                shape = _local({**shapes["$defs"][name], **shapes})
                jsonschema.validate(content["example"], shape)
                checked += 1
    assert checked > 20


def test_refusals_are_described_as_problems(description: dict[str, Any]) -> None:
    for path, operation in operations(description):
        for status, response in operation["responses"].items():
            if status in {"400", "404", "422"}:
                assert list(response["content"]) == ["application/problem+json"], (path, status)


def test_no_request_breaks_a_promise_of_the_description(schema: schemathesis.BaseSchema) -> None:
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr] # an operation that cannot be read raises here
        _ask(operation, schemathesis.GenerationMode.POSITIVE)
        if list(operation.iter_parameters()):
            _ask(operation, schemathesis.GenerationMode.NEGATIVE)
        asked += 1
    assert asked == 9


def _ask(operation: Any, mode: schemathesis.GenerationMode) -> None:
    """Requests made up from the description, the same ones in every run."""

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=25, deadline=None, derandomize=True, database=None)
    def ask(case: Any) -> None:
        case.call_and_validate(checks=CHECKED)

    ask()


def _local(schema: Any) -> Any:
    """References to the shapes of the description, as references inside one schema."""
    if isinstance(schema, dict):
        return {
            key: value.replace("#/components/schemas/", "#/$defs/") if key == "$ref" else _local(value)
            for key, value in schema.items()
        }
    return [_local(item) for item in schema] if isinstance(schema, list) else schema


def test_the_page_of_documentation_names_every_route(description: dict[str, Any]) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    assert [path for path, _ in operations(description) if f"| `{path}` |" not in page] == []
