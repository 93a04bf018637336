"""Who is here, as this process shows it: its own members' leases kept alive, the others' seen, every change told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.conf import settings

from accounts.domain.members import mark_seen
from chats.live import presence, protocol
from chats.live.presence import Lease

if TYPE_CHECKING:
    from chats.live.core import Core
    from chats.live.operator import OperatorSocket

# A console that moves to its next page is gone for a moment only.
PAGE_CHANGE_SECONDS = 8.0
RENEW_SECONDS = 30.0
OFFLINE = {"state": "offline", "since": None, "reason": "not_connected"}

Key = tuple[int, int]


class Here:
    def __init__(self, core: Core) -> None:
        self._core = core
        self._sockets: dict[Key, set[OperatorSocket]] = {}
        self._leases: dict[Key, Lease] = {}
        self._view: dict[int, dict[int, Lease]] = {}
        self._renewed_at = time.monotonic()

    # What is asked

    def is_open(self, workspace_id: int) -> bool:
        """Whether an operator is online, as far as this process knows."""
        return any(lease.state == "online" for lease in self._view.get(workspace_id, {}).values())

    def own(self, workspace_id: int, member_id: int) -> dict[str, Any]:
        lease = self._view.get(workspace_id, {}).get(member_id)
        return _shown(lease) if lease is not None else dict(OFFLINE)

    def of(self, workspace_id: int, member_id: int) -> dict[str, Any]:
        """A member as colleagues see them: who is invisible looks offline."""
        lease = self._view.get(workspace_id, {}).get(member_id)
        return _shown(lease) if lease is not None and lease.state in presence.SHOWN else dict(OFFLINE)

    async def look(self, workspace_id: int, *, fresh: bool = False) -> None:
        """Makes sure that this workspace's presence is known here."""
        if fresh or workspace_id not in self._view:
            await self._look(workspace_id)

    async def _look(self, workspace_id: int) -> None:
        held = dict(await self._core.reader.run(presence.held, workspace_id, fresh=True))
        # What this process knows of its own members is newer than what it has managed to write down.
        for (workspace, member_id), lease in self._leases.items():
            if workspace == workspace_id and (member_id not in held or held[member_id].since < lease.since):
                held[member_id] = lease
        self._saw(workspace_id, held)

    # What happens here

    def arrived(self, socket: OperatorSocket) -> None:
        key = (socket.workspace_id, socket.member.id)
        self._sockets.setdefault(key, set()).add(socket)
        if key not in self._leases:
            self._take(key, socket.membership.availability, "connected")

    def left(self, socket: OperatorSocket) -> None:
        key = (socket.workspace_id, socket.member.id)
        sockets = self._sockets.get(key, set())
        sockets.discard(socket)
        if not sockets:
            self._core.loop.call_later(PAGE_CHANGE_SECONDS, self._gone, key)

    def chose(self, workspace_id: int, member_id: int, state: str) -> None:
        """A member said how they want to be seen: on a socket, by a form, or in another process."""
        key = (workspace_id, member_id)
        for each in self._sockets.get(key, ()):
            each.membership.availability = state
        lease = self._leases.get(key)
        if lease is not None and lease.state != state:
            self._take(key, state, "chosen")

    def _take(self, key: Key, state: str, reason: str) -> None:
        now = time.time()
        lease = Lease(key[1], state, now, now + settings.LIVE_LEASE_SECONDS, reason)
        self._leases[key] = lease
        self._core.in_background(presence.store().put, key[0], self._core.hub.name, lease)
        self._core.in_background(mark_seen, member_ids=[key[1]])
        self._tell(key, state, now, reason)

    def _gone(self, key: Key) -> None:
        if self._sockets.get(key) or key not in self._leases:
            return
        del self._leases[key]
        self._sockets.pop(key, None)
        self._core.spawn(self._forget(key))

    async def _forget(self, key: Key) -> None:
        """Gone from this process; whether gone altogether is for the others' leases to say."""
        left = await self._core.reader.run(_drop, key, self._core.hub.name)
        if left is None:
            self._tell(key, "offline", time.time(), "disconnected")
        elif key not in self._leases:
            self._tell(key, left.state, left.since, left.reason)

    def _tell(self, key: Key, state: str, since: float, reason: str) -> None:
        signal = {"kind": "presence", "workspace": key[0], "member": key[1]}
        self._core.hub.signal({**signal, "state": state, "since": since, "reason": reason})

    async def renew(self) -> None:
        """Prolongs the leases of the members who are connected here, every `RENEW_SECONDS`."""
        if time.monotonic() - self._renewed_at < RENEW_SECONDS or not self._leases:
            return
        self._renewed_at = time.monotonic()
        self._leases = {key: presence.renewed(lease) for key, lease in self._leases.items()}
        renewed = dict(self._leases)
        await self._core.reader.run(_renew, self._core.hub.name, renewed)
        for key in renewed.keys() - self._leases.keys():
            # Left meanwhile: whichever of the two was written last, the lease must not stay.
            self._core.spawn(self._forget(key))

    def release_all(self) -> None:
        """The process stops: its members are not here any more, unless another process has them too."""
        for workspace_id, member_id in self._leases:
            presence.store().drop(workspace_id, self._core.hub.name, member_id)
        self._leases.clear()

    # What is heard

    def heard(self, signal: dict[str, Any]) -> None:
        workspace_id, member_id = signal["workspace"], signal["member"]
        if workspace_id not in self._view and workspace_id not in self._core.hub.feeds:
            return
        leases = dict(self._view.get(workspace_id, {}))
        if signal["state"] == "offline":
            leases.pop(member_id, None)
        else:
            until = time.time() + settings.LIVE_LEASE_SECONDS
            leases[member_id] = Lease(member_id, signal["state"], signal["since"], until, signal["reason"])
        self._saw(workspace_id, leases)

    async def refresh(self, workspace_ids: set[int]) -> None:
        """Looks again at the workspaces that are watched here: leases of other processes may have ended."""
        for workspace_id in list(self._view):
            if workspace_id not in workspace_ids:
                del self._view[workspace_id]
        for workspace_id in workspace_ids:
            await self._look(workspace_id)

    def _saw(self, workspace_id: int, leases: dict[int, Lease]) -> None:
        was_open = self.is_open(workspace_id)
        before = self._view.get(workspace_id, {})
        self._view[workspace_id] = leases
        for member_id in before.keys() | leases.keys():
            old, new = before.get(member_id), leases.get(member_id)
            if (old and (old.state, old.since)) != (new and (new.state, new.since)):
                self._show(workspace_id, member_id)
        if self.is_open(workspace_id) != was_open:
            payload = protocol.encode({"type": "presence", "online": not was_open})
            for visitor in tuple(self._core.hub.visitors_of.get(workspace_id, ())):
                if visitor.ready:
                    visitor.push(payload)

    def _show(self, workspace_id: int, member_id: int) -> None:
        feed = self._core.hub.feeds.get(workspace_id)
        if feed is None:
            return
        base = {"type": "presence", "member": str(member_id)}
        own = protocol.encode({**base, **self.own(workspace_id, member_id)})
        others = protocol.encode({**base, **self.of(workspace_id, member_id)})
        for socket in tuple(feed.sockets):
            if socket.ready:
                socket.push(own if socket.member.id == member_id else others)


def _shown(lease: Lease) -> dict[str, Any]:
    since = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(lease.since))
    return {"state": lease.state, "since": since, "reason": lease.reason}


def _drop(key: Key, owner: str) -> Lease | None:
    presence.store().drop(key[0], owner, key[1])
    mark_seen(member_ids=[key[1]])
    return presence.held(key[0], fresh=True).get(key[1])


def _renew(owner: str, leases: dict[Key, Lease]) -> None:
    for (workspace_id, _member_id), lease in leases.items():
        presence.store().put(workspace_id, owner, lease)
    mark_seen(member_ids=[member_id for _, member_id in leases])
