using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Celeriac.Serialization;

/// <summary>What <see cref="TaskJson"/> has been told, and the options that follow from it. They are frozen and replaced as a whole.</summary>
internal sealed class JsonConfiguration
{
    private readonly Lock _lock = new();
    private IJsonTypeInfoResolver[] _resolvers = [];
    private JsonTypes? _types;
    private JsonSerializerOptions _options = CreateOptions([], JsonTypes.Plain);

    public JsonSerializerOptions Options => Volatile.Read(ref _options);

    public JsonTypes Types => _types ?? JsonTypes.Plain;

    public void Use(IJsonTypeInfoResolver resolver)
    {
        lock (_lock)
        {
            if (!_resolvers.Contains(resolver))
            {
                _resolvers = [.. _resolvers, resolver];
                Volatile.Write(ref _options, CreateOptions(_resolvers, Types));
            }
        }
    }

    /// <exception cref="InvalidOperationException">The other form was chosen before.</exception>
    public void Use(JsonTypes types)
    {
        lock (_lock)
        {
            if (_types is { } chosen && chosen != types)
            {
                throw new InvalidOperationException(
                    $"JsonTypes (json_types) is '{types}', but another app of this process has chosen '{chosen}', and arguments are written before it is known who sends them. Let the apps agree.");
            }
            if (_types is null)
            {
                _types = types;
                Volatile.Write(ref _options, CreateOptions(_resolvers, types));
            }
        }
    }

    [SuppressMessage("Performance", "CA1859", Justification = "The chain is a resolver.")]
    private static JsonSerializerOptions CreateOptions(IJsonTypeInfoResolver[] resolvers, JsonTypes types)
    {
        var chain = new List<IJsonTypeInfoResolver?> { BuiltInJsonContext.Default, NamedTuples.Resolver };
        chain.AddRange(resolvers);
        chain.Add(JsonReflection.Resolver);
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            MaxDepth = TaskJson.MaximumDepth,
            TypeInfoResolver = JsonTypeInfoResolver.Combine([.. chain]),
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        };
        JsonConverters.AddTo(options, types);
        options.MakeReadOnly();
        return options;
    }
}
