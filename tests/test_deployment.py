"""The Dockerfile and docker-compose.yml say what the code needs. No engine runs here: this is as far as reading them goes."""

import json
import re
from typing import Any

import pytest
import yaml

from config.machine import DEBIAN
from tests.environment import ROOT
from tests.test_settings import REQUIRED

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OF_THE_PRODUCT = ("web", "worker", "beat", "prepare")


@pytest.mark.parametrize("name", OF_THE_PRODUCT)
def test_every_part_is_given_every_setting_it_refuses_to_start_without(name: str) -> None:
    assert set(REQUIRED) <= set(COMPOSE["services"][name]["environment"])
    assert "PEP_DEMO" not in COMPOSE["services"][name]["environment"]


def test_the_owners_password_is_given_to_the_preparation_alone() -> None:
    for name, service in COMPOSE["services"].items():
        knows = "OWNER_PASSWORD" in str(service.get("environment", {}))
        assert knows == (name in ("prepare", "postgresql")), name
    assert "pep_owner" in COMPOSE["services"]["prepare"]["environment"]["MIGRATE_DATABASE_URL"]
    assert "pep_app" in COMPOSE["services"]["prepare"]["environment"]["DATABASE_URL"]


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_nothing_serves_before_the_database_is_prepared(name: str) -> None:
    assert COMPOSE["services"][name]["depends_on"]["prepare"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("name", ["web", "worker", "postgresql", "redis"])
def test_what_can_be_asked_whether_it_is_well_is_asked(name: str) -> None:
    assert COMPOSE["services"][name]["healthcheck"]["test"]


def test_only_the_web_server_can_be_reached_and_only_from_its_own_machine() -> None:
    ports = {name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service}
    assert ports == {"web": ["127.0.0.1:8000:8000"]}


def test_no_secret_stands_in_the_file_and_the_example_names_each_that_is_needed() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    needed = set(re.findall(r"\$\{(\w+):\?\}", text))
    example = dict(line.split("=", 1) for line in (ROOT / "deploy" / "example.env").read_text().splitlines() if not line.startswith("#"))
    assert needed == set(example)
    for secret in ("SECRET_KEY", "SUPERUSER_PASSWORD", "OWNER_PASSWORD", "APPLICATION_PASSWORD"):
        assert example[secret] == ""


def test_the_image_has_the_libraries_that_documents_need() -> None:
    for package in DEBIAN["demo"]:
        assert package in DOCKERFILE


def test_the_image_copies_what_there_is_and_no_tests() -> None:
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for name in kept:
        assert (ROOT / name).exists(), name
    for name in ("accounts", "schools", "children", "pep", "virtualschool", "config", "templates", "static", "requirements"):
        assert name in kept
    assert not {"tests", "benchmarks", ".git"} & set(kept)


def test_the_image_installs_pinned_packages_and_does_not_run_as_root() -> None:
    assert "--require-hashes" in DOCKERFILE
    assert re.search(r"^USER plans$", DOCKERFILE, re.MULTILINE)


def test_every_python_package_is_pinned_with_hashes_and_from_no_named_registry() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "://" not in text, path
        packages = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert packages, path
        assert all(re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+", line) for line in packages), path
        assert text.count("--hash=sha256:") >= len(packages), path


def test_every_npm_package_is_pinned_by_its_hash_and_from_no_named_registry() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    named = {name: package for name, package in packages.items() if name}
    assert named
    assert all("resolved" not in package and package["integrity"].startswith("sha512-") for package in named.values())
