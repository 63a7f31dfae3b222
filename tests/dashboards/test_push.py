"""Pushing boards to a server that behaves as Grafana's reference says: all, nothing, or exactly what is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dashboards.build import Board, Place, boards, folders
from dashboards.grafana import Grafana as Client
from dashboards.grafana import GrafanaError, Refused, Unsure
from dashboards.push import Pushed, PushFailed, covers, push
from tests.dashboards.grafana_server import PASSWORD, TOKEN, USER, Fault, Grafana, serving
from tests.server_process import free_port

OTHERS = {"uid": "their-board", "title": "Theirs", "tags": ["kayasol"]}
OLD = {"uid": "kayasol-fr-weather", "title": "Météo", "tags": ["kayasol", "fr"], "panels": []}
UNTAGGED = {"uid": "kayasol-notes", "title": "Notes", "tags": []}


@pytest.fixture
def state() -> Grafana:
    """A Grafana in which others have a board, and an earlier version of ours left one."""
    made = Grafana()
    made.folders["theirs"] = {"uid": "theirs", "title": "Theirs", "version": 3}
    made.save(OTHERS, "theirs")
    made.save(OLD, "theirs")
    made.save(UNTAGGED, "")
    return made


@pytest.fixture
def url(state: Grafana) -> Iterator[str]:
    with serving(state) as address:
        yield address


def do_push(
    url: str, wanted: list[Board] | None = None, auth: str | tuple[str, str] = TOKEN, timeout_s: float = 10.0
) -> Pushed:
    return push(Client(url, auth, timeout_s=timeout_s), folders(), boards() if wanted is None else wanted)


def changed(title: str = "Changed") -> list[Board]:
    """The same boards under another title."""
    place = Place(pages_url="https://kayasol.example.org")
    return [Board(b.uid, b.folder_uid, b.language, b.name, {**b.model, "title": title}) for b in boards(place)]


def test_a_push_makes_folders_and_boards_and_removes_what_is_wanted_no_more(state: Grafana, url: str) -> None:
    done = do_push(url)
    assert {uid: each["title"] for uid, each in state.folders.items()} == {
        "theirs": "Theirs",
        "kayasol-fr": "Kayasol (fr)",
        "kayasol-en": "Kayasol (en)",
    }
    assert set(state.boards) == {"their-board", "kayasol-notes", *(board.uid for board in boards())}
    assert {state.places[board.uid] for board in boards() if board.language == "fr"} == {"kayasol-fr"}
    assert len(done.written) == 2 + 16 + 1
    assert all(state.boards[board.uid][-1]["panels"] == board.model["panels"] for board in boards())


def test_pushing_twice_changes_nothing(state: Grafana, url: str) -> None:
    do_push(url)
    before, versions, writes = state.snapshot(), state.versions(), len(state.writes)
    done = do_push(url)
    assert (done.written, done.unchanged) == ([], 18)
    assert (state.snapshot(), state.versions(), len(state.writes)) == (before, versions, writes)


def test_what_others_have_is_never_touched(state: Grafana, url: str) -> None:
    do_push(url)
    do_push(url, changed())
    assert state.versions()["their-board"] == state.versions()["kayasol-notes"] == 1
    assert not [path for _, path in state.writes if "their" in path or "notes" in path]


def test_only_what_differs_is_written(state: Grafana, url: str) -> None:
    do_push(url)
    wanted = boards()
    wanted[3] = changed()[3]
    assert do_push(url, wanted).written == ["update board Changed (fr)"]
    assert sorted(set(state.versions().values())) == [1, 2]


def test_a_board_that_somebody_edited_or_moved_is_put_right(state: Grafana, url: str) -> None:
    do_push(url)
    first, second = boards()[:2]
    state.save({**state.boards[first.uid][-1], "panels": []}, first.folder_uid)
    state.places[second.uid] = "theirs"
    assert len(do_push(url).written) == 2
    assert state.boards[first.uid][-1]["panels"] == first.model["panels"]
    assert state.places[second.uid] == "kayasol-fr"


def test_a_folder_with_another_title_gets_ours(state: Grafana, url: str) -> None:
    do_push(url)
    state.folders["kayasol-fr"]["title"] = "Old"
    assert do_push(url).written == ["update folder Kayasol (fr)"]
    assert state.folders["kayasol-fr"]["title"] == "Kayasol (fr)"


def test_what_a_grafana_adds_of_its_own_is_no_difference() -> None:
    ours: dict[str, Any] = {"schemaVersion": 41, "panels": [{"id": 1, "options": {"a": 1}}]}
    there = {"id": 7, "schemaVersion": 42, "panels": [{"id": 1, "options": {"a": 1, "b": 2}, "pluginVersion": "12"}]}
    assert covers(there, ours)
    assert not covers({**there, "panels": []}, ours)
    assert not covers({**there, "schemaVersion": 40}, ours)
    assert not covers({**there, "panels": [{"id": 1, "options": {"a": 2}}]}, ours)


def test_user_and_password_do_as_well_as_a_token(state: Grafana, url: str) -> None:
    assert len(do_push(url, auth=(USER, PASSWORD)).written) == 19


def test_a_grafana_under_a_path_is_found(state: Grafana) -> None:
    with serving(state, "/grafana") as address:
        assert len(do_push(f"{address}/").written) == 19


def viewer(state: Grafana) -> None:
    state.role = "Viewer"


def provisioned(state: Grafana) -> None:
    state.save({"uid": "kayasol-fr-sun", "title": "x", "tags": []}, "theirs")
    state.provisioned.add("kayasol-fr-sun")


def provisioned_and_old(state: Grafana) -> None:
    state.provisioned.add(OLD["uid"])  # type: ignore[arg-type]


def fails(*faults: Fault) -> Callable[[Grafana], None]:
    def arrange(state: Grafana) -> None:
        state.faults += faults

    return arrange


@pytest.mark.parametrize(
    ("arrange", "says"),
    [
        (viewer, "may not save it: give its service account the role Editor"),
        (provisioned, "provisioning file: remove the file provider"),
        (provisioned_and_old, "wanted no more: this Grafana has it from a provisioning file"),
        (fails(Fault("GET", "/health", 503)), "503.*look into its log"),
        (fails(Fault("GET", "/search", 500)), "500.*look into its log"),
        (fails(Fault("GET", "/dashboards/uid", 0, after=4)), "gives no answer.*is it up"),
        (fails(Fault("GET", "/folders", 403)), "403"),
    ],
)
def test_what_is_seen_beforehand_stops_before_the_first_write(
    state: Grafana, url: str, arrange: Callable[[Grafana], None], says: str
) -> None:
    arrange(state)
    before = state.snapshot()
    with pytest.raises(GrafanaError, match=f"(?s){says}"):
        do_push(url, timeout_s=10 if all(fault.status for fault in state.faults) else 1)
    assert state.snapshot() == before


def test_a_wrong_token_is_told_with_what_to_do(state: Grafana, url: str) -> None:
    with pytest.raises(Refused, match=r"401 \(Invalid API key\).*make a new one and put it into its file"):
        do_push(url, auth="wrong")
    assert state.writes == []


def test_an_address_without_a_grafana_is_told(state: Grafana, url: str) -> None:
    with pytest.raises(Refused, match=r"404.*is Grafana's address"):
        do_push(f"{url}/elsewhere")
    with pytest.raises(Unsure, match="gives no answer"):
        do_push(f"http://127.0.0.1:{free_port()}")


SAVE, FOLDER, GONE = ("POST", "/dashboards/db"), ("POST", "/folders"), ("DELETE", OLD["uid"])


FEW = [board for board in boards() if board.name in {"sites", "sun"}]
"""Two boards in two languages: seven writes with their folders and the removal."""


@pytest.mark.parametrize(
    ("status", "done"),
    [
        (400, False),
        (401, False),
        (403, False),
        (404, False),
        (412, False),
        (500, False),
        (502, True),
        (0, False),
        (0, True),
    ],
)
@pytest.mark.parametrize(("where", "after"), [(FOLDER, 0), (FOLDER, 1), (SAVE, 0), (SAVE, 3), (GONE, 0)])
def test_a_failure_in_the_middle_leaves_nothing_half_done(
    state: Grafana, url: str, status: int, done: bool, where: tuple[str, str], after: int
) -> None:
    """Of a first push: whether Grafana carried the failing write out (done) or not."""
    state.faults.append(Fault(*where, status, after, done))
    before = state.snapshot()
    with pytest.raises(PushFailed, match="Nothing was changed") as raised:
        do_push(url, FEW, timeout_s=10 if status else 1)
    assert str(status or "gives no answer") in str(raised.value)
    assert state.snapshot() == before
    assert len(do_push(url, FEW).written) == 7
    assert do_push(url, FEW).written == []


@pytest.mark.parametrize(("status", "done"), [(403, False), (412, False), (500, False), (500, True), (0, True)])
def test_boards_that_were_replaced_get_their_former_content_back(
    state: Grafana, url: str, status: int, done: bool
) -> None:
    do_push(url)
    before = state.snapshot()
    state.faults.append(Fault(*SAVE, status, 7, done))
    with pytest.raises(PushFailed, match="Nothing was changed"):
        do_push(url, changed(), timeout_s=10 if status else 1)
    assert state.snapshot() == before
    assert do_push(url).written == []


def test_somebody_who_saves_meanwhile_is_not_overwritten(state: Grafana, url: str) -> None:
    do_push(url)
    board = boards()[0]
    theirs = {**state.boards[board.uid][-1], "title": "Mine now"}
    state.before_write = lambda grafana: grafana.save(theirs, board.folder_uid) and None
    with pytest.raises(PushFailed, match=r"412.*somebody has changed it in Grafana meanwhile"):
        do_push(url, changed())
    assert state.boards[board.uid][-1]["title"] == "Mine now"
    assert {kept[-1]["title"] for uid, kept in state.boards.items() if uid != board.uid} & {"Changed"} == set()


def test_a_board_that_others_put_into_our_new_folder_keeps_it(state: Grafana, url: str) -> None:
    def somebody(grafana: Grafana) -> None:
        grafana.save({"uid": "guest", "title": "Guest", "tags": []}, "kayasol-fr")

    state.faults.append(Fault(*SAVE, 400, 3))
    state.before_write = somebody
    with pytest.raises(PushFailed, match=r"(?s)could not be undone.*create folder Kayasol \(fr\)"):
        do_push(url)
    assert "guest" in state.boards
    assert not [uid for uid in state.boards if uid.startswith("kayasol-fr-") and uid != OLD["uid"]]


def test_what_cannot_be_undone_is_named_and_the_next_push_completes_it(state: Grafana, url: str) -> None:
    """Grafana dies in the middle: neither the write nor what would undo it gets an answer."""
    state.faults += [
        Fault(*SAVE, 500, 2),
        Fault("DELETE", "/", 500, times=99),
        Fault("GET", "/search", 500, 1, times=99),
    ]
    with pytest.raises(PushFailed, match="could not be undone; pushing again completes it") as raised:
        do_push(url)
    told = [line.strip() for line in str(raised.value).splitlines()[1:]]
    assert len(told) == 4
    assert [line.split(" (")[0] for line in told][-2:] == ["create folder Kayasol", "create folder Kayasol"]
    assert all("create" in line for line in told)
    state.faults.clear()
    do_push(url)
    assert do_push(url).written == []
