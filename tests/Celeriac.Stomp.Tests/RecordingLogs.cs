using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Celeriac.Stomp.Tests;

/// <summary>Keeps what was logged.</summary>
internal sealed class RecordingLogs : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<(int Id, LogLevel Level, string Text)> _entries = new();

    /// <summary>The sentences of an event, with their levels.</summary>
    public IReadOnlyList<(LogLevel Level, string Text)> Of(int id) => [.. _entries.Where(entry => entry.Id == id).Select(entry => (entry.Level, entry.Text))];

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _entries.Enqueue((eventId.Id, logLevel, formatter(state, exception)));

    public void Dispose()
    {
    }
}
