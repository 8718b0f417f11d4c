using System.Diagnostics.CodeAnalysis;

namespace Celeriac;

/// <summary>One run of a task, as the generated invoker sees it.</summary>
public sealed class TaskInvocation
{
    private static readonly ReadOnlyMemory<byte> s_null = "null"u8.ToArray();
    private readonly IServiceProvider? _services;
    private List<object>? _owned;

    /// <summary>Called by the worker.</summary>
    public TaskInvocation(TaskDefinition definition, BoundArguments arguments, TaskContext context, IServiceProvider? services, CancellationToken cancellationToken)
    {
        Definition = definition;
        Arguments = arguments;
        Context = context;
        _services = services;
        CancellationToken = cancellationToken;
    }

    /// <summary>The result of a method without one: JSON <c>null</c>.</summary>
    public static ReadOnlyMemory<byte> NoResult => s_null;

    /// <summary>The task.</summary>
    public TaskDefinition Definition { get; }

    /// <summary>The arguments, bound to the parameters.</summary>
    public BoundArguments Arguments { get; }

    /// <summary>What the task may ask and do.</summary>
    public TaskContext Context { get; }

    /// <summary>Fires when the run should stop: soft time limit, revocation, or the end of the worker's grace time.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>The services of the run's scope; null for a worker without services.</summary>
    public IServiceProvider? Services => _services;

    /// <summary>The result as JSON.</summary>
    public static ReadOnlyMemory<byte> Result<T>(T value) => TaskJson.Encode(value);

    /// <summary>A registered service, or null.</summary>
    public T? FindService<T>() where T : class => _services?.GetService(typeof(T)) as T;

    /// <summary>A service that the task's class needs.</summary>
    /// <exception cref="InvalidOperationException">It is not registered.</exception>
    public T Service<T>() where T : class =>
        FindService<T>() ?? throw new InvalidOperationException(
            $"Task '{Definition.Name}' needs the service '{typeof(T)}', which is not registered. Register it with the host's services, or give the task's class a constructor without it.");

    /// <summary>Takes over an instance made for this run: it is disposed when the run ends.</summary>
    public T Own<T>(T instance) where T : class
    {
        if (instance is IDisposable or IAsyncDisposable)
        {
            (_owned ??= []).Add(instance);
        }
        return instance;
    }

    /// <summary>Disposes what <see cref="Own{T}"/> took over, newest first.</summary>
    [SuppressMessage("Usage", "CA1816", Justification = "Not the dispose pattern: the worker ends the run with it.")]
    public async ValueTask EndAsync()
    {
        for (var index = (_owned?.Count ?? 0) - 1; index >= 0; index--)
        {
            switch (_owned![index])
            {
                case IAsyncDisposable asynchronous:
                    await asynchronous.DisposeAsync().ConfigureAwait(false);
                    break;
                case IDisposable disposable:
                    disposable.Dispose();
                    break;
            }
        }
        _owned = null;
    }
}
