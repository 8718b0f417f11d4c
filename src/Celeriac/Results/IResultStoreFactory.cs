using Celeriac.Messaging;
using Celeriac.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac;

/// <summary>
/// Makes result stores for a URL scheme, for a store that is no transport. A package has one public factory with a parameterless constructor.
/// A transport with <see cref="ITransport.Documents"/> stores results without one.
/// </summary>
public interface IResultStoreFactory
{
    /// <summary>Makes a store, not yet connected.</summary>
    /// <exception cref="BrokerUrlException">The URL has an option or a part that this scheme does not know.</exception>
    IResultStore Create(BrokerUrl url, ResultStoreContext context);
}

/// <summary>What a result store gets from its surroundings.</summary>
public sealed record ResultStoreContext
{
    /// <summary>How long results are kept; zero for ever. Default one day.</summary>
    public TimeSpan Expires { get; init; } = TimeSpan.FromDays(1);

    /// <summary>In which formats records are read. Default json alone.</summary>
    public ResultContents Contents { get; init; } = ResultContents.Json;

    /// <summary>Where the store logs; default nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>
/// Says on a package's assembly which factory serves a scheme of <c>result_backend</c>. Celeriac's source generator reads the attributes of the
/// referenced assemblies and registers their factories when the application starts, so that referencing the package and naming its scheme is enough.
/// </summary>
/// <param name="scheme">The URL scheme, lower case.</param>
/// <param name="factory">A public <see cref="IResultStoreFactory"/> with a parameterless constructor.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class ResultStoreAttribute(string scheme, Type factory) : Attribute
{
    /// <summary>The URL scheme.</summary>
    public string Scheme { get; } = scheme;

    /// <summary>The factory.</summary>
    public Type Factory { get; } = factory;
}
