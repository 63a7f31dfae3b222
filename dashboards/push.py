"""Makes a Grafana's folders and boards what they should be: looks first, then writes, and undoes it all on a failure.

What is ours: folders and boards whose uid begins with `kayasol-`; of boards that are wanted no more, those that carry
the tag too. Nothing else is read or touched. What is already as it should be is not written, so a second push changes
nothing. Grafana has no transactions: after a failure each step is undone in reverse by Grafana's own versions, and what
could not be undone is named; pushing again completes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboards.build import OWNER, Board, Folder
from dashboards.grafana import Found, Grafana, GrafanaError, Refused, Unsure

CREATE, UPDATE, REMOVE = "create", "update", "remove"


class PushFailed(GrafanaError):
    """Nothing of the push is left, or the message names what is."""


@dataclass(frozen=True, slots=True)
class Step:
    """One write, with what it replaces."""

    verb: str
    what: str
    """For a person."""
    do: Callable[[], None]
    undo: Callable[[], None]
    is_done: Callable[[], bool]
    """Asked when Grafana gave no answer that can be believed."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did."""

    written: Sequence[str] = field(default_factory=list)
    unchanged: int = 0


def push(grafana: Grafana, folders: Sequence[Folder], boards: Sequence[Board]) -> Pushed:
    """Look at everything, then write what differs. Raises GrafanaError: before the first write, or PushFailed."""
    grafana.check()
    steps = [step for folder in folders if (step := _folder_step(grafana, folder)) is not None]
    steps += [step for board in boards if (step := _board_step(grafana, board)) is not None]
    wanted = {board.uid for board in boards}
    gone = sorted(uid for uid in grafana.tagged(OWNER) if uid.startswith(f"{OWNER}-") and uid not in wanted)
    steps += [step for uid in gone if (step := _removal(grafana, uid)) is not None]
    _apply(steps)
    return Pushed([f"{step.verb} {step.what}" for step in steps], len(folders) + len(boards) + len(gone) - len(steps))


def covers(there: object, ours: object) -> bool:
    """Whether what is there is ours; a Grafana may add keys of its own, and lift the schema's version."""
    if isinstance(ours, Mapping):
        return isinstance(there, Mapping) and all(
            key in there and (covers(there[key], value) or (key == "schemaVersion" and there[key] > value))
            for key, value in ours.items()
        )
    if isinstance(ours, list):
        return isinstance(there, list) and len(there) == len(ours) and all(map(covers, there, ours))
    return there == ours


def _folder_step(grafana: Grafana, folder: Folder) -> Step | None:
    found = grafana.folder(folder.uid)
    what = f"folder {folder.title}"
    if found is None:
        return Step(
            CREATE,
            what,
            do=lambda: grafana.create_folder(folder.uid, folder.title),
            undo=lambda: _delete_empty(grafana, folder.uid),
            is_done=lambda: grafana.folder(folder.uid) is not None,
        )
    title, version = found
    if title == folder.title:
        return None
    return Step(
        UPDATE,
        what,
        do=lambda: grafana.rename_folder(folder.uid, folder.title, version),
        undo=lambda: grafana.rename_folder(folder.uid, title, (grafana.folder(folder.uid) or found)[1]),
        is_done=lambda: (grafana.folder(folder.uid) or found)[0] == folder.title,
    )


def _delete_empty(grafana: Grafana, uid: str) -> None:
    """A folder takes its boards with it, so one in which somebody has put a board stays."""
    if grafana.boards_in(uid):
        raise Refused(f"folder {uid} is not empty")
    grafana.delete_folder(uid)


def _board_step(grafana: Grafana, board: Board) -> Step | None:
    found = grafana.board(board.uid)
    what = f"board {board.model['title']} ({board.language})"
    if found is None:
        return Step(
            CREATE,
            what,
            do=lambda: _saved(grafana, board.model, board.folder_uid, None),
            undo=lambda: grafana.delete_board(board.uid),
            is_done=lambda: grafana.board(board.uid) is not None,
        )
    if found.locked:
        raise Refused(f"{what}: {found.locked}")
    if found.folder_uid == board.folder_uid and covers(found.model, board.model):
        return None
    return Step(
        UPDATE,
        what,
        do=lambda: _saved(grafana, board.model, board.folder_uid, found.version),
        undo=lambda: _put_back(grafana, found),
        is_done=lambda: (grafana.board(board.uid) or found).version != found.version,
    )


def _removal(grafana: Grafana, uid: str) -> Step | None:
    found = grafana.board(uid)
    if found is None:
        return None
    what = f"board {found.model.get('title', uid)} ({uid}), which is wanted no more"
    if found.locked:
        raise Refused(f"{what}: {found.locked}")
    return Step(
        REMOVE,
        what,
        do=lambda: grafana.delete_board(uid),
        undo=lambda: _saved(grafana, found.model, found.folder_uid, None),
        is_done=lambda: grafana.board(uid) is None,
    )


def _saved(grafana: Grafana, model: Mapping[str, Any], folder_uid: str, version: int | None) -> None:
    grafana.save_board(model, folder_uid, version)


def _put_back(grafana: Grafana, before: Found) -> None:
    """What it was, as its newest version: versions only grow."""
    now = grafana.board(before.uid)
    grafana.save_board(before.model, before.folder_uid, None if now is None else now.version)


def _apply(steps: Sequence[Step]) -> None:
    for place, step in enumerate(steps):
        try:
            step.do()
        except GrafanaError as error:
            left = _undo(steps[: place + 1] if isinstance(error, Unsure) else steps[:place], error)
            raise PushFailed(_told(error, left)) from error


def _undo(done: Sequence[Step], error: GrafanaError) -> list[str]:
    """Undo in reverse; of the last step it may not be known whether it was done. Gives what is left."""
    left: list[str] = []
    for place, step in reversed(list(enumerate(done))):
        doubtful = isinstance(error, Unsure) and place == len(done) - 1
        try:
            if not doubtful or step.is_done():
                step.undo()
        except GrafanaError as again:
            left.append(f"{'perhaps ' if doubtful else ''}{step.verb} {step.what} ({again})")
    return left


def _told(error: GrafanaError, left: Sequence[str]) -> str:
    if not left:
        return f"{error}. Nothing was changed: what had been written is put back."
    listed = "\n  ".join(left)
    return f"{error}. This was done and could not be undone; pushing again completes it:\n  {listed}"
