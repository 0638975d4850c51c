"""What `deploy/install` writes, in a root of the test's own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis
from django.conf import settings
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tests.stack.running import PATIENCE_SECONDS
from wallstreetsim.environment.addresses import database_address, redis_address
from wallstreetsim.stack.binaries import redis_program
from wallstreetsim.stack.child import procfile

CODE = "/opt/wallstreetsim"
HOST = "exchange.example.org"
NEEDED = {"SECRET_KEY", "WSS_WEBHOOK_KEY", "DATABASE_URL", "REDIS_URL"}


def run_install(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = settings.BASE_DIR / "deploy/install"
    return subprocess.run(
        [program, "--root", root, "--host", HOST, *words], capture_output=True, text=True
    )


def with_release(root: Path) -> Path:
    """Put this code where the units look for it."""
    (root / "opt").mkdir(parents=True)
    (root / CODE[1:]).symlink_to(settings.BASE_DIR)
    return root


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    with TemporaryDirectory(prefix="wss-root-", dir="/tmp") as directory:
        root = with_release(Path(directory))
        done = run_install(root, "--code", CODE, "--web", "3", "--courier", "2")
        assert done.returncode == 0, done.stderr
        yield root


@pytest.fixture(scope="module")
def units(root: Path) -> dict[str, list[tuple[str, str]]]:
    """Every unit's settings, in order, what all of them share included; by name."""
    directory = root / "etc/systemd/system"
    shared = settings_of(directory / "wallstreetsim-.service.d/common.conf")
    return {
        file.name: settings_of(file) + (shared if file.suffix == ".service" else [])
        for file in directory.iterdir()
        if file.is_file()
    }


def settings_of(file: Path) -> list[tuple[str, str]]:
    lines = [line for line in file.read_text().splitlines() if line and line[0] not in "#["]
    return [(name, value) for name, _, value in (line.partition("=") for line in lines)]


def instances(root: Path) -> list[str]:
    """Return the units that the target starts, and the timer's."""
    wanted = settings_of(root / "etc/systemd/system/wallstreetsim.target")
    named = [unit for name, value in wanted if name == "Wants" for unit in value.split()]
    ours = [unit for unit in named if unit.startswith("wallstreetsim-")]
    return [*ours, "wallstreetsim-prepare.service", "wallstreetsim-backup.service"]


def template_of(unit: str) -> str:
    return re.sub(r"@[^.]+\.", "@.", unit)


def test_the_target_starts_as_many_processes_as_were_asked_for(root: Path) -> None:
    assert instances(root) == [
        "wallstreetsim-beat.service",
        "wallstreetsim-floor.service",
        "wallstreetsim-web@8081.service",
        "wallstreetsim-web@8082.service",
        "wallstreetsim-web@8083.service",
        "wallstreetsim-courier@1.service",
        "wallstreetsim-courier@2.service",
        "wallstreetsim-prepare.service",
        "wallstreetsim-backup.service",
    ]
    assert all(
        (root / "etc/systemd/system" / template_of(unit)).is_file() for unit in instances(root)
    )


@pytest.mark.parametrize("process", ["web", "beat", "floor", "courier"])
def test_a_unit_starts_the_line_of_the_procfile(
    process: str, units: dict[str, list[tuple[str, str]]]
) -> None:
    name = next(
        name for name in units if re.fullmatch(rf"wallstreetsim-{process}@?\.service", name)
    )
    (started,) = [value for key, value in units[name] if key == "ExecStart"]
    shell = re.fullmatch(r"/bin/sh -c 'exec (.*)'", started)
    assert shell
    assert shell[1].replace("$$", "$").replace("%%", "%") == procfile()[process]
    # What stands alone systemd would expand, before the shell does.
    assert not set("$%") & set(shell[1].replace("$$", "").replace("%%", ""))


def test_every_path_of_a_unit_is_in_the_release_made_here_or_the_systems(
    root: Path, units: dict[str, list[tuple[str, str]]]
) -> None:
    for unit, lines in units.items():
        for key, value in lines:
            for path in re.findall(r"(?<![\w.])/[\w./@%-]+", value):
                checked = Path(path.replace("%i", "1"))
                if key in {"StandardOutput", "PIDFile"}:  # the file is made at the start
                    checked = checked.parent
                inside = root / checked.relative_to("/")
                is_system = checked.is_relative_to("/bin") or checked.is_relative_to("/usr")
                found = checked if is_system else inside
                assert found.exists(), f"{unit}: {key}={value}"


def test_nothing_is_left_to_fill_in(root: Path) -> None:
    for file in (root / "etc").rglob("*"):
        if file.is_file():
            assert not re.search(r"@[A-Z_]+@|@PROCFILE", file.read_text()), file


def test_secrets_are_in_one_file_that_only_root_reads(root: Path) -> None:
    environment = root / "etc/wallstreetsim/environment"
    assert environment.stat().st_mode & 0o777 == 0o600
    given = dict(settings_of(environment))
    assert given.keys() >= NEEDED
    assert len(given["SECRET_KEY"]) >= 50
    assert given["SECRET_KEY"] != given["WSS_WEBHOOK_KEY"]
    for file in (root / "etc").rglob("*"):
        if file.is_file() and file != environment:
            text = file.read_text()
            assert given["SECRET_KEY"] not in text
            assert given["WSS_WEBHOOK_KEY"] not in text


def test_the_environment_is_what_the_settings_read(
    root: Path, units: dict[str, list[tuple[str, str]]]
) -> None:
    given = dict(settings_of(root / "etc/wallstreetsim/environment"))
    database = database_address(given["DATABASE_URL"])
    assert (database["HOST"], database["NAME"]) == ("/var/run/postgresql", "wallstreetsim")
    assert redis_address(given["REDIS_URL"]).database == 0
    assert given["WSS_TRUSTED_PROXIES"] == "1"  # nginx
    assert int(given["WSS_SEAL_AFTER_DAYS"]) > 0  # or the disk fills
    assert given["CSRF_TRUSTED_ORIGINS"] == f"https://{HOST}"
    # A line of the file would override the units'.
    assert not given.keys() & {"PORT", "WSS_BIND", "WSS_DATA_DIR", "PATH"}
    assert ("EnvironmentFile", "/etc/wallstreetsim/environment") in units[
        "wallstreetsim-beat.service"
    ]


def test_installing_again_keeps_the_keys_and_renews_the_rest() -> None:
    with TemporaryDirectory(prefix="wss-root-", dir="/tmp") as directory:
        root = with_release(Path(directory))
        assert run_install(root, "--code", CODE).returncode == 0
        environment = root / "etc/wallstreetsim/environment"
        environment.chmod(0o644)
        before = environment.read_text()
        assert run_install(root, "--code", CODE, "--web", "5").returncode == 0
        assert environment.read_text() == before
        assert environment.stat().st_mode & 0o777 == 0o600
        assert "wallstreetsim-web@8085.service" in instances(root)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--code", "/home/ann/wallstreetsim"], "the units do not see /home"),
        (["--code", "/opt/elsewhere"], "run deploy/build.sh /opt/elsewhere"),
        (["--code", "opt/wallstreetsim"], "must be an absolute path"),
        (["--code", CODE, "--web", "0"], "must be 1 to 64"),
        (["--code", CODE, "--host", "a b;"], "must be a name like exchange.example.org"),
    ],
)
def test_what_could_not_run_is_refused_and_nothing_written(
    words: list[str], complaint: str
) -> None:
    with TemporaryDirectory(prefix="wss-root-", dir="/tmp") as directory:
        root = with_release(Path(directory))
        done = run_install(root, *words)
        assert done.returncode != 0
        assert complaint in done.stderr
        assert "Traceback" not in done.stderr
        assert not (root / "etc").exists()


def test_nginx_has_every_web_process_before_it(root: Path) -> None:
    site = root / "etc/nginx/sites-enabled/wallstreetsim"
    text = site.read_text()  # through the link
    assert re.findall(r"server 127\.0\.0\.1:(\d+)", text) == ["8081", "8082", "8083"]
    assert text.count("{") == text.count("}")
    for needed in (
        "proxy_set_header   Upgrade           $http_upgrade;",
        "proxy_set_header   X-Forwarded-For   $proxy_add_x_forwarded_for;",
        "proxy_set_header   Host              $http_host;",
        f"server_name {HOST};",
    ):
        assert needed in text


@pytest.mark.parametrize("status", [200, 302, 429])
def test_fail2ban_finds_failed_sign_ins_in_the_log_that_nginx_writes(
    root: Path, status: int
) -> None:
    site = (root / "etc/nginx/sites-available/wallstreetsim").read_text()
    form = re.search(r"log_format wallstreetsim ((?:'[^']*'\s*)+);", site)
    assert form
    line = "".join(re.findall(r"'([^']*)'", form[1]))
    known = {
        "remote_addr": "203.0.113.9",
        "remote_user": "-",
        "time_local": "",  # fail2ban takes it out first
        "request_method": "POST",
        "wallstreetsim_uri": "/admin/login/",
        "server_protocol": "HTTP/2.0",
        "status": str(status),
    }
    line = re.sub(r"\$(\w+)", lambda found: known.get(found[1], "1"), line)
    lines = dict(settings_of(root / "etc/fail2ban/filter.d/wallstreetsim-admin.conf"))
    expression = lines["failregex "].strip().replace("<HOST>", r"(?P<host>\S+)")
    assert bool(re.search(expression, line)) is (status != 302)


def test_the_hook_of_certbot_can_be_run(root: Path) -> None:
    hook = root / "etc/letsencrypt/renewal-hooks/deploy/wallstreetsim"
    assert os.access(hook, os.X_OK)
    assert subprocess.run(["sh", "-n", hook]).returncode == 0


def test_redis_starts_with_its_persistence_on(root: Path) -> None:
    with TemporaryDirectory(prefix="wss-redis-", dir="/tmp") as directory:
        server = subprocess.Popen(
            [
                *(redis_program("redis-server"), root / "etc/redis/wallstreetsim.conf"),
                *("--port", "0", "--unixsocket", f"{directory}/redis.sock", "--dir", directory),
            ],
            stdout=subprocess.DEVNULL,
        )
        try:
            patient = Retry(ConstantBackoff(0.1), 100)
            unavailable: list[type[Exception]] = [redis.ConnectionError]
            with redis.Redis(
                unix_socket_path=f"{directory}/redis.sock",
                retry=patient,
                retry_on_error=unavailable,
            ) as client:
                client.set("key", "value")
                state = client.info("persistence")
            assert isinstance(state, dict)
            assert state["aof_enabled"] == 1
        finally:
            server.terminate()
            server.wait(timeout=PATIENCE_SECONDS)
        assert any(Path(directory).rglob("*.aof"))


needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def analyze(root: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    own = root / "etc/systemd/system"
    paths = f"{own}:/usr/lib/systemd/system:/lib/systemd/system"
    return subprocess.run(
        ["systemd-analyze", *words],
        cwd=own,
        env={**os.environ, "SYSTEMD_UNIT_PATH": paths},
        capture_output=True,
        text=True,
    )


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_units(root: Path) -> None:
    units = [*instances(root), "wallstreetsim.target", "wallstreetsim-backup.timer"]
    done = analyze(root, "verify", "--man=no", *units)
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
def test_no_service_is_more_exposed_than_4_of_10(root: Path) -> None:
    for unit in instances(root):
        own = root / "etc/systemd/system" / unit
        done = analyze(root, "security", "--offline=true", "--threshold=40", "--no-pager", own)
        assert done.returncode == 0, done.stdout
        assert f"Overall exposure level for {unit}" in done.stdout


@needs_systemd
def test_the_threshold_is_one_that_a_bare_unit_fails(tmp_path: Path) -> None:
    (tmp_path / "bare.service").write_text("[Service]\nExecStart=/bin/true\n")
    done = subprocess.run(
        [
            *("systemd-analyze", "security", "--offline=true", "--threshold=40", "--no-pager"),
            tmp_path / "bare.service",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
