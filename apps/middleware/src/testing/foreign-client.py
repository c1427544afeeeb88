#!/usr/bin/env python3
"""A Midgard client that shares no line with Midgard: a conformance check of the wire protocol.

Written from the protocol's specification alone, with the Python standard library only (3.11 or newer), so that an
error which our own encoder and decoder make in the same way is still seen. It logs in, plays, pipelines, and then sends
every malformed frame that the specification names, each on a connection of its own, while another connection (the
witness) must go on answering. One line a check; the exit code is 0 when all pass, 1 otherwise.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import socket
import struct
import sys
import threading
import time
import urllib.request
import zlib
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Iterator

REQUEST, RESPONSE, ERROR, PUSH, PING, PONG, HELLO, WELCOME, GOODBYE = range(9)
COMPRESSED, CHECKSUM, TRACE = 1, 2, 4
RESERVED_FLAGS = 0x08 | 0x40 | 0x80
ENCODING_BITS = {"msgpack": 0x00, "json": 0x10, "protobuf": 0x20}
ENCODING_NAMES = {bits: name for name, bits in ENCODING_BITS.items()}
HEADER = struct.Struct(">IBBBBIHH")
PLAYER_GET, PLAYER_CREATE, PLAYER_UPDATE = 1, 2, 3
BATCH, WHOAMI = 1, 4


class Nonconforming(Exception):
    """The server sent something that the specification does not allow."""


class Closed(Exception):
    """The server closed the connection."""


# --- CRC-32C (Castagnoli, reflected polynomial 0x82F63B78) -------------------------------------------------------------


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


CRC_TABLE = _crc_table()


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


# --- MessagePack, the subset without extension types -------------------------------------------------------------------


def pack(value: Any) -> bytes:
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return _pack_int(value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        raw = value.encode()
        return _pack_length(len(raw), 0xA0, 31, (0xD9, 0xDA, 0xDB)) + raw
    if isinstance(value, (list, tuple)):
        return _pack_length(len(value), 0x90, 15, (None, 0xDC, 0xDD)) + b"".join(map(pack, value))
    if isinstance(value, dict):
        items = b"".join(pack(key) + pack(item) for key, item in value.items())
        return _pack_length(len(value), 0x80, 15, (None, 0xDE, 0xDF)) + items
    raise TypeError(f"cannot pack {type(value).__name__}")


def _pack_length(length: int, fixed: int, fixed_max: int, tags: tuple[int | None, int, int]) -> bytes:
    if length <= fixed_max:
        return bytes([fixed | length])
    if tags[0] is not None and length < 0x100:
        return bytes([tags[0], length])
    if length < 0x10000:
        return struct.pack(">BH", tags[1], length)
    return struct.pack(">BI", tags[2], length)


def _pack_int(value: int) -> bytes:
    if 0 <= value < 128 or -32 <= value < 0:
        return struct.pack(">b", value) if value < 0 else bytes([value])
    for tag, code in ((0xCC, "B"), (0xCD, "H"), (0xCE, "I"), (0xCF, "Q")) if value > 0 else ():
        if value < 1 << (8 * struct.calcsize(code)):
            return struct.pack(">B" + code, tag, value)
    for tag, code in ((0xD0, "b"), (0xD1, "h"), (0xD2, "i"), (0xD3, "q")):
        if value >= -(1 << (8 * struct.calcsize(code) - 1)):
            return struct.pack(">B" + code, tag, value)
    raise OverflowError(value)


NUMBER_TAGS = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
STRING_TAGS = {0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}
BINARY_TAGS = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I"}
ARRAY_TAGS = {0xDC: ">H", 0xDD: ">I"}
MAP_TAGS = {0xDE: ">H", 0xDF: ">I"}
CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


class Unpacker:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise Nonconforming("MessagePack body ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, code: str) -> Any:
        return struct.unpack(code, self.take(struct.calcsize(code)))[0]

    def value(self) -> Any:
        tag = self.take(1)[0]
        if tag < 0x80:
            return tag
        if tag >= 0xE0:
            return tag - 256
        if tag < 0x90:
            return self.map(tag & 15)
        if tag < 0xA0:
            return [self.value() for _ in range(tag & 15)]
        if tag < 0xC0:
            return self.take(tag & 31).decode()
        return self.tagged(tag)

    def tagged(self, tag: int) -> Any:
        if tag in CONSTANTS:
            return CONSTANTS[tag]
        if tag in NUMBER_TAGS:
            return self.number(NUMBER_TAGS[tag])
        if tag in STRING_TAGS:
            return self.take(self.number(STRING_TAGS[tag])).decode()
        if tag in BINARY_TAGS:
            return self.take(self.number(BINARY_TAGS[tag]))
        if tag in ARRAY_TAGS:
            return [self.value() for _ in range(self.number(ARRAY_TAGS[tag]))]
        if tag in MAP_TAGS:
            return self.map(self.number(MAP_TAGS[tag]))
        raise Nonconforming(f"MessagePack type 0x{tag:02x} is not one that a foreign client can be asked to know")

    def map(self, count: int) -> dict[Any, Any]:
        return {self.value(): self.value() for _ in range(count)}


def unpack(data: bytes) -> Any:
    unpacker = Unpacker(data)
    value = unpacker.value()
    if unpacker.at != len(data):
        raise Nonconforming(f"{len(data) - unpacker.at} bytes behind the MessagePack value")
    return value


def encode(value: Any, encoding: str) -> bytes:
    return pack(value) if encoding == "msgpack" else json.dumps(value, ensure_ascii=False).encode()


def decode(data: bytes, encoding: str) -> Any:
    return unpack(data) if encoding == "msgpack" else json.loads(data)


# --- Frames and connections --------------------------------------------------------------------------------------------


@dataclass
class Frame:
    kind: int
    flags: int
    priority: int
    request_id: int
    game: int
    operation: int
    body: bytes  # opened: checksum, trace context and compression undone

    @property
    def encoding(self) -> str:
        return ENCODING_NAMES[self.flags & 0x30]

    def value(self) -> Any:
        return decode(self.body, self.encoding)

    def describe(self) -> str:
        if self.kind != ERROR:
            return f"kind {self.kind}, {len(self.body)} bytes"
        body = self.value()
        return f"error {body.get('code')} {body.get('message')!r} in {self.encoding}"


def frame(kind: int, body: bytes = b"", *, request_id: int = 0, game: int = 0, operation: int = 0, flags: int = 0,
          priority: int = 0, version: int = 1, length: int | None = None) -> bytes:
    """One frame as it stands on the wire. Every field can be set to nonsense."""
    told = 12 + len(body) if length is None else length
    return HEADER.pack(told, version, kind, flags, priority, request_id, game, operation) + body


@dataclass
class Target:
    host: str
    port: int
    http: str
    key: str
    game: int
    timeout: float
    game_id: str = ""

    @property
    def auth(self) -> dict[str, str]:
        return {"kind": "apiKey", "key": self.key}


@dataclass
class Wire:
    """One connection. Strict about whatever it receives."""

    target: Target
    encoding: str = "json"
    compression: str | None = None
    checksum: bool = False
    max_frame_bytes: int = 1 << 20
    welcome: dict[str, Any] = field(default_factory=dict)
    saw_compressed: bool = False
    piece_bytes: int | None = None  # cut everything sent into pieces of this size

    def __post_init__(self) -> None:
        self.socket = socket.create_connection((self.target.host, self.target.port), self.target.timeout)
        self.socket.settimeout(self.target.timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = bytearray()
        self.next_id = 1

    def close(self) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        step = self.piece_bytes or max(1, len(data))
        for at in range(0, len(data), step):
            self.socket.sendall(data[at : at + step])

    # -- reading

    def _need(self, count: int) -> None:
        while len(self.received) < count:
            try:
                chunk = self.socket.recv(1 << 16)
            except ConnectionError as error:
                raise Closed(str(error)) from error
            if not chunk:
                raise Closed("end of stream" + (" in the middle of a frame" if self.received else ""))
            self.received += chunk

    def read_any(self) -> Frame:
        self._need(4)
        length = struct.unpack_from(">I", self.received)[0]
        if not 12 <= length <= self.max_frame_bytes - 4:
            raise Nonconforming(f"length {length}")
        self._need(4 + length)
        raw = bytes(self.received[: 4 + length])
        del self.received[: 4 + length]
        _, version, kind, flags, priority, request_id, game, operation = HEADER.unpack_from(raw)
        if version != 1 or kind > GOODBYE or flags & RESERVED_FLAGS or flags & 0x30 == 0x30:
            raise Nonconforming(f"version {version}, kind {kind}, flags 0x{flags:02x}")
        if kind == RESPONSE and priority != 0:
            raise Nonconforming(f"priority {priority} on a response")
        return Frame(kind, flags, priority, request_id, game, operation, self._open(flags, raw))

    def _open(self, flags: int, raw: bytes) -> bytes:
        body = raw[16:]
        if self.checksum and not flags & CHECKSUM:
            raise Nonconforming("a frame without the checksum that was agreed on")
        if flags & CHECKSUM:
            if struct.unpack(">I", raw[-4:])[0] != crc32c(raw[4:-4]):
                raise Nonconforming("wrong checksum from the server")
            body = body[:-4]
        if flags & TRACE:
            body = body[25:]
        if flags & COMPRESSED:
            if self.compression != "deflate":
                raise Nonconforming("a compressed body though no compression was agreed on")
            self.saw_compressed = True
            body = zlib.decompress(body)
        return body

    def read(self) -> Frame:
        """The next frame that is not one of the server's own heartbeats, which are answered here."""
        while True:
            answer = self.read_any()
            if answer.kind != PING:
                return answer
            self.send(self.sealed(PONG, answer.body))

    # -- writing

    def sealed(self, kind: int, payload: bytes, *, encoding: str = "msgpack", compress: bool = False, trace: bytes = b"",
               request_id: int = 0, game: int = 0, operation: int = 0, priority: int = 0, checksum: bool | None = None) -> bytes:
        """A well-formed frame: compressed, traced and summed in the order of the specification."""
        flags = ENCODING_BITS[encoding]
        if compress:
            flags, payload = flags | COMPRESSED, zlib.compress(payload)
        if trace:
            flags, payload = flags | TRACE, trace + payload
        if not (self.checksum if checksum is None else checksum):
            return frame(kind, payload, request_id=request_id, game=game, operation=operation, flags=flags, priority=priority)
        raw = frame(kind, payload, request_id=request_id, game=game, operation=operation, flags=flags | CHECKSUM,
                    priority=priority, length=16 + len(payload))
        return raw + struct.pack(">I", crc32c(raw[4:]))

    def request(self, operation: int, value: Any, *, game: int | None = None, encoding: str | None = None, **seal: Any) -> tuple[int, bytes]:
        request_id, self.next_id = self.next_id, self.next_id + 1
        encoding = encoding or self.encoding
        payload = value if isinstance(value, bytes) else encode(value, encoding)
        return request_id, self.sealed(REQUEST, payload, encoding=encoding, request_id=request_id,
                                       game=self.target.game if game is None else game, operation=operation, **seal)

    def exchange(self, operation: int, value: Any, **options: Any) -> Frame:
        request_id, raw = self.request(operation, value, **options)
        self.send(raw)
        answer = self.read()
        if answer.kind == GOODBYE or answer.request_id != request_id:
            raise Nonconforming(f"answer to request {request_id}: id {answer.request_id}, {answer.describe()}")
        wanted = self.encoding if answer.kind == ERROR else options.get("encoding") or self.encoding
        if answer.encoding != wanted:
            raise Nonconforming(f"kind {answer.kind} in {answer.encoding} where {wanted} was due")
        return answer

    def call(self, operation: int, value: Any, **options: Any) -> Any:
        answer = self.exchange(operation, value, **options)
        if answer.kind != RESPONSE:
            raise Nonconforming(f"operation {operation}: {answer.describe()}")
        return answer.value()

    # -- handshake

    def hello_body(self, encodings: Iterable[str], compression: Iterable[str], checksum: bool, auth: Any) -> dict[str, Any]:
        body = {"client": "foreign-client/1", "encodings": list(encodings), "compression": list(compression), "checksum": checksum}
        return body if auth is None else {**body, "auth": auth}

    def login(self, encodings: Iterable[str] = ("msgpack", "json"), compression: Iterable[str] = (), checksum: bool = False) -> Wire:
        body = self.hello_body(encodings, compression, checksum, self.target.auth)
        self.send(frame(HELLO, encode(body, "json"), flags=ENCODING_BITS["json"]))
        answer = self.read()
        if answer.kind != WELCOME:
            raise Nonconforming(f"no welcome: {answer.describe()}")
        self.welcome = json.loads(answer.body)
        self.encoding = self.welcome["encoding"]
        self.compression = self.welcome["compression"]
        self.checksum = self.welcome["checksum"]
        self.max_frame_bytes = self.welcome["maxFrameBytes"]
        return self


# --- Reporting ---------------------------------------------------------------------------------------------------------


class Report:
    def __init__(self) -> None:
        self.passed = self.failed = 0

    def check(self, name: str, expected: Any, got: Any) -> bool:
        if expected == got:
            self.passed += 1
            print(f"ok    {name}", flush=True)
            return True
        self.failed += 1
        print(f"FAIL  {name}: expected {expected!r}, got {got!r}", flush=True)
        return False

    @contextlib.contextmanager
    def scenario(self, name: str) -> Iterator[None]:
        """Whatever breaks off a scenario is one failed check, never the end of the run."""
        try:
            yield
        except (Nonconforming, Closed, OSError, ValueError, KeyError, TypeError, zlib.error) as error:
            self.check(name, "no break", f"{type(error).__name__}: {error}"[:300])


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def answered_with(wire: Wire) -> str:
    """The error code that comes next, in words that make a readable line: '1003 in json, then closed'."""
    try:
        answer = wire.read()
    except Closed:
        return "closed without an error frame"
    except TimeoutError:
        return "no answer"
    if answer.kind != ERROR:
        return answer.describe()
    code = answer.value()["code"]
    try:
        after = wire.read()
    except Closed:
        return f"{code} in {answer.encoding}, then closed"
    except TimeoutError:
        return f"{code} in {answer.encoding}, left open"
    return f"{code} in {answer.encoding}, then {after.describe()}"


# --- What a well-behaved client does -----------------------------------------------------------------------------------


def http_player(target: Target, player_id: str) -> Any:
    url = f"{target.http.rstrip('/')}/api/v1/games/{target.game_id}/players/{player_id}"
    request = urllib.request.Request(url, headers={"X-API-Key": target.key})
    with urllib.request.urlopen(request, timeout=target.timeout) as answer:
        return json.load(answer)


def check_welcome(report: Report, target: Target, wire: Wire) -> None:
    kinds = {"session": str, "server": str, "encoding": str, "checksum": bool, "heartbeatMs": int, "maxFrameBytes": int, "maxInFlight": int, "games": list}
    wrong = [name for name, kind in kinds.items() if not isinstance(wire.welcome.get(name), kind)]
    report.check("welcome has every field of the specification", [], wrong)
    games = {entry["number"]: entry["game"] for entry in wire.welcome["games"]}
    report.check(f"welcome names game {target.game}", True, target.game in games)
    target.game_id = games.get(target.game, "realm")


MODES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("msgpack", {"encodings": ("msgpack",)}),
    ("json", {"encodings": ("json",)}),
    ("msgpack with checksum", {"encodings": ("msgpack",), "checksum": True}),
    ("json with checksum", {"encodings": ("json",), "checksum": True}),
    ("msgpack with deflate", {"encodings": ("msgpack",), "compression": ("deflate",)}),
    ("json with deflate and checksum", {"encodings": ("json",), "compression": ("deflate",), "checksum": True}),
)


def new_player(wire: Wire, **options: Any) -> Any:
    attributes = {"title": "Ærøskøbing 🐉", "guild": "north " * 400, "score": 12, "ratio": 0.5, "flags": [True, False, None]}
    return wire.call(PLAYER_CREATE, {"name": f"foreign-{secrets.token_hex(6)}", "attributes": attributes}, **options)


def check_mode(report: Report, target: Target, name: str, hello: dict[str, Any]) -> None:
    wire = Wire(target).login(**hello)
    expected = (hello["encodings"][0], (hello.get("compression") or (None,))[0], hello.get("checksum", False))
    report.check(f"{name}: the handshake agrees on what was asked", expected, (wire.encoding, wire.compression, wire.checksum))
    seal = {"compress": wire.compression is not None}
    player = new_player(wire, **seal)
    read = wire.call(PLAYER_GET, {"id": player["id"]}, **seal)
    report.check(f"{name}: a created player reads back equal", canonical(player), canonical(read))
    report.check(f"{name}: and equal to the HTTP answer", canonical(http_player(target, player["id"])), canonical(read))
    report.check(f"{name}: ids are strings of digits", True, isinstance(read["id"], str) and read["id"].isdecimal())
    if wire.compression is not None:
        report.check(f"{name}: a long answer comes compressed", True, wire.saw_compressed)
        report.check(f"{name}: a request left uncompressed is served too", player, wire.call(PLAYER_GET, {"id": player["id"]}))
    trace = secrets.token_bytes(24) + b"\x01"
    traced = wire.call(PLAYER_GET, {"id": player["id"]}, trace=trace, **seal)
    report.check(f"{name}: a trace context in front of the body is understood", player, traced)
    wire.close()


def check_details(report: Report, target: Target) -> None:
    wire = Wire(target).login()
    player = new_player(wire)
    player_id = player["id"]
    report.check("each answer comes in its request's encoding", [player] * 4,
                 [wire.call(PLAYER_GET, {"id": player_id}, encoding=name) for name in ("json", "msgpack", "json", "msgpack")])
    report.check("an id may be a MessagePack integer", player, wire.call(PLAYER_GET, {"id": int(player_id)}, encoding="msgpack"))
    report.check("a correct checksum that nobody asked for is accepted", player, wire.call(PLAYER_GET, {"id": player_id}, checksum=True))
    for priority in (1, 2):
        report.check(f"priority {priority} is accepted", player, wire.call(PLAYER_GET, {"id": player_id}, priority=priority))
    report.check("whoami names subject, kind, roles and games", True,
                 {"subject", "kind", "roles", "games", "expiresAt"} <= set(wire.call(WHOAMI, {}, game=0)))
    batch = wire.call(BATCH, [{"game": target.game, "operation": PLAYER_GET, "input": {"id": player_id}},
                              {"game": target.game, "operation": PLAYER_GET, "input": {"id": "9223372036854775807"}}], game=0)
    report.check("a batch answers each entry in order", (player, 2002), (batch[0].get("ok"), batch[1].get("error", {}).get("code")))
    padded = encode({"id": player_id}, "json").ljust(wire.max_frame_bytes - 16)
    report.check("a frame of exactly the limit is accepted", player, wire.call(PLAYER_GET, padded, encoding="json"))
    wire.close()


def check_ping(report: Report, target: Target) -> None:
    for checksum in (False, True):
        wire = Wire(target).login(checksum=checksum)
        for body in (b"", b"beat", secrets.token_bytes(125)):
            wire.send(wire.sealed(PING, body))
            answer = wire.read()
            report.check(f"ping of {len(body)} bytes{' with checksum' if checksum else ''} comes back as pong", (PONG, body), (answer.kind, answer.body))
        wire.close()


def check_cut_frames(report: Report, target: Target, player: Any) -> None:
    wire = Wire(target, piece_bytes=1).login()
    got = [wire.call(PLAYER_GET, {"id": player["id"]}, encoding=name) for name in ("msgpack", "json")]
    report.check("frames cut into single bytes, hello included", [player, player], got)
    wire.close()


def check_pipelining(report: Report, target: Target, count: int) -> None:
    wire = Wire(target).login()
    players = [new_player(wire) for _ in range(7)]
    limit = wire.welcome["maxInFlight"]
    waiting: dict[int, str] = {}
    wrong: list[str] = []
    sent = answered = 0
    started = time.monotonic()
    while answered < count:
        burst = bytearray()
        while sent < count and len(waiting) < limit:
            player_id = players[sent % len(players)]["id"]
            request_id, raw = wire.request(PLAYER_GET, {"id": player_id})
            waiting[request_id] = player_id
            burst += raw
            sent += 1
        wire.send(bytes(burst))
        answer = wire.read()
        answered += 1
        player_id = waiting.pop(answer.request_id, "nobody")
        if answer.kind != RESPONSE or answer.value()["id"] != player_id:
            wrong.append(f"request {answer.request_id}: {answer.describe()}")
    took = time.monotonic() - started
    report.check(f"{count:,} pipelined requests, at most {limit} unanswered, each paired with its answer ({took:.1f} s)", [], wrong[:3])
    wire.close()


def check_in_flight_limit(report: Report, target: Target) -> None:
    """Writes to one player run one after the other, so a burst of them stays in flight for long enough."""
    wire = Wire(target).login()
    player = new_player(wire)
    limit = wire.welcome["maxInFlight"]
    wire.socket.settimeout(max(60.0, target.timeout))
    requests = [wire.request(PLAYER_UPDATE, {"id": player["id"], "level": 1 + number % 50}) for number in range(limit + 1)]
    wire.send(b"".join(raw for _, raw in requests))
    answers = [wire.read() for _ in requests]
    codes = [answer.value()["code"] for answer in answers if answer.kind == ERROR]
    report.check(f"one request over maxInFlight ({limit}) is answered 1006, the others are served", [1006], codes)
    report.check("the 1006 comes at once, before the requests in flight are through", True, answers[-1].kind != ERROR)
    report.check("and it is the last request that it answers", requests[-1][0], next((a.request_id for a in answers if a.kind == ERROR), None))
    served = {answer.request_id: answer.value() for answer in answers if answer.kind == RESPONSE}
    versions = [served[request_id]["version"] for request_id, _ in requests if request_id in served]
    report.check("writes to one player ran in the order of arrival", sorted(versions), versions)
    report.check("every request was answered once", len(requests), len({answer.request_id for answer in answers}))
    report.check("the connection goes on after a 1006", player["id"], wire.call(PLAYER_GET, {"id": player["id"]})["id"])
    wire.close()


# --- What an ill-behaved client does -----------------------------------------------------------------------------------


@dataclass
class Hostile:
    """A frame (or bytes) that ends the connection with one error frame."""

    name: str
    code: int
    build: Callable[[Wire], bytes]
    hello: dict[str, Any] | None = field(default_factory=dict)  # None: sent in place of the hello

    def run(self, report: Report, target: Target, witness: Callable[[], Any]) -> None:
        with report.scenario(self.name):
            wire = Wire(target)
            if self.hello is not None:
                wire.login(**self.hello)
            encoding = "json" if self.hello is None else wire.encoding
            # A ping behind the bad bytes: they are ignored, so no pong may come.
            with contextlib.suppress(ConnectionError):
                wire.send(self.build(wire) + (b"" if self.name.endswith("alone") else frame(PING, b"behind")))
            got = answered_with(wire)
            wire.close()
            alive = "answers" if witness() else "is silent"
            report.check(f"{self.name} -> {self.code}", f"{self.code} in {encoding}, then closed; the witness answers", f"{got}; the witness {alive}")


def get_request(wire: Wire, **fields: Any) -> bytes:
    return frame(REQUEST, encode({"id": "1"}, "msgpack"), request_id=7, game=wire.target.game, operation=PLAYER_GET, **fields)


def length_only(length: int) -> Callable[[Wire], bytes]:
    return lambda wire: struct.pack(">I", length)


def hello_frame(auth: Callable[[Wire], Any]) -> Callable[[Wire], bytes]:
    return lambda wire: frame(HELLO, encode(wire.hello_body(("msgpack", "json"), (), False, auth(wire)), "json"), flags=0x10)


def wrong_sum(wire: Wire) -> bytes:
    raw = bytearray(wire.request(PLAYER_GET, {"id": "1"}, checksum=True)[1])
    raw[-1] ^= 1
    return bytes(raw)


def changed_key(wire: Wire) -> Any:
    last = "a" if wire.target.key[-1] != "a" else "b"
    return {"kind": "apiKey", "key": wire.target.key[:-1] + last}


def bomb(wire: Wire) -> bytes:
    return wire.request(PLAYER_GET, b" " * (64 << 20), encoding="json", compress=True)[1]


HOSTILE: tuple[Hostile, ...] = (
    *(Hostile(f"length {n}", 1003, (lambda n: lambda wire: struct.pack(">I", n) + bytes(n))(n)) for n in range(12)),
    Hostile("length 11 told by its four bytes alone", 1003, length_only(11)),
    Hostile("length one above the limit, its four bytes alone", 1009, lambda wire: struct.pack(">I", wire.max_frame_bytes - 3)),
    Hostile("length 2^32-1, its four bytes alone", 1009, length_only(0xFFFFFFFF)),
    Hostile("length 5 in place of the hello", 1003, lambda wire: struct.pack(">I", 5) + bytes(5), None),
    Hostile("length 2^32-1 in place of the hello, its four bytes alone", 1009, length_only(0xFFFFFFFF), None),
    Hostile("version 9 in place of the hello", 1003, lambda wire: frame(HELLO, b"{}", version=9), None),
    *(Hostile(f"version {n}", 1003, (lambda n: lambda wire: get_request(wire, version=n))(n)) for n in (0, 2, 255)),
    *(Hostile(f"unknown kind {n}", 1003, (lambda n: lambda wire: frame(n, b"", request_id=7))(n)) for n in (9, 16, 255)),
    *(Hostile(f"kind {n}, which only a server sends", 1003, (lambda n: lambda wire: frame(n, b"{}", flags=0x10))(n)) for n in (RESPONSE, ERROR, PUSH, WELCOME)),
    *(Hostile(f"reserved flag bit {bit}", 1003, (lambda bit: lambda wire: get_request(wire, flags=1 << bit))(bit)) for bit in (3, 6, 7)),
    Hostile("reserved encoding 3", 1003, lambda wire: get_request(wire, flags=0x30)),
    Hostile("JSON though the hello named MessagePack only", 1003, lambda wire: wire.request(PLAYER_GET, {"id": "1"}, encoding="json")[1], {"encodings": ("msgpack",)}),
    Hostile("MessagePack though the hello named JSON only", 1003, lambda wire: wire.request(PLAYER_GET, {"id": "1"}, encoding="msgpack")[1], {"encodings": ("json",)}),
    Hostile("Protocol Buffers though the hello did not name them", 1003, lambda wire: get_request(wire, flags=0x20)),
    Hostile("a compressed body though none was agreed", 1003, lambda wire: wire.request(PLAYER_GET, {"id": "1"}, compress=True)[1]),
    Hostile("a wrong checksum where none was agreed", 1003, wrong_sum),
    Hostile("a wrong checksum where one was agreed", 1003, wrong_sum, {"checksum": True}),
    Hostile("no checksum where one was agreed", 1003, lambda wire: wire.request(PLAYER_GET, {"id": "1"}, checksum=False)[1], {"checksum": True}),
    Hostile("a ping without the agreed checksum", 1003, lambda wire: frame(PING, b"beat"), {"checksum": True}),
    Hostile("the checksum flag on a body of 3 bytes", 1003, lambda wire: frame(REQUEST, b"abc", request_id=7, flags=CHECKSUM)),
    Hostile("the trace flag on a body of 24 bytes", 1003, lambda wire: frame(REQUEST, bytes(24), request_id=7, flags=TRACE)),
    Hostile("a ping of 126 bytes", 1003, lambda wire: frame(PING, bytes(126))),
    Hostile("a second hello", 1003, hello_frame(lambda wire: wire.target.auth)),
    Hostile("a body that inflates beyond the limit", 1009, bomb, {"compression": ("deflate",)}),
    Hostile("a request in place of the hello", 3001, get_request, None),
    Hostile("a ping in place of the hello", 3001, lambda wire: frame(PING, b"beat"), None),
    Hostile("a hello that is not JSON", 3001, lambda wire: frame(HELLO, b"hello!", flags=0x10), None),
    Hostile("a hello that is JSON but no object", 3001, lambda wire: frame(HELLO, b"[]", flags=0x10), None),
    Hostile("a hello without auth", 3001, hello_frame(lambda wire: None), None),
    Hostile("a hello with a key that never was", 3003, hello_frame(lambda wire: {"kind": "apiKey", "key": "mdg_dev_nobody_nothing"}), None),
    Hostile("a hello with one letter of the key changed", 3003, hello_frame(changed_key), None),
    Hostile("a hello with a token that is none", 3003, hello_frame(lambda wire: {"kind": "token", "token": "a.b.c"}), None),
)

UNDECODABLE: tuple[tuple[str, str, bytes], ...] = (
    ("JSON that breaks off", "json", b'{"id":'),
    ("JSON with bytes that are no UTF-8", "json", b'{"id":"\xff\xfe"}'),
    ("an empty JSON body", "json", b""),
    ("a MessagePack map that breaks off", "msgpack", b"\x82\xa2id"),
    ("a MessagePack map of 2^32-1 entries", "msgpack", b"\xdf\xff\xff\xff\xff"),
    ("the MessagePack byte that is never used", "msgpack", b"\xc1"),
    ("a MessagePack value with bytes behind it", "msgpack", b"\x81\xa2id\xa11\x00"),
    ("100,000 nested JSON arrays", "json", b"[" * 100_000 + b"]" * 100_000),
    ("100,000 nested MessagePack arrays", "msgpack", b"\x91" * 100_000 + b"\xc0"),
)

INVALID: tuple[tuple[str, Any], ...] = (
    ("no id", {}),
    ("an id that is a word", {"id": "abc"}),
    ("a negative id", {"id": "-1"}),
    ("an id above 2^63-1", {"id": "9223372036854775808"}),
    ("an id that is a list", {"id": ["1"]}),
    ("a list in place of the object", ["1"]),
    ("nothing in place of the object", None),
    ("a field that is not in the input", {"id": "1", "surprise": True}),
)


def check_bad_requests(report: Report, target: Target, player: Any) -> None:
    """Errors of a request, not of the connection: all of them on one connection, which goes on."""
    wire = Wire(target).login()

    def expect(name: str, code: int, answer: Frame) -> None:
        got = answer.value()["code"] if answer.kind == ERROR else answer.describe()
        on = wire.call(PLAYER_GET, {"id": player["id"]}) == player
        report.check(f"{name} -> {code}, and the connection goes on", (code, True), (got, on))

    for name, encoding, body in UNDECODABLE:
        expect(name, 2001, wire.exchange(PLAYER_GET, body, encoding=encoding))
    for name, value in INVALID:
        for encoding in ("msgpack", "json"):
            expect(f"{name} ({encoding})", 2001, wire.exchange(PLAYER_GET, value, encoding=encoding))
    expect("a player that is not there", 2002, wire.exchange(PLAYER_GET, {"id": "9223372036854775807"}))
    expect("a game that is not there", 2003, wire.exchange(PLAYER_GET, {"id": "1"}, game=65535))
    expect("an operation that is not there", 2004, wire.exchange(65535, {}))
    expect("a built-in operation that is not there", 2004, wire.exchange(65535, {}, game=0))
    expect("a stale expectedVersion", 2006, wire.exchange(PLAYER_UPDATE, {"id": player["id"], "level": 2, "expectedVersion": 99}))
    wire.close()


def check_half_frame(report: Report, target: Target, witness: Callable[[], Any]) -> None:
    wire = Wire(target).login()
    wire.send(get_request(wire)[:9])
    wire.close()
    report.check("a connection that ends in the middle of a frame harms nobody", True, witness())


# --- What takes its time (--slow) --------------------------------------------------------------------------------------


def check_silence(report: Report, target: Target, hello_timeout: float) -> None:
    wire = Wire(target)
    wire.socket.settimeout(hello_timeout + 5)
    started = time.monotonic()
    got = answered_with(wire)
    report.check(f"no hello at all -> 3001 after about {hello_timeout:g} s", ("3001 in json, then closed", True),
                 (got, abs(time.monotonic() - started - hello_timeout) < 2))
    wire.close()
    dribble = Wire(target)
    dribble.send(b"\0\0")
    dribble.socket.settimeout(hello_timeout + 5)
    report.check("half a hello -> 3001 as well", "3001 in json, then closed", answered_with(dribble))
    dribble.close()


def check_heartbeat(report: Report, target: Target) -> None:
    wire = Wire(target).login()
    interval = wire.welcome["heartbeatMs"] / 1000
    wire.socket.settimeout(interval + 5)
    ping = wire.read_any()
    report.check(f"the server pings after {interval:g} s without a byte", PING, ping.kind)
    wire.send(wire.sealed(PONG, ping.body))
    report.check("and, answered, pings again", PING, wire.read_any().kind)
    started = time.monotonic()
    wire.socket.settimeout(2 * interval + 5)
    with contextlib.suppress(Closed):
        while True:
            wire.read_any()
    report.check("two intervals without any byte close the connection", True, time.monotonic() - started < 2 * interval + 5)
    wire.close()


# --- The run -----------------------------------------------------------------------------------------------------------


def run(target: Target, report: Report, arguments: argparse.Namespace) -> None:
    witness_wire = Wire(target).login()
    check_welcome(report, target, witness_wire)
    player = new_player(witness_wire)

    def witness() -> bool:
        return bool(witness_wire.call(PLAYER_GET, {"id": player["id"]}) == player)

    for name, hello in MODES:
        with report.scenario(name):
            check_mode(report, target, name, hello)
    scenarios: tuple[tuple[str, Callable[[], None]], ...] = (
        ("details", lambda: check_details(report, target)),
        ("ping", lambda: check_ping(report, target)),
        ("cut frames", lambda: check_cut_frames(report, target, player)),
        ("pipelining", lambda: check_pipelining(report, target, arguments.pipelined)),
        ("in flight", lambda: check_in_flight_limit(report, target)),
        ("bad requests", lambda: check_bad_requests(report, target, player)),
        ("half a frame", lambda: check_half_frame(report, target, witness)),
    )
    for name, scenario in scenarios:
        with report.scenario(name):
            scenario()
    for hostile in HOSTILE:
        hostile.run(report, target, witness)
    with report.scenario("the witness at the end"):
        report.check("the witness answers to the end", True, witness())
    witness_wire.close()
    if arguments.slow:  # last, since nobody answers the witness's heartbeats meanwhile
        with report.scenario("handshake silence"):
            check_silence(report, target, arguments.hello_timeout)
        with report.scenario("heartbeat"):
            check_heartbeat(report, target)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="TCP port (default 8080)")
    parser.add_argument("--http", default="http://127.0.0.1:8081", help="base address of the HTTP front end")
    parser.add_argument("--key", required=True, help="API key that may read, create and update players")
    parser.add_argument("--game", type=int, default=2, help="game number (default 2)")
    parser.add_argument("--pipelined", type=int, default=10_000, help="requests to pipeline (default 10000)")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds to wait for any single answer (default 10)")
    parser.add_argument("--deadline", type=float, default=300.0, help="seconds after which the whole run is given up (default 300)")
    parser.add_argument("--slow", action="store_true", help="also wait for time-outs: handshake silence and heartbeats (2 to 4 heartbeat intervals)")
    parser.add_argument("--hello-timeout", type=float, default=5.0, help="seconds the server waits for a hello (default 5), for --slow")
    return parser.parse_args()


def give_up(report: Report) -> None:
    print(f"FAIL  the run is over its deadline\n{report.passed} passed, {report.failed + 1} failed", flush=True)
    os._exit(1)


def main() -> int:
    arguments = parse_arguments()
    target = Target(arguments.host, arguments.port, arguments.http, arguments.key, arguments.game, arguments.timeout)
    report = Report()
    watchdog = threading.Timer(arguments.deadline, give_up, [report])
    watchdog.daemon = True
    watchdog.start()
    with report.scenario("login of the witness"):
        run(target, report, arguments)
    print(f"{report.passed} passed, {report.failed} failed")
    return 0 if report.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
