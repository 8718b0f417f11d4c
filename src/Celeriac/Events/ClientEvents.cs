using System.Text.Json.Nodes;
using Celeriac.Events;
using Celeriac.Messaging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac;

/// <summary>The events of a client's fleet: send your own, receive everybody's. Get it from <see cref="TaskClient.Events"/>.</summary>
public sealed class ClientEvents
{
    private readonly ITransport _transport;
    private readonly LogicalClock _clock;
    private readonly TimeProvider _time;
    private readonly EventDispatcher _dispatcher;
    private readonly string _exchange;

    internal ClientEvents(ITransport transport, string exchange, EventDispatcher dispatcher, LogicalClock clock, TimeProvider time)
    {
        _transport = transport;
        _exchange = exchange;
        _dispatcher = dispatcher;
        _clock = clock;
        _time = time;
    }

    /// <summary>
    /// Sends an event of your own (Celery's <c>dispatcher.send</c>): monitors see it beside Celery's. Returns at once and never fails for the broker's sake;
    /// while the broker is away the newest events wait, bounded.
    /// </summary>
    /// <param name="type">The type, <c>group-name</c>, for example <c>order-shipped</c>.</param>
    /// <param name="fields">What it tells.</param>
    /// <exception cref="ArgumentException">The type is not of that form, or a field has the name of one that every event has.</exception>
    public void Send(string type, JsonObject? fields = null) =>
        _dispatcher.Send(type, new CustomFields(type, fields, ofTask: false), static (writer, custom) => custom.Write(writer));

    /// <summary>Receives events; dispose it when you are done.</summary>
    /// <param name="pattern">Which: see <see cref="EventReceiver(ITransport, string, string)"/>.</param>
    public EventReceiver Receive(string pattern = "#") => new(_transport, pattern, _exchange, _clock, _time, NullLogger.Instance, wakesWorkers: true);

    /// <summary>Receives what other workers tell, as one of them: without asking for heartbeats.</summary>
    internal EventReceiver Overhear(string pattern) => new(_transport, pattern, _exchange, _clock, _time, NullLogger.Instance, wakesWorkers: false);

    /// <summary>That a task was sent: Celery's <c>task-sent</c>.</summary>
    internal void Sent(SentTask sent) => _dispatcher.Send(EventTypes.TaskSent, sent, static (writer, task) => task.Write(writer));

    /// <summary>The events of a worker over this client, under the worker's own name.</summary>
    internal WorkerEvents OfWorker(string node, WorkerOptions options, Func<int> active, Func<long> processed, ILogger log) =>
        new(new EventDispatcher(_transport, _exchange, node, _clock, _time, log, gathersTaskEvents: true), options, _transport.Capabilities.HeartbeatInterval, active, processed);
}
