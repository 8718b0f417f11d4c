"""The Python side of the interop tests: an ordinary Celery app, run by ``celery -A interop_app worker`` and used by ``client.py``."""
import os
import time

from celery import Celery, chain, chord, group
from celery.exceptions import Ignore, Reject, SoftTimeLimitExceeded

app = Celery("interop", broker=os.environ["INTEROP_BROKER"], backend=os.environ.get("INTEROP_BACKEND", "rpc://"))
app.conf.update(
    task_default_queue=os.environ.get("INTEROP_QUEUE", "py"),
    # The advice of the guide: C# tasks have a queue of their own.
    task_routes={"cs.*": {"queue": os.environ.get("INTEROP_CS_QUEUE", "cs")}},
    result_expires=3600,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=True,
)
if os.environ.get("INTEROP_SERIALIZER", "json") != "json":
    # A shop that has another serializer than JSON for tasks; Celery writes commands in it too.
    app.conf.update(
        task_serializer=os.environ["INTEROP_SERIALIZER"], accept_content=[os.environ["INTEROP_SERIALIZER"], "json"],
    )
if "INTEROP_RESULT_SERIALIZER" in os.environ:
    app.conf.update(result_serializer=os.environ["INTEROP_RESULT_SERIALIZER"], result_accept_content=[os.environ["INTEROP_RESULT_SERIALIZER"], "json"])
if "INTEROP_EVENT_EXCHANGE" in os.environ:
    app.conf.update(event_exchange=os.environ["INTEROP_EVENT_EXCHANGE"])
if "INTEROP_MAX_PRIORITY" in os.environ:
    # Queues with priorities, one message at a time: the order is the broker's.
    app.conf.update(task_queue_max_priority=int(os.environ["INTEROP_MAX_PRIORITY"]), worker_prefetch_multiplier=1, task_acks_late=True)
if "INTEROP_VISIBILITY" in os.environ:
    app.conf.update(broker_transport_options={"visibility_timeout": float(os.environ["INTEROP_VISIBILITY"])}, worker_prefetch_multiplier=1)


class Refused(Exception):
    """An exception of the app's own."""


@app.task(name="py.add")
def add(x, y=2):
    return x + y


@app.task(name="py.echo")
def echo(value):
    return value


@app.task(name="py.kinds")
def kinds(*values):
    """The Python types of what arrived."""
    return [type(value).__name__ for value in values]


@app.task(name="py.order")
def order(order_id, customer_name, *, unit_price="1.5", lines=()):
    return f"{order_id}|{customer_name}|{unit_price}|{','.join(lines)}"


@app.task(name="py.fail")
def fail(kind, *args):
    known = {"Refused": Refused, "ValueError": ValueError, "KeyError": KeyError, "ZeroDivisionError": ZeroDivisionError, "OSError": OSError}
    raise known[kind](*args)


@app.task(name="py.flaky", bind=True, max_retries=5)
def flaky(self, succeeds_at_run, delay=0.0):
    run = self.request.retries + 1
    if run < succeeds_at_run:
        raise self.retry(exc=TimeoutError(f"run {run}"), countdown=delay)
    return run


@app.task(name="py.stubborn", bind=True, max_retries=2)
def stubborn(self):
    raise self.retry(exc=OSError("disk on fire"), countdown=0)


@app.task(name="py.nap")
def nap(seconds):
    time.sleep(seconds)
    return "awake"


@app.task(name="py.soft")
def soft(seconds):
    try:
        time.sleep(seconds)
    except SoftTimeLimitExceeded:
        return "cleaned up"
    return "in time"


@app.task(name="py.time")
def now():
    return time.time()


@app.task(name="py.progress", bind=True)
def progress(self):
    self.update_state(state="PROGRESS", meta={"done": 1, "of": 4})
    return "done"


@app.task(name="py.halfway", bind=True)
def halfway(self, gate):
    """Tells its progress, and ends once there is a file."""
    self.update_state(state="PROGRESS", meta={"done": 2, "of": 4})
    deadline = time.time() + 30
    while not os.path.exists(gate) and time.time() < deadline:
        time.sleep(0.05)
    return "done"


@app.task(name="py.tracked", track_started=True)
def tracked():
    return "tracked"


@app.task(name="py.ignored")
def ignored():
    raise Ignore()


@app.task(name="py.rejected", acks_late=True)
def rejected():
    raise Reject("no", requeue=False)


@app.task(name="py.request", bind=True)
def request(self, *args, **kwargs):
    """What the worker knows of its message."""
    r = self.request
    return {
        "id": r.id, "root_id": r.root_id, "parent_id": r.parent_id, "group": r.group, "reply_to": r.reply_to, "retries": r.retries,
        "eta": r.eta, "expires": r.expires, "timelimit": r.timelimit, "origin": r.origin, "argsrepr": r.argsrepr, "kwargsrepr": r.kwargsrepr,
        "shadow": r.shadow, "priority": r.delivery_info.get("priority"), "routing_key": r.delivery_info.get("routing_key"),
        "ignore_result": r.ignore_result, "tenant": (r.headers or {}).get("x-tenant", r.get("x-tenant")), "correlation_id": r.correlation_id,
        "lang": getattr(r, "lang", None), "hostname": r.hostname,
    }


@app.task(name="py.replaced", bind=True)
def replaced(self, by):
    """Is replaced by a workflow of both sides."""
    ours, theirs = add.s(3, 4), app.signature("cs.add", args=(1, 2))
    raise self.replace({
        "task": theirs, "chain": chain(theirs, add.s(10).set(queue="py")), "group": group(theirs, ours), "chord": chord([theirs, ours], app.signature("cs.total")),
    }[by])


@app.task(name="py.adding", bind=True)
def adding(self, value):
    """Adds a C# task to its chord."""
    self.add_to_chord(app.signature("cs.add", args=(value, 10)))
    return value


@app.task(name="py.stamps", bind=True)
def stamps(self, *args):
    """The stamps in the headers that the worker got, as ``name=value``; Celery 5.2 gives them to nobody else."""
    return [f"{name}={self.request.get('stamps')[name]}" for name in self.request.get("stamped_headers") or []]


@app.task(name="py.sum")
def total(values):
    return sum(values)


@app.task(name="py.total")
def grand_total(values):
    return sum(values)


@app.task(name="py.parent")
def parent():
    """Sends a C# task from inside a Python task, and does not wait for it."""
    return app.send_task("cs.add", (20, 1)).id


@app.task(name="py.chain_through_cs")
def chain_through_cs():
    return chain(add.s(1, 2), app.signature("cs.add", args=(3,)), add.s(4)).apply_async().id


@app.task(name="py.failed")
def failed(task_id, *, ledger):
    """An errback of the old form."""
    with open(ledger, "a", encoding="utf-8") as lines:
        lines.write(f"{task_id} py\n")


@app.task(name="py.failed_whole")
def failed_whole(request, error, trace, ledger):
    """An errback of the new form: Celery calls it in the worker that failed."""
    with open(ledger, "a", encoding="utf-8") as lines:
        lines.write(f"{request.id} {type(error).__name__} py\n")


@app.task(name="shared.work")
def work(ledger, number):
    """Known on both sides: whoever gets it enters it into the ledger, a folder of files."""
    os.makedirs(ledger, exist_ok=True)
    with open(os.path.join(ledger, f"{number}~py~{time.time_ns()}"), "x", encoding="ascii"):
        return "py"


@app.task(name="shared.ordered")
def ordered(ledger, number):
    """Known on both sides: the ledger's lines are in the order of the runs."""
    with open(ledger, "a", encoding="ascii") as lines:
        lines.write(f"{number} py\n")
    return "py"


@app.task(name="shared.slow", acks_late=True)
def slow(ledger, number, seconds):
    """Known on both sides: enters into the ledger that a run has begun, and that it has ended."""
    run = f"{number}~py~{time.time_ns()}"
    with open(os.path.join(ledger, f"{run}~begun"), "x", encoding="ascii"):
        pass
    time.sleep(seconds)
    with open(os.path.join(ledger, f"{run}~ended"), "x", encoding="ascii"):
        return "py"
