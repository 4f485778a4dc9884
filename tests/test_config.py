"""Settings: the defaults, what each bad value is told, and what ends up in Flask."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from config import SETTINGS, ConfigError, Settings, flask_config, load


def loaded(folder: Path, **environ: str) -> Settings:
    return load({"DATA_DIR": str(folder), **environ})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_setting_has_help_and_an_attribute() -> None:
    assert [s.name.lower() for s in SETTINGS] == [f.name for f in fields(Settings)]
    assert all(s.help.endswith(".") or ";" in s.help for s in SETTINGS)


def test_defaults_are_for_one_machine(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    assert (settings.host, settings.port, settings.secure_cookies, settings.trusted_proxies) == ("127.0.0.1", 8080, False, 0)
    assert settings.database_url == f"sqlite:///{tmp_path / 'taizhang.db'}"
    assert (settings.data_keys, settings.data_keys_file) == ("", tmp_path / "data.keys")


def test_a_variable_set_to_nothing_counts_as_not_set(tmp_path: Path) -> None:
    assert loaded(tmp_path, PORT=" ", TIMEZONE="").port == 8080


def test_the_data_folder_and_the_secret_are_for_this_account_alone(tmp_path: Path) -> None:
    loaded(tmp_path / "data")
    assert mode(tmp_path / "data") == 0o700
    assert mode(tmp_path / "data" / "secret.key") == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret.key"]


def test_the_secret_outlives_a_restart(tmp_path: Path) -> None:
    assert loaded(tmp_path).secret_key == loaded(tmp_path).secret_key


def test_a_given_secret_leaves_no_file(tmp_path: Path) -> None:
    assert loaded(tmp_path, SECRET_KEY="s" * 32).secret_key == "s" * 32
    assert not (tmp_path / "secret.key").exists()


def test_first_starts_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len({s.secret_key for s in pool.map(lambda _: loaded(tmp_path), range(32))}) == 1


@pytest.mark.parametrize("text", ["", "short\n", "\u00fc" * 40])
def test_a_damaged_secret_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "secret.key").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^SECRET_KEY: .* is damaged"):
        loaded(tmp_path)


def test_no_secret_shows_in_a_repr(tmp_path: Path) -> None:
    settings = loaded(tmp_path, DATABASE_URL="postgresql://u:hidden@h/d", DATA_KEYS="1:hidden")
    assert "hidden" not in repr(settings)
    assert settings.secret_key not in repr(settings)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("PORT", "80a", "PORT: '80a' is not a whole number from 1 to 65535; for example PORT=8080"),
        ("PORT", "0", "PORT: '0' is not a whole number from 1 to 65535; for example PORT=8080"),
        ("PORT", "٨٠٨٠", "PORT: '\\u0668\\u0660\\u0668\\u0660' is not a whole number from 1 to 65535; for example PORT=8080"),
        ("PORT", "8080\nx", "PORT: '8080\\nx' is not a whole number from 1 to 65535; for example PORT=8080"),
        ("IDLE_MINUTES", "-1", "IDLE_MINUTES: '-1' is not a whole number from 1 to 1440; for example IDLE_MINUTES=15"),
        (
            "SCREEN_LOCK_MINUTES",
            "0",
            "SCREEN_LOCK_MINUTES: '0' is not a whole number from 1 to 1440; for example SCREEN_LOCK_MINUTES=10",
        ),
        ("HOST", "a b", "HOST: 'a b' is neither a host name nor an address; for example HOST=127.0.0.1"),
        ("TIMEZONE", "Mars/Base", "TIMEZONE: 'Mars/Base' is no known time zone; for example TIMEZONE=Asia/Shanghai"),
        ("TIMEZONE", "/etc/passwd", "TIMEZONE: '/etc/passwd' is no known time zone; for example TIMEZONE=Asia/Shanghai"),
        ("PASSWORD_POLICY", "none", "PASSWORD_POLICY: 'none' is none of asvs, djbh3; for example PASSWORD_POLICY=asvs"),
        ("SECURE_COOKIES", "maybe", "SECURE_COOKIES: 'maybe' is neither on nor off; for example SECURE_COOKIES=on"),
        (
            "TRUSTED_HOSTS",
            "a.example:80",
            "TRUSTED_HOSTS: 'a.example:80' is not a list of host names without port; for example TRUSTED_HOSTS=ledger.example.org",
        ),
    ],
)
def test_a_bad_value_is_told_in_one_line_with_an_example(tmp_path: Path, name: str, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        loaded(tmp_path, **{name: text})
    assert str(error.value) == told


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("DATABASE_URL", "mysql://root:hidden@h/d", "is neither sqlite:/// nor postgresql://"),
        ("DATABASE_URL", "postgresql+asyncpg://u:hidden@h/d", "is neither sqlite:/// nor postgresql://"),
        ("DATABASE_URL", "postgresql://u:hidden@h", "names no database"),
        ("DATABASE_URL", "postgresql://u:hidden@h:port/d", "is no database address"),
        ("DATABASE_URL", "sqlite://", "names no database file"),
        ("DATABASE_URL", "sqlite:///:memory:", "names no database file"),
        ("DATABASE_URL", "sqlite:////nowhere/hidden.db", "is not a file in a folder that exists"),
        ("SECRET_KEY", "hidden", "is shorter than 32 characters"),
        ("DATA_KEYS", "hidden", "is not a list of number:base64"),
        ("DATA_KEYS", "1:hidden,1:hidden", "gives one number twice"),
    ],
)
def test_a_bad_secret_value_is_not_repeated(tmp_path: Path, name: str, text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name}: the value {problem}; for example {name}=") as error:
        loaded(tmp_path, **{name: text})
    assert "hidden" not in str(error.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_goes_through_psycopg(tmp_path: Path, scheme: str) -> None:
    assert loaded(tmp_path, DATABASE_URL=f"{scheme}://u:p@h/d").database_url == "postgresql+psycopg://u:p@h/d"


def test_postgresql_by_a_socket_is_accepted(tmp_path: Path) -> None:
    assert loaded(tmp_path, DATABASE_URL="postgresql:///d?host=/run/pg").database_url == "postgresql+psycopg:///d?host=/run/pg"


def test_a_sqlite_file_is_found_wherever_the_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert loaded(tmp_path, DATABASE_URL="sqlite:///tests/a.db").database_url == f"sqlite:///{Path(__file__).parent / 'a.db'}"


def test_a_file_in_place_of_the_data_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"^DATA_DIR: .* is a file, not a folder"):
        loaded(tmp_path / "file")


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"^DATA_DIR: .* cannot be made"):
        loaded(tmp_path / "file" / "data")


def test_keys_are_handed_on_in_one_form(tmp_path: Path) -> None:
    assert loaded(tmp_path, DATA_KEYS="1:YWE=, 2:YmI=").data_keys == "1:YWE=,2:YmI="


def test_an_ipv6_address_is_bracketed(tmp_path: Path) -> None:
    assert loaded(tmp_path, HOST="::1").address == "[::1]:8080"


@pytest.mark.parametrize(
    ("environ", "host", "status"),
    [
        ({}, "localhost:8080", 404),
        ({}, "127.0.0.1:8080", 404),
        ({}, "evil.example", 400),
        ({"HOST": "0.0.0.0"}, "any.example", 404),  # noqa: S104
        ({"TRUSTED_PROXIES": "1"}, "any.example", 404),
        ({"TRUSTED_HOSTS": "ledger.example.org"}, "ledger.example.org", 404),
        ({"TRUSTED_HOSTS": "ledger.example.org"}, "localhost", 400),
    ],
)
def test_only_known_hosts_get_an_answer(tmp_path: Path, environ: dict[str, str], host: str, status: int) -> None:
    app = Flask(__name__)
    app.config.from_mapping(flask_config(loaded(tmp_path, **environ)))
    assert app.test_client().get("/nowhere", headers={"Host": host}).status_code == status


@pytest.fixture
def configured(tmp_path: Path) -> dict[str, Any]:
    return flask_config(loaded(tmp_path))


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(configured: dict[str, Any]) -> None:
    assert (configured["SESSION_COOKIE_HTTPONLY"], configured["SESSION_COOKIE_SAMESITE"]) == (True, "Lax")


def test_secure_cookies_can_be_turned_on(tmp_path: Path) -> None:
    assert flask_config(loaded(tmp_path, SECURE_COOKIES="on"))["SESSION_COOKIE_SECURE"] is True


def test_the_framework_neither_makes_tables_nor_has_an_admin_who_sees_all(configured: dict[str, Any]) -> None:
    assert (configured["FAB_CREATE_DB"], configured["FAB_UPDATE_PERMS"]) == (False, False)
    assert configured["FAB_ROLES"] == {configured["AUTH_ROLE_ADMIN"]: []}


def test_chinese_comes_first(configured: dict[str, Any]) -> None:
    assert (configured["BABEL_DEFAULT_LOCALE"], list(configured["LANGUAGES"])) == ("zh", ["zh", "en"])
    assert os.path.isabs(configured["BABEL_TRANSLATION_DIRECTORIES"])  # noqa: PTH117
