"""Settings: what an office can set from outside, what each setting means, and the Flask configuration they make."""

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask_appbuilder.const import AUTH_DB
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent
NOBODY = "(nobody)"  # an empty built-in role: FAB gives its admin role every view, so ours is one that nobody holds
LOOPBACK = ("localhost", "127.0.0.1")  # not ::1: Werkzeug compares host names up to the first colon
SHORTEST_SECRET = 32  # characters; 16 random bytes in hexadecimal
UPLOAD_BYTES = 12 * 1024 * 1024  # one scanned attachment of 10 MB and the form around it
FORM_BYTES = 1024 * 1024  # fields without files: 200 rows of a bulk act fit many times over


class ConfigError(Exception):
    """A setting the office cannot start with, told in one line."""


@dataclass(frozen=True)
class Setting:
    """One environment variable. `parse` turns its text into a value or raises ValueError with what is wrong."""

    name: str
    default: str
    help: str
    parse: Callable[[str], Any]
    example: str = ""
    secret: bool = False

    def read(self, environ: Mapping[str, str]) -> Any:
        """The value in force; a variable set to nothing counts as not set."""
        text = environ.get(self.name, "").strip() or self.default
        try:
            return self.parse(text)
        except ValueError as problem:
            shown = "the value" if self.secret else ascii(text)
            example = f"{self.name}={self.example or self.default}"
            raise ConfigError(f"{self.name}: {shown} {problem}; for example {example}") from None


@dataclass(frozen=True)
class Settings:
    """Every setting, checked; what is secret never shows in a repr."""

    data_dir: Path
    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    data_keys: str = field(repr=False)
    host: str
    port: int
    timezone: str
    idle_minutes: int
    screen_lock_minutes: int
    session_hours: int
    lock_failures: int
    lock_minutes: int
    lookups_per_hour: int
    reveals_per_hour: int
    password_policy: str
    default_locale: str
    secure_cookies: bool
    trusted_proxies: int
    trusted_hosts: tuple[str, ...]
    unit_name: str
    log_level: str
    busy_seconds: int

    @property
    def data_keys_file(self) -> Path:
        """Where the encryption keys lie when DATA_KEYS does not give them."""
        return self.data_dir / "data.keys"

    @property
    def address(self) -> str:
        """Host and port as a browser or a socket takes them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def load(environ: Mapping[str, str]) -> Settings:
    """Read all settings and make the data folder and the session secret where they are missing; ConfigError if one is wrong."""
    values = {setting.name.lower(): setting.read(environ) for setting in SETTINGS}
    _make_folder(values["data_dir"])
    values["database_url"] = values["database_url"] or f"sqlite:///{values['data_dir'] / 'taizhang.db'}"
    values["secret_key"] = values["secret_key"] or _kept_secret(values["data_dir"] / "secret.key")
    return Settings(**values)


def flask_config(settings: Settings) -> dict[str, Any]:
    """The configuration of Flask and its extensions; the app adds the engine options of its database."""
    return {
        **_sessions(settings),
        **_languages(settings),
        **_appbuilder(),
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_TRACK_MODIFICATIONS": False,
        "TRUSTED_HOSTS": _answered_hosts(settings),
        "MAX_CONTENT_LENGTH": UPLOAD_BYTES,
        "MAX_FORM_MEMORY_SIZE": FORM_BYTES,
    }


def _sessions(settings: Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SESSION_COOKIE_NAME": "taizhang",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=settings.session_hours),
        "WTF_CSRF_TIME_LIMIT": None,  # a form may stay open as long as its session
        "RATELIMIT_ENABLED": False,  # sign-in is throttled by rows of ours, which all workers share
    }


def _languages(settings: Settings) -> dict[str, Any]:
    return {
        "BABEL_DEFAULT_LOCALE": settings.default_locale,
        "BABEL_DEFAULT_TIMEZONE": settings.timezone,
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "app" / "translations"),
        "LANGUAGES": {"zh": {"flag": "cn", "name": "中文"}, "en": {"flag": "gb", "name": "English"}},
    }


def _appbuilder() -> dict[str, Any]:
    return {
        "APP_NAME": "台账 Taizhang",
        "APP_THEME": "",  # the other themes load fonts from elsewhere
        "AUTH_TYPE": AUTH_DB,
        "AUTH_ROLE_ADMIN": NOBODY,
        "FAB_ROLES": {NOBODY: []},
        "FAB_CREATE_DB": False,  # tables come from migrations
        "FAB_UPDATE_PERMS": False,  # permissions come from `flask setup`
        "FAB_SECURITY_MANAGER_CLASS": "app.accounts.security.AppSecurityManager",
        "FAB_INDEX_VIEW": "app.workbench.views.HomeView",
        "FAB_BASE_TEMPLATE": "base.html",
        "FAB_ADD_SECURITY_API": False,
        "FAB_ADD_OPENAPI_VIEWS": False,
        "FAB_ADD_MENU_API": False,
        "FAB_API_SWAGGER_UI": False,
    }


def _answered_hosts(settings: Settings) -> list[str] | None:
    """The Host headers that get an answer: those named, else only our own on loopback, else any."""
    if settings.trusted_hosts:
        return [*settings.trusted_hosts]
    on_loopback = settings.host in LOOPBACK and not settings.trusted_proxies
    return [*LOOPBACK] if on_loopback else None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"DATA_DIR: {str(folder)!a} cannot be made ({error.strerror}); for example DATA_DIR=/srv/taizhang") from None


def _kept_secret(path: Path) -> str:
    """The secret of an earlier start, or a new one. Two first starts at once agree on one: linking fails where a file exists."""
    try:
        if not path.exists():
            draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
            _write_private(draft, secrets.token_hex(SHORTEST_SECRET))
            try:
                path.hardlink_to(draft)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return _secret(path.read_text(encoding="ascii").strip() or "empty")
    except OSError as error:
        raise ConfigError(f"SECRET_KEY: {str(path)!a} cannot be read or made ({error.strerror}); make DATA_DIR writable") from None
    except ValueError:
        raise ConfigError(f"SECRET_KEY: {str(path)!a} is damaged; delete it and everybody signs in again") from None


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text + "\n")


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"is not a whole number from {least} to {most}")
        return int(text)

    return parse


def _one_of(*words: str) -> Callable[[str], str]:
    """One of these words, in any case."""
    known = {word.lower(): word for word in words}

    def parse(text: str) -> str:
        if text.lower() not in known:
            raise ValueError(f"is none of {', '.join(words)}")
        return known[text.lower()]

    return parse


def _switch(text: str) -> bool:
    if text.lower() not in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        raise ValueError("is neither on nor off")
    return text.lower() in {"1", "true", "yes", "on"}


def _folder(text: str) -> Path:
    if "\0" in text:
        raise ValueError("is no path")
    path = ROOT / Path(text).expanduser()
    if path.exists() and not path.is_dir():
        raise ValueError("is a file, not a folder")
    return path


def _database(text: str) -> str:
    """SQLite by an absolute path, PostgreSQL through psycopg; nothing for the default file."""
    if not text:
        return ""
    if text.startswith("sqlite:"):
        return _sqlite(text)
    address = re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql+psycopg://", text)
    if not address.startswith("postgresql+psycopg://"):
        raise ValueError("is neither sqlite:/// nor postgresql://")
    try:
        named = make_url(address).database
    except (ArgumentError, ValueError):
        raise ValueError("is no database address") from None
    if not named:
        raise ValueError("names no database")
    return address


def _sqlite(text: str) -> str:
    path, _, options = text.removeprefix("sqlite:///").partition("?")
    if not text.startswith("sqlite:///") or not path or path == ":memory:" or path.startswith("file:"):
        raise ValueError("names no database file")
    file = ROOT / path
    if file.is_dir() or not file.parent.is_dir():
        raise ValueError("is not a file in a folder that exists")
    return f"sqlite:///{file}" + (f"?{options}" if options else "")


def _secret(text: str) -> str:
    if text and len(text) < SHORTEST_SECRET:
        raise ValueError(f"is shorter than {SHORTEST_SECRET} characters")
    return text


def _keys(text: str) -> str:
    """Only the shape, `1:base64,2:base64`; the keys themselves are the business of app.core.keys."""
    items = text.replace(",", " ").split()
    if not all(re.fullmatch(r"([0-9]+|index):[A-Za-z0-9+/]+=*", item) for item in items):
        raise ValueError("is not a list of number:base64")
    if len({item.partition(":")[0] for item in items}) < len(items):
        raise ValueError("gives one number twice")
    return ",".join(items)


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:_-]+", text):
        raise ValueError("is neither a host name nor an address")
    return text


def _hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(host.strip() for host in text.split(",") if host.strip())
    if not all(re.fullmatch(r"\.?[A-Za-z0-9._-]+", host) for host in hosts):
        raise ValueError("is not a list of host names without port")
    return hosts


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no known time zone") from None


def _line(text: str) -> str:
    if not text.isprintable() or len(text) > 60:
        raise ValueError("is not one line of at most 60 characters")
    return text


SETTINGS: tuple[Setting, ...] = (
    Setting("DATA_DIR", "instance", "Folder of the database, the keys and the uploads; a relative path starts beside run.py.", _folder),
    Setting(
        "DATABASE_URL",
        "",
        "Where the data lies: a SQLite file or a PostgreSQL database. Empty: the file taizhang.db in DATA_DIR.",
        _database,
        example="postgresql://taizhang:password@localhost/taizhang",
        secret=True,
    ),
    Setting(
        "SECRET_KEY",
        "",
        f"Signs the session cookie; at least {SHORTEST_SECRET} characters. Empty: kept in DATA_DIR/secret.key, made on the first start.",
        _secret,
        example="(what `openssl rand -hex 32` prints)",
        secret=True,
    ),
    Setting(
        "DATA_KEYS",
        "",
        "Keys that encrypt ID numbers, phones and accounts, as number:base64 of 32 bytes. Empty: kept in DATA_DIR/data.keys.",
        _keys,
        example="1:(what `openssl rand -base64 32` prints)",
        secret=True,
    ),
    Setting("HOST", "127.0.0.1", "Address the server listens on; 0.0.0.0 for every network card.", _host),
    Setting("PORT", "8080", "Port the server listens on.", _whole(1, 65535)),
    Setting("TIMEZONE", "Asia/Shanghai", "Time zone of the office: decides what day it is.", _zone),
    Setting("IDLE_MINUTES", "15", "Minutes without a click after which a session ends.", _whole(1, 1440)),
    Setting(
        "SCREEN_LOCK_MINUTES",
        "10",
        "Minutes without a key, a click or a touch after which a page is covered and its session ends.",
        _whole(1, 1440),
    ),
    Setting("SESSION_HOURS", "8", "Hours after which a session ends whatever happens.", _whole(1, 168)),
    Setting("LOCK_FAILURES", "5", "Failed sign-ins after which an account or an address is locked.", _whole(1, 100)),
    Setting("LOCK_MINUTES", "15", "Minutes the first lock lasts; each further one lasts twice as long.", _whole(1, 1440)),
    Setting("LOOKUPS_PER_HOUR", "10", "ID numbers one user may look up in an hour.", _whole(0, 10000)),
    Setting("REVEALS_PER_HOUR", "30", "Masked values one user may uncover in an hour.", _whole(0, 10000)),
    Setting(
        "PASSWORD_POLICY",
        "asvs",
        "asvs: length and strength (OWASP ASVS 5); djbh3: also kinds of characters and expiry (等保三级).",
        _one_of("asvs", "djbh3"),
    ),
    Setting("DEFAULT_LOCALE", "zh", "Language of the first page: zh or en.", _one_of("zh", "en")),
    Setting(
        "SECURE_COOKIES", "off", "Send cookies over https only; turn on wherever the office is reached by https.", _switch, example="on"
    ),
    Setting(
        "TRUSTED_PROXIES",
        "0",
        "Reverse proxies in front of the server whose X-Forwarded-* headers are believed.",
        _whole(0, 10),
        example="1",
    ),
    Setting(
        "TRUSTED_HOSTS",
        "",
        "Host names that get an answer, with commas between. Empty: this machine's own if HOST is local and there is no proxy, else any.",
        _hosts,
        example="ledger.example.org",
    ),
    Setting("UNIT_NAME", "", "Name of the office on the sign-in page.", _line, example="示例街道办事处"),
    Setting("LOG_LEVEL", "INFO", "What is logged: DEBUG, INFO, WARNING or ERROR.", _one_of("DEBUG", "INFO", "WARNING", "ERROR")),
    Setting("BUSY_SECONDS", "5", "Seconds a write waits for another one on SQLite before it asks the user to try again.", _whole(1, 60)),
)
