namespace Celeriac.Amqp.Wire;

/// <summary>The server sent what AMQP 0-9-1 does not allow, or more of it than was agreed on. The connection cannot go on.</summary>
internal sealed class AmqpFormatException(string message) : Exception(message);
