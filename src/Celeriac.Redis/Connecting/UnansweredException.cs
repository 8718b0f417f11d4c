using Celeriac.Messaging;

namespace Celeriac.Redis.Connecting;

/// <summary>A call got no answer and may have been carried out.</summary>
internal sealed class UnansweredException(string message, Exception inner) : TransportException(message, inner);
