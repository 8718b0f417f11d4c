"""Python Celery as an actor of the bench: the conversation is described in bench/Celeriac.Bench/Acting/Actor.cs.

peer.py client mode=publish|result …    peer.py worker pool=prefork|solo …
"""
import collections
import multiprocessing
import os
import signal
import sys
import threading
import time

from celery import Celery, signals

role = sys.argv[1]
told = dict(word.split("=", 1) if "=" in word else (word, "true") for word in sys.argv[2:])
tasks = int(told.get("tasks", 0))
warm = int(told.get("warm", 0))


def say(line):
    # Not sys.stdout, which Celery takes for its log; and no copy of it, which the children of a pool do not keep.
    os.write(1, (line + "\n").encode())


app = Celery("bench", broker=told["broker"], backend="rpc://")
app.conf.update(
    task_default_queue=told["queue"],
    task_acks_late=True,
    worker_prefetch_multiplier=int(told.get("multiplier", 4)),
    broker_transport_options={"confirm_publish": told.get("confirms") == "true"},
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
)

count = multiprocessing.Value("q", 0)
first = multiprocessing.Value("d", 0.0)


def ran():
    with count.get_lock():
        count.value += 1
        number = count.value - warm
        if number == 1:
            first.value = time.monotonic()
            say("begin")
    if number == tasks:
        say("done tasks=%d seconds=%r" % (number, time.monotonic() - first.value))


@app.task(name="bench.noop", ignore_result=True)
def noop(sent):
    ran()


@app.task(name="bench.add")
def add(x, y):
    ran()
    return x + y


def publish(number_of_tasks):
    for _ in range(number_of_tasks):
        noop.apply_async((0,))


def call(number_of_tasks):
    """A window of calls, the oldest awaited first."""
    waiting, times = collections.deque(), []

    def take():
        called, result = waiting.popleft()
        result.get(timeout=120)
        times.append((time.monotonic() - called) * 1e6)

    for number in range(number_of_tasks):
        if len(waiting) == int(told.get("window", 1)):
            take()
        waiting.append((time.monotonic(), add.apply_async((number, 1))))
    while waiting:
        take()
    times.sort()
    return times


def client():
    with app.connection_for_write() as connection:
        app.amqp.queues[told["queue"]](connection.default_channel).declare()
    say("ready")
    sys.stdin.readline()
    act = publish if told["mode"] == "publish" else call
    act(warm)
    say("begin")
    begun = time.monotonic()
    times = act(tasks)
    line = "done tasks=%d seconds=%r" % (tasks, time.monotonic() - begun)
    if times:
        line += " p50=%r p99=%r longest=%r" % (times[len(times) // 2], times[int(0.99 * (len(times) - 1))], times[-1])
    say(line)
    sys.stdin.read()


def worker():
    signals.worker_ready.connect(lambda **_: say("ready"), weak=False)

    def leave():
        # The parent is done, or gone. Not sys.stdin: this thread would hold its lock when the pool forks, and every child waits for it.
        while os.read(0, 4096):
            pass
        if count.value - warm != tasks:
            say("done tasks=%d seconds=%r" % (count.value - warm, time.monotonic() - first.value))
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=leave, daemon=True).start()
    app.worker_main([
        "worker", "-P", told.get("pool", "prefork"), "-c", told.get("concurrency", "2"), "-l", "ERROR",
        "--without-gossip", "--without-mingle", "--without-heartbeat",
    ])


if __name__ == "__main__":
    worker() if role == "worker" else client()
