using BenchmarkDotNet.Attributes;
using Celeriac.Protocol;

namespace Celeriac.Bench.Micro;

/// <summary>The steps of one call of a small task, without a transport: what the task layer costs.</summary>
public partial class TaskMessages
{
    private static readonly EncodeContext s_context = new("018f3c1e-6f2a-7c4b-9d1e-2a3b4c5d6e7f", "018f3c1e-6f2a-7c4b-9d1e-2a3b4c5d6e7f", null, "gen1@host", null, null, "replies");
    private readonly Signature _signature = new Signature("micro.add") { Declared = TaskOptions.Default }.WithArgs(2, 3);
    private TaskDefinition _definition = null!;
    private Messaging.Message _message = null!;
    private TaskRequest _request = null!;

    [GlobalSetup]
    public void Prepare()
    {
        _definition = AddTask.Definition;
        _message = TaskMessageCodec.Encode(_signature, s_context);
        _request = TaskMessageCodec.Decode(_message, DecodeLimits.Default).Request!;
    }

    [Benchmark]
    public object NewId() => TaskId.New();

    [Benchmark]
    public object Encode() => TaskMessageCodec.Encode(_signature, s_context);

    [Benchmark]
    public object Decode() => TaskMessageCodec.Decode(_message, DecodeLimits.Default);

    /// <summary>Arguments bound, the method called, its result encoded.</summary>
    [Benchmark]
    public ReadOnlyMemory<byte> Dispatch()
    {
        var invocation = new TaskInvocation(_definition, ArgumentBinder.Bind(_definition, _request), new TaskContext(_request, null!, "w1@host", default), null, default);
        var answered = _definition.Invoker!(invocation);
        return answered.IsCompletedSuccessfully ? answered.Result : throw new InvalidOperationException("A task that only adds has not ended at once.");
    }

    [Task("micro.add")]
    public static int Add(int x, int y) => x + y;
}
