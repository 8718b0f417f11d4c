using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Sqlite;

namespace Celeriac.Amqp.Tests.Faults;

/// <summary>Results in a store that is not the broker: written before the acknowledgement, so that what dies in between repeats a task and loses nothing.</summary>
public sealed class ResultBeforeAcknowledgementTests : IAsyncDisposable
{
    private readonly Place _place = new();

    [Fact(Timeout = 180_000)]
    public async Task A_result_is_there_although_its_acknowledgement_was_lost_and_the_task_runs_again()
    {
        var gate = ConformanceTasks.GateOf(_place.Queue);
        var worker = await _place.StartWorkerAsync();
        var sent = await _place.Client.SendAsync(ConformanceTasks.WaitTask.S(_place.Queue));
        await gate.EnteredAsync(_place.Patience);
        _place.Network.Refuse();
        await _place.Network.CutAsync();
        gate.Open();

        Assert.Equal(worker.Node, await sent.GetAsync(_place.Patience));
        Assert.Equal(1, gate.Count);
        _place.Network.Restore();
        await gate.EnteredAsync(_place.Patience);
        Assert.Equal(worker.Node, await sent.GetAsync(_place.Patience));
        await _place.StopWorkerAsync(worker);
        Assert.Equal(0, (await _place.Transport.CountAsync(_place.Queue, TestContext.Current.CancellationToken))!.Ready);
    }

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    private sealed class Place : TaskHarness
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("celeriac-results-");

        static Place() => Transports.Add("sqlite", new SqliteTransportFactory());

        public TcpProxy Network { get; } = TcpProxy.Start("127.0.0.1", SharedServer.Server.AmqpPort);

        public override string BrokerUrl => $"{Network.Through(SharedServer.Server.AmqpUrl)}?reconnect_delay=50ms&reconnect_delay_max=250ms";

        public override string ResultBackend => $"sqlite://{_folder.FullName}/results.db";

        protected override async ValueTask CleanUpAsync()
        {
            await Network.DisposeAsync();
            _folder.Delete(recursive: true);
        }
    }
}
