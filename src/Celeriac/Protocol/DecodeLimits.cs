using Celeriac.Messaging.Serialization;

namespace Celeriac.Protocol;

/// <summary>What a received message may cost. A message beyond a limit is refused before memory is taken for it.</summary>
internal sealed record DecodeLimits
{
    /// <summary>The limits of a worker that was told nothing else.</summary>
    public static DecodeLimits Default { get; } = new();

    /// <summary>The most headers; Celery sends about 20.</summary>
    public int MaxHeaders { get; init; } = 200;
    /// <summary>The largest header: characters of text and bytes of binary content.</summary>
    public int MaxHeaderBytes { get; init; } = 64 * 1024;
    /// <summary>All headers together, counted the same way.</summary>
    public int MaxAllHeaderBytes { get; init; } = 256 * 1024;
    /// <summary>The longest task name and id, in characters; AMQP carries the id in a property of 255 bytes.</summary>
    public int MaxNameLength { get; init; } = 255;
    /// <summary>
    /// Which bodies are read, how long and how deep: json, 32 MiB before and after decompression. The array of the body and that of the arguments
    /// take two levels more than an argument may have.
    /// </summary>
    public ContentRegistry Contents { get; init; } = TaskContents.Json.Accepted;
}
