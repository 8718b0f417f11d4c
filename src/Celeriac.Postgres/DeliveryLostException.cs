using Celeriac.Messaging;

namespace Celeriac.Postgres;

/// <summary>A message was to be settled that belongs to another worker by now. Nothing was settled.</summary>
public sealed class DeliveryLostException : TransportException
{
    /// <summary>Creates the exception.</summary>
    public DeliveryLostException(string message) : base(message)
    {
    }
}
