using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac.Messaging;

/// <summary>Makes transports for a URL scheme. A technology package has one public factory with a parameterless constructor.</summary>
public interface ITransportFactory
{
    /// <summary>Makes a transport, not yet connected.</summary>
    /// <exception cref="BrokerUrlException">The URL has an option or a part that this scheme does not know.</exception>
    ITransport Create(BrokerUrl url, TransportContext context);
}

/// <summary>What a transport gets from its surroundings.</summary>
public sealed record TransportContext
{
    /// <summary>Where the transport logs; default nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>
/// Says on a technology assembly which factory serves a URL scheme. Celeriac's source generator reads the attributes of the referenced assemblies
/// and registers their factories when the application starts, so that referencing the package and naming its scheme is enough.
/// </summary>
/// <param name="scheme">The URL scheme, lower case.</param>
/// <param name="factory">A public <see cref="ITransportFactory"/> with a parameterless constructor.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class TransportAttribute(string scheme, Type factory) : Attribute
{
    /// <summary>The URL scheme.</summary>
    public string Scheme { get; } = scheme;

    /// <summary>The factory.</summary>
    public Type Factory { get; } = factory;
}
