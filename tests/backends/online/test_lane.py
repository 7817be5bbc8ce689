"""The thread's own connection: broken, interrupted, forked, moved."""

import os
import threading

import pytest

from backends.online import lane
from backends.online.client import client
from core.errors import Unavailable


def test_it_answers_as_the_client_does(redis):
    redis.mset({"a": b"\x00\xff", "b": "ação"})
    for keys in ([b"a", b"b", b"none"], ["ação".encode()], [b"a"] * 3000):
        assert lane.mget(client(), keys) == client().mget(keys)


def test_a_connection_that_the_server_closed_costs_no_answer(redis):
    redis.set("a", "1")
    assert lane.mget(client(), [b"a"]) == [b"1"]
    first = lane._lane.connection
    redis.client_kill_filter(_type="normal", skipme=True)
    assert lane.mget(client(), [b"a"]) == [b"1"]
    assert lane.mget(client(), [b"a"]) == [b"1"]
    assert lane._lane.connection not in (None, first)


def test_an_interrupted_answer_is_never_the_next_ones(redis, monkeypatch):
    redis.mset({"a": "1", "b": "2"})
    lane.mget(client(), [b"a"])
    monkeypatch.setattr(lane._lane.connection, "read_response", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        lane.mget(client(), [b"a"])
    assert lane.mget(client(), [b"b"]) == [b"2"]


def _interrupt():
    raise KeyboardInterrupt


def test_each_thread_has_its_own(redis):
    redis.mset({f"k{i}": str(i) for i in range(8)})
    wrong = []

    def ask(i):
        for _ in range(200):
            if lane.mget(client(), [b"k%d" % i]) != [b"%d" % i]:
                wrong.append(i)

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_fork_makes_its_own_and_leaves_its_parents_alone(redis):
    redis.set("a", "1")
    lane.mget(client(), [b"a"])
    kept = lane._lane.connection
    child = os.fork()
    if not child:
        os._exit(0 if lane.mget(client(), [b"a"]) == [b"1"] and lane._lane.connection is not kept else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert lane.mget(client(), [b"a"]) == [b"1"]
    assert lane._lane.connection is kept


def test_another_address_is_another_connection(redis, settings):
    lane.mget(client(), [b"a"])
    settings.REDIS_URI = "redis://127.0.0.1:1/0"
    with pytest.raises(Unavailable) as refused:
        lane.mget(client(), [b"a"])
    assert refused.value.code == "redis_down"
