using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
namespace Celeriac.Generators.Tests;
internal static class Pending
{
    public static IEnumerable<SyntaxTree> Trees => [.. Missing("Celeriac.AsyncResult`1", Handle), .. Missing("Celeriac.CeleriacBuilder", Builder)];

    private static SyntaxTree[] Missing(string type, string text) =>
        typeof(None).Assembly.GetType(type) is not null ? [] : [CSharpSyntaxTree.ParseText(text, GeneratorRun.ParseOptions)];

    private const string Builder = """
        namespace Celeriac { public sealed class CeleriacBuilder { public CeleriacBuilder AddTasks(System.Collections.Generic.IEnumerable<TaskDefinition> tasks) { System.GC.KeepAlive(tasks); return this; } } }
        """;

    private const string Handle = """
        #nullable enable
        #pragma warning disable
        using System; using System.Threading; using System.Threading.Tasks; using Celeriac.Messaging; using System.Collections.Generic;
        namespace Celeriac {
        public sealed class TaskClient;
        public sealed class AsyncResult<T> { public ValueTask<T> GetAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) => default; }
        public abstract class TaskHandle<TResult>
        {
            protected TaskHandle(TaskDefinition definition, SendOptions options, TaskClient? client) { Definition = definition; Options = options; Client = client; }
            public TaskDefinition Definition { get; }
            public string Name => Definition.Name;
            protected SendOptions Options { get; }
            protected TaskClient? Client { get; }
            protected Signature<TResult> Sign(ReadOnlyMemory<byte> args) => new(Name) { Args = args, Options = Options, Declared = Definition.Options };
            protected ValueTask<AsyncResult<TResult>> SendAsync(Signature<TResult> signature, CancellationToken cancellationToken) => default;
            protected static SendOptions Merge(SendOptions present, TimeSpan? countdown, DateTimeOffset? eta, DateTimeOffset? expires, string? queue, byte? priority, string? taskId, bool? ignoreResult, MessageHeaders? headers, SendOptions? options)
            { var start = options ?? present; return start with { Queue = queue ?? start.Queue, Countdown = countdown ?? start.Countdown, Priority = priority ?? start.Priority }; }
        }
        }
        """;
}
