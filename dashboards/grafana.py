"""One Grafana spoken to through grafana-api, by uid alone; its refusals as sentences that say what to do.

| Grafana says | raised | what to do next |
|---|---|---|
| 401 | Refused | another token or password |
| 403 | Refused | more rights for the service account |
| 404 where something must be, or no Grafana there | Refused | another address, or push again |
| 409, 412 | Refused | somebody changed it meanwhile: push again |
| 400, other 4xx | Refused | the reason stands in Grafana's answer |
| 5xx, no answer, time-out, no JSON | Unsure | it may have been done or not: look before going on |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from grafana_api.grafana_api import GrafanaClientError, GrafanaException
from grafana_api.grafana_face import GrafanaFace
from requests.exceptions import RequestException

from kiosk.errors import KioskError

SEARCH_LIMIT = 5_000
"""Grafana's own limit of one answer; we have some twenty boards."""


class GrafanaError(KioskError):
    """A push cannot go on; the message says what to do."""


class Refused(GrafanaError):
    """Grafana has said no: nothing was done by this request."""


class Unsure(GrafanaError):
    """No answer that can be believed: what was asked may have been done."""


@dataclass(frozen=True, slots=True)
class Found:
    """A board as a Grafana has it."""

    uid: str
    model: Mapping[str, Any]
    version: int
    folder_uid: str
    locked: str
    """Why it cannot be saved or removed through the API; "" if it can."""


class Grafana:
    """Folders and boards of one organisation."""

    def __init__(self, url: str, auth: str | tuple[str, str], *, timeout_s: float = 10.0) -> None:
        """`url` as people open it, with a path if it has one; `auth` is a token, or user and password."""
        parts = urlsplit(url.rstrip("/"))
        prefix = f"{parts.path.lstrip('/')}/" if parts.path.strip("/") else ""
        self.url = url
        self._face = GrafanaFace(
            auth=auth,
            host=parts.netloc,
            url_path_prefix=prefix,
            protocol=parts.scheme,
            timeout=timeout_s,
        )
        self._face.api.s.trust_env = False  # a machine's proxy or .netrc is not who the settings name

    def check(self) -> None:
        """Raise Refused or Unsure unless a Grafana answers here."""
        with self._explained("/api/health"):
            found = self._face.api.GET("/health")
        if not isinstance(found, dict) or "database" not in found:
            raise Refused(f"{self.url} answers, and is no Grafana: correct grafana_url")

    def folder(self, uid: str) -> tuple[str, int] | None:
        """Title and version of a folder; None if there is none."""
        with self._explained(f"folder {uid}"):
            try:
                found = self._face.folder.get_folder(quote(uid))
            except GrafanaClientError as error:
                if error.status_code == 404:
                    return None
                raise
        return str(found["title"]), int(found.get("version", 0))

    def create_folder(self, uid: str, title: str) -> None:
        """A new one."""
        with self._explained(f"folder {title}"):
            self._face.folder.create_folder(title, uid)

    def rename_folder(self, uid: str, title: str, version: int) -> None:
        """Give it another title, unless it changed since `version`."""
        with self._explained(f"folder {title}"):
            self._face.folder.update_folder(quote(uid), title, version=version)

    def delete_folder(self, uid: str) -> None:
        """Remove a folder, with whatever is in it."""
        with self._explained(f"folder {uid}"):
            self._face.folder.delete_folder(quote(uid))

    def board(self, uid: str) -> Found | None:
        """A board; None if there is none."""
        with self._explained(f"board {uid}"):
            try:
                found = self._face.dashboard.get_dashboard(quote(uid))
            except GrafanaClientError as error:
                if error.status_code == 404:
                    return None
                raise
            meta, model = found["meta"], found["dashboard"]
            version = int(model.get("version") or meta.get("version") or 0)
            return Found(uid, model, version, str(meta.get("folderUid") or ""), _locked(meta))

    def save_board(self, model: Mapping[str, Any], folder_uid: str, version: int | None) -> int:
        """Create it, or replace what it was at `version`; its new version."""
        named = {key: value for key, value in model.items() if key not in {"id", "version"}}
        dashboard = named if version is None else {**named, "version": version}
        body = {
            "dashboard": dashboard,
            "folderUid": folder_uid,
            "overwrite": False,
            "message": "kayasol dashboards push",
        }
        with self._explained(f"board {model.get('title')}"):
            return int(self._face.dashboard.update_dashboard(body)["version"])

    def delete_board(self, uid: str) -> None:
        """Remove it."""
        with self._explained(f"board {uid}"):
            self._face.dashboard.delete_dashboard(quote(uid))

    def tagged(self, tag: str) -> list[str]:
        """The uids of all boards with a tag."""
        with self._explained(f"the search for boards tagged {tag}"):
            found = self._face.search.search_dashboards(tag=quote(tag), type_="dash-db", limit=SEARCH_LIMIT)
            return [str(each["uid"]) for each in found]

    def boards_in(self, folder_uid: str) -> int:
        """How many boards a folder holds."""
        with self._explained(f"folder {folder_uid}"):
            return len(self._face.api.GET(f"/search?type=dash-db&folderUIDs={quote(folder_uid)}"))

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except GrafanaException as error:
            raise _explain(error, what, self.url) from error
        except RequestException as error:
            raise Unsure(
                f"{what}: {self.url} gives no answer of a Grafana ({type(error).__name__}): is it up?"
            ) from error
        except (KeyError, TypeError, ValueError) as error:
            raise Unsure(f"{what}: {self.url} answers something else than Grafana does ({error!r})") from error


def _locked(meta: Mapping[str, Any]) -> str:
    if meta.get("provisioned"):
        return "this Grafana has it from a provisioning file: remove the file provider, or do not push"
    if meta.get("canSave") is False:
        return "this token may not save it: give its service account the role Editor"
    return ""


def _explain(error: GrafanaException, what: str, url: str) -> GrafanaError:
    said = error.response.get("message", "") if isinstance(error.response, dict) else ""
    told = f"{what}: Grafana answers {error.status_code}{f' ({said})' if said else ''}"
    match error.status_code:
        case 401:
            return Refused(f"{told}: the token or password is not accepted; make a new one and put it into its file")
        case 403:
            return Refused(f"{told}: this account may not do that; give the service account the role Editor")
        case 404:
            return Refused(f"{told}: not there; check that {url} is Grafana's address, then push again")
        case 409 | 412:
            return Refused(f"{told}: somebody has changed it in Grafana meanwhile; look at it there, then push again")
        case status if status >= 500:
            return Unsure(f"{told}: Grafana itself has failed; look into its log, then push again")
    return Refused(f"{told}: it does not take this; its log says more")
