"""What deploy/ says is true of the service: ports, paths, settings, commands, times."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from configparser import ConfigParser

import pytest
import yaml
from litestar.routes import HTTPRoute
from typer.main import get_command

from fvs_server.app import create_app
from fvs_server.cli.server import app as server_commands
from fvs_server.settings import HttpSettings, read_settings
from tests.conftest import REPOSITORY
from tests.server.deploy_constraints import FILE as CONSTRAINTS
from tests.server.deploy_constraints import installed

DEPLOY = REPOSITORY / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
UNIT_FILE = DEPLOY / "systemd" / "fvs-server.service"
NGINX = (DEPLOY / "nginx" / "fvs.conf").read_text()
PORT = 8080
DRAIN_S = HttpSettings().drain_s


def manifests() -> dict[str, dict]:
    """Of Kubernetes, by kind."""
    found = {}
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        document = yaml.safe_load(path.read_text())
        found[document["kind"]] = document
    return found


KUBERNETES = manifests()
POD = KUBERNETES["Deployment"]["spec"]["template"]["spec"]
(SERVER,) = POD["containers"]


def unit() -> dict[str, list[str]]:
    """Settings of `[Service]`, each with all its values."""
    parser = ConfigParser(strict=False, interpolation=None, dict_type=_Repeating)
    parser.optionxform = str
    parser.read(UNIT_FILE)
    return {name: value.split("\n") for name, value in parser["Service"].items()}


def names_in(constraints: str) -> list[str]:
    """Distributions that are pinned."""
    return re.findall(r"^([a-z0-9-]+)==", constraints, re.MULTILINE)


class _Repeating(dict):
    """Joins the values of a key that is there several times."""

    def __setitem__(self, key, value):
        """As systemd reads it."""
        if isinstance(value, list) and key in self:
            self[key].extend(value)
            return
        super().__setitem__(key, value)


UNIT = unit()


@pytest.fixture
def public_paths(services) -> set[str]:
    """Addresses that need no key."""
    return {
        route.path
        for route in create_app(services).routes
        if isinstance(route, HTTPRoute)
        if any(handler.opt.get("scope", ...) is None for handler in route.route_handlers)
    }


class TestPaths:
    def test_probes_are_public_routes(self, public_paths):
        """Whoever looks after the process has no key."""
        probes = {
            SERVER[name]["httpGet"]["path"]
            for name in ("startupProbe", "livenessProbe", "readinessProbe")
        }
        asked = set(re.findall(r"'(/[a-z/]+)'\)", DOCKERFILE))
        hidden = set(re.findall(r"location = (\S+)", NGINX))
        assert probes == {"/health/live", "/health/ready"}
        assert asked == {"/health/live"}
        assert hidden == {"/metrics"}
        assert probes | asked | hidden <= public_paths

    def test_a_full_database_does_not_restart_the_service(self):
        """Liveness asks nothing of others; readiness does."""
        assert SERVER["livenessProbe"]["httpGet"]["path"] == "/health/live"
        assert SERVER["readinessProbe"]["httpGet"]["path"] == "/health/ready"


class TestPorts:
    def test_are_one_port(self):
        """Where the image listens, everything else looks."""
        (exposed,) = re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE)
        (listening,) = re.findall(r"FVS_SERVER_HTTP_PORT=(\d+)", DOCKERFILE)
        (asked,) = re.findall(r"127\.0\.0\.1', (\d+)", DOCKERFILE)
        (proxied,) = re.findall(r"server server:(\d+)", NGINX)
        (port,) = SERVER["ports"]
        (allowed,) = KUBERNETES["NetworkPolicy"]["spec"]["ingress"][0]["ports"]
        (served,) = KUBERNETES["Service"]["spec"]["ports"]
        numbers = {int(each) for each in (exposed, listening, asked, proxied)}
        assert numbers | {port["containerPort"], allowed["port"]} == {PORT}
        assert served["targetPort"] == port["name"]
        assert {SERVER[f"{name}Probe"]["httpGet"]["port"] for name in ("liveness", "startup")} == {
            port["name"]
        }


def environments() -> dict[str, dict[str, str]]:
    """Of the service, wherever one is given."""
    block = re.search(r"^ENV (.*?)^USER", DOCKERFILE, re.MULTILINE | re.DOTALL).group(1)
    assignments = dict(re.findall(r"(\w+)=(\S+)", block))
    systemd = " ".join(UNIT["Environment"])
    return {
        "Dockerfile": assignments,
        "compose": COMPOSE["x-server"]["environment"],
        "Kubernetes": KUBERNETES["ConfigMap"]["data"],
        "systemd": dict(re.findall(r"(\w+)=(\S+)", systemd)),
    }


@pytest.mark.parametrize(("where", "variables"), environments().items())
def test_variables_are_settings(where, variables):
    """A misspelt one is an error of the service, so it is one here."""
    ours = {name: value for name, value in variables.items() if name.startswith("FVS_SERVER_")}
    assert ours, where
    # What whoever deploys has to give, compose takes from its own environment.
    if ours.get("FVS_SERVER_HTTP_PUBLIC_URL", "").startswith("${FVS_PUBLIC_URL:?"):
        ours["FVS_SERVER_HTTP_PUBLIC_URL"] = "https://fvs.example"
    settings = read_settings(None, ours)
    proxies = settings.http.trusted_proxies
    assert proxies or where in {"Dockerfile", "systemd"}


class TestLockedDown:
    def test_nobody_is_root(self):
        """Neither in the image nor in the cluster nor on a machine."""
        (user,) = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, re.MULTILINE)
        assert int(user) == POD["securityContext"]["runAsUser"] > 0
        assert POD["securityContext"]["runAsNonRoot"]
        assert UNIT["User"] == ["fvs"]

    @pytest.mark.parametrize("container", [*POD["initContainers"], SERVER], ids=lambda c: c["name"])
    def test_containers_of_the_cluster(self, container):
        """No capability, no more privileges, nothing to write to."""
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }

    @pytest.mark.parametrize("name", COMPOSE["services"])
    def test_containers_of_the_host(self, name):
        """Likewise; each can write to what it must alone."""
        service = COMPOSE["services"][name]
        assert service["read_only"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert name == "database" or service["cap_drop"] == ["ALL"]
        assert not service.get("privileged")

    def test_one_door(self):
        """The proxy's: the service and its database cannot be reached, nor reach out."""
        services, networks = COMPOSE["services"], COMPOSE["networks"]
        assert [name for name, each in services.items() if "ports" in each] == ["proxy"]
        outside = {name for name, each in networks.items() if not (each or {}).get("internal")}
        assert outside == {"edge"}
        assert [n for n, each in services.items() if outside & set(each["networks"])] == ["proxy"]

    def test_egress_of_the_cluster(self):
        """The database and the name service."""
        policy = KUBERNETES["NetworkPolicy"]["spec"]
        ports = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
        assert policy["policyTypes"] == ["Ingress", "Egress"]
        assert ports == {53, 5432}
        assert all(rule["to"] for rule in policy["egress"])

    def test_egress_of_a_machine(self):
        """Nothing that is not named."""
        assert UNIT["IPAddressDeny"] == ["any"]

    def test_secrets_are_in_no_file_here(self):
        """They come from outside, by reference."""
        references = [each["valueFrom"] for each in SERVER["env"]]
        assert all("secretKeyRef" in reference for reference in references)
        assert COMPOSE["x-server"]["environment"]["PGPASSWORD"].startswith("${")
        kustomization = KUBERNETES["Kustomization"]
        assert "secret.example.yaml" not in kustomization["resources"]
        keys = {item["key"] for item in POD["volumes"][0]["secret"]["items"]}
        assert keys | {"PGPASSWORD"} == set(KUBERNETES["Secret"]["stringData"])


class TestLife:
    def test_draining_is_not_cut_short(self):
        """Everyone who stops the service waits for what it has begun."""
        (sleep, seconds) = SERVER["lifecycle"]["preStop"]["exec"]["command"]
        assert sleep == "sleep"
        assert POD["terminationGracePeriodSeconds"] > DRAIN_S + int(seconds)
        assert int(COMPOSE["services"]["server"]["stop_grace_period"].rstrip("s")) > DRAIN_S
        assert int(UNIT["TimeoutStopSec"][0]) > DRAIN_S

    def test_commands_exist(self):
        """What is started is what the command line has."""
        known = set(get_command(server_commands).commands)
        asked = {COMPOSE["services"][name]["command"][0] for name in ("migrate", "init")}
        asked |= {SERVER["args"][0], POD["initContainers"][0]["args"][0]}
        asked |= set(re.findall(r'^CMD \["(\w+)"\]$', DOCKERFILE, re.MULTILINE))
        asked |= {line.split()[2] for line in (*UNIT["ExecStart"], *UNIT["ExecStartPre"])}
        assert asked == {"init", "migrate", "run"}
        assert asked <= known
        assert '["fvs", "server"]' in DOCKERFILE

    def test_the_autoscaler_keeps_what_disruptions_need(self):
        """One pod may go, others stay."""
        scaler = KUBERNETES["HorizontalPodAutoscaler"]["spec"]
        budget = KUBERNETES["PodDisruptionBudget"]["spec"]["maxUnavailable"]
        assert scaler["scaleTargetRef"]["name"] == KUBERNETES["Deployment"]["metadata"]["name"]
        assert scaler["minReplicas"] > budget

    def test_bodies_that_the_service_takes_pass_the_proxy(self):
        """And no larger ones; none is written to its disk."""
        (size,) = re.findall(r"client_max_body_size\s+(\d+)m;", NGINX)
        assert int(size) * 2**20 == HttpSettings().max_body_bytes
        assert re.search(r"proxy_request_buffering\s+off;", NGINX)


class TestImage:
    def test_copies_what_is_there(self):
        """And its build sees nothing else."""
        copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
        names = {name for line in copied for name in line.split()}
        ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
        assert {line[1:] for line in ignored if line.startswith("!")} == names
        assert all((REPOSITORY / name).exists() for name in names)

    def test_is_built_with_what_was_tested(self):
        """Every dependency is pinned, and no other; versions move on between releases."""
        assert names_in(CONSTRAINTS.read_text()) == names_in(installed())


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl")
def test_kustomize_builds():
    """All manifests, with one label and one image."""
    made = subprocess.run(
        ["kubectl", "kustomize", str(DEPLOY / "kubernetes")],  # noqa: S607 - of the PATH
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    ).stdout
    documents = list(yaml.safe_load_all(made))
    assert len(documents) == len(KUBERNETES["Kustomization"]["resources"])
    for document in documents:
        selector = document.get("spec", {}).get("selector") or {}
        labels = selector.get("matchLabels", selector)
        assert labels in ({}, {"app.kubernetes.io/name": "fvs-server"})


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd")
def test_the_unit_is_understood():
    """All that systemd misses is the program, which is not installed here."""
    looked = subprocess.run(
        ["systemd-analyze", "verify", str(UNIT_FILE)],  # noqa: S607 - of the PATH
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in looked.stderr.splitlines() if line.strip()]
    assert all("Command /opt/fvs/bin/fvs is not executable" in line for line in complaints)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd")
def test_the_unit_exposes_little():
    """By systemd's own count, 0 to 10; 9.6 is a unit without any measure."""
    looked = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", str(UNIT_FILE)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    assert looked.returncode == 0, looked.stdout[-300:]
