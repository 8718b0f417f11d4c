"""A Python client that the tests drive: each line of standard input is a program's body, each line of standard output what it returned.

What a program has beside Celery and Kombu: ``app``, ``send`` (a task by name), ``outcome`` (how it ended, as the caller sees it), ``publish`` (a raw message).
"""
import base64
import datetime
import decimal
import gzip
import json
import sys
import textwrap
import time
import traceback
import uuid
import zlib

import celery
import kombu
from celery import chain, chord, group, signature
from celery.exceptions import TimeoutError as LocalTimeout
from celery.result import AsyncResult, ResultSet

import interop_app
from interop_app import app

PATIENCE = 60


def looking_again(get):
    """Celery subscribes to a result of Redis and looks for it on another connection, and misses what is written between the two (celery/celery#4039)."""
    def patient(self, timeout=None, **options):
        deadline = time.monotonic() + (timeout or float("inf"))
        while True:
            left = deadline - time.monotonic()
            try:
                return get(self, timeout=min(max(left, 0.001), 3), **options)
            except LocalTimeout:
                if left <= 3:
                    raise
    return patient


AsyncResult.get, ResultSet.get = looking_again(AsyncResult.get), looking_again(ResultSet.get)


def send(name, *args, **options):
    kwargs = options.pop("kwargs", None)
    result = app.send_task(name, args=args, kwargs=kwargs, **options)
    # Otherwise Celery 5.2 waits a whole second for each rpc result that came while another one was awaited.
    app.backend.add_pending_result(result)
    return result


def describe(error):
    return {
        "type": type(error).__name__, "module": type(error).__module__, "text": str(error), "bases": [base.__name__ for base in type(error).__mro__],
        "args": [arg if isinstance(arg, (str, int, float, bool, type(None))) else repr(arg) for arg in error.args],
    }


def outcome(result, timeout=PATIENCE):
    """State, value or error, traceback, and every state on the way, as the sender of the task sees them."""
    seen = []
    answer = {"id": result.id}
    try:
        answer["value"] = result.get(timeout=timeout, on_message=lambda meta: seen.append({"status": meta.get("status"), "result": meta.get("result")}))
    except LocalTimeout:
        answer["timeout"] = True
        return answer
    except Exception as error:  # the task's own exception, as Celery makes it
        answer["error"] = describe(error)
    answer.update(state=result.state, traceback=result.traceback, seen=seen, children=[child.id for child in result.children or []])
    return answer


def publish(queue, headers=None, body=b"", content_type="application/json", content_encoding="utf-8", **properties):
    """Puts a message onto a queue as it is, without Celery and without Kombu's serializers."""
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        message = channel.prepare_message(
            body if isinstance(body, (bytes, str)) else json.dumps(body), priority=properties.pop("priority", 0),
            content_type=content_type, content_encoding=content_encoding, headers=headers or {}, properties={"delivery_mode": 2, **properties})
        for name in ("content_type", "content_encoding"):
            if message.properties.get(name) is None:
                message.properties.pop(name, None)
        channel.basic_publish(message, exchange="", routing_key=queue)


def expected():
    """A result that is awaited before its message is published by other means."""
    result = app.AsyncResult(str(uuid.uuid4()))
    with app.producer_or_acquire() as producer:
        app.backend.on_task_call(producer, result.id)
    return result


def raw(queue, task_id, headers, body, body_form=None, **properties):
    """Puts a task message for cs.add onto a queue, with what is wrong or odd about it; a header that is None beside task and id is sent as null."""
    every = {"task": "cs.add", "id": task_id, **headers}
    for name in ("task", "id"):
        if every[name] is None:
            del every[name]
    publish(queue, every, body_form(body) if body_form else body, reply_to=app.thread_oid, correlation_id=task_id, **properties)


def command(*arguments):
    """Runs Celery's command line in this process; answers its exit code and what it printed."""
    from celery.bin.celery import celery as program
    from click.testing import CliRunner
    done = CliRunner().invoke(program, ["-A", "interop_app", *arguments], obj={}, prog_name="celery")
    text = done.output
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        text += "".join(traceback.format_exception(done.exception))
    return {"code": done.exit_code, "output": text}


def run(program):
    scope = dict(globals())
    exec("def program():\n" + textwrap.indent(textwrap.dedent(program), "    "), scope)
    return scope["program"]()


def main():
    answers = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        try:
            answer = {"value": run(json.loads(line))}
        except Exception as error:
            answer = {"failure": f"{type(error).__name__}: {error}\n{traceback.format_exc()}"}
        answers.write(json.dumps(answer, default=repr) + "\n")
        answers.flush()


main()
