using System.Reflection;
using System.Text;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Generators.Tests;

/// <summary>A generated program in this process: its tasks can be run as a worker runs them, and its own code called.</summary>
internal sealed class LoadedProgram
{
    private readonly Assembly _assembly;

    public LoadedProgram(string source)
    {
        _assembly = GeneratorRun.Of($"using System; using System.Collections.Generic; using System.Linq; using System.Threading; using System.Threading.Tasks; using Celeriac; namespace Demo; {source}").Load();
        Tasks = (IReadOnlyList<TaskDefinition>)_assembly.GetType("Demo.CeleriacTasks")!.GetProperty("All")!.GetValue(null)!;
    }

    public IReadOnlyList<TaskDefinition> Tasks { get; }

    /// <summary>What a static method without parameters of the class Calls answers.</summary>
    public T Call<T>(string method) => (T)_assembly.GetType("Demo.Calls")!.GetMethod(method)!.Invoke(null, null)!;

    /// <summary>The arguments of the signature that a method of Calls makes.</summary>
    public string ArgsOf(string method) => Encoding.UTF8.GetString(Call<Signature>(method).Args.Span);

    /// <summary>Binds arguments to the only task, runs it and answers its result as JSON.</summary>
    public async Task<string> RunAsync(string args = "[]", string kwargs = "{}", IServiceProvider? services = null, CancellationToken cancellationToken = default)
    {
        var task = Assert.Single(Tasks);
        var request = Request(task.Name, args, kwargs);
        var invocation = new TaskInvocation(task, ArgumentBinder.Bind(task, request), new TaskContext(request, null!, "w1@host", cancellationToken), services, cancellationToken);
        var result = await task.Invoker!(invocation);
        await invocation.EndAsync();
        return Encoding.UTF8.GetString(result.Span);
    }

    private static TaskRequest Request(string task, string args, string kwargs)
    {
        var body = Encoding.UTF8.GetBytes($"[{args},{kwargs},null]");
        var argsLength = Encoding.UTF8.GetByteCount(args);
        return new()
        {
            Id = "id-1",
            Task = task,
            Body = body,
            Args = new JsonSlice(1, argsLength),
            Kwargs = new JsonSlice(2 + argsLength, Encoding.UTF8.GetByteCount(kwargs)),
            Message = new Message { Body = body },
        };
    }
}
